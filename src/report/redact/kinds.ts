/**
 * What in a report may be secret, by the names of its keys: a name means the same in every fact. Numbers have to be
 * listed, or this file does not compile: a new fact cannot slip through.
 */

import type { DiffReport } from '../../diff/report.ts';
import type { DumpInfo } from '../../inspect/dump-info.ts';
import type { Inspection } from '../../inspect/inspection.ts';
import type { LogReport } from '../../inspect/log/log-report.ts';
import type { StreamReport } from '../../inspect/stream.ts';
import type { QueuesReport } from '../../queues/queues.ts';
import type { IovaSpaceReport } from '../../streams/iova-space.ts';
import type { TranslationReport } from '../../streams/translation.ts';

/** Reports that have addresses of the machine in them. */
export type Redactable =
  | Inspection
  | StreamReport
  | TranslationReport
  | IovaSpaceReport
  | QueuesReport
  | DiffReport
  | LogReport
  | DumpInfo;

/** The keys below which a number stands; `Depth` ends what is nested in itself. */
type NumberKey<T, Key = never, Depth extends readonly 0[] = []> = Depth['length'] extends 16
  ? never
  : T extends number | bigint
    ? Key
    : T extends string | boolean | null | undefined
      ? never
      : T extends ReadonlyMap<unknown, infer V>
        ? NumberKey<V, Key, [...Depth, 0]>
        : T extends Iterable<infer E>
          ? NumberKey<E, Key, [...Depth, 0]>
          : {
              [K in keyof T & string]: NumberKey<T[K], string extends K ? Key : K, [...Depth, 0]>;
            }[keyof T & string];

/**
 * - `address`: an address
 * - `end`: the first address behind a range
 * - `word`: 64 bits with an address among them, where it is a bigint
 * - `field`: an address where it is a bigint, as decoded fields are
 * - `base`: an address where it is a number, a register with one where it is a bigint
 * - `kept`: a count, a size, an index, an ID, flags; all that it tells is structure
 */
export type NumberKind = 'address' | 'end' | 'word' | 'field' | 'base' | 'kept';

const NUMBERS: Readonly<Record<NumberKey<Redactable>, NumberKind>> = {
  ...kinds(
    'address',
    ['address', 'base', 'fetchAddress', 'first', 'firstAddress', 'hardware', 'iova', 'ipa', 'l1Dma', 'l1tab', 'l2'],
    [
      'lastAddress',
      'linux',
      'lostFrom',
      'pa',
      'paddr',
      'pointer',
      'resource',
      'start',
      'fittingStart',
      'ste',
      'steDma',
      'stePaddr',
      'table',
      'ttb',
    ],
  ),
  ...kinds('end', ['end']),
  ...kinds('word', ['after', 'before', 'command', 'descriptor', 'logged', 'offset', 'qBase', 'registers', 'value']),
  ...kinds('word', ['words']),
  ...kinds('field', ['fields']),
  ...kinds(
    'kept',
    ['abort', 'accessFlag', 'active', 'agree', 'allocated', 'asid', 'asidBits', 'asids', 'atschk', 'baseCfg'],
    ['bits', 'boot', 'boots', 'bypass', 'bypassSids', 'bypassStreams', 'byteLength', 'cappedFrom', 'cds'],
    ['cdTables', 'changed', 'changes', 'code', 'codecs', 'commands', 'compared', 'complete', 'concerned'],
    [
      'config',
      'cons',
      'contestedAsids',
      'count',
      'covered',
      'cr0',
      'deferredBy',
      'devices',
      'doubleReleased',
      'doubtfulFeatures',
    ],
    ['driverProd', 'dumpLevel', 'el1', 'el2', 'entries', 'entry', 'entryDwords', 'error', 'errors', 'events'],
    ['examined', 'excluded', 'exitCode', 'expected', 'extra', 'failuresNotListed', 'faultLines', 'faults'],
    ['faultsNotListed', 'features', 'fileOffset', 'firstId', 'firstLine', 'firstSid', 'firstTime', 'fmt'],
    ['gbpaAbort', 'group', 'guests', 'half', 'hardwareStes', 'header', 'held', 'hole', 'iasBits', 'index'],
    ['inQueue', 'inserted', 'kdumpBytes', 'kept', 'known', 'l1', 'l1Index', 'l1NotListed', 'last', 'lastLine'],
    ['lastSid', 'lastTime', 'leaf', 'leaked', 'leaves', 'level', 'limits', 'line', 'lines', 'linesNotListed'],
    ['listed', 'located', 'log2Size', 'loseGroup', 'lost', 'mapped', 'mappedBytes', 'mappingsNotListed', 'mask'],
    ['maxStalls', 'missing', 'missingTables', 'nested', 'neverAsked', 'newlyIllegal', 'notCompared', 'notes'],
    ['notExamined', 'notGrouped', 'notInDump', 'notListed', 'notTried', 'numEnts', 'numL1Ents', 'oasBits', 'of'],
    ['older', 'olderNotGrouped', 'olderNotInDump', 'olderNotListed', 'otherKernels', 'otherLines', 'overflows'],
    ['ownerProd', 'paBits', 'pages', 'pageSize', 'passedOver', 'pciBus', 'pending', 'pendingNotListed', 'pgsizeBitmap'],
    [
      'present',
      'prod',
      'queueEntries',
      'queuesAtLeast',
      'queuesAtMost',
      'ranges',
      'rangesNotListed',
      'reason',
      'record',
      'recordsBehindCopy',
    ],
    ['repeated', 'requestOverflows', 'requests', 'reserved', 'ret', 'rights', 's1', 's1dss', 's2', 'schemaVersion'],
    ['searched', 'searchedBytes', 'segment', 'sid', 'sidBits', 'sids', 'sidSize', 'size', 'smmuLines'],
    [
      'smmuV2Lines',
      'span',
      'split',
      'stage',
      'ssid',
      'ssidBits',
      'stag',
      'stes',
      'stesNotListed',
      'stLevel',
      'streams',
    ],
    ['suppressed', 'suppressedTimeouts', 'deviceMessagesNotListed', 'notInLog', 'unread', 'records'],
    ['tables', 'times', 'total', 'translating', 'tried', 'tsz', 'undecided', 'unknown'],
    [
      'unknownEntries',
      'unknownL1',
      'unpredicted',
      'unreadable',
      'unseen',
      'used',
      'valid',
      'vmid',
      'vmidBits',
      'vmids',
      'waiting',
    ],
    ['warnings', 'warnOn', 'word', 'writableBytes', 'writtenProd', 'zero'],
    // Of damage to a dump or a table of firmware: offsets in the file, what headers and nodes say, and counts.
    ['blockByteLength', 'claimedBytes', 'described', 'fileEnd', 'filesz', 'flags', 'highest', 'limit', 'memsz'],
    ['needed', 'neededEnd', 'other', 'pageByteLength', 'stored', 'type', 'version'],
    ['cells', 'claimed', 'fitting', 'nodeOffset', 'number', 'phandle', 'targetOffset'],
    // Of what the hardware requires of a field.
    ['max', 'min', 'values'],
    // Memory attributes.
    ['inner', 'mair', 'outer', 'shareability'],
  ),
};

