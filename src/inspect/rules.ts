/**
 * What can be found, as data: for each rule its arguments, its severity, how far the damage reaches, and the one
 * sentence that says it. A rule name, once published, keeps its meaning.
 */

import { PLATFORM_RULES, type PlatformRuleArgs } from './platform-rules.ts';
import { RISK_RULES, type RiskRuleArgs } from './risk-rules.ts';

export type Severity = 'error' | 'warning' | 'note';

/** What is affected: the whole machine, the SMMU, the 256 StreamIDs of a bus, or one device. */
export type Reach = 'machine' | 'smmu' | 'bus' | 'device';

/** Addresses are hex text, as everywhere in the output; counts and indices are integers. */
export interface RuleArgs extends RiskRuleArgs, PlatformRuleArgs {
  'smmu-disabled': Record<string, never>;
  'smmu-non-coherent': { readonly source: string };
  'smmu-service-failure': Record<string, never>;
  'adoption-fallback': {
    readonly revision: string;
    readonly check: string;
    readonly observed: string;
    readonly required: string;
    readonly errno: string;
  };
  'adoption-indeterminate': { readonly revision: string; readonly check: string; readonly observed: string };
  'strtab-outside-memory': {
    readonly table: string;
    readonly address: string;
    readonly byteLength: number;
    readonly why: string;
    readonly state: string;
    readonly inKdumpMemory: boolean;
  };
  'strtab-base-unaligned': { readonly table: string; readonly linux: string; readonly hardware: string };
  'address-bits-above-51': { readonly what: string; readonly value: string };
  'l1-span-unsupported': { readonly span: number; readonly expected: number };
  'l1-null-pointer': { readonly span: number };
  'l1-pointer-rejected': { readonly l2: string; readonly revision: string };
  'id-scan-failure': {
    readonly rule: string;
    readonly sid: number;
    readonly entry: string;
    readonly observed: string;
    readonly required: string;
    readonly stopsHere: boolean;
  };
  'mapping-misplaced': { readonly table: string; readonly address: string; readonly where: string };
  'kernel-panic': { readonly function: string; readonly address: string; readonly why: string };
  'smmu-lost': { readonly sid: number; readonly errno: string; readonly lost: number; readonly inFlight: string };
  'revisions-differ': {
    readonly revision: string;
    readonly others: string;
    readonly check: string;
    readonly why: string;
  };
  'cleanup-leak': { readonly revision: string; readonly page: string; readonly leaked: string };
  'dmesg-differs': {
    readonly file: string;
    readonly agree: number;
    readonly missing: number;
    readonly unpredicted: number;
    readonly panicAgrees: boolean;
  };
  'l2-outside-memory': {
    readonly l2: string;
    readonly byteLength: number;
    readonly why: string;
    readonly state: string;
  };
  'l2-unaligned': { readonly linux: string; readonly hardware: string };
  'table-not-in-dump': { readonly table: string; readonly entries: number; readonly state: string };
  'excluded-read-as-zero': { readonly pages: number };
  'table-cut': { readonly tables: number };
  'ste-config-reserved': { readonly sid: number; readonly config: number };
  'sid-without-ste': { readonly sid: number; readonly why: string };
  'insert-out-of-range': { readonly sid: number; readonly entries: number };
  'insert-span-changed': { readonly sid: number; readonly span: number; readonly expected: number };
  'insert-l2-base-bad': { readonly sid: number; readonly l2: string };
  'insert-l2-not-mappable': { readonly sid: number; readonly l2: string; readonly why: string };
  'insert-aliasing': { readonly sid: number; readonly device: string; readonly owner: string };
  'insert-deferral-unknown': { readonly sid: number };
  'insert-indeterminate': { readonly sid: number; readonly missing: 'l1-descriptor' | 'l2-table' };
  'insert-not-possible': { readonly sids: number; readonly verdict: string };
  'insert-list-cut': { readonly inserted: number; readonly total: number };
  'dump-load-address-assumed': { readonly file: string };
  'dump-damaged': { readonly file: string; readonly fileOffset: string; readonly what: string };
  'dump-incomplete': { readonly file: string };
  'snapshot-unknown-register': { readonly register: string; readonly place: string };
  'snapshot-memory-ignored': { readonly format: string };
  'snapshot-after-probe': Record<string, never>;
  'findings-omitted': { readonly rule: string; readonly listed: number; readonly total: number };
}

export type Rule = keyof RuleArgs;

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

export interface RuleText<Args> {
  readonly severity: Severity;
  /** As the patches' own comments have it; null where nothing is lost by itself. */
  readonly reach: Reach | null;
  /**
   * Where it is wider on recent cores: from about 6.15 on, registering the SMMU inserts every device that is there,
   * and one failure other than -ENODEV fails the registration.
   */
  readonly likelyReach?: Reach;
  /** `l1` is the descriptor that the location names, as in `L1[5]`. */
  readonly sentence: (args: Args, l1: string) => string;
}

