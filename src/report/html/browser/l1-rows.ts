/** The L1 descriptors that are used or bad as a table: what the map shows, to be read, sorted and searched. */

import { markText, type Smmu, statusOf } from './data.ts';
import { hex } from './dom.ts';
import { type Column, VirtualTable } from './virtual-table.ts';

export function l1Rows({ l1, about }: Smmu, pick: (firstSid: number, lastSid: number) => void): VirtualTable {
  const number = (title: string, value: (row: number) => number, text = hex): Column => ({
    title,
    right: true,
    text: (row) => text(value(row)),
    key: value,
  });
  const mark = (row: number) => markText(about.marks, l1.entry(row).firstSid, l1.entry(row).lastSid);
  const columns: Column[] = [
    number('L1', (row) => l1.entry(row).index, String),
    number('At', (row) => l1.entry(row).address),
    { title: 'Descriptor', text: (row) => l1.entry(row).descriptor },
    number('Span', (row) => l1.entry(row).span, String),
    number('L2 table', (row) => l1.entry(row).l2),
    {
      title: 'SIDs',
      text: (row) => `${hex(l1.entry(row).firstSid)}\u2013${hex(l1.entry(row).lastSid)}`,
      key: (row) => l1.entry(row).firstSid,
    },
    {
      title: 'Status',
      text: (row) => l1.entry(row).status,
      tone: (row) => (l1.entry(row).status === 'bad' ? 'wrong' : ''),
    },
    number('STEs', (row) => l1.entry(row).stes, String),
    ...(about.marks.length > 0
      ? [{ title: 'Mark', text: mark, tone: (row: number) => (mark(row) ? 'found' : '') }]
      : []),
  ];
  const table = new VirtualTable('L1 descriptors', columns, (row) => {
    const { firstSid, lastSid } = l1.entry(row);
    pick(firstSid, lastSid);
  });
  // Bad ones first: they are what one looks for.
  const rows = Array.from(l1.rows, (_, row) => row);
  const isBad = (row: number) => statusOf(l1.rows[row] as (typeof l1.rows)[number]) === 'bad';
  table.show(Uint32Array.from([...rows.filter(isBad), ...rows.filter((row) => !isBad(row))]));
  return table;
}
