/** For `show`: what a stream's DMA can reach, and what the queues hold about it. */

import { hex } from '../../../hex.ts';
import type { QueueEntry } from '../../../queues/queue.ts';
import type { StreamQueue, StreamReach, StreamTraffic } from '../../../streams/stream-traffic.ts';
import { endsOf } from '../../prose/field-text.ts';
import { attributesInWords, bothRightsText } from '../../prose/mappings.ts';
import { countedLeaves as counted, inUnits } from '../../prose/quantities.ts';
import { entryInWords, typeInWords } from '../../prose/queue-entries.ts';
import { endingInWords, rangeReasonInWords } from '../../prose/translation.ts';
import { INDENT, paragraph, type Style, title } from '../style.ts';
import { address, type Column, NOTHING, table } from '../table.ts';

const RANGES: readonly Column[] = [
  { title: 'IOVA', align: 'right' },
  { title: 'to', align: 'right' },
  { title: 'PA', align: 'right' },
  { title: 'Rights' },
  { title: 'Size', align: 'right' },
  { title: 'Attributes', yields: 'wrap' },
];

const ENTRIES: readonly Column[] = [
  { title: 'Queue' },
  { title: 'Index', align: 'right' },
  { title: 'State' },
  { title: 'Entry' },
  { title: 'Says', yields: 'wrap' },
];

export function traffic(style: Style, { reach, queues }: StreamTraffic): string[] {
  return [...reach.flatMap((one) => reachable(style, one)), ...inQueues(style, queues)];
}

function reachable(style: Style, reach: StreamReach): string[] {
  const aside = reach.ssv ? `with SubstreamID ${hex(reach.ssid)}` : '';
  return [...title(style, 'What its DMA can reach', aside), ...inWords(style, reach), ...rangeTable(style, reach)];
}

function inWords(style: Style, reach: StreamReach): string[] {
  const say = (text: string) => paragraph(style, INDENT, text);
  const { outcome, fault, why, mappedBytes, writableBytes, kdumpBytes, leaves, unknown, complete } = reach;
  if (outcome === 'bypass') return say('everything: addresses pass as they are');
  if (outcome !== 'translated')
    return say(`nothing: ${fault === null ? '' : `${fault}: `}${why === null ? outcome : endingInWords(why)}`);
  const parts = [
    leaves === 0
      ? 'nothing is mapped'
      : `${inUnits(mappedBytes)} mapped by ${counted(leaves)}, ${inUnits(writableBytes)} of it writable`,
    ...(unknown > 0 ? [`${unknown} ranges with tables not in the dump`] : []),
    ...(complete ? [] : ['not all of it: translate --all goes further']),
  ];
  const kdump =
    kdumpBytes > 0 ? say(style.paint.red(`${inUnits(kdumpBytes)} of the kdump kernel's memory is writable`)) : [];
  return [...say(parts.join('; ')), ...kdump];
}

function rangeTable(style: Style, { ranges, rangesNotListed, outcome }: StreamReach): string[] {
  if (ranges.length === 0 || outcome !== 'translated') return [];
  const rows = ranges.map((range) => [
    ...endsOf(range),
    address(range.pa),
    range.rights === null ? NOTHING : bothRightsText(range.rights),
    inUnits(range.byteLength),
    rangeReasonInWords(range) ?? attributesInWords(range.attributes),
  ]);
  const more = rangesNotListed > 0 ? [`${INDENT}and ${rangesNotListed} ranges more: translate --all lists them`] : [];
  return [...table(style, RANGES, rows), ...more];
}

function inQueues(style: Style, queues: readonly StreamQueue[]): string[] {
  if (queues.length === 0) return [];
  const rows = queues.flatMap(({ queue, pending, older }) => {
    const cells = (entry: QueueEntry, state: string) => [
      queue,
      String(entry.index),
      state,
      typeInWords(entry) || NOTHING,
      entryInWords(queue, entry) ?? NOTHING,
    ];
    const isPending = (entry: QueueEntry) => (entry.pending === null ? 'may be pending' : 'pending');
    return [...pending.map((entry) => cells(entry, isPending(entry))), ...older.map((entry) => cells(entry, 'older'))];
  });
  const more = queues.reduce((sum, { pendingNotListed, olderNotListed }) => sum + pendingNotListed + olderNotListed, 0);
  return [
    ...title(style, 'In the queues', 'older entries are what memory still holds, and may be stale'),
    ...table(style, ENTRIES, rows),
    ...(more > 0 ? [`${INDENT}and ${more} entries more: queues --sid lists them, with --all the older ones too`] : []),
  ];
}
