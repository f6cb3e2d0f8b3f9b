/**
 * Events, commands and page requests in words, wherever they come from, a queue or a log: what one says beside its type
 * and its stream, and which streams several are about.
 */

import { hex, hexRange } from '../../hex.ts';
import type { QueueEntry } from '../../queues/queue.ts';
import type { QueueGroup } from '../../queues/queue-groups.ts';
import { type FieldValue, meaningOf } from '../../smmu/fields.ts';
import { ALL_SIDS, commandType, tlbiRangeBytes } from '../../smmu/queues/commands.ts';
import { eventType } from '../../smmu/queues/events.ts';
import { PAGE_REQUEST } from '../../smmu/queues/page-requests.ts';
import type { QueueName } from '../../smmu/queues/queue.ts';

type Fields = QueueEntry['fields'];
/** What some fields of an entry come to; nothing where they have nothing to say. */
type Phrase = (fields: Fields, code: number) => string | false | undefined;

const hexField = (value: FieldValue | undefined) => hex(value ?? 0);
const letters = (fields: Fields, names: readonly string[]) => names.filter((name) => fields[name] === 1).join(' ');

const isSaid = (word: string | false | undefined): word is string =>
  word !== false && word !== undefined && word !== '';

const substream: Phrase = (fields) =>
  fields['SubstreamID'] !== undefined && fields['SSV'] !== 0 && `SubstreamID ${fields['SubstreamID']}`;

const EVENT_PHRASES: readonly Phrase[] = [
  (fields) => {
    const { PnU, InD, RnW, InputAddr } = fields;
    const access = [
      PnU !== undefined && (PnU === 1 ? 'privileged' : 'unprivileged'),
      InD !== undefined && (InD === 1 ? 'instruction' : 'data'),
      RnW !== undefined && (RnW === 1 ? 'read' : 'write'),
    ].filter(isSaid);
    if (InputAddr !== undefined) access.push(access.length === 0 ? 'at' : 'of', hexField(InputAddr));
    return access.join(' ');
  },
  ({ S2, IPA }) =>
    S2 !== undefined && (S2 === 0 ? 'stage 1' : `stage 2${IPA === undefined ? '' : `, IPA ${hexField(IPA)}`}`),
  // The usual one, the input address itself, goes without saying. Only stage 2 translates the address of a CD, but there
  // are models of an SMMU that write 0 into every record.
  ({ CLASS, S2 }, code) => {
    if (CLASS === undefined || CLASS === 2) return false;
    if (CLASS === 0 && S2 === 0) return 'CLASS 0, which is odd at stage 1';
    return `translating ${meaningIn(eventType(code).fields, 'CLASS', Number(CLASS))}`;
  },
  substream,
  ({ FetchAddr }) => FetchAddr !== undefined && `nothing answers at ${hexField(FetchAddr)}`,
  ({ Stall, STAG }) => Stall === 1 && `STALLED with STAG ${hexField(STAG)}`,
  ({ GPCF }) => GPCF === 1 && 'refused by the granule protection check',
  ({ Reason }) => Reason !== undefined && Reason !== 0 && `reason ${hexField(Reason)}`,
  (fields) => {
    const wants = letters(fields, ['uR', 'uW', 'uX', 'pR', 'pW', 'pX']);
    return wants !== '' && `wants ${wants}`;
  },
  ({ Span }) => Span !== undefined && `${Span} pages`,
];

