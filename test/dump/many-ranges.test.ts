/** Dumps of very many ranges, as nobody but an attacker makes them: opened, looked up and reported all the same. */

import { describe, expect } from 'vitest';
import { smmu } from '../../samples/machine.ts';
import { dumpInfo, inspect, openDump, parseSnapshot } from '../../src/index.ts';
import { htmlReport } from '../../src/report/html/html.ts';
import { slowTest } from '../support/slow.ts';
import { elfCore } from '../support/writers/elf-writer.ts';
import { limeDump } from '../support/writers/lime-writer.ts';

const COUNT = 140_000;
const STEP = 0x2000;
const snapshot = parseSnapshot({ version: 1, captured: 'unknown', smmus: [smmu()] }, 'regs.json');
/** Each is one byte, the same in all. */
const bytes = Uint8Array.of(1);
const extents = Array.from({ length: COUNT }, (_, i) => ({ paddr: i * STEP, bytes }));

const FORMATS: readonly (readonly [string, () => Uint8Array])[] = [
  ['ELF', () => elfCore(extents, { extendedCount: true }).bytes],
  ['LiME', () => limeDump(extents).bytes],
];

describe.each(FORMATS)('%s', (_, made) => {
  // Quadratic work on so many takes minutes, and spreading them over a call's arguments ends in a RangeError.
  slowTest('of 140,000 ranges', async () => {
    const bytes = made();
    const dump = await openDump({ byteLength: bytes.length, read: (at, length) => bytes.subarray(at, at + length) });
    expect(dump.memory.ranges).toHaveLength(COUNT);
    const last = (COUNT - 1) * STEP;
    expect(dump.memory.runs(last, 1)).toEqual([{ offset: 0, byteLength: 1, state: 'present' }]);
    expect(dumpInfo(dump).dump.pages.present).toBe(COUNT);
    const report = [...htmlReport(await inspect(dump, snapshot))].join('');
    expect(report.length).toBeLessThan(2 ** 20);
  });
});
