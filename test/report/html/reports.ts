/** Reports to look at: those of the samples, and a made one with as many rows as wanted. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Inspection,
  type InspectOptions,
  inspect,
  loadIomem,
  loadSnapshot,
  openDump,
} from '../../../src/index.ts';
import { completedFromDump } from '../../../src/inspect/crashed-kernel.ts';
import { type HtmlOptions, htmlReport } from '../../../src/report/html/html.ts';
import { Rows } from '../../../src/rows.ts';
import { encodeFields } from '../../../src/smmu/fields.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { L1STD } from '../../../src/smmu/structures/l1std.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { bdfOf } from '../../../src/smmu/structures/stream-table.ts';
import type { L1Row } from '../../../src/tables/l1-rows.ts';
import type { SteRow } from '../../../src/tables/ste-rows.ts';

const SAMPLES = fileURLToPath(new URL('../../../samples', import.meta.url));

export const SAMPLE_NAMES = readdirSync(SAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What the library makes of a sample's files, handed on while its dump is open. */
export async function withSample<T>(
  name: string,
  options: InspectOptions,
  use: (inspection: Inspection, kdumpRam: HtmlOptions['kdumpRam']) => T,
): Promise<T> {
  const folder = join(SAMPLES, name);
  const file = (wanted: string) => join(folder, wanted);
  const given = existsSync(file('regs.json')) ? await loadSnapshot(file('regs.json')) : null;
  const dumpFile = readdirSync(folder).find((entry) => /^(dump\..*|vmcore)$/.test(entry)) ?? '';
  const dump = await openDump(file(dumpFile), { loadMap: given?.memory ?? [] });
  const givenMap = existsSync(file('iomem.txt')) ? await loadIomem(file('iomem.txt')) : undefined;
  const evidence = await completedFromDump(dump, { snapshot: given, iomem: givenMap });
  if (evidence.outcome === 'not-found') throw new Error(`${name} has neither a snapshot nor a kernel`);
  const { snapshot, iomem, crashedKernel } = evidence;
  const dmesg = existsSync(file('dmesg.txt'))
    ? { file: 'dmesg.txt', text: readFileSync(file('dmesg.txt'), 'utf8') }
    : undefined;
  try {
    const inspection = await inspect(dump, snapshot, { insert: 'all', iomem, crashedKernel, dmesg, ...options });
    return use(inspection, [...snapshot.kdump.systemRam, ...(iomem?.crashKernel ?? [])]);
  } finally {
    dump.close();
  }
}

export function sampleReport(name: string, options: InspectOptions = {}): Promise<string> {
  return withSample(name, options, (inspection, kdumpRam) => [...htmlReport(inspection, { kdumpRam })].join(''));
}

/** L1 descriptors of the made table: as many as Linux ever builds. */
const L1_ENTRIES = 1 << 17;
const STES_PER_TABLE = 32;
const L2_START = 0x9000_0000;
const CD_START = 0x4_0000_0000;

/** An inspection like that of a healthy sample, but with this many STEs in a table of the largest kind. */
export async function manyStes(count: number): Promise<Inspection> {
  const inspection = await withSample('healthy-two-level', {}, (one) => one);
  const smmus = inspection.smmus.map((smmu) => ({
    ...smmu,
    table: { ...smmu.table, entries: L1_ENTRIES },
    census: { ...smmu.census, stes: L1_ENTRIES * 256, located: count * 8, valid: count },
    l1: new Rows(() => l1Rows(Math.ceil(count / STES_PER_TABLE))),
    stes: new Rows(() => steRows(count)),
  }));
  return { ...inspection, smmus };
}

/** Every third descriptor is in use. */
const l1Index = (table: number) => (table * 3) % L1_ENTRIES;

function* l1Rows(count: number): Generator<L1Row> {
  for (let table = 0; table < count; table++) {
    const index = l1Index(table);
    const l2 = L2_START + table * 0x4000;
    const [descriptor = 0n] = encodeFields(L1STD, { Span: 9, L2Ptr: l2 });
    yield {
      index,
      address: 0x8800_2000 + index * 8,
      descriptor,
      span: 9,
      l2,
      firstSid: index * 256,
      lastSid: index * 256 + 255,
      status: 'used',
      hardwareStes: 256,
    };
  }
}

/** One in ten is in bypass, the others have a CD each. */
function* steRows(count: number): Generator<SteRow> {
  const bypass = encodeFields(STE, { V: 1, Config: 4, SHCFG: 1 });
  const [word0 = 0n, ...others] = encodeFields(STE, { V: 1, Config: 5, S1DSS: 2, S1CIR: 1, S1COR: 1, STRW: 2 });
  const rest = others;
  const cdFields = { V: 1, T0SZ: 16, EPD1: 1, IPS: 5, AA64: 1, R: 1, A: 1, ASID: 7, MAIR0: 0xff44 };
  const [cd0 = 0n, , ...cdRest] = encodeFields(CD, cdFields);
  for (let i = 0; i < count; i++) {
    const table = Math.floor(i / STES_PER_TABLE);
    const inTable = (i % STES_PER_TABLE) * 8;
    const sid = l1Index(table) * 256 + inTable;
    const cdPaddr = CD_START + i * 64;
    const stage1 = i % 10 !== 0;
    const cd = {
      ssid: 0,
      address: cdPaddr,
      words: [cd0, BigInt(i) << 12n, ...cdRest],
      asid: 7,
      fields: {},
      pageState: 'present' as const,
    };
    const cdTable = {
      format: 'single' as const,
      address: cdPaddr,
      entries: 1,
      withoutSsid: 'only-cd' as const,
      unknown: 0,
      notListed: 0,
      notExamined: 0,
    };
    yield {
      sid,
      bdf: bdfOf(sid),
      device: null,
      address: L2_START + table * 0x4000 + inTable * 64,
      words: stage1 ? [word0 | BigInt(cdPaddr), ...rest] : bypass,
      valid: true,
      config: stage1 ? 's1' : 'bypass',
      fields: {},
      pageState: 'present',
      cdTable: stage1 ? cdTable : null,
      cds: stage1 ? [cd] : [],
    };
  }
}
