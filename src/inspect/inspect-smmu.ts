/** One SMMU: registers, the table in memory, the adoption, and what is to be said about them. */

import { type Emulation, emulateAdoption } from '../adopt/emulate.ts';
import type { Revision } from '../adopt/revision.ts';
import type { AddressRange } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import type { Progress } from '../progress.ts';
import { decodeFields } from '../smmu/fields.ts';
import { REGISTERS } from '../smmu/registers.ts';
import { streamTableGeometry } from '../smmu/stream-table.ts';
import { RegisterFile } from '../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { adoptionFindings, insertFindings } from './adoption-findings.ts';
import { adoptionReport, insertReport } from './adoption-report.ts';
import type { FindingList } from './findings.ts';
import { HardwareView, MAX_L2_TABLES } from './hardware-view.ts';
import { type Census, hex, type SmmuReport } from './inspection.ts';
import { Rows } from './rows.ts';
import { judgeL1, l1Row, missingLocation } from './table-findings.ts';

export interface SmmuInput {
  readonly smmu: SmmuSnapshot;
  readonly revision: Revision;
  readonly memory: MemoryView;
  readonly laterMemory: MemoryView | undefined;
  /** The kdump kernel's own memory, as far as the snapshot gives it. */
  readonly systemRam: readonly AddressRange[];
  readonly insert: readonly number[] | 'all' | undefined;
  readonly sids: readonly number[] | undefined;
  readonly all: boolean;
  readonly gate: boolean;
  readonly progress: Progress;
}

/** More active streams than any machine has; a hostile table can claim millions. */
const MAX_INSERTIONS_OF_ALL = 1 << 16;

export function inspectSmmu(input: SmmuInput, findings: FindingList): SmmuReport {
  const { smmu, memory, all, sids } = input;
  const registers = new RegisterFile(smmu);
  const cfg = (field: string) => registers.field('STRTAB_BASE_CFG', field);
  const geometry = streamTableGeometry(
    registers.bits('STRTAB_BASE', 'ADDR'),
    { fmt: cfg('FMT'), split: cfg('SPLIT'), log2Size: cfg('LOG2SIZE') },
    registers.field('IDR1', 'SIDSIZE'),
  );
  const view = new HardwareView(geometry, memory, input.progress);
  const { sidsToInsert, cutFrom } = chooseInsertions(input.insert, view);
  const emulation = emulateAdoption({
    registers,
    firmwareCoherent: smmu.firmwareCoherent,
    revision: input.revision,
    memory,
    laterMemory: input.laterMemory,
    insertSids: sidsToInsert,
    gate: input.gate,
  });

  const { firmwareCoherent } = smmu;
  const { systemRam } = input;
  adoptionFindings(emulation, registers, geometry, { firmwareCoherent, memory, systemRam }, findings);
  const census = examineTable(view, emulation, memory, findings);
  for (const sid of sids ?? []) {
    const found = view.lookup(sid);
    if ('why' in found) findings.add('sid-without-ste', { sid, why: found.why });
  }
  insertFindings(emulation, view, sidsToInsert.length, findings);
  if (cutFrom !== null) findings.add('insert-list-cut', { inserted: sidsToInsert.length, total: cutFrom });
  if (view.assumedZeroPages > 0) {
    const pages = view.assumedZeroPages;
    registers.assume('excluded table pages', 'zero', `${memory.whyExcludedIsZero}; pages of the table: ${pages}`);
    findings.add('excluded-read-as-zero', { pages });
  }

  return {
    name: smmu.name,
    base: smmu.base === null ? null : hex(smmu.base),
    features: { ...emulation.featuresBefore, ...emulation.ids },
    registers: registerReport(smmu),
    assumptions: registers.assumptions,
    adoption: adoptionReport(emulation),
    inserts: emulation.insertions.map(insertReport),
    kernelLog: emulation.log,
    panic: null,
    lost: null,
    table: {
      format: geometry.format,
      base: hex(geometry.base),
      split: geometry.format === '2lvl' ? geometry.split : null,
      entries: geometry.entries,
    },
    l1: new Rows(function* () {
      for (const entry of view.l1Entries(all)) {
        const row = l1Row(view, entry);
        if (all || row.status !== 'unused') yield row;
      }
    }),
    census,
    stes: new Rows(() => (sids === undefined ? view.stes(all) : view.stesOf(ascending(sids)))),
  };
}

function ascending(sids: readonly number[]): number[] {
  return [...new Set(sids)].sort((a, b) => a - b);
}

/** The list to insert, and, where `all` was cut short, of how many. */
function chooseInsertions(
  insert: SmmuInput['insert'],
  view: HardwareView,
): { sidsToInsert: readonly number[]; cutFrom: number | null } {
  if (insert !== 'all') return { sidsToInsert: insert ?? [], cutFrom: null };
  const sids: number[] = [];
  let total = 0;
  for (const sid of view.activeSids()) {
    total += 1;
    if (total <= MAX_INSERTIONS_OF_ALL) sids.push(sid);
  }
  return { sidsToInsert: sids, cutFrom: total > sids.length ? total : null };
}

/** Goes through the table as the hardware would find it: the L1 descriptors one by one, then every STE. */
function examineTable(view: HardwareView, emulation: Emulation, memory: MemoryView, findings: FindingList): Census {
  for (const entry of view.l1Entries(false)) judgeL1(view, memory, entry, emulation, findings);
  const census = view.census(
    (missing) => {
      const { table, entries, state } = missing;
      findings.add('table-not-in-dump', { table, entries, state }, missingLocation(missing));
    },
    (sid, config) => {
      const found = view.lookup(sid);
      const address = 'paddr' in found ? { address: hex(found.paddr) } : {};
      findings.add('ste-config-reserved', { sid, config }, { firstSid: sid, lastSid: sid, ...address });
    },
  );
  if (view.cut) findings.add('table-cut', { tables: MAX_L2_TABLES });
  return census;
}

/** Every register that the snapshot has, decoded, by offset. */
function registerReport({ registers }: SmmuSnapshot): SmmuReport['registers'] {
  const report: Record<string, SmmuReport['registers'][string]> = {};
  for (const layout of REGISTERS) {
    const value = registers.get(layout.name);
    if (value !== undefined) report[layout.name] = { value: hex(value), fields: decodeFields(layout, [value]) };
  }
  return report;
}
