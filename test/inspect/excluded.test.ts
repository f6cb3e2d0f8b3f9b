/** Table pages that the capture tool left out: zeros by inference where it filtered zeros, and tagged; else unknown. */

import { expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { openKdump } from '../../src/dump/kdump/kdump.ts';
import type { ExcludedPolicy } from '../../src/dump/view.ts';
import { type Inspection, parseSnapshot, type SmmuReport } from '../../src/index.ts';
import { inspectJson, type Published } from '../support/published.ts';
import { expectStrictlyValid } from '../support/schema.ts';
import { MemorySource } from '../support/sources.ts';
import { type KdumpPage, kdump } from '../support/writers/kdump-writer.ts';

const PAGE = 4096;
const L1 = 0x8000_0000;
const L2 = 0x8001_0000;
/** LOG2SIZE 18: the L1 table has two pages, and only the first is in use. */
const registers = {
  STRTAB_BASE: '0x80000000',
  STRTAB_BASE_CFG: '0x10212',
  CR0: '0x1',
  IDR0: '0x0c080010',
  IDR1: '0x12',
};

async function inspected(
  dumpLevel: number,
  excluded?: ExcludedPolicy,
): Promise<Published<Inspection> & { smmu: Published<SmmuReport> }> {
  const image = new Image().l1(L1, 0, 9, L2).abortTable(L2, 256).ste(L2, 8, { V: 1, Config: 4 });
  const pages = image
    .reserve(L1, 2 * PAGE)
    .extents()
    .flatMap(({ paddr, bytes }): KdumpPage[] =>
      Array.from({ length: bytes.length / PAGE }, (_, i) => ({
        pfn: paddr / PAGE + i,
        bytes: bytes.subarray(i * PAGE, (i + 1) * PAGE),
        as: paddr + i * PAGE === L1 + PAGE ? 'excluded' : 'zlib',
      })),
    );
  const file = kdump(pages, { dumpLevel, utsname: { release: 'test', machine: 'aarch64' } });
  const contents = await openKdump([new MemorySource(file.bytes)]);
  const dump = { ...contents, files: ['dump'], paths: [], close: () => {}, loadMapIgnored: false };
  const inspection = await inspectJson(dump, parseSnapshot({ registers }, 'regs.json'), { excluded });
  expectStrictlyValid(inspection);
  return { ...inspection, smmu: inspection.smmus[0] as Published<SmmuReport> };
}

const rules = ({ findings }: Published<Inspection>) => findings.map(({ rule, severity }) => `${severity} ${rule}`);

test('in a dump that filtered zero pages it is zeros: in pages, in assumptions, and as a note', async () => {
  const inspection = await inspected(31);
  const { smmu } = inspection;
  expect(smmu.adoption).toMatchObject({ verdict: 'adopted', ret: 0 });
  expect(smmu.adoption.mappings[0]?.pages).toEqual({ present: 1, zero: 0, excluded: 1, hole: 0, lost: 0 });
  const why = 'the capture tool left out pages of zeros; pages of the table: 1';
  expect(smmu.assumptions).toContainEqual({ what: 'excluded table pages', value: 'zero', why });
  expect(rules(inspection)).toEqual(['note excluded-read-as-zero', 'note dma-goes-on']);
  expect(inspection.summary.exitCode).toBe(0);
});

test('--excluded error refuses that, and so does a dump that kept its zero pages', async () => {
  for (const inspection of [await inspected(31, 'error'), await inspected(30), await inspected(30, 'zero')]) {
    expect(inspection.smmu.adoption).toMatchObject({
      verdict: 'indeterminate',
      ret: null,
      errno: null,
      optionAfter: null,
    });
    expect(rules(inspection)).toEqual(['warning adoption-indeterminate', 'warning table-not-in-dump']);
    expect(inspection.summary.exitCode).toBe(3);
  }
});
