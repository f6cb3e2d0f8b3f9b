/** A small machine in memory: tables made by an `Image`, the registers of a server's SMMU, and one inspection of both. */

import { Image } from '../../../samples/image.ts';
import { openElf } from '../../../src/dump/formats/elf.ts';
import {
  type Inspection,
  type InspectOptions,
  inspect,
  type OpenedDump,
  parseIomem,
  parseSnapshot,
  type SmmuReport,
} from '../../../src/index.ts';
import { type Published, publishedInspection } from '../published.ts';
import { MemorySource } from '../sources.ts';
import { elfCore } from '../writers/elf-writer.ts';

/** A two-level table for 2^12 StreamIDs at {@link L1}, two-level CD tables, 20 bits of SubstreamID, no ATS. */
export const REGISTERS = {
  IDR0: '0x0d4c101b',
  IDR1: '0x02730510',
  IDR5: '0x74',
  CR0: '0xd',
  GBPA: '0x1000',
  GERROR: '0x0',
  GERRORN: '0x0',
  STRTAB_BASE: '0x4000000088000000',
  STRTAB_BASE_CFG: '0x1020c',
};

export const L1 = 0x8800_0000;
export const L2_BUS0 = 0x8801_0000;
export const L2_BUS1 = 0x8801_4000;
export const CDS = 0x8802_0000;
/** A linear table for 64 StreamIDs, where a machine has one. */
export const LINEAR = 0x8810_0000;
export const LINEAR_REGISTERS = { STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' };

/** Where the crashkernel reservation is, and a device and a hole behind RAM. */
export const IOMEM = [
  '09000000-09000fff : pl011@9000000',
  '80000000-8fffffff : System RAM',
  '  8c000000-8dffffff : Crash kernel',
];
export const UART = 0x900_0000;
export const KDUMP_START = 0x8c00_0000;
export const KDUMP_END = 0x8e00_0000;
export const HOLE = 0x1_7000_0000;

/** Two busses with a stream in bypass each: every revision does the same with them. */
export const bypassOnTwoBusses = () =>
  new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 1, 9, L2_BUS1)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 8, { V: 1, Config: 4 })
    .ste(L2_BUS1, 0, { V: 1, Config: 4 });

export interface MachineOptions extends Omit<InspectOptions, 'later' | 'iomem'> {
  /** Values other than those of a healthy machine; null for a register that the snapshot lacks. */
  readonly registers?: Readonly<Record<string, string | null>>;
  /** How registers are known, as in the snapshot. */
  readonly provenance?: Readonly<Record<string, { readonly how: string }>> | undefined;
  readonly firmwareCoherent?: boolean;
  readonly name?: string;
  readonly base?: string | null;
  readonly later?: Image;
  readonly iomem?: readonly string[];
}

/** As it is published, and what that was made from. */
export type Inspected = Published<Inspection> & {
  readonly smmu: Published<SmmuReport>;
  readonly facts: Inspection;
};

export async function inspectMachine(memory: Image, options: MachineOptions = {}): Promise<Inspected> {
  const { registers = {}, provenance, firmwareCoherent, name = 'smmu0', base = null, later, iomem, ...rest } = options;
  const present = Object.entries({ ...REGISTERS, ...registers }).filter(([, value]) => value !== null);
  const smmu = {
    name,
    ...(base === null ? {} : { base }),
    registers: Object.fromEntries(present),
    ...(provenance === undefined ? {} : { provenance }),
    ...(firmwareCoherent === undefined ? {} : { firmware: { coherent: firmwareCoherent } }),
  };
  const facts = await inspect(
    dumpOf(memory),
    parseSnapshot({ captured: 'before-kdump-probe', smmus: [smmu] }, 'regs.json'),
    {
      ...rest,
      later: later && dumpOf(later),
      iomem: iomem && parseIomem(iomem.map((line) => `${line}\n`).join(''), 'iomem.txt'),
    },
  );
  return publishedLater(facts);
}

/** With its SMMUs published when they are asked for: they are nearly all of it, and many tests are of the findings alone. */
function publishedLater(facts: Inspection): Inspected {
  let made: Published<Inspection>['smmus'] | undefined;
  const smmus = () => {
    made ??= publishedInspection(facts).smmus;
    return made;
  };
  return {
    ...publishedInspection({ ...facts, smmus: [] }),
    facts,
    get smmus() {
      return smmus();
    },
    get smmu() {
      return smmus()[0] as Published<SmmuReport>;
    },
  };
}

/** An opened ELF core of these pages. */
export function dumpOf(memory: Image): OpenedDump {
  const contents = openElf(new MemorySource(elfCore(memory.extents()).bytes));
  return { ...contents, files: ['dump'], paths: [], close: () => {}, loadMapIgnored: false };
}

/** The predicted log as the kernel would print it, without levels. */
export function logOf({ smmu }: Inspected): string[] {
  return smmu.kernelLog.map(({ text }) => text);
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
