/** Shapes of what the driver maps and allocates, and of the configuration that it makes of that. */

import { allocatedInWords, remapReasonInWords } from '../../../findings/prose/memory.ts';
import type { AllocationReport, MappingReport, StrtabCfgReport } from '../../../inspect/emulation/outcome.ts';
import {
  choice,
  count,
  define,
  flag,
  hex,
  integer,
  list,
  nullable,
  object,
  type Shape,
  said,
  variants,
  way,
} from '../../../shape.ts';
import { releasedByInWords } from '../../prose/adoption/ledger.ts';
import { pageCounts } from './common.ts';

export const mapping = define(
  'mapping',
  "One mapping that the driver makes of the crashed kernel's memory",
  object<MappingReport>()({
    kind: ['The kernel function', choice('memremap', 'devm_memremap')],
    purpose: ['What is mapped', choice('l1-table', 'l2-table', 'linear-table', 'cd-table', 'cd-leaf')],
    address: ['Physical address', hex],
    size: ['Size in bytes', integer(1)],
    ok: ['Whether the mapping succeeded', flag],
    why: [
      "Why it fails, or where it leads when that is not to the crashed kernel's memory; null when all is well",
      nullable(said(remapReasonInWords)),
    ],
    held: ['Still in place when the function that made it returned', flag],
    released: ['Whether it was ever released', flag],
    transient: ['Made by the ID scan, which unmaps it before it goes on', flag],
    releasedBy: ['What releases it and when; null for a mapping that failed', nullable(said(releasedByInWords))],
    pages: ['The pages it covers, by what the dump has of them', pageCounts],
  }),
);

export const allocation = define(
  'allocation',
  'One allocation of the driver that somebody has to release',
  object<AllocationReport>()({
    call: ['The kernel function', choice('kcalloc', 'devm_kcalloc', 'dmam_alloc_coherent')],
    what: ['What is allocated', said(allocatedInWords)],
    size: ['Size in bytes', integer(1)],
    ok: ['Whether it succeeded', flag],
    released: ['Whether it was ever released', flag],
  }),
);

type TwoLevelCfg = Extract<StrtabCfgReport, { readonly l2: unknown }>;
type LinearCfg = Extract<StrtabCfgReport, { readonly linear: unknown }>;
type StrtabCfg = TwoLevelCfg | LinearCfg;

const strtabCfgTwoLevel = define(
  'strtabCfgTwoLevel',
  'A two-level table',
  object<TwoLevelCfg>()({
    l2: [
      'Members of the union for a two-level table',
      object<TwoLevelCfg['l2']>()({
        l1tab: ['Physical address behind l1tab', hex],
        l1Dma: ['l1_dma; null: left unset by an adoption, as from v6 on', nullable(hex)],
        numL1Ents: ['num_l1_ents', integer(1)],
        l2ptrs: [
          'The slots of l2ptrs in use, ascending',
          list(
            object<TwoLevelCfg['l2']['l2ptrs'][number]>()({
              index: ['L1 index', count],
              table: ['Physical address of the L2 table; null for a new one full of abort STEs', nullable(hex)],
            }),
          ),
        ],
      }),
    ],
  }),
);

const strtabCfgLinear = define(
  'strtabCfgLinear',
  'A linear table',
  object<LinearCfg>()({
    linear: [
      'Members of the union for a linear table',
      object<LinearCfg['linear']>()({
        table: ['Physical address behind table', hex],
        steDma: ['ste_dma; null: left unset by an adoption, as from v6 on', nullable(hex)],
        numEnts: ['num_ents', integer(1)],
      }),
    ],
  }),
);

export const strtabCfg: Shape<StrtabCfg> = variants<StrtabCfg>(
  way((cfg): cfg is TwoLevelCfg => 'l2' in cfg, strtabCfgTwoLevel),
  way((cfg): cfg is LinearCfg => 'linear' in cfg, strtabCfgLinear),
);
