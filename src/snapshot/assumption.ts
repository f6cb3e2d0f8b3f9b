/** What is taken for granted in place of a value that the input lacks, and on what ground? */

import type { FirmwareSource } from './firmware-source.ts';

export interface Assumption {
  readonly what: Assumed;
  readonly value: AssumedValue;
  readonly why: Ground;
}

/** What is assumed: a field of a register, what registers as a whole would tell, or what no register says. */
export type Assumed =
  | { readonly kind: 'field'; readonly register: string; readonly field: string }
  | { readonly kind: 'registers'; readonly names: readonly string[] }
  /** Firmware's word on coherency, and IDR0.COHACC where it can only differ from that. */
  | { readonly kind: 'firmware-coherent' | 'cohacc-against-firmware' }
  | { readonly kind: 'excluded-table-pages' | 'stream-world' | 'cd-table-low-bits' }
  /** Bits of an entry that the architecture has no field for. */
  | { readonly kind: 'reserved-bits'; readonly entry: 'ste' | 'cd' };

/** The value of a field or a flag, and else what is taken for granted of all that is assumed. */
export type AssumedValue = number | boolean | 'zeros' | 'ignored' | 'unknown' | 'el2-e2h' | 'smmuv3.1-or-later';

/** Why a value has to be assumed, and why this one. */
export type Ground =
  | { readonly kind: 'default'; readonly lack: Lack; readonly choice: DefaultChoice }
  /** Firmware's word on coherency, which decides in the driver. */
  | { readonly kind: 'coherent-as-cohacc' }
  | { readonly kind: 'coherent-as-firmware'; readonly source: FirmwareSource }
  | { readonly kind: 'coherent-as-crashed-kernel' }
  /** IDR0.COHACC is not known; it makes a line of the log at most. */
  | { readonly kind: 'firmware-decides' }
  /** `pages` of the table are zeros that the dump left out, or the user said so. */
  | { readonly kind: 'excluded-is-zero'; readonly asked: boolean; readonly pages: number }
  /** CR2.RECINVSID, which Linux sets. */
  | { readonly kind: 'linux-sets-it' }
  /** Features that are not known: the rules that need them are left out. */
  | { readonly kind: 'rules-not-applied' }
  | { readonly kind: 'register-missing' }
  /** EL2 or EL2-E2H: a register that is missing decides. */
  | { readonly kind: 'world-undecided' }
  /** What a CD table that is not aligned to its size comes to is CONSTRAINED UNPREDICTABLE (IHI 0070, STE.S1Fmt). */
  | { readonly kind: 'cd-table-unaligned' }
  /** An SMMU ignores such bits, or takes the entry for an illegal one (IHI 0070, "Data structure formats"). */
  | { readonly kind: 'reserved-may-be-illegal' };

/** What a register lacks: it is not in the snapshot, not in the crashed kernel's state, or known without these bits. */
export type Lack = 'register' | 'not-reconstructed' | 'bits';

/** Why a field is assumed to have the value that it is given. */
export type DefaultChoice =
  | 'in-use'
  | 'no-error'
  | 'server-two-level'
  | 'server-two-level-cds'
  | 'server-coherent'
  | 'wider'
  | 'from-log2size'
  | 'largest'
  | 'largest-of-linux';