const COMMAND_PHRASES: readonly Phrase[] = [
  ({ VMID }) => VMID !== undefined && `VMID ${VMID}`,
  ({ ASID }) => ASID !== undefined && `ASID ${ASID}`,
  substream,
  ({ Range }) => Range !== undefined && (Range === 31 ? 'CMD_CFGI_ALL' : `${2 ** (Number(Range) + 1)} streams`),
  ({ Address, Size }) => {
    if (Address === undefined || Size === undefined) return false;
    return Number(Size) >= 52 ? 'all addresses' : `${size(4096 * 2 ** Number(Size))} at ${hexField(Address)}`;
  },
  ({ Address, NUM, SCALE, TG }) => {
    if (Address === undefined || TG === undefined) return false;
    const bytes = tlbiRangeBytes({ NUM: Number(NUM), SCALE: Number(SCALE), TG: Number(TG) });
    return bytes === null ? `address ${hexField(Address)}` : `${size(bytes)} at ${hexField(Address)}`;
  },
  ({ Leaf }) => Leaf === 1 && 'last level only',
  ({ Resp, PRGIndex }, code) =>
    Resp !== undefined && `group ${PRGIndex}: ${meaningIn(commandType(code).fields, 'Resp', Number(Resp))}`,
  ({ STAG, Ac }, code) =>
    STAG !== undefined && `STAG ${hexField(STAG)}: ${meaningIn(commandType(code).fields, 'Ac', Number(Ac))}`,
  ({ CS }, code) => CS !== undefined && `signals ${meaningIn(commandType(code).fields, 'CS', Number(CS))}`,
  ({ CS, MSIAddress }) => CS === 1 && Number(MSIAddress) !== 0 && `MSI to ${hexField(MSIAddress)}`,
];

const REQUEST_PHRASES: readonly Phrase[] = [
  ({ PageAddr }) => `page ${hexField(PageAddr)}`,
  (fields) => {
    const wants = letters(fields, ['R', 'W', 'X', 'Priv']);
    return wants === '' ? 'wants no access' : `wants ${wants}`;
  },
  substream,
  ({ PRGIndex, Last }) => `group ${PRGIndex}${Last === 1 ? ', last of it' : ''}`,
];

const PHRASES: Readonly<Record<QueueName, readonly Phrase[]>> = {
  event: EVENT_PHRASES,
  command: COMMAND_PHRASES,
  pri: REQUEST_PHRASES,
};

function meaningIn(fields: ReturnType<typeof eventType>['fields'], name: string, value: number): string {
  const field = fields.find((candidate) => candidate.name === name);
  return (field && meaningOf(field, value)) ?? String(value);
}

/** What the fields that count come to, in phrases: `unprivileged data write of 0xdead0000`, `stage 1`. */
export function fieldsInWords(queue: QueueName, fields: Fields, code: number | null): string[] {
  return PHRASES[queue].map((phrase) => phrase(fields, code ?? 0)).filter(isSaid);
}

/** Null where there is nothing to say. */
export function entryInWords(queue: QueueName, { fields, code, words, pageState }: QueueEntry): string | null {
  if (words === null) return `not in the dump (${pageState})`;
  return fieldsInWords(queue, fields, code).join(', ') || null;
}

/** A type's number stands with it where the name does not say which it is. Empty where the type is not known. */
export function typeInWords({ type, code }: Pick<QueueEntry, 'type' | 'code'>): string {
  if (type === null) return '';
  return type === 'reserved' || type === 'IMPDEF' ? `${type} ${hex(code ?? 0)}` : type;
}

type Streams = Pick<QueueEntry, 'firstSid' | 'lastSid'> & { readonly device?: string | null };

/** Null where it is about none. */
export function entrySidsInWords({ firstSid, lastSid, device = null }: Streams): string | null {
  if (firstSid === null || lastSid === null) return null;
  if (firstSid === lastSid) return device === null ? hex(firstSid) : `${hex(firstSid)} (${device})`;
  return firstSid === ALL_SIDS.first && lastSid === ALL_SIDS.last ? 'all' : hexRange(firstSid, lastSid);
}

/** The same within a sentence. */
export function streamsInWords(one: Streams): string {
  const sids = entrySidsInWords(one);
  if (sids === null) return 'no stream';
  return sids === 'all' ? 'all streams' : `SID${one.firstSid === one.lastSid ? '' : 's'} ${sids}`;
}

/** What an event or, where there is no code, a page request tells, for people who do not have the architecture at hand. */
export function meaningOfType({ code }: Pick<QueueGroup, 'code'>): string {
  return code === null ? PAGE_REQUEST.meaning : eventType(code).meaning;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

function size(byteLength: number): string {
  let unit = 0;
  for (; unit < UNITS.length - 1 && byteLength % 1024 === 0; unit++) byteLength /= 1024;
  return `${byteLength} ${UNITS[unit]}`;
}
