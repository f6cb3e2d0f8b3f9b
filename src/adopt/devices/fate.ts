/** What becomes of a device, and of the SMMU in the end. Decided once; whoever reports it reads the tag. */

import type { Check } from '../checks.ts';
import type { KernelDeath } from '../panic.ts';
import type { InFlight } from '../reset.ts';
import type { Danger } from './danger.ts';
import type { InsertRefusal, KernelDevice } from './master.ts';

/** What the driver and the IOMMU core make of one device of the kdump kernel. */
export type DeviceFate =
  /** It has a group, and its streams go through the SMMU. */
  | { readonly kind: 'accepted' }
  /** arm_smmu_insert_master() fails at this stream with the negative errno `ret`. */
  | { readonly kind: 'refused'; readonly sid: number; readonly ret: number; readonly refusal: InsertRefusal }
  /** Its streams are inserted, and asking for its deferral kills the kernel. */
  | { readonly kind: 'kernel-dies'; readonly death: KernelDeath }
  /** The core does not come to it: SMMU or kernel are gone by then. */
  | { readonly kind: 'never-asked'; readonly after: 'smmu-lost' | 'kernel-dies' }
  /** What decides about its stream `sid`, or about a device before it that may end all, is not known. */
  | { readonly kind: 'unknown'; readonly of: 'stream' | 'device-before'; readonly sid: number }
  /** Nobody knows whether there is one: its STE cannot be seen. `danger` is what would become of it. */
  | { readonly kind: 'unknown'; readonly of: 'unseen'; readonly sid: number; readonly danger: Danger };

/** The SMMU goes down with a device that cannot be inserted while it registers. */
export interface Loss {
  readonly device: KernelDevice;
  readonly sid: number;
  readonly ret: number;
}

/** What in-flight DMA meets after it. */
export interface LossAftermath extends Loss {
  readonly gbpaAbort: number | null;
  readonly inFlight: InFlight;
}

/** Why the registers may be those of another moment, after the kdump kernel's probe. */
export type OtherMoment = 'captured-after-probe' | 'table-in-kdump-memory' | 'table-in-gap' | 'cr0-after-reset';

/** What they read as where nobody answers: no SMMU at the address, or one without power. */
export type Unanswered = 'all-zero' | 'all-ones';

/** Why nothing can be told from the registers. */
export type RegisterDoubt = OtherMoment | Unanswered;

/** How the attempt to adopt ends, where it does. */
export type AdoptionEnd = 'adopted' | 'fallback' | 'not-attempted' | 'never-programmed';

/** What becomes of the SMMU. `after` is how the adoption had ended by then; null while it went on. */
export type SmmuFate =
  | { readonly kind: 'adopted' }
  /** The adoption fails with the negative errno `ret`, null where that cannot be told; the SMMU is reset. */
  | { readonly kind: 'falls-back'; readonly ret: number | null }
  /** In adoption mode with a table of its own, which the hardware never hears of (v3). */
  | { readonly kind: 'never-programmed'; readonly ret: number }
  /** No driver: the SMMU stays as the crashed kernel left it. v1 and v2 fail with the adoption, any for want of memory or of hardware. */
  | { readonly kind: 'probe-fails'; readonly after: AdoptionEnd | null; readonly ret: number }
  | { readonly kind: 'not-attempted'; readonly decidedBy: Check | null }
  | { readonly kind: 'kernel-dies'; readonly after: AdoptionEnd | null; readonly death: KernelDeath }
  | { readonly kind: 'smmu-lost'; readonly after: AdoptionEnd; readonly loss: LossAftermath }
  /** `sid`: the stream of which too little is known, where it is one; else it may be the memory of the ordinary table. */
  | { readonly kind: 'unknown'; readonly after: AdoptionEnd | null; readonly sid: number | null };
