/** The shape of `log`: what a kernel log says of its SMMUs. */

import type {
  EventInDump,
  EventQueueMemory,
  LogReport,
  NamedStream,
  ReportedEvent,
  SmmuLogReport,
} from '../../inspect/log/log-report.ts';
import {
  type BootFacts,
  type CommandErrorFacts,
  DEVICE_MESSAGE_KINDS,
  type DeviceMessage,
  type DomainFacts,
  type DriverFailure,
  type GlobalErrorFacts,
  type Occurrence,
  type PassedOver,
} from '../../log/facts.ts';
import { driverFeatures } from '../../log/messages/driver-features.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  hex,
  integer,
  list,
  mapOf,
  nullable,
  numeric,
  object,
  type Shape,
  said,
  sid,
  text,
  word32,
  word64,
  words,
} from '../../shape.ts';
import { commandFacts, consInWords, globalErrorFlags, inDumpInWords, problemInWords } from '../log/words.ts';
import { meaningOfType } from '../prose/queue-entries.ts';
import { endingInWords } from '../prose/translation.ts';
import { maybeFields } from './decode.ts';
import { preambleOfTool, redacted } from './parts/common.ts';

const line = integer(1);
const ssid = integer(0, 2 ** 20 - 1);

const times = {
  firstTime: ['Seconds since boot of the first; null without such timestamps', nullable(numeric)],
  lastTime: ['The same of the last', nullable(numeric)],
  firstStamp: [
    'Date and time of the first as they stand in the log, where there are no seconds since boot',
    nullable(text),
  ],
  lastStamp: ['The same of the last', nullable(text)],
  boot: ['Which boot of the log, from 1', integer(1)],
} as const;

/** Of what comes in groups. */
const group = {
  count: ['How often', integer(1)],
  firstLine: ['Line of the first, from 1', line],
  lastLine: ['Line of the last', line],
  ...times,
} as const;

/** Of what stands in one line each, most of the time once. */
const occurrence = {
  line: ['Line of the first, from 1', derived(line, ({ firstLine }: Occurrence) => firstLine)],
  count: ['How often', integer(1)],
  lastLine: ['Line of the last', line],
  ...times,
} as const;

const named = {
  device: ['Who is behind the StreamID; null where nobody says so', nullable(text)],
  deviceFrom: ['Who says so', nullable(choice('log', 'iort', 'dtb', 'dump'))],
  deviceIfRequesterId: ['A device of the log whose PCI address is this StreamID: a reading, no fact', nullable(text)],
} as const satisfies Readonly<Record<keyof NamedStream, unknown>>;

const inDump = define(
  'inDump',
  'What the tables say now',
  object<EventInDump>()({
    outcome: [
      'As of a translation; found: the stream has an entry that translates, and the event does not say what was to be translated',
      choice('translated', 'bypass', 'abort', 'fault', 'indeterminate', 'found'),
    ],
    fault: ['The fault that the access would raise now', nullable(text)],
    why: ['What lies behind it', nullable(said(endingInWords))],
    pa: ['Where it leads; null unless translated or bypass', nullable(hex)],
    same: ['The access would raise the same event again', flag],
    inQueue: [
      'Times that the record is in the memory of the event queue; null where the log has not all of its words',
      nullable(count),
    ],
    says: ['The same in words', derived(text, inDumpInWords)],
  }),
);

const event = define(
  'event',
  'Events of one kind, stream and page',
  object<ReportedEvent>()({
    type: [
      "The architecture's name of the event; UNKNOWN where the log has only the kernel's text, which says just that",
      derived(words, ({ name }) => name),
    ],
    code: ['Its number; null where it is not known', nullable(count)],
    sid: ['StreamID; null where the log does not say', nullable(sid)],
    ssid: ['SubstreamID; null without one', nullable(ssid)],
    address: ['Address that the device sent, or else that could not be fetched', nullable(hex)],
    fetchAddress: ['Address that could not be fetched', nullable(hex)],
    ipa: ['Intermediate physical address, of stage 2 alone', nullable(hex)],
    write: ['A write, not a read', nullable(flag)],
    execute: ['An instruction fetch, not data', nullable(flag)],
    privileged: ['A privileged access', nullable(flag)],
    stage: ['Stage at fault', nullable(choice(1, 2))],
    translating: ['CLASS: what was being translated', nullable(count)],
    stalled: ['The transaction waits for an answer', nullable(flag)],
    stag: ['Stall tag, of a stalled transaction alone', nullable(count)],
    complete: ['Nothing of the record is missing: its four words, or all lines in clear', flag],
    ...group,
    mixed: ['Fields that are not the same in all of them', list(text)],
    ...named,
    inDump: ['What the tables in a dump say of the event; null without a dump', nullable(inDump)],
    words: ['Those of its 64-bit words that the log has', list(word64)],
    client: ['The device that the kernel names', nullable(text)],
    meaning: [
      'What the event tells',
      derived(nullable(text), ({ code }) => (code === null ? null : meaningOfType({ code }))),
    ],
    problems: [
      'What does not fit together, or is missing',
      derived(list(text), ({ problems }) => problems.map(problemInWords)),
    ],
  }),
);

