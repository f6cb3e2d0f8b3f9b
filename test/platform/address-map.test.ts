/** What is where in a machine: kinds at every boundary, with and without /proc/iomem. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressRange, type PageState, UnchartedMemory } from '../../src/dump/memory.ts';
import { type AddressKind, AddressMap, type KindRun } from '../../src/platform/address-map.ts';
import { type Iomem, parseIomem } from '../../src/platform/iomem.ts';
import { holds } from '../support/holds.ts';
import { runs } from '../support/slow.ts';
import { memoryOfStretches } from '../support/states.ts';

const PAGE = 0x1000;
const GRAIN = 64;

const NOTHING = memoryOfStretches([]);

const iomem = (...lines: string[]) => parseIomem(lines.map((line) => `${line}\n`).join(''), 'iomem.txt');

/** Runs as `kind from-to`, the end exclusive. */
function shown(map: AddressMap, paddr: number, byteLength: number): string[] {
  return map.runs(paddr, byteLength).map(({ kind, offset, byteLength: length }) => {
    const from = paddr + offset;
    return `${kind} ${from.toString(16)}-${(from + length).toString(16)}`;
  });
}

describe('with /proc/iomem', () => {
  const machine = iomem(
    '09000000-09000fff : pl011@9000000',
    '40000000-5fffffff : System RAM',
    '  55e00000-5fdfffff : Crash kernel',
    '60000000-600fffff : PCI ECAM',
  );
  const map = new AddressMap(NOTHING, machine, []);

  test('knows that it tells holes from devices', () => expect(map.complete).toBe(true));

  test('the crash kernel is cut out of the RAM around it', () => {
    expect(shown(map, 0x4000_0000, 0x2000_0000)).toEqual([
      'ram 40000000-55e00000',
      'kdump 55e00000-5fe00000',
      'ram 5fe00000-60000000',
    ]);
  });

  test.each<[string, number, AddressKind, AddressKind]>([
    ['the start of a device', 0x900_0000, 'hole', 'device'],
    ['the end of a device', 0x900_1000, 'device', 'hole'],
    ['the start of RAM', 0x4000_0000, 'hole', 'ram'],
    ['the start of the crash kernel', 0x55e0_0000, 'ram', 'kdump'],
    ['the end of the crash kernel', 0x5fe0_0000, 'kdump', 'ram'],
    ['the end of RAM, where a device begins', 0x6000_0000, 'ram', 'device'],
    ['the end of the last device', 0x6010_0000, 'device', 'hole'],
  ])('%s', (_, boundary, before, behind) => {
    const length = { byteLength: GRAIN };
    expect(map.runs(boundary - GRAIN, GRAIN)).toEqual([{ offset: 0, ...length, kind: before }]);
    expect(map.runs(boundary, GRAIN)).toEqual([{ offset: 0, ...length, kind: behind }]);
    expect(map.runs(boundary - GRAIN, 2 * GRAIN)).toEqual([
      { offset: 0, ...length, kind: before },
      { offset: GRAIN, ...length, kind: behind },
    ]);
  });

  test('names the device at an address, up to its last byte', () => {
    expect(map.deviceAt(0x900_0fff)).toBe('pl011@9000000');
    expect(map.deviceAt(0x900_1000)).toBeNull();
    expect(map.deviceAt(0x6000_0000)).toBe('PCI ECAM');
    expect(map.deviceAt(0x4000_0000)).toBeNull();
  });

  test('nothing of nothing', () => expect(map.runs(0x4000_0000, 0)).toEqual([]));

  test('the snapshot may know of the reservation what /proc/iomem does not say', () => {
    const plain = iomem('40000000-5fffffff : System RAM');
    const both = new AddressMap(NOTHING, plain, [{ start: 0x5000_0000, end: 0x5000_1000 }]);
    expect(shown(both, 0x4fff_f000, 3 * PAGE)).toEqual([
      'ram 4ffff000-50000000',
      'kdump 50000000-50001000',
      'ram 50001000-50002000',
    ]);
  });
});

