/** What is striking about a snapshot or its registers, as facts. `report/prose/remarks.ts` puts them into words. */

import type { CaptureMoment } from '../snapshot.ts';

/** `unusable`: the registers cannot be those of a working SMMU; `warning`: something was wrong or about to change. */
export interface Remark {
  readonly severity: 'unusable' | 'warning' | 'note';
  readonly what: Striking;
}

export type QueueRegisters = 'CMDQ' | 'EVENTQ' | 'PRIQ';

/** Values and indices are those of the registers and their fields. */
export type Striking =
  /** When the registers were read. */
  | { readonly kind: 'captured'; readonly moment: Exclude<CaptureMoment, 'before-kdump-probe'> }
  | Unreadable
  /** `register` and `acknowledge`, which follows it, differ in these fields. */
  | {
      readonly kind: 'change-in-progress';
      readonly register: string;
      readonly acknowledge: string;
      readonly fields: readonly string[];
    }
  /** `bit` of GERROR is active; of CMDQ_ERR, CMDQ_CONS.ERR where it was captured. */
  | { readonly kind: 'global-error'; readonly bit: string; readonly commandError: number | null }
  | { readonly kind: 'smmu-off' }
  | { readonly kind: 'update-pending'; readonly register: string }
  | { readonly kind: 'table-cfg-zero' }
  | { readonly kind: 'fmt-reserved'; readonly fmt: number }
  | { readonly kind: 'split-reserved'; readonly split: number }
  | { readonly kind: 'two-level-unsupported' }
  | { readonly kind: 'log2size-above-sidsize'; readonly log2Size: number; readonly sidSize: number }
  | {
      readonly kind: 'queue-too-large';
      readonly queue: QueueRegisters;
      readonly log2Size: number;
      readonly most: number;
    }
  | {
      readonly kind: 'queue-indices-apart';
      readonly queue: QueueRegisters;
      readonly prod: number;
      readonly cons: number;
      readonly entries: number;
    }
  | {
      readonly kind: 'queue-in-use';
      readonly queue: QueueRegisters;
      readonly count: number;
      readonly entries: number;
    }
  | { readonly kind: 'queue-overflowed'; readonly queue: Exclude<QueueRegisters, 'CMDQ'> };

/** What nobody answered. `blocks`: 32-bit registers that were read several at once, which QEMU answers with zero. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly as: 'all-zero' | 'all-ones' | 'blocks';
}

const UNREADABLE: Readonly<Record<Unreadable['as'], string>> = {
  'all-zero': 'every register is zero: no SMMU at this address, one without power, or a block read',
  'all-ones': 'every register is all ones: no SMMU at this address, or one without power',
  blocks:
    'IDR0, IDR1 and CR0 are zero, but STRTAB_BASE is not: the 32-bit registers were read in blocks, which QEMU ' +
    'answers with zero',
};

/** In words: an import that is refused says it, as does a report. */
export function unreadableInWords({ as }: Unreadable): string {
  return UNREADABLE[as];
}
