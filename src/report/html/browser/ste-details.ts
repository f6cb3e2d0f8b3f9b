/** Everything about one STE: its words, its fields with their meaning, and the context descriptors behind it. */

import { type Field, fieldBits, type Layout, meaningOf } from '../../../smmu/fields.ts';
import { CD } from '../../../smmu/structures/cd.ts';
import { STE } from '../../../smmu/structures/ste.ts';
import type { Cd, Stes } from './data.ts';
import { element, grouped, hex } from './dom.ts';
import { configText } from './ste-columns.ts';

/** Context descriptors that are shown at once; each opens when it is asked for. */
const MAX_CDS = 256;

export function steDetails(stes: Stes, row: number, close: () => void): HTMLElement {
  const title = element(
    'h4',
    { tabindex: -1 },
    `STE of SID ${hex(stes.sid(row))}, ${stes.device(row)}: ${configText(stes, row)}`,
  );
  const button = element('button', { type: 'button', class: 'close' }, 'Close');
  button.addEventListener('click', close);
  const rules = stes.findings(row);
  const panel = element(
    'div',
    { class: 'opened', role: 'region', 'aria-label': `STE of SID ${hex(stes.sid(row))}` },
    element('div', { class: 'opened-head' }, title, button),
    element('p', { class: 'note' }, `at ${hex(stes.address(row))}, page ${stes.state(row)}`),
    rules.length === 0 ? null : element('p', {}, `Findings that name it: ${rules.join(', ')}`),
    structure(STE, stes.words(row)),
    contextDescriptors(stes, row),
  );
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    close();
  });
  return panel;
}

function contextDescriptors(stes: Stes, row: number): HTMLElement | null {
  const table = stes.cdTable(row);
  if (table === null) return null;
  const { format, withoutSsid, unknown, notListed, notExamined } = table;
  const cds = stes.cds(row);
  const parts =
    format === 'guest'
      ? ["its CD table is in a guest's address space"]
      : [
          format === 'single' ? 'a single CD' : `${format} table; without a SubstreamID, traffic is ${withoutSsid}`,
          unknown > 0 ? `${grouped(unknown)} CDs are not in the dump` : cds.length === 0 ? 'no valid CD' : '',
          notListed > 0 ? `${grouped(notListed)} more valid CDs are not listed` : '',
          notExamined > 0 ? `${grouped(notExamined)} CDs were not looked at` : '',
        ];
  return element(
    'div',
    { class: 'cds' },
    element('h5', {}, 'Context descriptors'),
    element('p', { class: 'note' }, parts.filter((part) => part !== '').join('; ')),
    ...cds.slice(0, MAX_CDS).map((cd, i) => contextDescriptor(cd, i === 0)),
  );
}

function contextDescriptor(cd: Cd, open: boolean): HTMLElement {
  const { ssid, address, asid, state, words } = cd;
  const summary = `SSID ${ssid}: ASID ${asid}, at ${hex(address)}, page ${state}`;
  const made = element('details', { open }, element('summary', {}, summary));
  const fill = () => {
    if (made.open && made.childElementCount === 1) made.append(structure(CD, words));
  };
  made.addEventListener('toggle', fill);
  fill();
  return made;
}

/** The words of a structure and its fields; those that are 0 only when asked for. */
function structure(layout: Layout, words: readonly bigint[]): HTMLElement {
  const body = element('tbody', { role: 'rowgroup' });
  const every = element('input', { type: 'checkbox' });
  const show = () => {
    const fields = layout.fields.filter((field) => every.checked || fieldBits(field, words) !== 0n);
    body.replaceChildren(...fields.map((field) => fieldRow(field, words)));
  };
  every.addEventListener('change', show);
  show();
  const head = TITLES.map((title) => element('th', { scope: 'col', role: 'columnheader' }, title));
  return element(
    'div',
    { class: 'structure' },
    element(
      'p',
      { class: 'words' },
      ...words.map((word, i) =>
        element(
          'span',
          { class: 'word' },
          element('small', {}, `${i} `),
          element('code', {}, word.toString(16).padStart(16, '0')),
        ),
      ),
    ),
    element('label', {}, every, ' also fields that are 0'),
    element(
      'table',
      { class: 'static fields', role: 'table', 'aria-label': `Fields of the ${layout.name}` },
      element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...head)),
      body,
    ),
  );
}

const TITLES = ['Field', 'Bits', 'Value', 'Meaning'] as const;

function fieldRow(field: Field, words: readonly bigint[]): HTMLElement {
  const { name, word, lsb, width, kind, meaning } = field;
  const bits = fieldBits(field, words);
  const value = kind === 'address' || bits > 9n ? hex(bits) : String(bits);
  const decimal = kind === 'number' && bits > 9n && width <= 20 ? ` (${bits})` : '';
  const says = kind === 'number' && width <= 32 ? meaningOf(field, Number(bits)) : undefined;
  const range = width === 1 ? `${word}[${lsb}]` : `${word}[${lsb + width - 1}:${lsb}]`;
  const cells: [kind: string, ...content: (Node | string)[]][] = [
    ['code', name],
    ['code', range],
    ['code', value + decimal],
    says === undefined ? ['prose', meaning] : ['prose', `${meaning}: `, element('strong', {}, says)],
  ];
  return element(
    'tr',
    { role: 'row' },
    ...cells.map(([kind, ...content], i) =>
      element('td', { role: 'cell', class: kind, 'data-title': TITLES[i] as string }, element('span', {}, ...content)),
    ),
  );
}
