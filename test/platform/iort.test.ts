/** The IORT: who is behind an SMMU, single mappings, RMRs, damage, and no bytes that are more than refused. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { DeviceNames } from '../../src/platform/device-names.ts';
import type { FirmwareSmmu } from '../../src/platform/firmware.ts';
import { iortFirmware } from '../../src/platform/iort-firmware.ts';
import { holds } from '../support/holds.ts';
import { iort, type WrittenIortNode } from '../support/iort-writer.ts';
import { refused } from '../support/refusal.ts';
import { runs } from '../support/slow.ts';

const SMMU: WrittenIortNode = { smmuV3: 0x905_0000, coherent: true };

const read = (...nodes: WrittenIortNode[]) => iortFirmware(iort([SMMU, ...nodes]), 'iort.bin');
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
  expect(iortFirmware(LITERAL, 'iort.bin')).toEqual({
    kind: 'iort',
    source: 'iort.bin',
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
    problems: [],
  });
});

test('without the override flag the SMMU is not coherent', () => {
  expect(iortFirmware(iort([{ smmuV3: 0x1000 }]), 'a').smmus[0]).toMatchObject({ base: 0x1000, coherent: false });
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
          { count: 8, firstSid: 0, to: 1 },
          { count: 8, firstSid: 8, to: 2 },
          { count: 8, firstSid: 16, to: 0 },
        ],
      },
    );
    expect(smmus.map(({ ranges }) => ranges.map(({ firstSid }) => firstSid))).toEqual([[16]]);
    expect(problems).toEqual([]);
  });
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

test('reserved memory for more StreamIDs than anybody has is cut, and that is said', () => {
  const { smmus, problems } = read({ rmr: [[0, 1]], mappings: [{ count: 0x10000, firstSid: 0, to: 0 }] });
  expect(smmus[0]?.reserved[0]?.sids).toHaveLength(4096);
  expect(problems[0]).toContain('only the first 4096 SIDs');
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
  ])('%s is refused', async (_, bytes, message) => {
    const { tag, file, what } = await refused(() => iortFirmware(bytes, 'iort.bin'));
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
    const { problems, smmus } = iortFirmware(bytes, 'a');
    expect(problems[0]).toBe(CHECKSUM);
    if (message !== null) expect(problems[1]).toBe(message);
    expect(smmus).toHaveLength(1);
  });

  test('a node that is too short for its type is passed over', () => {
    const { problems, smmus } = read({ type: 4 });
    expect(problems).toEqual(['the node at offset 0x74: is 16 bytes long, too short for type 4']);
    expect(smmus).toHaveLength(1);
  });

  test('cut off anywhere, it is refused', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => iortFirmware(whole.subarray(0, length), 'a')).toThrow(InputError);
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
          iortFirmware(bytes, 'a');
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: runs(2000) },
    );
  });
});
