/** The emulation's outcome in the shape of the report. */

import type { Emulation } from '../adopt/emulate.ts';
import { errnoName } from '../adopt/errno.ts';
import { type Mapping, RELEASED_BY } from '../adopt/ledger.ts';
import type { Insertion } from '../adopt/master.ts';
import { type AdoptionReport, hex, type InsertReport, type MappingReport, type StrtabCfgReport } from './inspection.ts';

export function adoptionReport(emulation: Emulation): AdoptionReport {
  const { strtabCfg } = emulation;
  return {
    revision: emulation.revision.name,
    verdict: emulation.verdict,
    ret: emulation.ret,
    errno: errnoName(emulation.ret),
    tableFormat: emulation.tableFormat,
    format: strtabCfg?.format ?? null,
    entries: strtabCfg === null ? null : strtabCfg.format === '2lvl' ? strtabCfg.numL1Ents : strtabCfg.numEnts,
    featuresAfter: emulation.featuresAfter,
    optionAfter: emulation.optionAfter,
    checks: emulation.checks,
    log: adoptionLog(emulation),
    warnOn: emulation.warnOn,
    mappings: emulation.mappings.map(mappingReport),
    strtabCfg: strtabCfgReport(strtabCfg),
    // IDs are reserved from v8 on.
    reserved: { asids: [], vmids: [] },
    teardown: emulation.teardown,
  };
}

/** Messages of the gate and of the adoption. What the rest of the probe says has no such prefix and is not among them. */
function adoptionLog({ log, revision }: Emulation): AdoptionReport['log'] {
  return log
    .filter(({ stage, text }) => stage === 'adopt' || (stage === 'gate' && text.startsWith(revision.logPrefix)))
    .map(({ level, text }) => ({ level, text }));
}

export function insertReport({ sid, ret, fresh, log, mappings, deferred }: Insertion): InsertReport {
  return { sid, ret, errno: errnoName(ret), fresh, log, mappings: mappings.map(mappingReport), deferred };
}

function mappingReport(mapping: Mapping): MappingReport {
  return {
    kind: mapping.kind,
    purpose: mapping.purpose,
    address: hex(mapping.paddr),
    size: mapping.byteLength,
    ok: mapping.ok,
    held: mapping.held,
    released: mapping.releases > 0,
    releasedBy: mapping.ok ? RELEASED_BY[mapping.kind] : null,
    pages: mapping.pages,
  };
}

function strtabCfgReport(cfg: Emulation['strtabCfg']): StrtabCfgReport | null {
  if (cfg === null) return null;
  if (cfg.format === 'linear') {
    return { linear: { table: hex(cfg.table.paddr), steDma: null, numEnts: cfg.numEnts } };
  }
  const l2ptrs = [...cfg.l2ptrs]
    .sort(([a], [b]) => a - b)
    .map(([index, table]) => ({ index, table: table.kind === 'adopted' ? hex(table.mapping.paddr) : null }));
  return { l2: { l1tab: hex(cfg.l1tab.paddr), l1Dma: null, numL1Ents: cfg.numL1Ents, l2ptrs } };
}