const command = define(
  'command',
  'A command',
  object<NonNullable<ReturnType<typeof commandFacts>>>()({
    type: ['Its name', words],
    code: ['Its number', count],
    words: ['Its 64-bit words', list(word64)],
    fields: ['Its fields by name: addresses as hex text, everything else as integers', maybeFields],
    meaning: ['What it is for', text],
  }),
);

/** With the number of entries of the command queue, where the log tells. */
type CommandErrorOf = CommandErrorFacts & { readonly entries: number | undefined };

const cons = (error: CommandErrorOf) => consInWords(error, error.entries);

const commandError = define(
  'commandError',
  'An error of the command queue',
  object<CommandErrorOf>()({
    ...occurrence,
    what: ['The message', choice('CMDQ error', 'CMD_SYNC timeout', 'CMDQ timeout')],
    cons: ['CMDQ_CONS', nullable(word32)],
    prod: ['CMDQ_PROD', nullable(word32)],
    driverProd: ['The producer index of the driver', nullable(word32)],
    reason: ['CMDQ_CONS.ERR by name', derived(nullable(text), (error) => cons(error).reason)],
    meaning: ['The same in words', derived(nullable(text), (error) => cons(error).meaning)],
    index: [
      'Where the queue stopped; with the wrap bit where the size of the queue is not known',
      derived(nullable(count), (error) => cons(error).index),
    ],
    wrap: [
      'The wrap bit; null where the size of the queue is not known',
      derived(nullable(count), (error) => cons(error).wrap),
    ],
    command: [
      'The command at which it stopped; null where the log has none',
      derived(nullable(command), (error) => commandFacts(error.command)),
    ],
    problems: ['Where text and number disagree', derived(list(text), ({ problems }) => problems.map(problemInWords))],
  }),
);

const globalError = define(
  'globalError',
  'A global error',
  object<GlobalErrorFacts>()({
    ...occurrence,
    active: ['GERROR ^ GERRORN; null where only single flags are told', nullable(hex)],
    bits: [
      'The flags that are active, by name',
      derived(list(text), ({ active, named: flags }) => globalErrorFlags(active, flags)),
    ],
  }),
);

const pageRequest = define(
  'pageRequest',
  'A page request',
  object<SmmuLogReport['pageRequests'][number]>()({
    sid: ['StreamID', sid],
    ssid: ['SubstreamID', ssid],
    group: ['Page request group', count],
    last: ['Last of its group', flag],
    privileged: ['Privileged access wanted', flag],
    read: ['Read wanted', flag],
    write: ['Write wanted', flag],
    execute: ['Execution wanted', flag],
    address: ['Address of the page', hex],
    ...group,
    ...named,
  }),
);

const boot = define(
  'boot',
  'A start of the driver',
  object<BootFacts>()({
    features: ['The features word of the driver', nullable(word32)],
    featureNames: [
      'Its bits by name',
      derived(list(text), ({ features }) => (features === null ? [] : driverFeatures(features))),
    ],
    iasBits: ['Bits of an input address', nullable(count)],
    oasBits: ['Bits of an output address', nullable(count)],
    queueEntries: ['Entries by queue: cmdq, evtq, priq', mapOf(null, count)],
    sidBits: [
      'StreamID bits that a two-level table covers; null where nothing is said',
      nullable(
        object<NonNullable<BootFacts['sidBits']>>()({
          covered: ['Bits that are covered', count],
          of: ['Bits that there are', count],
        }),
      ),
    ],
    lines: ['Other lines of the start', list(text)],
  }),
);

