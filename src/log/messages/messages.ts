/**
 * Which messages does a driver of an SMMUv3 print? One row is one message: its words as far as they say something, and
 * what it is about. Texts as in Linux (drivers/iommu/arm/arm-smmu-v3, v4.1 to 6.18, which Xen has taken over) and in
 * FreeBSD (sys/arm64/iommu/smmu.c).
 */

/**
 * What a message is about. `boot` is printed at every start and says nothing about a fault; `failure` ends the probe of the
 * SMMU, or says that the driver cannot reach it.
 */
export type MessageTopic =
  | 'event'
  | 'page-request'
  | 'command-error'
  | 'global-error'
  | 'lost'
  | 'boot'
  | 'adoption'
  | 'reset'
  | 'failure';

export interface Message {
  readonly id: string;
  readonly topic: MessageTopic;
  /** Matches from the beginning of what stands behind `<driver> <device>: `. Whatever follows is ignored. */
  readonly pattern: RegExp;
}

const HEX = '0x[0-9a-f]+';

const message = (topic: MessageTopic, id: string, pattern: RegExp): Message => ({ id, topic, pattern });

/** Of 6.14 and later, in clear: who, and where. Parts that a line may have lost are optional. */
const DECODED = new RegExp(
  `^event: (?<name>[A-Z][A-Z_0-9]{2,31}) client: (?<client>\\(unassigned sid\\)|\\S{1,128}) sid: (?<sid>${HEX}) ` +
    `ssid: (?<ssid>${HEX})(?: (?:iova: (?<iova>${HEX})(?: ipa: (?<ipa>${HEX}))?|fetch_addr: (?<fetch>${HEX})))?`,
);
const DECODED_ACCESS = new RegExp(
  `^(?<priv>priv|unpriv) (?<ind>inst|data) (?<rnw>read|write) s(?<stage>[12]) "(?<class>[A-Z][A-Za-z0-9 ]{1,40})"` +
    `(?: ttd_(?:read|write))?(?<stall> stall)? stag: (?<stag>${HEX})`,
);

/** Those that carry numbers, by names of their own. */
export const EVENT_RECEIVED = message('event', 'event-received', /^event 0x([0-9a-f]{2})\s+received/);
/** The same where another program's output, or the end of the log, took the rest. */
export const EVENT_BEGUN = /^event 0x([0-9a-f]{2})(?![0-9a-f])/;
export const EVENT_DECODED = message('event', 'event-decoded', DECODED);
export const EVENT_ACCESS = message('event', 'event-access', DECODED_ACCESS);
export const PAGE_REQUEST_LINE = message(
  'page-request',
  'page-request-entry',
  /^sid 0x([0-9a-f]{8})\.0x([0-9a-f]{5}): \[(\d{1,3})(L?)\] (un)?privileged (R?)(W?)(X?) access at iova 0x([0-9a-f]{16})(?![0-9a-f])/,
);
export const GLOBAL_ERROR = message(
  'global-error',
  'global-error',
  /^unexpected global error reported \(0x([0-9a-f]{8})\)/,
);
export const COMMAND_ERROR = message(
  'command-error',
  'command-queue-error',
  /^CMDQ error \(cons 0x([0-9a-f]{8})\):?(?: ([A-Z][A-Za-z]*(?: [A-Za-z]+){0,3}))?/,
);
export const COMMAND_SKIPPED = message('command-error', 'command-skipped', /^skipping command in error state/);
export const SYNC_TIMEOUT = message(
  'command-error',
  'cmd-sync-timeout',
  /^CMD_SYNC timeout(?: at 0x([0-9a-f]{8}) \[hwprod 0x([0-9a-f]{8}), hwcons 0x([0-9a-f]{8})\])?/,
);
export const QUEUE_TIMEOUT = message('command-error', 'command-queue-timeout', /^CMDQ timeout/);
export const EVENTS_LOST = message('lost', 'event-overflow', /^EVTQ overflow detected/);
export const REQUESTS_LOST = message('lost', 'page-request-overflow', /^PRIQ overflow detected/);
export const FEATURES = message(
  'boot',
  'features',
  /^(?:ias (\d{1,3})-bit, )?oas (\d{1,3})-bit \(features 0x([0-9a-f]{8})\)/,
);
export const QUEUE_ALLOCATED = message(
  'boot',
  'queue-allocated',
  /^allocated (\d{1,10}) entries for (cmdq|evtq|priq)\b/,
);
export const COVERAGE = message('boot', 'sid-coverage', /^2-level strtab only covers (\d{1,2})\/(\d{1,2}) bits of SID/);
const OVERRIDE = message('boot', 'firmware-override', /^IDR0\.[A-Z0-9_]+.{0,30}overridden by FW configuration/);

/** The flag of GERROR that each line under a global error tells, as Linux words it. */
export const GLOBAL_ERROR_BITS: readonly { readonly flag: string; readonly pattern: RegExp }[] = [
  { flag: 'SFM_ERR', pattern: /^device has entered Service Failure Mode/ },
  { flag: 'MSI_GERROR_ABT_ERR', pattern: /^GERROR MSI write aborted/ },
  { flag: 'MSI_PRIQ_ABT_ERR', pattern: /^PRIQ MSI write aborted/ },
  { flag: 'MSI_EVENTQ_ABT_ERR', pattern: /^EVTQ MSI write aborted/ },
  { flag: 'MSI_CMDQ_ABT_ERR', pattern: /^CMDQ MSI write aborted/ },
  { flag: 'PRIQ_ABT_ERR', pattern: /^PRIQ write aborted/ },
  { flag: 'EVENTQ_ABT_ERR', pattern: /^EVTQ write aborted/ },
];