describe('against the dump', () => {
  /** Pages at 0x1000 in every state that a dump knows, between holes. */
  const dump = memoryOfStretches([
    [PAGE, 'hole'],
    ...(['present', 'zero', 'excluded', 'lost'] as const).map((state): [number, PageState] => [PAGE, state]),
    [PAGE, 'hole'],
  ]);

  test('what the dump holds, or should hold, is memory although /proc/iomem has nothing there', () => {
    const map = new AddressMap(dump, iomem('40000000-5fffffff : System RAM'), []);
    expect(shown(map, 0, 6 * PAGE)).toEqual(['hole 0-1000', 'ram 1000-5000', 'hole 5000-6000']);
  });

  test('what it may only not have come to is no memory', () => {
    const map = new AddressMap(
      new UnchartedMemory(dump),
      iomem('40000000-5fffffff : System RAM', '00005000-00005fff : flash'),
      [],
    );
    expect(shown(map, 0, 6 * PAGE)).toEqual(['hole 0-1000', 'ram 1000-5000', 'device 5000-6000']);
    const alone = new AddressMap(new UnchartedMemory(dump), null, []);
    expect(shown(alone, 0, 2 * PAGE)).toEqual(['unknown 0-1000', 'ram 1000-2000']);
  });

  test('the same among the registers of a device', () => {
    const map = new AddressMap(dump, iomem('40000000-5fffffff : System RAM', '00000000-00005fff : flash'), []);
    expect(shown(map, 0, 6 * PAGE)).toEqual(['device 0-1000', 'ram 1000-5000', 'device 5000-6000']);
  });

  test('what it lacks of RAM stays RAM, and the crash kernel its own', () => {
    const machine = iomem('00000000-00005fff : System RAM', '  00002000-00002fff : Crash kernel');
    const map = new AddressMap(dump, machine, []);
    expect(shown(map, 0, 6 * PAGE)).toEqual(['ram 0-2000', 'kdump 2000-3000', 'ram 3000-6000']);
  });

  test('without /proc/iomem nobody can say what the rest is', () => {
    const map = new AddressMap(dump, null, [{ start: 0x3000, end: 0x4000 }]);
    expect(map.complete).toBe(false);
    expect(shown(map, 0, 6 * PAGE)).toEqual([
      'unknown 0-1000',
      'ram 1000-3000',
      'kdump 3000-4000',
      'ram 4000-5000',
      'unknown 5000-6000',
    ]);
    expect(map.deviceAt(0)).toBeNull();
  });
});

describe('boundaries in the middle of an entry', () => {
  test.each<[string, string[], string[]]>([
    // /proc/iomem of a firmware that counts in bytes: the grain belongs to whoever has any of it.
    ['RAM', ['00000110-000002ef : System RAM'], ['hole 0-100', 'ram 100-300', 'hole 300-400']],
    [
      'the crash kernel',
      ['00000000-000003ff : System RAM', '  00000110-000002ef : Crash kernel'],
      ['ram 0-100', 'kdump 100-300', 'ram 300-400'],
    ],
    [
      'a device',
      ['00001000-00001fff : System RAM', '00000110-000002ef : x'],
      ['hole 0-100', 'device 100-300', 'hole 300-400'],
    ],
  ])('%s grows outward to 64 bytes', (_, lines, expected) => {
    expect(shown(new AddressMap(NOTHING, iomem(...lines), []), 0, 0x400)).toEqual(expected);
  });

  test('where two kinds share 64 bytes the crash kernel goes before RAM, and RAM before a device', () => {
    const machine = iomem(
      '00000100-0000017f : System RAM',
      '  00000100-0000011f : Crash kernel',
      '00000180-0000019f : x',
    );
    expect(shown(new AddressMap(NOTHING, machine, []), 0x100, 0x100)).toEqual([
      'kdump 100-140',
      'ram 140-180',
      'device 180-1c0',
      'hole 1c0-200',
    ]);
  });

  test('the dump has its boundaries moved down', () => {
    const dump = memoryOfStretches([
      [0x110, 'hole'],
      [0x100, 'present'],
    ]);
    expect(shown(new AddressMap(dump, null, []), 0, 0x300)).toEqual([
      'unknown 0-100',
      'ram 100-200',
      'unknown 200-300',
    ]);
  });
});

