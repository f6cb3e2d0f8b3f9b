/**
 * What firmware says of the SMMUs and of who is behind them, whether in a device tree or in the IORT of ACPI: the one
 * model that names, findings and reports are made from.
 */

import type { FirmwareSource } from '../../snapshot/firmware-source.ts';
import type { FirmwareProblem } from './problem.ts';

export interface Firmware {
  readonly kind: 'device-tree' | 'iort';
  readonly source: FirmwareSource;
  /** The SMMUv3 instances, in the order of the table. */
  readonly smmus: readonly FirmwareSmmu[];
  /** SMMUv3 instances that are there, but not for Linux to use. */
  readonly disabled: readonly DisabledSmmu[];
  /** What was passed over, and why: the rest is used. */
  readonly problems: readonly FirmwareProblem[];
}

export interface DisabledSmmu {
  /** The path of the node. Untrusted text. */
  readonly name: string;
  readonly base: number | null;
  /** The node that says so, itself or one above, and how. Untrusted text. */
  readonly by: { readonly name: string; readonly status: string };
}

export interface FirmwareSmmu {
  /** The path of the node, or of an IORT `SMMUv3 node at offset 0x...`. Untrusted text. */
  readonly name: string;
  /** Physical address of register page 0; null when it cannot be told. */
  readonly base: number | null;
  /** What the driver takes its coherency feature from. */
  readonly coherent: boolean;
  /** In the order of the table, which is the order in which Linux looks. */
  readonly ranges: readonly IdRange[];
  readonly reserved: readonly ReservedRegion[];
}

/**
 * A run of IDs that the SMMU sees as a run of StreamIDs. An ID that a device sends is cut to `mask` first, so that with
 * a narrower mask several devices share a StreamID (`iommu-map-mask`, or a single mapping of a whole root complex).
 */
export interface IdRange {
  readonly kind: 'pci' | 'platform';
  /** The host bridge or the device: path, or object name. Untrusted text. */
  readonly name: string;
  /** PCI segment, which Linux calls the domain; null for a platform device. */
  readonly segment: number | null;
  readonly firstId: number;
  readonly count: number;
  readonly firstSid: number;
  readonly mask: number;
}

/** Memory that a device goes on using while no driver has it: an RMR node, or reserved-memory with `iommu-addresses`. */
export interface ReservedRegion {
  /** The device, where the table says it. Untrusted text. */
  readonly name: string | null;
  readonly sids: readonly number[];
  /** `end` is exclusive. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  /** Whether the driver installs bypass STEs for it, which it does for RMR nodes only. */
  readonly bypassed: boolean;
}

const REQUESTER_IDS = 1 << 16;

/** More than any machine has; the rest of a table of garbage is passed over. */
const MAX_RANGES = 1 << 14;
export const MAX_RESERVED_SIDS = 1 << 12;

/** The parts of a table that a builder fills. */
export class SmmuBuilder {
  readonly #about: Pick<FirmwareSmmu, 'name' | 'base' | 'coherent'>;
  readonly #ranges: IdRange[] = [];
  readonly #reserved: ReservedRegion[] = [];
  #room = MAX_RESERVED_SIDS;
  readonly #problems: Problems;

  constructor(about: Pick<FirmwareSmmu, 'name' | 'base' | 'coherent'>, problems: Problems) {
    this.#about = about;
    this.#problems = problems;
  }

  add({ kind, name, segment, firstId, count: given, firstSid, mask }: IdRange): void {
    const whole = Math.min(given, 2 ** 32 - firstSid);
    const count = kind === 'pci' ? Math.min(whole, REQUESTER_IDS - firstId) : whole;
    if (count <= 0) this.#problems.add({ kind: 'impossible-ids', name });
    else if (this.#ranges.length < MAX_RANGES) {
      this.#ranges.push({ kind, name, segment, firstId, count, firstSid, mask });
    } else this.#problems.add({ kind: 'ranges-cut', name: this.#about.name, limit: MAX_RANGES });
  }

  reserve(region: ReservedRegion): void {
    const sids = region.sids.slice(0, this.#room);
    if (sids.length < region.sids.length) {
      this.#problems.add({ kind: 'reserved-sids-cut', name: this.#about.name, limit: MAX_RESERVED_SIDS });
    }
    if (sids.length > 0) this.#reserved.push({ ...region, sids });
    this.#room -= sids.length;
  }

  build(): FirmwareSmmu {
    return { ...this.#about, ranges: this.#ranges, reserved: this.#reserved };
  }
}

/** A table of garbage has as many problems as entries. */
const MAX_PROBLEMS = 20;

/** What is wrong with a table, each thing once, the first of them. */
export class Problems {
  /** By what they say. */
  readonly #listed = new Map<string, FirmwareProblem>();
  #more = false;

  add(problem: FirmwareProblem): void {
    const key = JSON.stringify(problem);
    if (this.#listed.size < MAX_PROBLEMS) this.#listed.set(key, problem);
    else if (!this.#listed.has(key)) this.#more = true;
  }

  get all(): FirmwareProblem[] {
    const listed = [...this.#listed.values()];
    return this.#more ? [...listed, { kind: 'more', limit: MAX_PROBLEMS }] : listed;
  }
}
