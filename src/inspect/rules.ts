/**
 * What can be found, as data: for each rule its arguments, its severity, how far the damage reaches, and the one
 * sentence that says it. A rule name, once published, keeps its meaning.
 */

export type Severity = 'error' | 'warning' | 'note';

/** What is affected: the whole SMMU, the 256 StreamIDs of a bus, or one device. */
export type Reach = 'smmu' | 'bus' | 'device';

/** Addresses are hex text, as everywhere in the output; counts and indices are integers. */
export interface RuleArgs {
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
    readonly state: string;
    readonly inKdumpMemory: boolean;
  };
  'strtab-base-unaligned': { readonly table: string; readonly linux: string; readonly hardware: string };
  'address-bits-above-51': { readonly what: string; readonly value: string };
  'l1-span-unsupported': { readonly span: number; readonly expected: number };
  'l1-null-pointer': { readonly span: number };
  'l2-outside-memory': { readonly l2: string; readonly byteLength: number; readonly state: string };
  'l2-unaligned': { readonly linux: string; readonly hardware: string };
  'table-not-in-dump': { readonly table: string; readonly entries: number; readonly state: string };
  'excluded-read-as-zero': { readonly pages: number };
  'table-cut': { readonly tables: number };
  'ste-config-reserved': { readonly sid: number; readonly config: number };
  'sid-without-ste': { readonly sid: number; readonly why: string };
  'insert-out-of-range': { readonly sid: number; readonly entries: number };
  'insert-span-changed': { readonly sid: number; readonly span: number; readonly expected: number };
  'insert-l2-not-mappable': { readonly sid: number; readonly l2: string };
  'insert-indeterminate': { readonly sid: number };
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

interface RuleText<Args> {
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
    sentence: ({ table, address, byteLength, state, inKdumpMemory }) =>
      `the ${table} at ${address} (${byteLength} bytes) is not wholly RAM in this dump (${state})${
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
      `${l1} has span ${span} with a null L2 pointer: Linux takes it for unused, the hardware fetches STEs from address 0`,
  },
  'l2-outside-memory': {
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    sentence: ({ l2, byteLength, state }, l1) =>
      `${l1} points to ${l2}; these ${byteLength} bytes are not wholly RAM in this dump (${state}); no device behind it is accepted`,
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
      `the STE of SID 0x${sid.toString(16)} has V=1 and reserved Config ${config}: the hardware aborts, ` +
      'revisions v3 to v7 defer the attach all the same',
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
      `SID 0x${sid.toString(16)} is refused with -ERANGE and no message: the adopted table covers ${entries} SIDs`,
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
    sentence: ({ sid, l2 }) =>
      `SID 0x${sid.toString(16)} is refused with -ENXIO: its L2 table at ${l2} is not wholly RAM in this dump`,
  },
  'insert-indeterminate': {
    severity: 'warning',
    reach: null,
    sentence: ({ sid }, l1) =>
      `${l1} is not in the dump, so whether SID 0x${sid.toString(16)} can be inserted cannot be told`,
  },
  'insert-not-possible': {
    severity: 'note',
    reach: null,
    sentence: ({ sids, verdict }) => `${count(sids, 'SID')} not inserted: nothing was adopted (${verdict})`,
  },
  'insert-list-cut': {
    severity: 'note',
    reach: null,
    sentence: ({ inserted, total }) => `only the first ${inserted} of ${total} active SIDs were inserted`,
  },
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