export const RULES: { readonly [R in Rule]: RuleText<RuleArgs[R]> } = {
  'smmu-disabled': {
    severity: 'note',
    reach: null,
    sentence: () => 'CR0.SMMUEN is 0: the SMMU was off, so there is no table in use to adopt',
  },
  'smmu-non-coherent': {
    severity: 'warning',
    reach: 'smmu',
    sentence: ({ source }) => `${source} says that the SMMU is not coherent; only coherent ones are adopted`,
  },
  'smmu-service-failure': {
    severity: 'warning',
    reach: 'smmu',
    sentence: () =>
      'Service Failure Mode is active (SFM_ERR differs between GERROR and GERRORN); the SMMU has to be reset',
  },
  'adoption-fallback': {
    severity: 'error',
    reach: 'smmu',
    sentence: ({ revision, check, observed, required, errno }) =>
      `${revision} gives up with -${errno} and resets the SMMU: ${check}: ${observed} (required: ${required})`,
  },
  'adoption-indeterminate': {
    severity: 'warning',
    reach: 'smmu',
    sentence: ({ revision, check, observed }) =>
      `whether ${revision} adopts the table cannot be told: ${check}: ${observed}`,
  },
  'strtab-outside-memory': {
    severity: 'error',
    reach: 'smmu',
    sentence: ({ table, address, byteLength, why, state, inKdumpMemory }) =>
      `the ${table} at ${address} (${byteLength} bytes) cannot be mapped: ${why} (${state})${
        inKdumpMemory
          ? "; it lies in the kdump kernel's own memory, so the registers were probably read after its probe"
          : ''
      }`,
  },
  'strtab-base-unaligned': {
    severity: 'warning',
    reach: 'smmu',
    sentence: ({ table, linux, hardware }) =>
      `the ${table} base is not aligned to its size: Linux reads it at ${linux}, the hardware at ${hardware}`,
  },
  'address-bits-above-51': {
    severity: 'warning',
    reach: null,
    sentence: ({ what, value }) => `${what} ${value} has address bits 55:52 set, which Linux drops`,
  },
  'l1-span-unsupported': {
    severity: 'error',
    reach: 'smmu',
    sentence: ({ span, expected }, l1) =>
      `${l1} has span ${span}; Linux adopts only span ${expected}, so the whole stream table is rejected`,
  },
  'l1-null-pointer': {
    severity: 'warning',
    reach: 'bus',
    sentence: ({ span }, l1) =>
      `${l1} has span ${span} with a null L2 pointer: through v7 Linux takes it for unused, the hardware fetches STEs from address 0`,
  },
  'l1-pointer-rejected': {
    severity: 'error',
    reach: 'smmu',
    sentence: ({ l2, revision }, l1) =>
      `${l1} points to ${l2}, which is null or not 16 KiB aligned; ${revision} rejects the whole stream table for it`,
  },
  'id-scan-failure': {
    severity: 'error',
    reach: 'smmu',
    sentence: ({ rule, sid, entry, observed, required, stopsHere }) =>
      `${entry} of SID 0x${sid.toString(16)}: ${rule}: ${observed} (required: ${required})${
        stopsHere ? '; here the kernel stops, and names nothing of it' : ''
      }`,
  },
  'mapping-misplaced': {
    severity: 'warning',
    reach: null,
    sentence: ({ table, address, where }) =>
      `the ${table} at ${address} maps without a word, but onto ${where}: what the driver reads is not the crashed kernel's`,
  },
  'kernel-panic': {
    severity: 'error',
    reach: 'machine',
    sentence: ({ function: where, address, why }) => `the kdump kernel dies in ${where} reading ${address}: ${why}`,
  },
  'smmu-lost': {
    severity: 'error',
    reach: 'smmu',
    sentence: ({ sid, errno, lost, inFlight }) =>
      `the SMMU is lost: SID 0x${sid.toString(16)} is refused with -${errno} while the SMMU registers; ` +
      `${count(lost, 'accepted stream loses its group', 'accepted streams lose their groups')}, and in-flight DMA is ` +
      `${inFlight === 'unknown' ? 'bypassed or aborted, by GBPA.ABORT' : inFlight}`,
  },
  'revisions-differ': {
    severity: 'note',
    reach: null,
    sentence: ({ revision, others, check, why }) =>
      `${others} would decide differently from ${revision}${check === '' ? '' : ` at ${check}`}: ${why}`,
  },
  'cleanup-leak': {
    severity: 'warning',
    reach: null,
    sentence: ({ revision, page, leaked }) =>
      `with the register page reading as ${page}, the clean-up of ${revision} takes the table for another format and leaks ${leaked}`,
  },
  'dmesg-differs': {
    severity: 'warning',
    reach: null,
    sentence: ({ file, agree, missing, unpredicted, panicAgrees }) =>
      `${file} differs from the prediction: ${count(agree, 'line agrees', 'lines agree')}, ${missing} missing, ` +
      `${unpredicted} extra${panicAgrees ? '' : ', and the kernel does not end as predicted'}`,
  },
  'l2-outside-memory': {
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    sentence: ({ l2, byteLength, why, state }, l1) =>
      `${l1} points to ${l2}; these ${byteLength} bytes cannot be mapped: ${why} (${state}); no device behind it is accepted`,
  },
  'l2-unaligned': {
    severity: 'warning',
    reach: 'bus',
    sentence: ({ linux, hardware }, l1) =>
      `${l1} has a pointer that is not 16 KiB aligned: Linux reads the L2 table at ${linux}, the hardware at ${hardware}`,
  },
  'table-not-in-dump': {
    severity: 'warning',
    reach: null,
    sentence: ({ table, entries, state }) =>
      `${count(entries, 'entry', 'entries')} of the ${table} not in the dump (${state})`,
  },
  'excluded-read-as-zero': {
    severity: 'note',
    reach: null,
    sentence: ({ pages }) => `${count(pages, 'page')} of the table, left out by the capture tool, taken to be zero`,
  },
  'table-cut': {
    severity: 'warning',
    reach: null,
    sentence: ({ tables }) => `only the first ${tables} L2 tables are examined; no system builds more`,
  },
  'ste-config-reserved': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ sid, config }) =>
      `the STE of SID 0x${sid.toString(16)} has V=1 and reserved Config ${config}: the hardware aborts, revisions v3 ` +
      'to v7 defer the attach all the same, from v8 on the whole table is rejected',
  },
  'sid-without-ste': {
    severity: 'note',
    reach: null,
    sentence: ({ sid, why }) => `SID 0x${sid.toString(16)} has no STE to show: ${why}`,
  },
  'insert-out-of-range': {
    severity: 'error',
    reach: 'device',
    likelyReach: 'smmu',
    sentence: ({ sid, entries }) =>
      `SID 0x${sid.toString(16)} is refused with -ERANGE and no message: the table covers ${entries} SIDs`,
  },
  'insert-span-changed': {
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    sentence: ({ sid, span, expected }, l1) =>
      `${l1} has span ${span} now, and had 0 or ${expected} at adoption: SID 0x${sid.toString(16)} is refused with -EINVAL`,
  },
  'insert-l2-not-mappable': {
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    sentence: ({ sid, l2, why }) =>
      `SID 0x${sid.toString(16)} is refused with -ENXIO: its L2 table at ${l2} cannot be mapped: ${why}`,
  },
  'insert-l2-base-bad': {
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    sentence: ({ sid, l2 }, l1) =>
      `${l1} points to ${l2} now, which is null or not 16 KiB aligned: SID 0x${sid.toString(16)} is refused with -EINVAL`,
  },
  'insert-aliasing': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ sid, device, owner }) =>
      `${device} shares SID 0x${sid.toString(16)} with ${owner}: it is refused with -ENODEV, and its DMA breaks`,
  },
  'insert-deferral-unknown': {
    severity: 'note',
    reach: null,
    sentence: ({ sid }) =>
      `whether the attach of SID 0x${sid.toString(16)} is deferred cannot be told: its STE cannot be read from this dump`,
  },
  'insert-indeterminate': {
    severity: 'warning',
    reach: null,
    sentence: ({ sid, missing }, l1) =>
      `${missing === 'l2-table' ? `the L2 table of ${l1}` : l1} is not in the dump, so whether ` +
      `SID 0x${sid.toString(16)} can be inserted cannot be told`,
  },
  'insert-not-possible': {
    severity: 'note',
    reach: null,
    sentence: ({ sids, verdict }) =>
      `${count(sids, 'SID')} not inserted into the crashed kernel's table: it was not adopted (${verdict})`,
  },
  'insert-list-cut': {
    severity: 'note',
    reach: null,
    sentence: ({ inserted, total }) => `only the first ${inserted} of ${total} active SIDs were inserted`,
  },
  ...PLATFORM_RULES,
  ...RISK_RULES,
  'dump-load-address-assumed': {
    severity: 'note',
    reach: null,
    sentence: ({ file }) => `${file} is taken to start at physical address 0; --base or file@address says otherwise`,
  },
  'dump-damaged': {
    severity: 'warning',
    reach: null,
    sentence: ({ file, fileOffset, what }) => `${file}, offset ${fileOffset}: ${what}`,
  },
  'dump-incomplete': {
    severity: 'warning',
    reach: null,
    sentence: ({ file }) => `${file} says of itself that it is incomplete`,
  },
  'snapshot-unknown-register': {
    severity: 'warning',
    reach: null,
    sentence: ({ place }) => `${place} is not a register of the architecture; it is not used`,
  },
  'snapshot-memory-ignored': {
    severity: 'warning',
    reach: null,
    sentence: ({ format }) => `the snapshot's memory list is not used: this ${format} dump is placed otherwise`,
  },
  'snapshot-after-probe': {
    severity: 'warning',
    reach: null,
    sentence: () =>
      "the registers were read after the kdump kernel's probe; they may describe its own table, not the crashed one",
  },
  'findings-omitted': {
    severity: 'note',
    reach: null,
    sentence: ({ rule, listed, total }) => `${total} findings of ${rule}; only the first ${listed} are listed`,
  },
};

/** Whether a rule is about what the kernel does not check. */
export function isRisk(rule: Rule): boolean {
  return rule in RISK_RULES;
}
