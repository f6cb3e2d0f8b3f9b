/**
 * What was given? One object for all of it: the registers, the memory at the moment of the crash and at a later one, what
 * is where in it, what firmware says, and what the kdump kernel logged. It is put together here and nowhere else, so that
 * no two answers about one machine rest on different readings of the same input.
 */

import type { AddressRange, PageState } from '../dump/memory.ts';
import type { OpenedDump } from '../dump/open.ts';
import { type ExcludedPolicy, MemoryView } from '../dump/view.ts';
import type { CrashedKernel } from '../linux/kernel-state.ts';
import { noProgress, type Progress } from '../progress.ts';
import { SteReader } from '../smmu/structures/ste-reader.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { AddressMap } from './address-map.ts';
import { type Iomem, kdumpRamOf } from './iomem.ts';
import type { Platform } from './platform.ts';

/** A captured kernel log. */
export interface Capture {
  /** As the user named it. */
  readonly file: string;
  readonly text: string;
}

/** What may be given beside a dump and its registers, and how it is read. */
export interface EvidenceOptions {
  /** The crashed kernel's /proc/iomem. */
  readonly iomem?: Iomem | undefined;
  /** The crashed kernel as the dump has it; what it gives stands in for what was not given. */
  readonly crashedKernel?: CrashedKernel | null | undefined;
  /** What firmware says of the SMMUs: device names, coherency, reserved memory. */
  readonly platform?: Platform | undefined;
  /** A captured log of the kdump kernel, to compare with the predicted one. */
  readonly dmesg?: Capture | undefined;
  /** The memory at the moment of the insertions. */
  readonly later?: OpenedDump | undefined;
  /** How pages are read that the capture tool left out; `auto` when left out. */
  readonly excluded?: ExcludedPolicy | undefined;
  /** Hears of long work. */
  readonly progress?: Progress | undefined;
}

/** A kernel by its name; null where nothing says so. */
export interface KernelName {
  readonly release: string | null;
  /** GNU build id. */
  readonly buildId: string | null;
}

/** One moment of the machine's memory: what the dump holds, and what is where. */
export interface Moment {
  readonly dump: OpenedDump;
  readonly view: MemoryView;
  /** One for all who read stream tables: what one of them has found, the next need not read. */
  readonly stes: SteReader<PageState>;
  readonly map: AddressMap;
}

/** Shared by all SMMUs: a view keeps buffers, and a snapshot may name thousands. */
export interface Evidence {
  readonly snapshot: Snapshot;
  readonly now: Moment;
  /** Null: devices are inserted into the memory as it is now. */
  readonly later: Moment | null;
  readonly iomem: Iomem | null;
  /** Null where nobody has looked for it, or the dump has nothing of it. */
  readonly crashedKernel: CrashedKernel | null;
  /** The kernel that crashed: by its own state, else by the dump's notes and header. */
  readonly kernel: KernelName;
  readonly platform: Platform | null;
  readonly dmesg: Capture | null;
  /** The kdump kernel's own memory, as far as snapshot and /proc/iomem tell. */
  readonly kdumpRam: readonly AddressRange[];
  readonly progress: Progress;
}

/** Puts together what was given. Reads nothing yet. */
export function evidenceOf(dump: OpenedDump, snapshot: Snapshot, options: EvidenceOptions = {}): Evidence {
  const { iomem = null, crashedKernel = null, platform = null, dmesg = null } = options;
  const { later, excluded, progress = noProgress } = options;
  const { systemRam } = snapshot.kdump;
  const momentOf = (one: OpenedDump): Moment => {
    const view = new MemoryView(one, excluded);
    return { dump: one, view, stes: new SteReader(view), map: new AddressMap(one.memory, iomem, systemRam) };
  };
  return {
    snapshot,
    now: momentOf(dump),
    later: later === undefined ? null : momentOf(later),
    iomem,
    crashedKernel,
    kernel: crashedKernel?.state.kernel ?? kernelNamed(dump),
    platform,
    dmesg,
    kdumpRam: kdumpRamOf(systemRam, iomem),
    progress,
  };
}

function kernelNamed({ details: { kernelRelease, vmcoreinfo } }: OpenedDump): KernelName {
  return { release: kernelRelease, buildId: vmcoreinfo.get('BUILD-ID') ?? null };
}
