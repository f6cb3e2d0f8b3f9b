/** What a kernel log says of its SMMUs: numbers, names and reasons as facts, which reports put into words. */

/** What the line in clear and the words of a record both say. */
export type SaidTwice = Pick<EventFacts, 'name' | 'sid' | 'address' | 'write' | 'stage'>;

/** One of that, as one of the two says it. */
export type OneSaid = {
  readonly [K in keyof SaidTwice]: Readonly<Record<K, NonNullable<SaidTwice[K]>>>;
}[keyof SaidTwice];

/** What does not fit together in a record, or keeps it from being whole. */
export type LogProblem =
  /** The log has so many of the words of a record. */
  | { readonly kind: 'cut'; readonly words: number; readonly of: number }
  /** The number behind `event` and the one in the record differ: the words are another record's. */
  | { readonly kind: 'number-differs'; readonly header: number; readonly record: number }
  /** A word is missing, and the others do not tell which. */
  | { readonly kind: 'place-unknown' }
  /** The line in clear and the words say different things; `text` and `words` have the same key. */
  | { readonly kind: 'text-differs'; readonly text: OneSaid; readonly words: OneSaid }
  /** The line in clear calls an event UNKNOWN that has a name. */
  | { readonly kind: 'name-unknown-to-kernel' }
  /** The words behind the colon are not those of the number. */
  | { readonly kind: 'reason-differs'; readonly text: string; readonly expected: string };

/** When and where in the log something stands, and how often. `boot` counts from 1. */
export interface Occurrence {
  readonly count: number;
  readonly firstLine: number;
  readonly lastLine: number;
  /** Seconds since boot; null without such timestamps. */
  readonly firstTime: number | null;
  readonly lastTime: number | null;
  /** Date and time as they stand there, where there are no seconds. */
  readonly firstStamp: string | null;
  readonly lastStamp: string | null;
  readonly boot: number;
}

/** One event. What a record does not say, or says of no use because of another field, is null. */
export interface EventFacts {
  /** The architecture's name; `UNKNOWN` where only the kernel's text is there, which says just that. */
  readonly name: string;
  readonly code: number | null;
  readonly sid: number | null;
  readonly ssid: number | null;
  /** What the device asked for, or else what could not be fetched. */
  readonly address: bigint | null;
  readonly fetchAddress: bigint | null;
  readonly ipa: bigint | null;
  readonly write: boolean | null;
  readonly execute: boolean | null;
  readonly privileged: boolean | null;
  readonly stage: 1 | 2 | null;
  /** CLASS: what was being translated. */
  readonly translating: number | null;
  readonly stalled: boolean | null;
  readonly stag: number | null;
  /** Those of the 64-bit words that the log has. */
  readonly words: readonly bigint[];
  /** Nothing of the record is missing: its four words, or both lines in clear. */
  readonly complete: boolean;
  /** The device that the kernel names; null where it names none. */
  readonly client: string | null;
  readonly problems: readonly LogProblem[];
}

/** Events of one kind, stream and page: the first of them, and how many came. */
export interface EventGroup extends EventFacts, Occurrence {
  /** What is not the same in all of them, by the names of the fields. */
  readonly mixed: readonly string[];
}

/** A page request that came although nobody takes them. */
export interface PageRequestGroup extends Occurrence {
  readonly sid: number;
  readonly ssid: number;
  readonly group: number;
  readonly last: boolean;
  readonly privileged: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly address: bigint;
}

export interface CommandErrorFacts extends Occurrence {
  readonly what: 'CMDQ error' | 'CMD_SYNC timeout' | 'CMDQ timeout';
  /** CMDQ_CONS and, of a timeout, CMDQ_PROD and the producer of the driver; null where the line has none. */
  readonly cons: number | null;
  readonly prod: number | null;
  readonly driverProd: number | null;
  /** CMDQ_CONS.ERR; null without CONS. */
  readonly error: number | null;
  /** The command at which the queue stopped, two words; empty where the log has none. */
  readonly command: readonly bigint[];
  readonly problems: readonly LogProblem[];
}

export interface GlobalErrorFacts extends Occurrence {
  /** GERROR ^ GERRORN; null where only lines about single flags are there. */
  readonly active: number | null;
  /** Flags that the log names in words. */
  readonly named: readonly string[];
}