describe('any machine', () => {
  const GRAINS = 24;
  const LIMIT = GRAINS * GRAIN;
  const range = fc
    .tuple(fc.nat(LIMIT - 1), fc.nat(LIMIT - 1))
    .map(([a, b]): AddressRange => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }));
  const ranges = fc.array(range, { maxLength: 3 });
  const states = fc.array(fc.constantFrom<PageState>('present', 'hole', 'hole', 'excluded'), { maxLength: GRAINS });

  interface Machine {
    readonly ram: readonly AddressRange[];
    readonly kdump: readonly AddressRange[];
    readonly devices: readonly AddressRange[];
    readonly dump: readonly PageState[];
    readonly complete: boolean;
  }

  const iomemOf = ({ ram, kdump, devices }: Machine): Iomem => ({
    file: 'iomem.txt',
    ranges: [],
    systemRam: ram,
    crashKernel: kdump,
    devices: devices.map((one) => ({ ...one, name: 'x', depth: 0 })),
  });

  /** One grain on its own. */
  function kindOf({ ram, kdump, devices, dump, complete }: Machine, grain: number): AddressKind {
    const touches = ({ start, end }: AddressRange) => start < (grain + 1) * GRAIN && end > grain * GRAIN;
    if (kdump.some(touches)) return 'kdump';
    if (complete && ram.some(touches)) return 'ram';
    if ((dump[grain] ?? 'hole') !== 'hole') return 'ram';
    if (!complete) return 'unknown';
    return devices.some(touches) ? 'device' : 'hole';
  }

  function flawOf(runs: readonly KindRun[], byteLength: number): string | null {
    let at = 0;
    for (const [i, { offset, byteLength: length, kind }] of runs.entries()) {
      if (offset !== at || length <= 0) return `run ${i} is ${length} bytes at ${offset}, behind ${at}`;
      if (runs[i - 1]?.kind === kind) return `run ${i} is ${kind} as is the one before it`;
      at += length;
    }
    return at === byteLength ? null : `the runs cover ${at} of ${byteLength} bytes`;
  }

  const machines = fc.record({ ram: ranges, kdump: ranges, devices: ranges, dump: states, complete: fc.boolean() });
  /** Entries of 8 bytes, anywhere. */
  const asked = fc.tuple(fc.nat(LIMIT / 8), fc.nat(LIMIT / 8)).map(([first, count]) => [first * 8, count * 8] as const);

  test('runs tile what was asked for, neighbours differ, and each grain is what it is on its own', () => {
    holds(
      fc.property(machines, asked, (machine, [paddr, byteLength]) => {
        const dump = memoryOfStretches(machine.dump.map((state) => [GRAIN, state]));
        const iomemOrNot = machine.complete ? iomemOf(machine) : null;
        const map = new AddressMap(dump, iomemOrNot, machine.complete ? [] : machine.kdump);
        const runs = map.runs(paddr, byteLength);
        expect(flawOf(runs, byteLength)).toBeNull();
        for (const { offset, byteLength: length, kind } of runs) {
          const [from, to] = [paddr + offset, paddr + offset + length];
          for (let grain = Math.floor(from / GRAIN); grain * GRAIN < to; grain++) {
            expect(kind, `grain ${grain}`).toBe(kindOf(machine, grain));
          }
        }
      }),
      { numRuns: runs(500) },
    );
  });

  describe('a dump that is cut at any byte', () => {
    test('the first run begins where the range does', () => {
      const dump = memoryOfStretches([[0x2c, 'present']]);
      const [first] = new AddressMap(dump, null, []).runs(0x28, 8);
      expect(first?.offset).toBe(0);
    });

    test('a gap of a few bytes leaves no seam', () => {
      const dump = memoryOfStretches([
        [0x50, 'present'],
        [0x08, 'hole'],
        [0x68, 'present'],
      ]);
      expect(new AddressMap(dump, null, []).runs(0, 0xc0)).toEqual([{ offset: 0, byteLength: 0xc0, kind: 'ram' }]);
    });

    test('the same tiling', () => {
      const stretch = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.constantFrom<PageState>('present', 'hole'));
      holds(
        fc.property(machines, fc.array(stretch, { maxLength: 8 }), asked, (machine, stretches, [paddr, byteLength]) => {
          const map = new AddressMap(memoryOfStretches(stretches), iomemOf(machine), []);
          expect(flawOf(map.runs(paddr, byteLength), byteLength)).toBeNull();
        }),
        { numRuns: runs(500) },
      );
    });
  });
});
