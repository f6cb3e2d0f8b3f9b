/** The IORT: who is behind an SMMU, single mappings, RMRs, damage, and no bytes that are more than refused. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { DeviceNames } from '../../../src/platform/device-names.ts';
import type { FirmwareSmmu } from '../../../src/platform/firmware/firmware.ts';
import { iortFirmware } from '../../../src/platform/firmware/iort-firmware.ts';
import type { FirmwareProblem } from '../../../src/platform/firmware/problem.ts';
import { firmwareProblemInWords } from '../../../src/platform/firmware/problem-words.ts';
import { StreamDirectory } from '../../../src/platform/stream-ids.ts';
import { holds } from '../../support/holds.ts';
import { refused } from '../../support/refusal.ts';
import { runs } from '../../support/slow.ts';
import { iort, type WrittenIortNode, type WrittenMapping } from '../../support/writers/iort-writer.ts';

const said = (problems: readonly FirmwareProblem[]) => problems.map(firmwareProblemInWords);

const SMMU: WrittenIortNode = { smmuV3: 0x905_0000, coherent: true };

const read = (...nodes: WrittenIortNode[]) => iortFirmware(iort([SMMU, ...nodes]), { kind: 'file', file: 'iort.bin' });
const only = (...nodes: WrittenIortNode[]) => read(...nodes).smmus[0] as FirmwareSmmu;

/** One ITS, one SMMUv3 with COHACC Override, and a root complex of segment 2, as bytes. */
const LITERAL = Buffer.from(
  [
    // "IORT", 180 bytes, revision 0, checksum, OEM ID, OEM table ID, OEM revision, creator, its revision.
    '494f5254 b4000000 00 d6 000000000000 0000000000000000 00000000 00000000 00000000',
    // Three nodes from offset 48 on.
    '03000000 30000000 00000000',
    // ITS group of 24 bytes.
    '00 1800 00 00000000 00000000 00000000 01000000 00000000',
    // SMMUv3 of 56 bytes: base 0x9050000, flags 1.
    '04 3800 00 00000000 00000000 00000000 0000050900000000 01000000 00000000 0000000000000000',
    '00000000 00000000 00000000 00000000',
    // Root complex of 52 bytes: segment 2, and requester IDs 0 to 0xff of it to 0x100 of the node at offset 72.
    '02 3400 00 00000000 01000000 20000000 0000000000000000 00000000 02000000',
    '00000000 ff000000 00010000 48000000 00000000',
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

test('literal bytes of revision 0', () => {
  expect(LITERAL).toHaveLength(180);
  expect(iortFirmware(LITERAL, { kind: 'file', file: 'iort.bin' })).toEqual({
    kind: 'iort',
    source: { kind: 'file', file: 'iort.bin' },
    smmus: [
      {
        name: 'SMMUv3 node at offset 0x48',
        base: 0x905_0000,
        coherent: true,
        ranges: [
          {
            kind: 'pci',
            name: 'PCI segment 0002',
            segment: 2,
            firstId: 0,
            count: 0x100,
            firstSid: 0x100,
            mask: 0xffff,
          },
        ],
        reserved: [],
      },
    ],
    disabled: [],
    problems: [],
  });
});

test('without the override flag the SMMU is not coherent', () => {
  expect(iortFirmware(iort([{ smmuV3: 0x1000 }]), { kind: 'file', file: 'a' }).smmus[0]).toMatchObject({
    base: 0x1000,
    coherent: false,
  });
});

describe('names', () => {
  const names = (node: WrittenIortNode, ...sids: number[]) => {
    const devices = new DeviceNames(only(node).ranges);
    return sids.map((sid) => devices.deviceOf(sid));
  };

  test('of PCI devices, by segment', () => {
    const mappings = [{ firstId: 0x100, count: 0x200, firstSid: 0x1_0000, to: 0 }];
    expect(names({ segment: 0xa, mappings }, 0xffff, 0x1_0000, 0x1_01ff, 0x1_0200)).toEqual([
      null,
      '000a:01:00.0',
      '000a:02:1f.7',
      null,
    ]);
  });

  test('of a whole root complex with one StreamID', () => {
    const mappings = [{ firstId: 5, count: 1, firstSid: 0x40, to: 0, single: true }];
    expect(names({ segment: 0, mappings }, 0x40, 0x41)).toEqual(['0000:*:*.*', null]);
  });

  test('of components', () => {
    const mappings = [
      { firstSid: 0x40, to: 0, single: true },
      { firstId: 0, count: 4, firstSid: 0x50, to: 0 },
    ];
    expect(names({ component: '\\_SB_.USB0', mappings }, 0x40, 0x41, 0x52)).toEqual([
      '\\_SB_.USB0',
      null,
      '\\_SB_.USB0 (ID 0x2)',
    ]);
  });

  test('not of what goes to an ITS or to an SMMU of another kind', () => {
    const { smmus, problems } = read(
      { type: 0 },
      { type: 3 },
      {
        segment: 0,
        mappings: [
          { firstId: 0, count: 8, firstSid: 0, to: 1 },
          { firstId: 8, count: 8, firstSid: 8, to: 2 },
          { firstId: 16, count: 8, firstSid: 16, to: 0 },
        ],
      },
    );
    expect(smmus.map(({ ranges }) => ranges.map(({ firstSid }) => firstSid))).toEqual([[16]]);
    expect(problems).toEqual([]);
  });
});

describe('where mappings of a root complex have the same ID', () => {
  /** The SMMU, by its place in the table, and the StreamID that an ID of segment 0 comes to; null for none. */
  const asked = (mappings: WrittenMapping[], ...ids: number[]) => {
    const nodes: WrittenIortNode[] = [SMMU, { smmuV3: 0x906_0000 }, { type: 0, length: 8 }, { segment: 0, mappings }];
    const bases = [0x905_0000, 0x906_0000];
    const directory = new StreamDirectory({
      tables: [iortFirmware(iort(nodes), { kind: 'file', file: 'a' })],
      search: null,
    });
    return ids.map((id) => {
      const streams = directory.pci({ segment: 0, id, anyBits: 0 });
      expect(streams.length).toBeLessThan(2);
      return streams.map(({ base, sid }) => [bases.indexOf(base ?? 0), sid])[0] ?? null;
    });
  };

  test('the first of the table has it, an ITS too', () => {
    const mappings = [
      { firstId: 0, count: 0x10, firstSid: 0, to: 2 },
      { firstId: 8, count: 0x20, firstSid: 0x108, to: 0 },
      { firstId: 0, count: 0x40, firstSid: 0x200, to: 1 },
    ];
    expect(asked(mappings, 0, 0xf, 0x10, 0x27, 0x28)).toEqual([null, null, [0, 0x110], [0, 0x127], [1, 0x228]]);
  });

  test('a range that is one too long gives its last ID to a later one that begins there, of whichever SMMU', () => {
    const mappings = [
      { firstId: 0x7b00, count: 0x101, firstSid: 0x7b00, to: 0 },
      { firstId: 0x7c00, count: 0x201, firstSid: 0x7c00, to: 1 },
    ];
    expect(asked(mappings, 0x7bff, 0x7c00, 0x7e00, 0x7e01)).toEqual([[0, 0x7bff], [1, 0x7c00], [1, 0x7e00], null]);
    expect(asked(mappings.toReversed(), 0x7bff, 0x7c00)).toEqual([
      [0, 0x7bff],
      [1, 0x7c00],
    ]);
  });

  test('names follow: no StreamID of the one SMMU is a device of the other', () => {
    const mappings = [
      { firstId: 0x7b00, count: 0x101, firstSid: 0x7b00, to: 0 },
      { firstId: 0x7c00, count: 0x201, firstSid: 0x7c00, to: 1 },
    ];
    const { smmus } = iortFirmware(iort([SMMU, { smmuV3: 0x906_0000 }, { segment: 0, mappings }]), {
      kind: 'file',
      file: 'a',
    });
    expect(smmus.map(({ ranges }) => new DeviceNames(ranges).deviceOf(0x7c00))).toEqual([null, '0000:7c:00.0']);
  });

  test('a single mapping has all that none before it has', () => {
    const mappings = [
      { firstId: 8, count: 8, firstSid: 8, to: 0 },
      { firstSid: 0x77, to: 1, single: true },
      { firstId: 0x20, count: 8, firstSid: 0x20, to: 0 },
    ];
    expect(asked(mappings, 8, 0xe, 0xf, 0x10, 0x20)).toEqual([
      [0, 8],
      [0, 0xe],
      [1, 0x77],
      [1, 0x77],
      [1, 0x77],
    ]);
  });

  test('whatever the mappings are, an ID comes to where going through them as Linux does leads', () => {
    const mapping = fc.record({
      firstId: fc.nat({ max: 24 }),
      count: fc.integer({ min: 1, max: 12 }),
      firstSid: fc.nat({ max: 0xffff }),
      to: fc.nat({ max: 2 }),
      single: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
    });
    holds(
      fc.property(fc.array(mapping, { minLength: 1, maxLength: 7 }), (any) => {
        // A single mapping stands for every ID that no SMMU has: that an ITS has one is not kept beside it.
        const mappings = any.some(({ single }) => single) ? any.map((one) => ({ ...one, to: one.to % 2 })) : any;
        const ids = Array.from({ length: 40 }, (_, id) => id);
        expect(asked(mappings, ...ids)).toEqual(ids.map((id) => wayOf(mappings, id)));
      }),
      { seed: 7, numRuns: runs(600) },
    );
  });

  /** One ID at a time, with what was found so far, which a later range may take over. */
  function wayOf(mappings: readonly Required<WrittenMapping>[], id: number): [number, number] | null {
    let found: { to: number; sid: number } | null = null;
    for (const { firstId, count, firstSid, to, single } of mappings) {
      const last = firstId + count - 1;
      if (!single && (id < firstId || id > last || (found !== null && id !== firstId))) continue;
      found = { to, sid: single ? firstSid : firstSid + id - firstId };
      if (single || id !== last || count === 1) break;
    }
    return found === null || found.to === 2 ? null : [found.to, found.sid];
  }
});

test('a second node of a segment or a device is one that Linux never comes to, and that is said', () => {
  const { smmus, problems } = read(
    { segment: 3, mappings: [{ count: 8, firstSid: 0, to: 0 }] },
    { segment: 3, mappings: [{ firstId: 8, count: 8, firstSid: 8, to: 0 }] },
    { component: '\\_SB_.A', mappings: [{ firstSid: 0x40, to: 0, single: true }] },
    { component: '\\_SB_.A', mappings: [{ firstSid: 0x41, to: 0, single: true }] },
  );
  expect(smmus[0]?.ranges.map(({ firstSid }) => firstSid)).toEqual([0, 0x40]);
  expect(said(problems)).toEqual([
    expect.stringMatching(/is a second one of PCI segment 0003; Linux takes the first$/),
    expect.stringMatching(/is a second one of \\_SB_\.A; Linux takes the first$/),
  ]);
});

test('a device has the StreamIDs of its single mappings, up to the first that leads to no SMMU', () => {
  const mappings = [
    { firstSid: 0x40, to: 0, single: true },
    { firstSid: 0x7, to: 2, single: true },
    { firstSid: 0x41, to: 0, single: true },
    { firstSid: 0x9, to: 1, single: true },
    { firstSid: 0x42, to: 0, single: true },
  ];
  const { smmus } = read({ type: 0, length: 8 }, { type: 3, length: 60 }, { component: '\\_SB_.A', mappings });
  expect(smmus[0]?.ranges.map(({ firstSid }) => firstSid)).toEqual([0x40, 0x41]);
});

test('SMMUs of other kinds and performance counters are passed over', () => {
  const pmcg = { type: 5, length: 24, mappings: [{ firstSid: 9, to: 0, single: true }] };
  const { smmus, problems } = read({ type: 3, length: 60 }, pmcg);
  expect(problems).toEqual([]);
  expect(smmus.map(({ ranges }) => ranges)).toEqual([[]]);
});

test.each([
  [0, 0],
  [3, 0],
  [4, 0],
  [5, 1],
  [6, 1],
  [7, 1],
])('of one RMR node of revision %i Linux reads %i', (revision, reserved) => {
  const rmr: WrittenIortNode = { rmr: [[0x8820_0000, 0x1000]], mappings: [{ firstSid: 0x30, to: 0, single: true }] };
  const { smmus, problems } = iortFirmware(iort([SMMU, rmr], revision), { kind: 'file', file: 'a' });
  expect({ reserved: smmus[0]?.reserved.length, problems }).toEqual({ reserved, problems: [] });
});

test('reserved memory', () => {
  const mappings = [
    { firstSid: 0x30, to: 0, single: true },
    { count: 2, firstSid: 0x40, to: 0 },
  ];
  expect(only({ rmr: [[0x8820_0000, 0x1000]], mappings }).reserved).toEqual([
    { name: null, sids: [0x30, 0x40, 0x41], ranges: [{ start: 0x8820_0000, end: 0x8820_1000 }], bypassed: true },
  ]);
});

test('an RMR node without a range reserves nothing', () => {
  expect(only({ rmr: [], mappings: [{ firstSid: 0x30, to: 0, single: true }] }).reserved).toEqual([]);
});

test('reserved memory for more StreamIDs than anybody has is cut, and that is said', () => {
  const { smmus, problems } = read({ rmr: [[0, 1]], mappings: [{ count: 0x10000, firstSid: 0, to: 0 }] });
  expect(smmus[0]?.reserved[0]?.sids).toHaveLength(4096);
  expect(said(problems)[0]).toContain('only the first 4096 SIDs');
});

describe('damage', () => {
  const whole = iort([SMMU, { segment: 0, mappings: [{ count: 8, firstSid: 0, to: 0 }] }]);
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(whole);
    change(bytes);
    return bytes;
  };
  const CHECKSUM = 'its checksum is wrong: some of it may have been overwritten';

  test.each([
    ['another table', changed((bytes) => bytes.write('APIC')), 'does not begin with "IORT"; is it that table of ACPI?'],
    ['a header cut off', whole.subarray(0, 47), 'is 47 bytes long, too short for an IORT'],
    ['a table cut off', whole.subarray(0, 100), /^is 100 bytes long, but its header says \d+; it is truncated/],
    ['a length of nothing', changed((bytes) => bytes.writeUInt32LE(36, 4)), /but its header says 36/],
    ['no SMMUv3', iort([{ segment: 0 }]), 'has no SMMUv3 node'],
    [
      'nodes beyond the table',
      changed((bytes) => bytes.writeUInt32LE(0xfffffff0, 40)),
      /^has no SMMUv3 node: its checksum .*; the node at offset 0xfffffff0/,
    ],
    [
      'SMMUs of another kind alone',
      iort([
        { type: 3, length: 60 },
        { type: 3, length: 60 },
      ]),
      'has no SMMUv3 node; it has 2 of SMMUv1 or SMMUv2, which another driver runs',
    ],
  ])('%s is refused', async (_, bytes, message) => {
    const { tag, file, what } = await refused(() => iortFirmware(bytes, { kind: 'file', file: 'iort.bin' }));
    expect({ tag, file }).toEqual({ tag: 'format', file: 'iort.bin' });
    if (typeof message === 'string') expect(what).toBe(message);
    else expect(what).toMatch(message);
  });

  test.each([
    ['a checksum', changed((bytes) => bytes.writeUInt8(1, 10)), null],
    [
      'more nodes than there are',
      changed((bytes) => bytes.writeUInt32LE(3, 36)),
      'the node at offset 0xb0, number 3 of 3, does not fit into the table; what follows is passed over',
    ],
    [
      'more mappings than fit',
      changed((bytes) => bytes.writeUInt32LE(9, 48 + 8)),
      'the node at offset 0x30: claims 9 ID mappings, of which 0 fit',
    ],
    [
      'a mapping to nowhere',
      changed((bytes) => bytes.writeUInt32LE(77, bytes.length - 8)),
      'the node at offset 0x74 maps IDs to offset 0x4d, where no node begins',
    ],
  ])('%s is said, and the rest used', (_, bytes, message) => {
    const { problems, smmus } = iortFirmware(bytes, { kind: 'file', file: 'a' });
    expect(said(problems).slice(0, 2)).toEqual([CHECKSUM, ...(message === null ? [] : [message])]);
    expect(smmus).toHaveLength(1);
  });

  test('a root complex whose first mapping leads to offset 0 has none', () => {
    const bytes = iort([
      SMMU,
      { segment: 0, mappings: [0, 8].map((firstId) => ({ firstId, count: 8, firstSid: firstId, to: 0 })) },
    ]);
    const rangesOf = (table: Buffer) => iortFirmware(table, { kind: 'file', file: 'a' }).smmus[0]?.ranges.length;
    expect(rangesOf(bytes)).toBe(2);
    bytes.writeUInt32LE(0, bytes.length - 20 - 8);
    expect(rangesOf(bytes)).toBe(0);
  });

  test('a node that is too short for its type is passed over', () => {
    const { problems, smmus } = read({ type: 4 });
    expect(said(problems)).toEqual(['the node at offset 0x74: is 16 bytes long, too short for type 4']);
    expect(smmus).toHaveLength(1);
  });

  test('cut off anywhere, it is refused', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => iortFirmware(whole.subarray(0, length), { kind: 'file', file: 'a' })).toThrow(InputError);
    }
  });

  test('whatever the bytes are, it is read or refused', () => {
    const change = fc.tuple(fc.nat({ max: whole.length - 5 }), fc.oneof(fc.nat({ max: 300 }), fc.integer()));
    holds(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = changed((copy) => {
          for (const [at, value] of changes) copy.writeInt32LE(value, at);
        });
        try {
          iortFirmware(bytes, { kind: 'file', file: 'a' });
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: runs(2000) },
    );
  });
});
