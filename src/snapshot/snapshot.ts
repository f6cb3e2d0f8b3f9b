/** A register snapshot, parsed: what the SMMUs said when the dump was taken. */

/** When the registers were read, in relation to the crash and to the kdump kernel's SMMU probe. */
export const CAPTURE_MOMENTS = ['running', 'before-kdump-probe', 'after-kdump-probe', 'unknown'] as const;
export type CaptureMoment = (typeof CAPTURE_MOMENTS)[number];

export interface SmmuSnapshot {
  readonly name: string;
  /** Physical address of register page 0, or null when not given. */
  readonly base: number | null;
  /** What firmware says of coherency (IORT COHACC override, DT `dma-coherent`), or null when not given. */
  readonly firmwareCoherent: boolean | null;
  /** Values by architecture name (`STRTAB_BASE`); those not captured are absent. */
  readonly registers: ReadonlyMap<string, bigint>;
}

/** One stretch of a raw dump: see `memory` in the snapshot format. */
export interface SnapshotMemory {
  readonly paddr: number;
  readonly byteLength: number | undefined;
  readonly fileOffset: number;
  readonly file: { readonly name: string; readonly path: string } | undefined;
  /** Where the entry stands, for messages. */
  readonly where: string;
}

/** Something in the snapshot that was passed over. */
export interface SnapshotWarning {
  readonly place: string;
  /** The name as written; quoted and shortened when it is more than a plain word. */
  readonly register: string;
}

export interface Snapshot {
  /** The file, as the user named it. */
  readonly name: string;
  readonly captured: CaptureMoment;
  readonly memory: readonly SnapshotMemory[];
  readonly kdump: {
    readonly revision: string | undefined;
    /** The memory the kdump kernel runs in; `end` is exclusive. */
    readonly systemRam: readonly { readonly start: number; readonly end: number }[];
  };
  readonly smmus: readonly SmmuSnapshot[];
  readonly warnings: readonly SnapshotWarning[];
}