/** Where a key means something else below another one. */
const BELOW: Readonly<Record<string, Readonly<Record<string, NumberKind>>>> = {
  fields: { before: 'field', after: 'field' },
  // Of a field that makes an entry illegal.
  observed: { value: 'field' },
  // Reserved ones; elsewhere a count.
  bits: { bits: 'word' },
  // Of the crashed kernel's state it is the register.
  table: { base: 'base' },
  // Of the same state; elsewhere it is how much is mapped.
  warnings: { mapped: 'address' },
};

function kinds<const Rows extends readonly (readonly string[])[]>(
  kind: NumberKind,
  ...rows: Rows
): Record<Rows[number][number], NumberKind> {
  return Object.fromEntries(rows.flat().map((key) => [key, kind])) as Record<Rows[number][number], NumberKind>;
}

/** What the number below `key`, in an object below `parent`, is; an address where nobody knows it. */
export function numberKind(parent: string, key: string): NumberKind {
  const there = Object.hasOwn(BELOW, parent) ? BELOW[parent]?.[key] : undefined;
  return there ?? (Object.hasOwn(NUMBERS, key) ? NUMBERS[key as keyof typeof NUMBERS] : 'address');
}

/** Names of files, machines and devices, what a build is known by, and whatever has any of these, or addresses, in it. */
export type TextKind = 'file' | 'host' | 'build-id' | 'device' | 'value' | 'command' | 'text';

/** Keys of names of files and folders. */
const FILES = ['file', 'files', 'path', 'folder', 'crash', 'dump', 'regs', 'iomem', 'iort', 'dtb', 'report'] as const;

/** Keys of names of devices; those that are paths are known wherever they stand. */
const DEVICES = ['device', 'deviceName', 'deviceNames', 'client', 'deviceIfRequesterId'] as const;

const TEXTS: Readonly<Record<string, TextKind>> = {
  ...Object.fromEntries(FILES.map((key) => [key, 'file'])),
  ...Object.fromEntries(DEVICES.map((key) => [key, 'device'])),
  host: 'host',
  buildId: 'build-id',
};

/** Of VMCOREINFO what is the same wherever that kernel runs. */
const LAYOUT_OF_KERNEL = /^(OSRELEASE|PAGESIZE|(SIZE|OFFSET|LENGTH)\(.*\))$/;

/** What the text below `key`, in an object below `parent`, is. */
export function textKind(parent: string, key: string): TextKind {
  if (parent === 'vmcoreinfo') return LAYOUT_OF_KERNEL.test(key) ? 'text' : 'value';
  if (parent === 'given' && key === 'command') return 'command';
  // Of what firmware has behind an SMMU.
  if (parent === 'ranges' && key === 'name') return 'device';
  // Nobody knows what is in a line that nobody understands.
  if (parent === 'passedOverLines' && key === 'text') return 'value';
  return (Object.hasOwn(TEXTS, key) ? TEXTS[key] : undefined) ?? 'text';
}
