/**
 * `--format csv`: the stream table entries of all SMMUs as one table for spreadsheets and scripts, RFC 4180: a header,
 * CRLF, quotes where a cell needs them.
 */

import { findingsOf } from '../findings/by-smmu.ts';
import type { Finding } from '../findings/findings.ts';
import { hex, word } from '../hex.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { remembered } from '../remembered.ts';
import { fieldBits, fieldOf } from '../smmu/fields.ts';
import { STE } from '../smmu/structures/ste.ts';
import type { SteRow } from '../tables/ste-rows.ts';
import { escapeText } from './escape.ts';

const STE_WORDS = 8;
const FIELDS = ['S1ContextPtr', 'S1Fmt', 'S1CDMax', 'S1DSS', 'S2VMID', 'S2TTB', 'EATS', 'STRW'] as const;

const HEADER: readonly string[] = [
  ...['smmu', 'sid', 'sid_hex', 'bdf', 'device', 'address', 'valid', 'config', 'page_state'],
  ...Array.from({ length: STE_WORDS }, (_, i) => `word${i}`),
  ...FIELDS,
  ...['cds', 'asids', 'findings'],
];

/** A header and one record for each STE, by RFC 4180, with text from files made harmless for spreadsheets. */
export function* csvReport({ smmus, findings }: Inspection): Generator<string> {
  yield `${HEADER.join(',')}\r\n`;
  for (const { name, stes } of smmus) {
    const rulesAt = rulesBySid(findingsOf(findings, name));
    const smmu = quoted(foreignText(name));
    for (const ste of stes) yield `${smmu},${steCells(ste)},${quoted(rulesAt(ste.sid))}\r\n`;
  }
}

/** Only what a file says may need quotes; a table has millions of rows. */
function steCells({ sid, bdf, device, address, valid, config, pageState, words, cds }: SteRow): string {
  const name = device === null ? '' : quoted(foreignText(device));
  let cells = `${sid},${hex(sid)},${bdf},${name},${hex(address)},${valid},${config},${pageState}`;
  for (const one of words) cells += wordCell(one);
  for (const { at, cellOf } of FIELD_CELLS) cells += cellOf(words[at] ?? 0n);
  return `${cells},${cds.length},${cds.length === 0 ? '' : cds.map(({ asid }) => asid).join(' ')}`;
}

/** One record by RFC 4180. */
export function record(cells: readonly (string | number | boolean | undefined)[]): string {
  return `${cells.map((cell) => quoted(String(cell ?? ''))).join(',')}\r\n`;
}

const wordCell = (value: bigint) => `,${word(value)}`;

const FIELD_CELLS = FIELDS.map((name) => {
  const field = fieldOf(STE, name);
  const cellOf = remembered((value: bigint) => {
    const bits = fieldBits({ ...field, word: 0 }, [value]);
    return `,${field.kind === 'address' ? hex(bits) : bits}`;
  });
  return { at: field.word, cellOf };
});

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** What spreadsheets take for the beginning of a formula, in the widths in which they take it. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

/** Text that somebody else chose: safe in a terminal, and text in a spreadsheet too. */
export function foreignText(text: string): string {
  return (FORMULA.test(text) ? "'" : '') + escapeText(text);
}

/**
 * The names of the rules with a finding at a SID. There may be thousands of findings and millions of SIDs, so the SIDs
 * are cut once into stretches with the same rules; as rows ascend, the stretch of one is that of the row before or
 * comes soon after.
 */
function rulesBySid(findings: readonly Finding[]): (sid: number) => string {
  const stretches = stretchesOf(findings);
  let at = 0;
  return (sid) => {
    if (sid < (stretches[at]?.from ?? 0)) at = 0;
    while (sid >= (stretches[at + 1]?.from ?? Number.POSITIVE_INFINITY)) at += 1;
    const stretch = stretches[at];
    return stretch === undefined || sid < stretch.from ? '' : stretch.rules;
  };
}

interface RulesFrom {
  readonly from: number;
  readonly rules: string;
}

function stretchesOf(findings: readonly Finding[]): RulesFrom[] {
  const changes = new Map<number, [rule: string, by: 1 | -1][]>();
  const change = (sid: number, rule: string, by: 1 | -1) => {
    const here = changes.get(sid) ?? [];
    here.push([rule, by]);
    changes.set(sid, here);
  };
  for (const { rule, location } of findings) {
    const { firstSid, lastSid } = location;
    if (firstSid === undefined || lastSid === undefined) continue;
    change(firstSid, rule, 1);
    change(lastSid + 1, rule, -1);
  }
  const open = new Map<string, number>();
  return [...changes]
    .sort(([a], [b]) => a - b)
    .map(([from, here]) => {
      for (const [rule, by] of here) open.set(rule, (open.get(rule) ?? 0) + by);
      const rules = [...open].filter(([, count]) => count > 0).map(([rule]) => rule);
      return { from, rules: rules.sort().join(' ') };
    });
}
