/** The end of the kdump kernel: a read that the CPU does not survive. */

export interface KernelDeath {
  /** The kernel function that reads, as the `pc` line of the oops names it. */
  readonly where: string;
  /** The physical address whose read kills the kernel. */
  readonly paddr: number;
  readonly why: string;
}

/** Thrown by the emulated read, so that the emulated functions end where the kernel's end. */
export class KernelPanic extends Error {
  readonly death: KernelDeath;

  constructor(death: KernelDeath) {
    super(death.why);
    this.name = 'KernelPanic';
    this.death = death;
  }
}

/** Goes through a read that may kill the kernel; `doubt` says what unknown entry before may have spared it that. */
export function* doubting<T>(doubt: () => string | null, entries: Iterable<T>): Generator<T> {
  try {
    yield* entries;
  } catch (error) {
    const reason = error instanceof KernelPanic ? doubt() : null;
    if (!(error instanceof KernelPanic) || reason === null) throw error;
    throw new KernelPanic({ ...error.death, why: `${error.death.why}, unless ${reason}` });
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
