/**
 * Where the SMMU's own structures are: in RAM, in the kdump kernel's memory, in the registers of a device, in nothing, or
 * beyond what the SMMU can address; and which of them lie on top of each other.
 */

import { maskedAddress } from '../../adopt/device.ts';
import type { AddressRange } from '../../dump/memory.ts';
import { firstIndex } from '../../lists.ts';
import { oasBits } from '../../smmu/registers/hardware-features.ts';
import {
  CD_BYTE_LENGTH,
  cdArrayCount,
  cdArrays,
  cdTableByteLength,
  isTwoLevel,
} from '../../smmu/structures/cd-table.ts';
import { L1STD_BYTE_LENGTH, l1Pointer, STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import { isNeverGiven } from '../../tables/table-registers.ts';
import type { Outside, StructureKind } from '../prose/structures.ts';
import { l1Location } from '../table-findings.ts';
import { type RiskContext, sidLocation } from './context.ts';
import { idOf, reportAliases, reportOverlaps, type Structure } from './overlaps.ts';
import { queueRanges } from './queue-ranges.ts';
import { cdTableOfStream, type SeenSte, type StreamCheck } from './streams.ts';

/** Hostile tables lead to millions; what Linux builds at most is two thousand times less than this for each SMMU in use. */
const MAX_STRUCTURES = 1 << 17;
/** Descriptors of CD tables that are gone through: tables of garbage may name the same few leaves over and over again. */
const MAX_LEAVES_MET = 1 << 20;

const QUEUES: ReadonlySet<StructureKind> = new Set(['command-queue', 'event-queue', 'pri-queue']);

export class StructureCheck implements StreamCheck {
  readonly #context: RiskContext;
  readonly #structures: Structure[] = [];
  /** CD tables that were met before: many streams share one. */
  readonly #seen = new Set<number>();
  #cut = false;
  #leavesLeft = MAX_LEAVES_MET;
  #said: ReadonlySet<number | bigint> | null = null;

  constructor(context: RiskContext) {
    this.#context = context;
    const { geometry } = context.view;
    const twoLevel = geometry.format === '2lvl';
    const base = { kind: twoLevel ? 'l1-table' : 'stream-table', of: 0, start: geometry.base } as const;
    const byteLength = geometry.entries * (twoLevel ? L1STD_BYTE_LENGTH : STE_BYTE_LENGTH);
    const kernelStart = maskedAddress(context.registers.bits('STRTAB_BASE', 'ADDR'));
    const address = geometry.base;
    if (!isNeverGiven(context.smmu)) {
      this.#add({ ...base, kernelStart, end: geometry.base + byteLength, location: () => ({ address }) });
    }
    for (const { name, start, end } of queueRanges(context.smmu)) {
      this.#add({
        kind: name,
        of: 0,
        start,
        kernelStart: start,
        end,
        location: () => ({ address: start }),
      });
    }
    for (const { index, paddr, low, high, stes, l2 } of context.view.l1Entries(false)) {
      if (stes === 0 || this.#cut) continue;
      const location = () => l1Location(context.view, index, paddr);
      const own = { start: l2, kernelStart: l1Pointer(low, high), end: l2 + stes * STE_BYTE_LENGTH };
      this.#add({ kind: 'l2-table', of: index, ...own, location });
    }
  }

  ste(ste: SeenSte): void {
    // What the hardware refuses leads nowhere.
    if (ste.config !== 's1' || ste.illegal.length > 0) return;
    const table = cdTableOfStream(ste, this.#context);
    const add = (kind: 'cd-table' | 'cd-leaf', start: number, length: number) => {
      if (this.#seen.has(start)) return;
      this.#seen.add(start);
      this.#add({
        kind,
        of: ste.sid,
        start,
        kernelStart: start,
        end: start + length,
        location: () => sidLocation(ste.sid, start),
      });
    };
    if (this.#seen.has(table.paddr)) return;
    add('cd-table', table.paddr, cdTableByteLength(table));
    if (!isTwoLevel(table)) return;
    this.#leavesLeft -= cdArrayCount(table);
    this.#cut ||= this.#leavesLeft < 0;
    if (this.#cut) return;
    for (const { paddr, count } of cdArrays(table, this.#context.memory, () => {})) {
      if (this.#cut) return;
      add('cd-leaf', paddr, count * CD_BYTE_LENGTH);
    }
  }

  done(): void {
    const { findings } = this.#context;
    for (const structure of this.#structures) this.#judgePlace(structure);
    const sorted = this.#structures.toSorted((a, b) => a.start - b.start || a.end - b.end);
    reportAliases(sorted, this.#context);
    reportOverlaps(sorted, this.#context);
    if (this.#cut) findings.add('risks-cut', { what: 'structures', examined: this.#structures.length });
  }

  #add(structure: Structure): void {
    if (this.#structures.length < MAX_STRUCTURES) this.#structures.push(structure);
    else this.#cut = true;
  }

  /** Of what the CPU would read; only the address size is a matter of the hardware. */
  #judgePlace(structure: Structure): void {
    const { map, memory, hw, paBits, kdumpRam, registerPages, findings } = this.#context;
    const { kind, kernelStart: start } = structure;
    const byteLength = structure.end - structure.start;
    const range = { start, end: start + byteLength };
    const placed = () => ({ structure: idOf(structure), address: start, byteLength });
    const isRead = this.#kernelReads(structure);
    // Its mapping is refused, which the emulation tells, so that it is not read after all.
    if (isRead && range.end > 2 ** paBits) return;
    const oas = oasBits(hw);
    if (oas !== null && structure.end > 2 ** oas) {
      findings.add('structure-above-oas', { ...placed(), oasBits: oas }, structure.location());
    }
    const kdump = kdumpRam.find((one) => intersects(one, range));
    if (kdump !== undefined) {
      findings.add(
        'structure-in-kdump-memory',
        { ...placed(), how: howIn(range, kdump), mapped: isRead },
        structure.location(),
      );
      // A pointer there was written by the kdump kernel; the registers, the snapshot says, were read before.
      if (isPointedTo(kind) && kdump.start <= start && range.end <= kdump.end) {
        findings.add(
          'rewritten-after-adoption',
          { what: { kind: 'to-structure', structure: idOf(structure) }, address: start },
          structure.location(),
        );
      }
      return;
    }
    const registers = pageIn(registerPages, range);
    const runs = map.complete ? map.runs(start, byteLength) : [];
    const device = runs.find((run) => run.kind === 'device');
    const hole = runs.some((run) => run.kind === 'hole');
    if (registers !== undefined || device !== undefined || hole) {
      const where: Outside =
        registers !== undefined
          ? { kind: 'registers', device: registers.name }
          : device === undefined
            ? { kind: 'hole' }
            : { kind: 'registers', device: map.deviceAt(start + device.offset) };
      if (!isRead) findings.add('structure-unreachable', { ...placed(), where }, structure.location());
      else if (where.kind === 'hole') findings.add('structure-in-hole', placed(), structure.location());
      else findings.add('structure-in-mmio', { ...placed(), device: where.device }, structure.location());
    } else if (!map.complete && memory.isWhollyRam(start, byteLength) === false && !this.#alreadySaid(kind, start)) {
      findings.add(
        'structure-outside-ram',
        { ...placed(), state: memory.stateOf(start, byteLength) },
        structure.location(),
      );
    }
  }

  /**
   * Queues are left alone, CDs through v7; an L2 table is read for the first device of its bus, if not before, unless
   * the pointer is null: that is no table to one revision, and a reason to reject all of them to another.
   */
  #kernelReads({ kind, kernelStart }: Structure): boolean {
    const { verdict, revision } = this.#context.emulation;
    if (verdict !== 'adopted' && verdict !== 'indeterminate' && verdict !== 'panic') return false;
    if (QUEUES.has(kind) || (kind === 'l2-table' && kernelStart === 0)) return false;
    return revision.reservesIds || (kind !== 'cd-table' && kind !== 'cd-leaf');
  }

  /** The emulation has found that it cannot be mapped, for the same reason. */
  #alreadySaid(kind: Structure['kind'], start: number): boolean {
    this.#said ??= new Set<number | bigint>(
      this.#context.findings.all.flatMap(({ rule, args }) =>
        rule === 'strtab-outside-memory' ? [args.address] : rule === 'l2-outside-memory' ? [args.l2] : [],
      ),
    );
    if (this.#said.has(start)) return true;
    // Where too many were found to list them, this is one more.
    return kind === 'l2-table' && this.#context.findings.isFull('l2-outside-memory');
  }
}

function isPointedTo(kind: Structure['kind']): boolean {
  return kind === 'l2-table' || kind === 'cd-table' || kind === 'cd-leaf';
}

function intersects(a: AddressRange, b: AddressRange): boolean {
  return a.start < b.end && b.start < a.end;
}

/** memremap() looks at the first page only, so where a table begins decides what is mapped. */
function howIn({ start, end }: AddressRange, kdump: AddressRange): 'inside' | 'across its start' | 'across its end' {
  if (start < kdump.start) return 'across its start';
  return end > kdump.end ? 'across its end' : 'inside';
}

/** The first of the register pages, all of one length and in the order of their addresses, that a range touches. */
function pageIn<T extends AddressRange>(pages: readonly T[], range: AddressRange): T | undefined {
  const page = pages[firstIndex(pages, ({ end }) => end > range.start)];
  return page !== undefined && intersects(page, range) ? page : undefined;
}
