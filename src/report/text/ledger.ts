/** What the driver holds: its mappings and allocations, and its state when the adoption is over. */

import { allocatedInWords, remapReasonInWords } from '../../findings/prose/memory.ts';
import { hex } from '../../hex.ts';
import type { MappingReport, SmmuReport } from '../../inspect/inspection.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { NOTHING, redIf, table } from './table.ts';

/** The ID scan of a large machine maps thousands of tables for a moment each; JSON has more of them. */
const MAX_SCAN_ROWS = 40;

export function ledger(style: Style, { adoption, inserts }: SmmuReport): string[] {
  const held = adoption.mappings.filter(({ transient: brief }) => !brief);
  const transient = adoption.mappings.filter(({ transient: brief }) => brief);
  const made: [string, MappingReport][] = [
    ...held.map((mapping): [string, MappingReport] => ['adoption', mapping]),
    ...transient.slice(0, MAX_SCAN_ROWS).map((mapping): [string, MappingReport] => ['ID scan', mapping]),
    ...inserts
      .filter(({ asked }) => asked !== false)
      .flatMap(({ sid, mappings }) => mappings.map((mapping): [string, MappingReport] => [`SID ${hex(sid)}`, mapping])),
  ];
  if (made.length === 0) return [];
  const rows = made.map(([maker, mapping]) => [
    maker,
    mapping.kind,
    mapping.purpose,
    hex(mapping.address),
    String(mapping.size),
    mapping.ok ? 'ok' : 'FAILED',
    pages(mapping),
    mapping.held ? 'yes' : 'no',
    mapping.ok ? releasedBy(mapping) : NOTHING,
    mapping.why === null ? NOTHING : remapReasonInWords(mapping.why),
  ]);
  const columns = [
    { title: 'Made by' },
    { title: 'Call' },
    { title: 'Purpose' },
    { title: 'Address', align: 'right' as const },
    { title: 'Bytes', align: 'right' as const },
    { title: 'Result', paint: redIf((text) => text === 'FAILED') },
    { title: 'Pages', yields: 'below' as const },
    { title: 'Held' },
    { title: 'Released', paint: redIf((text) => text === 'LEAKED') },
    { title: 'Note', yields: 'below' as const },
  ];
  // A column in which nobody has anything to say only takes room.
  const noted = rows.some((row) => row.at(-1) !== NOTHING);
  const shown = noted ? columns : columns.slice(0, -1);
  return [
    ...title(style, 'Mapping ledger'),
    ...table(style, shown, rows),
    ...balance(style, adoption, transient.length),
  ];
}

function balance(style: Style, adoption: SmmuReport['adoption'], transients: number): string[] {
  const { leaked, doubleReleased, registerPage } = adoption.teardown;
  const lines: string[] = [];
  const say = (text: string) => lines.push(...paragraph(style, INDENT, text));
  const more = Math.max(0, transients - MAX_SCAN_ROWS) + adoption.mappingsNotListed;
  if (more > 0) say(`and ${more} more mappings of the ID scan, each released at once`);
  for (const { call, what, size, ok, released } of adoption.allocations) {
    say(`${call} of ${allocatedInWords(what)}, ${size} bytes: ${ok ? (released ? 'released' : 'LEAKED') : 'FAILED'}`);
  }
  const page = registerPage === 'live' ? '' : `, with the register page reading as ${registerPage}`;
  say(
    `after the tear-down${page}: ${leaked} leaked, ${doubleReleased} released twice. cleanup is ` +
      'arm_smmu_kdump_adopt_cleanup (on failure, or when the SMMU is unbound); devres acts at unbind',
  );
  return lines;
}

function releasedBy({ kind, released, transient }: MappingReport): string {
  if (!released) return 'LEAKED';
  if (transient) return 'scan';
  return kind === 'memremap' ? 'cleanup' : 'devres';
}

function pages({ pages: counts }: MappingReport): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.map(([state, count]) => `${count} ${state}`).join(', ');
}

/** The driver's strtab_cfg and feature bits as the adoption leaves them. */
export function state(style: Style, { adoption, features }: SmmuReport): string[] {
  const { strtabCfg } = adoption;
  const lines = title(style, 'Driver state afterwards');
  const say = (text: string) => lines.push(...paragraph(style, INDENT, text));
  if (adoption.verdict === 'indeterminate') {
    say('strtab_cfg: cannot be told');
  } else if (strtabCfg === null) {
    say('strtab_cfg: not adopted, built anew by the ordinary path');
  } else if ('l2' in strtabCfg) {
    const { l1tab, numL1Ents, l2ptrs } = strtabCfg.l2;
    const fresh = l2ptrs.filter((entry) => entry.table === null).length;
    say(`strtab_cfg.l2: l1tab maps ${hex(l1tab)}, num_l1_ents ${numL1Ents}, l1_dma unset`);
    say(`strtab_cfg.l2.l2ptrs: ${l2ptrs.length} of ${numL1Ents} set (${fresh} of them fresh), the rest lazily`);
  } else {
    const { table: paddr, numEnts } = strtabCfg.linear;
    say(`strtab_cfg.linear: table maps ${hex(paddr)}, num_ents ${numEnts}, ste_dma unset`);
  }
  const bit = (on: boolean | null) => (on === null ? 'unknown' : on ? 'set' : 'clear');
  const change = (before: boolean, after: boolean) =>
    before === after ? bit(after) : `${bit(before)} -> ${bit(after)}`;
  const after = adoption.featuresAfter;
  say(
    `features: 2_LVL_STRTAB ${change(features.twoLevelStreamTable, after.twoLevelStreamTable)}, ` +
      `2_LVL_CDTAB ${change(features.twoLevelCdTable, after.twoLevelCdTable)}, ` +
      `COHERENCY ${change(features.coherent, after.coherent)}; OPT_KDUMP_ADOPT ${bit(adoption.optionAfter)}`,
  );
  return lines;
}