/** Every message of Linux, in the order in which they are tried: the frequent ones first. */
const MESSAGES: readonly Message[] = [
  EVENT_RECEIVED,
  EVENT_DECODED,
  EVENT_ACCESS,
  PAGE_REQUEST_LINE,
  message('page-request', 'page-request-received', /^unexpected PRI request received/),
  SYNC_TIMEOUT,
  QUEUE_TIMEOUT,
  COMMAND_ERROR,
  COMMAND_SKIPPED,
  message('command-error', 'command-fetch-retried', /^retrying command fetch/),
  message('command-error', 'command-not-replaced', /^failed to convert to CMD_SYNC/),
  message('command-error', 'command-unknown', /^ignoring unknown CMDQ opcode/),
  GLOBAL_ERROR,
  ...GLOBAL_ERROR_BITS.map(({ flag, pattern }) => message('global-error', `global-error-${flag}`, pattern)),
  EVENTS_LOST,
  REQUESTS_LOST,

  FEATURES,
  QUEUE_ALLOCATED,
  COVERAGE,
  OVERRIDE,
  message('boot', 'options', /^option (?:mask 0x[0-9a-f]+|\S)/),
  // Of Xen.
  message('boot', 'interrupt-names', /^SMMUv3: DT value = /),
  message('boot', 'msi-fallback', /^(?:msi_domain absent|failed to allocate MSIs) - falling back to wired irqs/),
  message('boot', 'no-interrupt', /^no (?:evtq|gerr|priq) irq - /),
  message('boot', 'interrupt-not-found', /^IRQ \w+ not found/),
  message('boot', 'interrupt-failure', /^failed to (?:enable \S+ irq|enable irqs)/),
  message('boot', 'output-size', /^unknown output address size\. Truncating/),
  message('boot', 'dma-mask', /^failed to set DMA mask for table walker/),
  message('boot', 'register-region', /^MMIO region too small/),
  message('boot', 'cmdqv', /^(?:found|using) .{0,60}(?:cmdqv|ECMDQ)/i),

  message('adoption', 'adoption', /^(?:kdump|kexec): /),
  // Some revisions of the series print what is wrong with the table without that prefix.
  message(
    'adoption',
    'adoption',
    /^(?:L1\[\d+\] |log2size \d+ out of range|invalid (?:log2size|STRTAB format) \d|unsupported (?:STRTAB_SPLIT|log2size) |l1 entries (?:2\^)?\d+ exceeds|unaligned (?:l1 )?stream table base|(?:l[12] )?stream table is corrupted|non-coherent SMMU |in-flight DMA would be rejected)/,
  ),
  message('reset', 'found-enabled', /^SMMU currently enabled! Resetting/),
  message('reset', 'gbpa', /^GBPA not responding to update/),
  message('reset', 'rmr-bypass-failed', /^RMR SID\(0x[0-9a-f]{1,8}\) bypass failed/),
  message('failure', 'not-cleared', /^failed to clear cr0/),
  message(
    'failure',
    'not-enabled',
    /^failed to enable (?:command queue|event queue|PRI queue|ATS check|SMMU interface)/,
  ),
  message('failure', 'interrupts-stay', /^failed to (?:disable|setup) irqs/),
  message('failure', 'implementation-not-reset', /^failed to reset impl/),
  message('failure', 'probe.endianness', /^unknown\/unsupported TT endianness/),
  message('failure', 'no-translation', /^no translation support/),
  message('failure', 'probe.table-format', /^AArch64 table format not supported/),
  message('failure', 'probe.preset', /^embedded implementation not supported/),
  message(
    'failure',
    'probe.command-queue',
    /^(?:command queue size <= \d+ entries|unit-length command queue) not supported/,
  ),
  message('failure', 'node-unusable', /^(?:missing|invalid) #iommu-cells/),
  message('failure', 'table-not-allocated', /^failed to allocate (?:l1|linear) stream table/),
  message('failure', 'queue-not-allocated', /^failed to allocate (?:queue|cmdq?)\b/),
  // The SMMU goes on without the device that asked.
  message('reset', 'device-table-not-allocated', /^failed to allocate (?:l2 stream table|(?:l1 )?context descriptor)/),
  message('failure', 'not-registered', /^Failed to register iommu/),
  message('failure', 'probe-failed', /^probe with driver arm-smmu-v3 failed with error/),
];

export interface FoundMessage {
  readonly message: Message;
  /** What the pattern took out of it. */
  readonly match: RegExpExecArray;
}

/** The message that this is; null for one that no driver prints. */
export function messageOf(body: string): FoundMessage | null {
  for (const one of MESSAGES) {
    const match = one.pattern.exec(body);
    if (match !== null) return { message: one, match };
  }
  return null;
}

/** One of the words of a record, which stand below their message: `0x` and 16 digits. */
export const RECORD_WORD = /^0x[0-9a-f]{16}(?![0-9a-f])/;

/** What a message is about; null for one that no driver prints. Blanks in front of it have been taken away. */
export function topicOf(body: string): MessageTopic | null {
  return RECORD_WORD.test(body) ? 'event' : (messageOf(body)?.message.topic ?? null);
}