/** What a driver says of an SMMU when it starts. The last boot wins. */
export interface BootFacts {
  readonly features: number | null;
  readonly iasBits: number | null;
  readonly oasBits: number | null;
  /** Entries by queue, as the driver calls them: cmdq, evtq, priq. */
  readonly queueEntries: Readonly<Record<string, number>>;
  /** StreamID bits that a two-level table covers, of those there are; null where that was not said. */
  readonly sidBits: { readonly covered: number; readonly of: number } | null;
  /** The other lines of the start that matter: overrides, fallbacks, options. */
  readonly lines: readonly string[];
}

export interface SmmuLog {
  /** As the kernel calls the device; null for messages whose beginning was cut off. */
  readonly name: string | null;
  /** The machine that a syslog names, whose SMMUs have the same names as those of others; null where none is named. */
  readonly host: string | null;
  readonly system: 'linux' | 'xen' | 'freebsd';
  readonly events: readonly EventGroup[];
  /** Records beyond the most groups that are kept. */
  readonly notGrouped: number;
  readonly lost: {
    /** Times that the event queue was found to have overflowed, and the PRI queue. */
    readonly overflows: number;
    readonly requestOverflows: number;
    /** Messages that the kernel says it left out; null where it says so of no SMMU in particular. */
    readonly suppressed: number | null;
    /** Of them, timeouts of the command queue; the others are events. */
    readonly suppressedTimeouts: number | null;
  };
  readonly commandErrors: readonly CommandErrorFacts[];
  readonly globalErrors: readonly GlobalErrorFacts[];
  readonly pageRequests: readonly PageRequestGroup[];
  /** Errors and requests beyond the most that are kept. */
  readonly notListed: number;
  readonly boot: BootFacts | null;
  /** Lines of the adoption and of the reset, in order. */
  readonly adoption: readonly string[];
  /** Those of them by which the driver has given the SMMU up, or cannot reach it any more. */
  readonly failures: readonly DriverFailure[];
}

/** A line that says that a probe, a reset or a shutdown failed. */
export interface DriverFailure {
  readonly text: string;
  readonly line: number;
  readonly boot: number;
}

/**
 * What is said of a device, by the name under which it is explained. `insert-aliasing`: another device has its StreamID.
 * `device-without-domain`: it was not added to a group, or not attached. `direct-mapping-required`: firmware wants its memory
 * mapped as it is, and a domain without that was refused. `device-feature-not-enabled`: ATS or PASID. `vcmdq-error`: of a
 * virtual command queue.
 */
export const DEVICE_MESSAGE_KINDS = [
  'insert-aliasing',
  'device-without-domain',
  'direct-mapping-required',
  'device-feature-not-enabled',
  'vcmdq-error',
] as const;

export type DeviceMessageKind = (typeof DEVICE_MESSAGE_KINDS)[number];

/** What a driver says of a device behind an SMMU: it names no SMMU. */
export interface DeviceMessage extends Occurrence {
  readonly kind: DeviceMessageKind;
  /** Null where its name was cut off. */
  readonly device: string | null;
  /** Null where the message names none. */
  readonly sid: number | null;
  readonly text: string;
}

/** A line that looked like an SMMU's and could not be used. */
export interface PassedOver {
  readonly line: number;
  readonly text: string;
}

/** What domains of devices are, as the core of the last boot that says so had it: in its own words. */
export interface DomainFacts {
  /** `Translated` or `Passthrough`, and who said so if somebody did. */
  readonly type: string | null;
  /** `strict` or `lazy`: whether a mapping is gone from the TLBs when it is unmapped. */
  readonly invalidation: string | null;
}

export interface KernelLog {
  readonly lines: number;
  readonly smmuLines: number;
  readonly passedOver: number;
  /** The first of them. */
  readonly passedOverLines: readonly PassedOver[];
  /** Lines of the driver for the SMMU before version 3, which are not read. */
  readonly smmuV2Lines: number;
  /** Messages left out, as the kernel says without naming an SMMU; of them, timeouts of a command queue. */
  readonly suppressed: number;
  readonly suppressedTimeouts: number;
  readonly boots: number;
  /** Devices that were added to an IOMMU group. */
  readonly devices: readonly string[];
  readonly domains: DomainFacts;
  readonly deviceMessages: readonly DeviceMessage[];
  /** Messages about devices beyond the most that are kept. */
  readonly deviceMessagesNotListed: number;
  readonly smmus: readonly SmmuLog[];
}