const smmu = define(
  'smmu',
  'One SMMU',
  object<SmmuLogReport>()({
    name: ['As the kernel calls it; null for messages whose beginning was cut off', nullable(text)],
    host: ['The machine that a syslog names; null where none is named', nullable(text)],
    system: ['Whose driver it is', choice('linux', 'xen', 'freebsd')],
    base: ['Address of register page 0, where the name or firmware tells', nullable(hex)],
    events: ['Events by kind, stream and page, in the order of their first records', list(event)],
    notGrouped: ['Events beyond the most groups that are kept', count],
    lost: [
      'What is not in the log',
      object<SmmuLogReport['lost']>()({
        overflows: ['Times that the event queue overflowed', count],
        requestOverflows: ['Times that the PRI queue overflowed', count],
        suppressed: ['Messages that the kernel left out; null where it does not say of which SMMU', nullable(count)],
        suppressedTimeouts: ['Of them, timeouts of the command queue; the others are events', nullable(count)],
      }),
    ],
    eventQueue: [
      'What the memory of the event queue in a dump has; null without a dump, or where the dump does not say where it is',
      nullable(
        object<EventQueueMemory>()({
          records: ['Records in it, those that the kernel had read too', count],
          unread: ['Of them, those that nobody had read; null where the indices do not say', nullable(count)],
          notInLog: ['At least so many of them are not in the log', count],
        }),
      ),
    ],
    commandErrors: [
      'Errors of the command queue',
      derived(list(commandError), ({ commandErrors, boot: started }) =>
        commandErrors.map((error) => ({ ...error, entries: started?.queueEntries['cmdq'] })),
      ),
    ],
    globalErrors: ['Global errors', list(globalError)],
    pageRequests: ['Page requests that nobody takes', list(pageRequest)],
    notListed: ['Errors, requests and lines beyond the most that are kept', count],
    boot: ['What the driver said when it started; null where it said nothing', nullable(boot)],
    adoption: ['Lines of the adoption and of the reset, in order', list(text)],
    failures: [
      'Those of them by which the driver has given the SMMU up, or cannot reach it any more',
      list(
        object<DriverFailure>()({
          text: ['The line', text],
          line: ['Its number, from 1', line],
          boot: ['Which boot of the log, from 1', integer(1)],
        }),
      ),
    ],
  }),
);

const deviceMessage = define(
  'deviceMessage',
  'What a driver says of a device behind an SMMU',
  object<DeviceMessage>()({
    kind: ['What it is about: the name under which it is explained', choice(...DEVICE_MESSAGE_KINDS)],
    device: ['The device; null where its name was cut off', nullable(text)],
    sid: ['StreamID that the message names', nullable(sid)],
    text: ['The message', text],
    ...group,
  }),
);

const domains = object<DomainFacts>()({
  type: ['Translated or Passthrough, and who said so if somebody did; null where the log does not say', nullable(text)],
  invalidation: ['Whether TLB entries go at once (strict) or later (lazy); null likewise', nullable(text)],
});

const whole = object<LogReport>()({
  files: ['The files, named as the user named them; - is standard input', list(text)],
  lines: ['Lines that were read', count],
  smmuLines: ['Lines of an SMMU among them', count],
  passedOver: ['Lines of an SMMU that could not be used', count],
  passedOverLines: [
    'The first of them; empty without --verbose',
    list(
      object<PassedOver>()({
        line: ['Its number', line],
        text: ['What it says', text],
      }),
    ),
  ],
  smmuV2Lines: ['Lines of the driver for SMMUs before version 3, which are not read', count],
  suppressed: ['Messages that the kernel says it left out', count],
  suppressedTimeouts: ['Of them, timeouts of the command queue; the others are events', count],
  deviceMessagesNotListed: ['Messages about devices beyond the most that are kept', count],
  boots: ['Boots that the log covers', count],
  domains: ['What domains devices get by default, as the IOMMU core says last', domains],
});

export const LOG: Shape<LogReport> = object<LogReport>()({
  ...preambleOfTool,
  redacted,
  log: ['The log as a whole', derived(whole, (report) => report)],
  smmus: ['The SMMUs, in the order of their first lines', list(smmu)],
  deviceMessages: ['What is said of devices behind them, without naming an SMMU', list(deviceMessage)],
});
