/** How the verdict came about: the driver's checks in its order, and the scan for IDs in use. */

import { isUnknown } from '../../adopt/checks.ts';
import { observedInWords, requiredInWords } from '../../findings/prose/evidence.ts';
import { gaveUpInWords, SCAN_RULES, scanObservedInWords } from '../../findings/prose/scan.ts';
import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { idRanges } from '../id-ranges.ts';
import { count, type Html, html } from './markup.ts';
import { badge, cutTable, facts, NOTHING, note, section, sectionId, type Tone, table } from './section.ts';

export function checks(index: number, { adoption }: SmmuReport): Html {
  const rows = adoption.checks.map((check) => {
    const [tone, text]: [Tone, string] = isUnknown(check)
      ? ['unknown', 'unknown']
      : check.result === 'pass'
        ? ['good', 'pass']
        : check.result === 'fail'
          ? ['bad', 'fail']
          : ['plain', 'not reached'];
    return {
      tone: tone === 'bad' ? tone : ('plain' as const),
      cells: [
        badge(tone, text),
        check.id,
        check.observed === null ? NOTHING : observedInWords(check.observed),
        requiredInWords(check.required),
      ],
    };
  });
  const columns = [
    { title: 'Result' },
    { title: 'Check', kind: 'code' as const },
    { title: 'Observed' },
    { title: 'Required' },
  ];
  return section(sectionId(index, 'checks'), 'Checks', "in the driver's order", table('Checks', columns, rows));
}

/** Rows of this table say where the driver stops; a real one has at most a handful. */
const MAX_FAILURES_SHOWN = 100;

const at = (paddr: number | null) => (paddr === null ? NOTHING : hex(paddr));

/** Null where the revision makes no scan or did not come to it. */
export function idScan(index: number, { adoption }: SmmuReport): Html | null {
  const scan = adoption.idScan;
  if (scan === null) return null;
  const { failures, failuresNotListed, rolledBack, cds, cdTables, unknownEntries, gaveUp, outcome } = scan;
  const { asids, vmids } = adoption.reserved;
  const reserved = outcome === 'reserved';
  const rows = failures.map(({ rule, sid, ste, cd, observed, required, stopsHere }) => ({
    tone: stopsHere ? ('bad' as const) : ('plain' as const),
    cells: [
      hex(sid),
      cd === null ? (ste === null ? 'L2 table' : 'STE') : `${cd.level === 'cd' ? 'CD' : 'CD L1'}[${cd.index}]`,
      at(cd?.address ?? ste),
      SCAN_RULES[rule],
      `${scanObservedInWords(observed)}; required: ${requiredInWords(required)}`,
      stopsHere ? badge('bad', 'stops here') : NOTHING,
    ],
  }));
  const columns = [
    { title: 'SID', kind: 'number' as const },
    { title: 'Entry' },
    { title: 'At', kind: 'number' as const },
    { title: 'Rule broken' },
    { title: 'Observed' },
    { title: 'Kernel' },
  ];
  const aside = `${count(cds, 'context descriptor')} in ${count(cdTables, 'table')} scanned`;
  const body = html`${facts([
    ['ASIDs reserved', reserved ? idRanges(asids) : null],
    ['VMIDs reserved', reserved ? idRanges(vmids) : null],
    [
      'Rolled back',
      outcome === 'failed'
        ? `${count(rolledBack.asids, 'ASID')} and ${count(rolledBack.vmids, 'VMID')}; the kernel does not say why, this does:`
        : null,
    ],
    [
      'Not known',
      unknownEntries > 0 ? `${count(unknownEntries, 'entry', 'entries')} cannot be read from this dump` : null,
    ],
    ['Given up', gaveUp && gaveUpInWords(gaveUp)],
  ])}${rows.length > 0 && cutTable('Rules broken', columns, rows, MAX_FAILURES_SHOWN)}${
    failuresNotListed > 0 && note(`${count(failuresNotListed, 'failure')} more are not listed.`)
  }`;
  return section(sectionId(index, 'ids'), 'IDs in use', aside, body);
}
