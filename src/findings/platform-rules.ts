/** The rules about firmware's tables: what they say of the SMMUs, and where that and the dump part. */

import type { RuleText } from './rules.ts';

export interface PlatformRuleArgs {
  'platform-smmu-unknown': { readonly why: string };
  'platform-coherency': {
    readonly source: string;
    /** `coherent`, or `not coherent`. */
    readonly table: string;
    readonly snapshot: string;
  };
  'platform-sids-beyond': { readonly name: string; readonly ids: string; readonly entries: number };
  'platform-sid-unclaimed': { readonly sids: string; readonly source: string };
  'platform-rmr': {
    readonly source: string;
    /** The device, where it is known; else empty. */
    readonly name: string;
    readonly sids: string;
    readonly memory: string;
    readonly bypassed: boolean;
  };
  'platform-table-damaged': { readonly source: string; readonly what: string };
  'platform-not-in-dump': { readonly searched: number; readonly complete: boolean };
}

export const PLATFORM_RULES: { readonly [R in keyof PlatformRuleArgs]: RuleText<PlatformRuleArgs[R]> } = {
  'platform-smmu-unknown': {
    severity: 'note',
    reach: null,
    sentence: ({ why }) => `firmware's tables say nothing of this SMMU: ${why}; StreamIDs stay without names`,
  },
  'platform-coherency': {
    severity: 'warning',
    reach: null,
    sentence: ({ source, table, snapshot }) =>
      `${source} has the SMMU as ${table}, the snapshot as ${snapshot}; the snapshot is used`,
  },
  'platform-sids-beyond': {
    severity: 'warning',
    reach: null,
    sentence: ({ name, ids, entries }) =>
      `${ids} of ${name} have StreamIDs beyond the table, which covers ${entries}: devices there get -ERANGE from the ` +
      'kernel and C_BAD_STREAMID from the hardware',
  },
  'platform-sid-unclaimed': {
    severity: 'note',
    reach: null,
    sentence: ({ sids, source }) => `${sids}: active, but ${source} has no device there`,
  },
  'platform-rmr': {
    severity: 'note',
    reach: null,
    sentence: ({ source, name, sids, memory, bypassed }) =>
      `${source} keeps ${memory} for ${name === '' ? sids : `${name} (${sids})`}: ${
        bypassed ? 'an RMR, whose STEs an adoption leaves as they are' : 'the kernel makes no bypass STE for it'
      }`,
  },
  'platform-table-damaged': {
    severity: 'warning',
    reach: null,
    sentence: ({ source, what }) => `${source}: ${what}`,
  },
  'platform-not-in-dump': {
    severity: 'note',
    reach: null,
    sentence: ({ searched, complete }) =>
      `no device tree or IORT with an SMMUv3 was found in ${complete ? 'the memory of the dump' : 'the first places'}: ` +
      `${Math.ceil(searched / 2 ** 20)} MiB were looked through`,
  },
};
