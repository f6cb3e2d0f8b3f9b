/** How the verdict came about: checks, kernel log, mapping ledger, final state, insertions. */

import { isUnknown } from '../../adopt/checks.ts';
import { hex, type MappingReport, type SmmuReport } from '../../inspect/inspection.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { type Column, NOTHING, table } from './table.ts';

const RESULT = { pass: 'pass', fail: 'FAIL', 'not-reached': 'not reached' };

/** A cell's colour: red for what went wrong. */
function redIf(wrong: (text: string) => boolean): NonNullable<Column['paint']> {
  return (text, paint) => (wrong(text) ? paint.red(text) : text);
}

export function checks(style: Style, { adoption }: SmmuReport): string[] {
  const rows = adoption.checks.map((check) => [
    isUnknown(check) ? 'unknown' : RESULT[check.result],
    check.id,
    check.observed ?? NOTHING,
    check.required,
  ]);
  const columns = [
    { title: 'Result', paint: redIf((text) => text === RESULT.fail) },
    { title: 'Check' },
    { title: 'Observed', yields: 'wrap' as const },
    { title: 'Required', yields: 'wrap' as const },
  ];
  return [...title(style, "Checks, in the driver's order"), ...table(style, columns, rows)];
}

export function kernelLog(style: Style, { name, kernelLog, adoption }: SmmuReport): string[] {
  const lines = kernelLog.map(({ level, text }) => [level, `arm-smmu-v3 ${name}: ${text}`]);
  if (adoption.warnOn > 0) lines.push(['warn', `(and ${adoption.warnOn} WARN_ON with a stack trace)`]);
  if (lines.length === 0) return [...title(style, 'Kernel log, predicted'), `${INDENT}nothing is printed`];
  return [
    ...title(style, 'Kernel log, predicted'),
    ...lines.flatMap(([level = '', text = '']) => paragraph(style, `${INDENT}${level.padEnd(5)}  `, text)),
  ];
}

export function ledger(style: Style, { adoption, inserts }: SmmuReport): string[] {
  const made: [string, MappingReport][] = [
    ...adoption.mappings.map((mapping): [string, MappingReport] => ['adoption', mapping]),
    ...inserts.flatMap(({ sid, mappings }) =>
      mappings.map((mapping): [string, MappingReport] => [`SID ${hex(sid)}`, mapping]),
    ),
  ];
  if (made.length === 0) return [];
  const { leaked, doubleReleased } = adoption.teardown;
  const rows = made.map(([maker, mapping]) => [
    maker,
    mapping.kind,
    mapping.purpose,
    mapping.address,
    String(mapping.size),
    mapping.ok ? 'ok' : 'FAILED',
    pages(mapping),
    mapping.held ? 'yes' : 'no',
    mapping.ok ? (mapping.kind === 'memremap' ? 'cleanup' : 'devres') : NOTHING,
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
    { title: 'Released' },
  ];
  return [
    ...title(style, 'Mapping ledger'),
    ...table(style, columns, rows),
    ...paragraph(
      style,
      INDENT,
      `after the tear-down: ${leaked} leaked, ${doubleReleased} released twice. cleanup is ` +
        'arm_smmu_kdump_adopt_cleanup (on failure, or when the SMMU is unbound); devres acts at unbind',
    ),
  ];
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
    say(`strtab_cfg.l2: l1tab maps ${l1tab}, num_l1_ents ${numL1Ents}, l1_dma unset`);
    say(`strtab_cfg.l2.l2ptrs: ${l2ptrs.length} of ${numL1Ents} set (${fresh} of them fresh), the rest lazily`);
  } else {
    const { table: paddr, numEnts } = strtabCfg.linear;
    say(`strtab_cfg.linear: table maps ${paddr}, num_ents ${numEnts}, ste_dma unset`);
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

export function insertions(style: Style, { inserts }: SmmuReport): string[] {
  if (inserts.length === 0) return [];
  const rows = inserts.map(({ sid, ret, errno, fresh, mappings, deferred, log }) => [
    hex(sid),
    ret === null ? 'unknown' : errno === null ? String(ret) : `-${errno}`,
    mappings.length > 0 ? (mappings.at(-1)?.address ?? NOTHING) : fresh ? 'fresh, all abort' : NOTHING,
    deferred === null ? NOTHING : deferred ? 'deferred' : 'at once',
    log.map(({ text }) => text).join('; ') || NOTHING,
  ]);
  const columns = [
    { title: 'SID', align: 'right' as const },
    { title: 'Result', paint: redIf((text) => text.startsWith('-')) },
    { title: 'L2 table mapped' },
    { title: 'Attach' },
    { title: 'Kernel log', yields: 'wrap' as const },
  ];
  return [...title(style, 'Insertions', 'arm_smmu_insert_master'), ...table(style, columns, rows)];
}
