/** ASIDs that all SMMUs share: what the first one to probe has given out, the scan of the second meets. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { type InspectOptions, inspect, parseSnapshot } from '../../../src/index.ts';
import { CDS, dumpOf, L1, L2_BUS0, L2_BUS1, REGISTERS } from '../../support/made/machine.ts';

const SECOND_L1 = 0x8820_0000;

/** A device behind the first; a live entry behind the second with the ASID that the first gives to it. */
const memory = () =>
  new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 15, 0, 0)
    .abortTable(L2_BUS0, 256)
    .ste(L2_BUS0, 8, { V: 1, Config: 4 })
    .l1(SECOND_L1, 0, 9, L2_BUS1)
    .l1(SECOND_L1, 15, 0, 0)
    .abortTable(L2_BUS1, 256)
    .cd(CDS, 0, { V: 1, ASID: 1 })
    .ste(L2_BUS1, 8, { V: 1, Config: 5, S1ContextPtr: CDS });

async function second(options: InspectOptions, first: Readonly<Record<string, string>> = {}): Promise<string> {
  const smmus = [
    { name: 'first', registers: { ...REGISTERS, ...first } },
    { name: 'second', registers: { ...REGISTERS, STRTAB_BASE: `0x${SECOND_L1.toString(16)}` } },
  ];
  const snapshot = parseSnapshot({ captured: 'before-kdump-probe', smmus }, 'regs.json');
  const inspection = await inspect(dumpOf(memory()), snapshot, { insert: 'all', ...options });
  const adoption = inspection.smmus.find(({ name }) => name === 'second')?.adoption;
  return `${adoption?.verdict} ${adoption?.errno}`;
}

describe('an ASID that a domain of the first SMMU has', () => {
  test('ends the adoption of the second, whether the first is listed or not', async () => {
    expect(await second({ revision: 'v8' })).toBe('fallback EBUSY');
    expect(await second({ revision: 'v8', smmus: ['second'] })).toBe('fallback EBUSY');
    expect(await second({ revision: 'v10', smmus: ['second'] })).toBe('adopted null');
  });

  test('is none where the first has no stage 1: its domains have VMIDs', async () => {
    const bits = BigInt(REGISTERS.IDR0) & ~2n;
    expect(await second({ revision: 'v8' }, { IDR0: `0x${bits.toString(16)}` })).toBe('adopted null');
  });
});
