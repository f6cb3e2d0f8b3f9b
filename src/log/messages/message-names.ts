/** By which name is a message explained? A line as it stands in a log leads to the names that stand for it. */

import { COMMAND_ERRORS } from '../../smmu/queues/commands.ts';
import { eventType } from '../../smmu/queues/events.ts';
import { CONTROL_REGISTERS } from '../../smmu/registers/control-registers.ts';
import { commandQueueError } from './command-errors.ts';
import { domainFactsIn } from './core-messages.ts';
import { deviceMessageIn } from './device-messages.ts';
import { driverLine, failedProbe } from './driver-name.ts';
import * as messages from './messages.ts';
import { suppressedIn } from './suppressed.ts';

/** Messages that one name stands for, by their ids. */
const NAMES: Readonly<Record<string, string>> = {
  'page-request-received': 'page-request',
  'page-request-entry': 'page-request',
  'cmd-sync-timeout': 'cmd-sync-timeout',
  'command-queue-timeout': 'cmd-sync-timeout',
  'command-skipped': 'command-skipped',
  'command-fetch-retried': 'command-skipped',
  'command-not-replaced': 'command-skipped',
  'command-unknown': 'command-skipped',
  'event-overflow': 'event-overflow',
  'page-request-overflow': 'page-request-overflow',
  features: 'driver-start',
  'queue-allocated': 'driver-start',
  options: 'driver-start',
  cmdqv: 'driver-start',
  'sid-coverage': 'sid-coverage',
  'firmware-override': 'firmware-override',
  'msi-fallback': 'interrupt-trouble',
  'no-interrupt': 'interrupt-trouble',
  'interrupt-not-found': 'interrupt-trouble',
  'interrupt-failure': 'interrupt-trouble',
  'output-size': 'driver-limits',
  'dma-mask': 'driver-limits',
  'register-region': 'driver-limits',
  'found-enabled': 'found-enabled',
  'implementation-not-reset': 'reset-failure',
  'not-cleared': 'reset-failure',
  'not-enabled': 'reset-failure',
  'interrupts-stay': 'reset-failure',
  gbpa: 'reset-failure',
  'not-registered': 'not-registered',
  'probe-failed': 'not-registered',
  'rmr-bypass-failed': 'platform-rmr',
  'node-unusable': 'not-registered',
  'table-not-allocated': 'table-not-allocated',
  'queue-not-allocated': 'queue-not-allocated',
  'device-table-not-allocated': 'device-table-not-allocated',
  'probe.endianness': 'probe.endianness',
  'no-translation': 'no-translation',
  'probe.table-format': 'probe.table-format',
  'probe.preset': 'probe.preset',
  'probe.command-queue': 'probe.command-queue',
};

/** Lines of the adoption: what each is a sign of. */
const ADOPTION: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/adopting crashed kernel's stream table/, 'revisions'],
  [/retaining SMMUEN/, 'retaining-smmuen'],
  [/Service Failure Mode/, 'smmu-service-failure'],
  [/non-coherent SMMU|in-flight DMA would be rejected/, 'smmu-non-coherent'],
  [/invalid STRTAB format/, 'strtab.format'],
  [/invalid log2size|log2size \d+ out of range/, 'two-level.log2size'],
  [/STRTAB_SPLIT/, 'two-level.split'],
  [/l1 entries \S+ exceeds/, 'two-level.l1-entries'],
  [/l1 stream table is corrupted/, 'two-level.l1-overlap'],
  [/unaligned l1 stream table/, 'two-level.l1-alignment'],
  [/unsupported span/, 'l1-span-unsupported'],
  [/span \d+ changed since adopt/, 'insert-span-changed'],
  [/bad l2 table base/, 'l1-pointer-rejected'],
  [/l2 stream table is corrupted/, 'two-level.l2-overlap'],
  [/now points at a corrupt range/, 'insert-l2-overlaps'],
  [/unsupported log2size/, 'linear.log2size'],
  [/stream table is corrupted/, 'linear.overlap'],
  [/unaligned stream table/, 'linear.alignment'],
  [/failed to reserve in-use/, 'ids.scan'],
  [/failed to set up cleanup/, 'cleanup.action'],
  [/falling back to full reset/, 'adoption-fallback'],
];

const GERROR = CONTROL_REGISTERS.find(({ name }) => name === 'GERROR');
/** Whatever people leave in front of a message without the driver's name. */
const STAMP = /^(?:\s|<\d+>|\[[^\]]{0,60}\])*/;

const EVENT_NUMBER = /^0x[0-9a-f]{1,2}$/i;

/** What somebody may mean beside the name itself: an event by its number, a name in small letters, a message of a log. */
export function namesMeantBy(text: string): string[] {
  if (EVENT_NUMBER.test(text)) return [eventType(Number(text)).name];
  const upper = text.toUpperCase();
  return upper === text ? namesOfMessage(text) : [...namesOfMessage(text), upper];
}

/** Names of explanations; empty for what is no message of the driver. */
export function namesOfMessage(text: string): string[] {
  if (suppressedIn(text) !== null) return ['messages-suppressed'];
  if (domainFactsIn(text) !== null) return ['default-domains'];
  if (failedProbe(text) !== null) return ['not-registered'];
  const ofDevice = deviceMessageIn(text);
  if (ofDevice !== null) return [ofDevice.kind];
  const body = driverLine(text)?.body ?? text.replace(STAMP, '');
  const found = messages.messageOf(body);
  if (found === null) return [];
  const { message, match } = found;
  const number = () => Number.parseInt(match[1] ?? '', 16);
  switch (message) {
    case messages.EVENT_RECEIVED:
      return [eventType(number()).name];
    case messages.EVENT_DECODED:
      return [match.groups?.['name'] ?? ''];
    case messages.COMMAND_ERROR:
      return [COMMAND_ERRORS[commandQueueError(number(), undefined).error ?? 0] ?? 'CMDQ_ERR'];
    case messages.GLOBAL_ERROR:
      return (GERROR?.fields ?? []).filter(({ lsb }) => (number() >>> lsb) % 2 === 1).map(({ name }) => name);
    default:
  }
  const bit = messages.GLOBAL_ERROR_BITS.find(({ pattern }) => pattern.test(body));
  if (bit !== undefined) return [bit.flag];
  const adoption = message.topic === 'adoption' ? ADOPTION.find(([pattern]) => pattern.test(body)) : undefined;
  const name = adoption?.[1] ?? NAMES[message.id];
  return name === undefined ? [] : [name];
}
