/** The end of the kdump kernel: a read that the CPU does not survive. */

export interface KernelDeath {
  /** The kernel function that reads, as the `pc` line of the oops names it. */
  readonly where: string;
  /** No run of such a kernel has shown that name: it is what its source and the compiler's inlining make likely. */
  readonly inferred: boolean;
  /** The physical address whose read kills the kernel. */
  readonly paddr: number;
  /**
   * An oops behind the end of the kdump kernel's memory in the direct map, an external abort, or an oops at the error
   * code that a mapping of `paddr` gave (v1 and v2, which take it for an address).
   */
  readonly why: 'beyond-direct-map' | 'nothing-answers' | 'error-pointer';
}

/** Thrown by the emulated read, so that the emulated functions end where the kernel's end. */
export class KernelPanic extends Error {
  readonly death: KernelDeath;

  constructor(death: KernelDeath) {
    super(`${death.where} reads 0x${death.paddr.toString(16)}: ${death.why}`);
    this.name = 'KernelPanic';
    this.death = death;
  }
}

/**
 * Goes through reads of which one may kill the kernel. Where that is not `certain`, because something unknown before may
 * have spared it the read, nothing more is known from there on, and the entries end.
 */
export function* upToDeath<T>(certain: () => boolean, entries: Iterable<T>): Generator<T> {
  try {
    yield* entries;
  } catch (error) {
    if (!(error instanceof KernelPanic) || certain()) throw error;
  }
}

/** Runs a stage of the driver's life; its result, or how the kernel died in it. */
export function survive<T>(stage: () => T): { readonly result: T } | { readonly death: KernelDeath } {
  try {
    return { result: stage() };
  } catch (error) {
    if (error instanceof KernelPanic) return { death: error.death };
    throw error;
  }
}
