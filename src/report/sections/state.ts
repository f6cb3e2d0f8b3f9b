/** What are the driver's strtab_cfg and feature bits when the adoption is over? */

import { REVISIONS } from '../../adopt/revisions/revisions.ts';
import { hex } from '../../hex.ts';
import type { AdoptionReport, SmmuReport } from '../../inspect/inspection.ts';
import { facts, type Section } from './section.ts';

export function driverState({ adoption, features }: SmmuReport): Section {
  const { featuresAfter, optionAfter, verdict } = adoption;
  return {
    id: 'state',
    title: 'Driver state afterwards',
    short: 'Driver state',
    detail: true,
    blocks: [
      facts([
        ['strtab_cfg', verdict === 'indeterminate' ? 'cannot be told' : strtabText(adoption)],
        ['2_LVL_STRTAB', change(features.twoLevelStreamTable, featuresAfter.twoLevelStreamTable)],
        ['2_LVL_CDTAB', change(features.twoLevelCdTable, featuresAfter.twoLevelCdTable)],
        ['COHERENCY', change(features.coherent, featuresAfter.coherent)],
        ['OPT_KDUMP_ADOPT', bit(optionAfter)],
      ]),
    ],
  };
}

function bit(on: boolean | null): string {
  return on === null ? 'unknown' : on ? 'set' : 'clear';
}

function change(before: boolean, after: boolean): string {
  return before === after ? bit(after) : `${bit(before)} -> ${bit(after)}`;
}

function strtabText({ strtabCfg: cfg, revision }: Pick<AdoptionReport, 'strtabCfg' | 'revision'>): string {
  if (cfg === null) return 'not adopted, built anew by the ordinary path';
  if ('linear' in cfg) {
    const { table, numEnts, steDma } = cfg.linear;
    return `linear.table maps ${hex(table)}, num_ents ${numEnts}, ste_dma ${dmaAddress(steDma)}`;
  }
  const { l1tab, numL1Ents, l2ptrs, l1Dma } = cfg.l2;
  const rest = REVISIONS.get(revision)?.mapsL2At === 'adoption' ? 'unused' : 'lazily';
  const fresh = l2ptrs.filter(({ table }) => table === null).length;
  return (
    `l2.l1tab maps ${hex(l1tab)}, num_l1_ents ${numL1Ents}, l1_dma ${dmaAddress(l1Dma)}; l2ptrs: ${l2ptrs.length} of ` +
    `${numL1Ents} set (${fresh} of them fresh), the rest ${rest}`
  );
}

/** Through v5 an adoption fills it in, and nothing uses it. */
function dmaAddress(address: number | null): string {
  return address === null ? 'unset' : hex(address);
}
