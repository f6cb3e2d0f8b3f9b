/** A register snapshot, parsed: what the SMMUs said when the dump was taken. */

/** When the registers were read, in relation to the crash and to the kdump kernel's SMMU probe. */
export const CAPTURE_MOMENTS = ['running', 'before-kdump-probe', 'after-kdump-probe', 'unknown'] as const;
export type CaptureMoment = (typeof CAPTURE_MOMENTS)[number];

/**
 * How a register's value is known.
 * - `hardware`: read from the device
 * - `driver-wrote`: what the driver keeps of what it wrote, or computes it from
 * - `driver-copy`: the driver's shadow of an index that also the hardware moves
 * - `derived`: bits that follow from what the driver found at its probe
 * - `inferred`: what the driver's code always writes in that state, or what memory shows to have been written
 */
export const PROVENANCES = ['hardware', 'driver-wrote', 'driver-copy', 'derived', 'inferred'] as const;
export type Provenance = (typeof PROVENANCES)[number];

/** A register of which not every bit is known. The others are 0 in `value`, and nothing may be said of them. */
export interface PartialRegister {
  readonly value: bigint;
  /** The bits that are known. */
  readonly known: bigint;
}

/** A device behind an SMMU, as the crashed kernel had it. One for each StreamID. Names are untrusted text. */
export interface Master {
  readonly sid: number;
  readonly device: string | null;
  readonly driver: string | null;
  /** Number of its IOMMU group. */
  readonly group: number | null;
  /** What the kernel calls the type of its domain: `DMA`, `DMA-FQ`, `identity`, `unmanaged`, `blocked`. */
  readonly domain: string | null;
  readonly asid: number | null;
}

export interface SmmuSnapshot {
  readonly name: string;
  /** Physical address of register page 0, or null when not given. */
  readonly base: number | null;
  /** What firmware says of coherency (IORT COHACC override, DT `dma-coherent`), or null when not given. */
  readonly firmwareCoherent: boolean | null;
  /** Values by architecture name (`STRTAB_BASE`); those not captured, or not wholly known, are absent. */
  readonly registers: ReadonlyMap<string, bigint>;
  /** Those of which some bits are known. Never one of `registers`. */
  readonly partial?: ReadonlyMap<string, PartialRegister>;
  /** How each register is known; those without an entry were read from the hardware. */
  readonly provenance?: ReadonlyMap<string, Provenance>;
  /** The devices that the crashed kernel had behind this SMMU, by StreamID; absent where nobody has said. */
  readonly masters?: readonly Master[];
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
