/**
 * A second, deliberately plain model of the adoption: one function for each stage, written from the behaviour of the
 * series and from nothing else in this repository, so that what it shares with the library is right or misread twice.
 * Comments name the section or the test of that behaviour. Slow and literal on purpose: it reads word by word, and every
 * function answers an errno, as the driver's do.
 *
 * Conventions of the conformance set hold: a mapping succeeds if and only if all of it is RAM, allocations never fail,
 * and the running kernel is a kdump kernel. With those the differences between v6 and v7 shrink to the level of the
 * first message: the coherency assertion of v6 repeats G2, and the registration of the cleanup never fails.
 */

import type { Expectation, ExpectedInsert, ExpectedLogLine } from '../expectation.ts';

/** In the order in which they were posted. */
export const MODEL_REVISIONS = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9', 'v10', 'next'] as const;

export type ModelRevision = (typeof MODEL_REVISIONS)[number];

export interface ModelInput {
  /** By architecture name; all that the stages read must be there. */
  readonly registers: ReadonlyMap<string, bigint>;
  /** The firmware's word on coherency, null when it has none: then IDR0.COHACC counts. */
  readonly firmwareCoherent: boolean | null;
  readonly memory: SparseMemory;
  /** The memory at the time of the insertions, when it is another. */
  readonly laterMemory?: SparseMemory | undefined;
  readonly insertSids: readonly number[];
  readonly revision: ModelRevision;
  /** The kdump kernel's own memory; null where it is not known. */
  readonly kdumpRam?: { readonly start: number; readonly end: number } | null;
  /** How many ASIDs, from 1 on, the domains of an SMMU that probed before have been given. */
  readonly asidsGivenOut?: number | undefined;
  /** Hears of every rule that decided something. */
  readonly met?: ((rule: Rule) => void) | undefined;
}

const ENXIO = 6;
const ENOMEM = 12;
const EBUSY = 16;
const EINVAL = 22;
const ERANGE = 34;

const STE_BYTES = 64;
const CD_BYTES = 64;
const DESCRIPTOR_BYTES = 8;
const SPLIT = 8;
const SPAN = 9;
const L2_STES = 256;
const L2_BYTES = L2_STES * STE_BYTES;
const MAX_L1_ENTRIES = 2 ** 17;
const LEAF_CDS = 1024;
const LEAF_BYTES = LEAF_CDS * CD_BYTES;

/** Whether a revision has what came with another one. */
export function since(revision: ModelRevision, first: ModelRevision): boolean {
  return MODEL_REVISIONS.indexOf(revision) >= MODEL_REVISIONS.indexOf(first);
}

const from = (first: ModelRevision) => MODEL_REVISIONS.filter((one) => since(one, first));
const before = (first: ModelRevision) => MODEL_REVISIONS.filter((one) => !since(one, first));
const between = (first: ModelRevision, last: ModelRevision) => from(first).filter((one) => since(last, one));

const ALL = MODEL_REVISIONS;
const LENIENT = before('v8');
/** Those that map L2 tables for the devices that need them, as all do but the first three. */
const LAZY = from('v4');
const FIRST_TWO = before('v3');
const OVERLAPS = between('v3', 'v5');
const STRICT = from('v8');

/** Every rule by name, with the revisions that have it. For checking that generated machines meet each of them. */
export const RULES = {
  'G1 SMMU off': ALL,
  'G2 not coherent': ALL,
  'G3 service failure mode': from('v3'),
  'G3 service failure mode, not asked': FIRST_TWO,
  'gate passed': ALL,

  'FMT 2 or 3': ALL,
  'FMT 1 without the two-level feature': from('v2'),
  'FMT 1 without the two-level feature, forced': ['v1'],
  'T1 LOG2SIZE below SPLIT': ALL,
  'T1 LOG2SIZE above SIDSIZE': from('v3'),
  'T1 LOG2SIZE above SIDSIZE but accepted': FIRST_TWO,
  'T2 SPLIT': ALL,
  'T3 too many L1 entries': from('v3'),
  'T3 entries without bound': FIRST_TWO,
  'T4 L1 overlaps': OVERLAPS,
  'T4 L1 overlap unknown': OVERLAPS,
  'T5 L1 unaligned': STRICT,
  'T6 L1 unmappable': ALL,
  'T7 array refused': ALL,
  'T7 array open': FIRST_TWO,
  'T8 span 0': ALL,
  'T8 null pointer passed over': LENIENT,
  'T8 other span': from('v3'),
  'T8 other span but mapped': FIRST_TWO,
  'T8 L2 overlaps': OVERLAPS,
  'T8 L2 overlap unknown': OVERLAPS,
  'T8 L2 mapped': before('v4'),
  'T8 L2 unmappable': ['v3'],
  'T8 L2 unmappable but kept': FIRST_TWO,
  'T8 other span with null pointer': STRICT,
  'T8 null pointer': STRICT,
  'T8 L2 unaligned': STRICT,
  'T8 L2 unaligned but accepted': LENIENT,
  'T8 L2 accepted': ALL,

  'N1 above 25': from('v4'),
  'N1 above SIDSIZE': from('v3'),
  'N1 above 31': from('v3'),
  'N1 above SIDSIZE but accepted': [...FIRST_TWO, ...between('v4', 'v8')],
  'N1 without bound': FIRST_TWO,
  'N2 linear overlaps': OVERLAPS,
  'N2 linear overlap unknown': OVERLAPS,
  'N3 linear unaligned': STRICT,
  'N4 linear unmappable': from('v3'),
  'N4 linear unmappable but kept': FIRST_TWO,
  'linear accepted': ALL,
  'linear accepted on two-level hardware': ALL,

  'scan: L2 unmappable': STRICT,
  'scan: STE invalid': STRICT,
  'scan: STE abort or bypass': STRICT,
  'scan: STE with reserved Config': STRICT,
  'scan: VMID 0': STRICT,
  'scan: VMID too wide': STRICT,
  'scan: VMID reserved': STRICT,
  'scan: VMID reserved by a nested STE': STRICT,
  'scan: CD table null': STRICT,
  'scan: S1CDMax above SSIDSIZE': STRICT,
  'scan: S1Fmt 1 or 3': STRICT,
  'scan: S1Fmt 2 without CD2L': from('v9'),
  'scan: S1Fmt 2 without CD2L but read': ['v8'],
  'scan: linear CD table unaligned': from('v10'),
  'scan: two-level CD table unaligned': from('v10'),
  'scan: CD table unaligned but read': between('v8', 'v9'),
  'scan: CD table unmappable': STRICT,
  'scan: CD leaf unused': STRICT,
  'scan: CD leaf null': from('v9'),
  'scan: CD leaf null but read': ['v8'],
  'scan: CD leaf unaligned': from('v10'),
  'scan: CD leaf unaligned but read': between('v8', 'v9'),
  'scan: CD leaf unmappable': STRICT,
  'scan: CD invalid': STRICT,
  'scan: ASID 0': STRICT,
  'scan: ASID too wide': STRICT,
  'scan: ASID reserved': STRICT,
  'scan: ASID met again': STRICT,
  'scan: ASID of a domain': between('v8', 'v9'),
  'scan: ASID of a domain elsewhere': from('v10'),

  'insert: beyond the L1 table': ALL,
  'insert: beyond the linear table': ALL,
  'insert: linear': ALL,
  'insert: L2 there already': ALL,
  'insert: fresh L2 for span 0': ALL,
  'insert: fresh L2 for a null pointer': LENIENT,
  'insert: fresh L2 whatever the descriptor says': before('v4'),
  'insert: span changed': LAZY,
  'insert: L2 overlaps': ['v5'],
  'insert: L2 overlap unknown': ['v5'],
  'insert: null pointer': STRICT,
  'insert: L2 unaligned': STRICT,
  // What is no RAM, v5 does not come to map: nobody knows whether it overlaps a device.
  'insert: L2 unmappable': LAZY.filter((one) => one !== 'v5'),
  'insert: L2 adopted': LAZY,
  'insert: L2 unaligned but adopted': between('v4', 'v7'),
} as const satisfies Readonly<Record<string, readonly ModelRevision[]>>;

export type Rule = keyof typeof RULES;

/** Physical memory out of stretches of bytes; whatever they do not cover is no RAM. */
export class SparseMemory {
  readonly #extents: readonly { readonly paddr: number; readonly bytes: Uint8Array; readonly view: DataView }[];

  constructor(extents: readonly { readonly paddr: number; readonly bytes: Uint8Array }[]) {
    this.#extents = [...extents]
      .sort((a, b) => a.paddr - b.paddr)
      .map(({ paddr, bytes }) => {
        return { paddr, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
      });
  }

  isRam(paddr: number, byteLength: number): boolean {
    let at = paddr;
    for (const extent of this.#extents) {
      const end = extent.paddr + extent.bytes.length;
      if (extent.paddr <= at && at < end) at = end;
    }
    return at >= paddr + byteLength;
  }

  /** The little-endian 64-bit word at `paddr`, which may lie across two extents. */
  word(paddr: number): bigint {
    for (const { paddr: start, view } of this.#extents) {
      const at = paddr - start;
      if (at >= 0 && at + 8 <= view.byteLength) return view.getBigUint64(at, true);
    }
    let word = 0n;
    for (let i = 7; i >= 0; i--) word = (word << 8n) | BigInt(this.#byte(paddr + i));
    return word;
  }

  #byte(paddr: number): number {
    for (const { paddr: start, bytes } of this.#extents) {
      const byte = bytes[paddr - start];
      if (byte !== undefined) return byte;
    }
    throw new Error(`the model read 0x${paddr.toString(16)}, which is no RAM`);
  }
}

export interface Mapping {
  readonly kind: 'memremap' | 'devm_memremap';
  readonly pa: string;
  readonly size: number;
  readonly ok: boolean;
  held: boolean;
  released: boolean;
}

/** The stream table that was adopted. */
export interface Table {
  readonly format: '2lvl' | 'linear';
  readonly base: number;
  readonly entries: number;
  readonly mapping: Mapping;
}

/** The SMMU and the kernel while the stages run. */
export interface Machine {
  readonly input: ModelInput;
  readonly revision: ModelRevision;
  memory: SparseMemory;
  /** Driver features; the first one is switched off when a linear table is adopted. */
  twoLevelStreamTable: boolean;
  /** Whether the hardware has it. */
  readonly twoLevelHardware: boolean;
  /** An overlap test has not been answered. */
  overlapUnknown: boolean;
  readonly twoLevelCdTable: boolean;
  readonly coherent: boolean;
  log: ExpectedLogLine[];
  maps: Mapping[];
  warnOn: number;
  /** Whether the insertion at hand allocated an L2 table. */
  fresh: boolean;
  readonly asids: Set<number>;
  readonly vmids: Set<number>;
  /** L1 slots that have an L2 table, adopted or fresh. */
  readonly slots: Set<number>;
  readonly met: (rule: Rule) => void;
}

/** How an adoption ends that leaves no table behind. */
export interface Failure {
  readonly verdict: string;
  readonly ret: number | null;
  /** The option bit in the end. */
  readonly option: boolean | null;
}

/** An SMMU behind its gate and the adoption of its table: the adopted one, or how that ended. */
export interface Life {
  readonly machine: Machine;
  readonly ended: Table | Failure;
}

/** Everything that happens, from the probe to the insertion of the last device (1.2). */
export function modelAdoption(input: ModelInput): Expectation {
  const life = begin(input);
  const { log, maps } = life.machine;
  const inserts = 'verdict' in life.ended ? [] : insertAll(life.machine, life.ended);
  return reported(life, { log, maps }, inserts);
}

/** Until the queues are set up (1.3 to 1.6). */
export function begin(input: ModelInput): Life {
  const machine = probe(input);
  const ended = gate(machine) ? adopt(machine) : { verdict: 'not-attempted', ret: null, option: false };
  return { machine, ended };
}

/** In the words of the set; `log` and `maps` are those of the adoption. */
export function reported(
  { machine, ended }: Life,
  { log, maps }: Pick<Machine, 'log' | 'maps'>,
  inserts: readonly ExpectedInsert[],
): Expectation {
  const { input } = machine;
  const table = 'verdict' in ended ? null : ended;
  const { verdict, ret, option } = 'verdict' in ended ? ended : { verdict: 'adopted', ret: 0, option: true };
  // Section 4: what is still mapped in the end is released once, by the cleanup or with the SMMU.
  for (const mapping of maps) mapping.released = mapping.ok;

  return {
    revision: input.revision,
    ret,
    verdict,
    format: table === null ? null : table.format,
    ...(table?.format === '2lvl' ? { num_l1_ents: table.entries } : {}),
    ...(table?.format === 'linear' ? { num_ents: table.entries } : {}),
    table_format: ['linear', '2lvl', 'reserved', 'reserved'][field(machine, 'STRTAB_BASE_CFG', 17, 16)] as string,
    features_after: {
      '2_LVL_STRTAB': machine.twoLevelStreamTable,
      '2_LVL_CDTAB': machine.twoLevelCdTable,
      COHERENCY: machine.coherent,
    },
    option_kdump_adopt_after: option,
    log,
    warn_on: machine.warnOn,
    maps,
    reserved:
      table === null ? { asids: [], vmids: [] } : { asids: ascending(machine.asids), vmids: ascending(machine.vmids) },
    inserts,
    teardown: { leaked: 0, double_released: 0 },
  };
}

/** Section 0: the driver's features. */
function probe(input: ModelInput): Machine {
  const machine = {
    input,
    revision: input.revision,
    memory: input.memory,
    log: [],
    maps: [],
    warnOn: 0,
    fresh: false,
    asids: new Set<number>(),
    vmids: new Set<number>(),
    slots: new Set<number>(),
    met: input.met ?? (() => {}),
  };
  const twoLevelHardware = field(machine, 'IDR0', 28, 27) === 1 && field(machine, 'IDR1', 5, 0) > 8;
  return {
    ...machine,
    overlapUnknown: false,
    twoLevelHardware,
    twoLevelStreamTable: twoLevelHardware,
    twoLevelCdTable: field(machine, 'IDR0', 19, 19) === 1,
    coherent: input.firmwareCoherent ?? field(machine, 'IDR0', 4, 4) === 1,
  };
}

/** 1.3: whether an adoption is attempted at all. */
function gate(machine: Machine): boolean {
  // G1
  if (field(machine, 'CR0', 0, 0) === 0) {
    machine.met('G1 SMMU off');
    return false;
  }
  // G2
  if (!machine.coherent) {
    machine.met('G2 not coherent');
    sayNonCoherent(machine);
    return false;
  }
  // G3: an error is active where the two registers differ.
  const failing = field(machine, 'GERROR', 8, 8) !== field(machine, 'GERRORN', 8, 8);
  if (failing && !since(machine.revision, 'v3')) machine.met('G3 service failure mode, not asked');
  else if (failing) {
    machine.met('G3 service failure mode');
    say(machine, 'warn', 'SMMU in Service Failure Mode, must reset');
    return false;
  }
  machine.met('gate passed');
  return true;
}

/** 1.3, G2: what each revision says, or that it says nothing. */
function sayNonCoherent(machine: Machine): void {
  if (since(machine.revision, 'v5')) {
    say(machine, 'warn', 'non-coherent SMMU unsupported; reset to block all DMAs');
  } else if (since(machine.revision, 'v3')) say(machine, 'warn', "non-coherent SMMU can't adopt stream table");
  else if (since(machine.revision, 'v2')) say(machine, 'warn', 'in-flight DMA would be rejected');
}

/** 1.4 to 1.6: the adopted table, or how it ends without one. */
function adopt(machine: Machine): Table | Failure {
  const level = since(machine.revision, 'v7') ? 'debug' : 'info';
  say(machine, level, "adopting crashed kernel's stream table");

  const table = parseStreamTable(machine);
  if (typeof table === 'number') return giveUp(machine, table);
  if (typeof table === 'string') {
    const verdict = table === 'dies' ? 'panic' : 'indeterminate';
    return { verdict, ret: null, option: null };
  }
  // Whatever else fails decides; where nothing does, the test would have.
  if (machine.overlapUnknown) {
    if (table.format === 'linear' && since(machine.revision, 'v4')) machine.twoLevelStreamTable = false;
    return { verdict: 'indeterminate', ret: null, option: null };
  }

  // 1.5: v8 on.
  if (since(machine.revision, 'v8')) {
    const ret = scan(machine, table);
    if (ret < 0) {
      say(machine, 'warn', 'failed to reserve in-use ASIDs/VMIDs');
      return giveUp(machine, ret);
    }
  }

  // 1.4: from here on all indexing is linear.
  if (table.format === 'linear') machine.twoLevelStreamTable = false;
  return table;
}

/** 1.6, and what there was before it. */
function giveUp(machine: Machine, ret: number): Failure {
  const { revision } = machine;
  if (!since(revision, 'v3')) return { verdict: 'probe-fails', ret, option: true };
  // v3 comes back too early: the option stays, and the reset believes that there is a table.
  const tooEarly = field(machine, 'STRTAB_BASE_CFG', 17, 16) === 1 && !machine.twoLevelHardware;
  if (revision === 'v3' && tooEarly) return { verdict: 'never-programmed', ret, option: true };
  say(machine, 'warn', 'falling back to full reset');
  // Section 4: v3 leaves what it has mapped to devres.
  if (since(revision, 'v4')) for (const mapping of machine.maps) unmap(mapping);
  return { verdict: 'fallback', ret, option: false };
}

/** What ends the parsing of a table, beside an errno: a read that kills the kernel, or what nobody can tell. */
type Stop = 'dies' | 'open';

/** 1.4: the dispatch on the format. */
function parseStreamTable(machine: Machine): Table | number | Stop {
  const format = field(machine, 'STRTAB_BASE_CFG', 17, 16);
  if (format === 1) {
    if (machine.revision === 'v1') {
      if (!machine.twoLevelStreamTable) machine.met('FMT 1 without the two-level feature, forced');
      machine.twoLevelStreamTable = true;
    }
    if (!machine.twoLevelStreamTable) {
      machine.met('FMT 1 without the two-level feature');
      machine.warnOn += 1;
      return -EINVAL;
    }
    return parseTwoLevel(machine);
  }
  if (format === 0) {
    // v1 to v3 switch the feature off before they look.
    if (!since(machine.revision, 'v4')) machine.twoLevelStreamTable = false;
    return parseLinear(machine);
  }
  machine.met('FMT 2 or 3');
  say(machine, 'err', `invalid STRTAB format ${format}`);
  return -EINVAL;
}

/** 1.4: the two-level path. */
function parseTwoLevel(machine: Machine): Table | number | Stop {
  const bounded = since(machine.revision, 'v3');
  const base = address(register(machine, 'STRTAB_BASE'), 51, 6);
  const log2size = field(machine, 'STRTAB_BASE_CFG', 5, 0);
  const split = field(machine, 'STRTAB_BASE_CFG', 10, 6);
  const sidSize = field(machine, 'IDR1', 5, 0);
  // T1
  if (log2size < split || (bounded && log2size > sidSize)) {
    machine.met(log2size < split ? 'T1 LOG2SIZE below SPLIT' : 'T1 LOG2SIZE above SIDSIZE');
    if (bounded) sayParsing(machine, `log2size ${log2size} out of range [${split}, ${sidSize}]`);
    else sayParsing(machine, `invalid log2size ${log2size} < split ${split}`);
    return -EINVAL;
  }
  if (log2size > sidSize) machine.met('T1 LOG2SIZE above SIDSIZE but accepted');
  // T2
  if (split !== SPLIT) {
    machine.met('T2 SPLIT');
    sayParsing(machine, `unsupported STRTAB_SPLIT ${split} (expected ${SPLIT})`);
    return -EINVAL;
  }
  // T3
  const entries = 2 ** (log2size - SPLIT);
  if (entries > MAX_L1_ENTRIES) machine.met(bounded ? 'T3 too many L1 entries' : 'T3 entries without bound');
  // A shift in 32 bits, before v10 without a look at how far.
  if (!since(machine.revision, 'v10') && entries >= 2 ** 32) return 'open';
  if (bounded && entries > MAX_L1_ENTRIES) {
    const count = since(machine.revision, 'v10') ? `2^${log2size - SPLIT}` : `${entries}`;
    sayParsing(machine, `l1 entries ${count} exceeds max ${MAX_L1_ENTRIES}`);
    return -EINVAL;
  }
  // T4
  const byteLength = entries * DESCRIPTOR_BYTES;
  if (overlaps(machine, base, byteLength, ['T4 L1 overlaps', 'T4 L1 overlap unknown'])) {
    sayParsing(machine, 'l1 stream table is corrupted');
    return -EINVAL;
  }
  // T5
  if (since(machine.revision, 'v8') && base % byteLength !== 0) {
    machine.met('T5 L1 unaligned');
    sayParsing(machine, `unaligned l1 stream table base ${pa(base)}`);
    return -EINVAL;
  }
  // T6
  const mapping = mapTable(machine, base, byteLength);
  if (!mapping.ok) machine.met('T6 L1 unmappable');
  if (!mapping.ok && bounded) return mapError(machine);
  // T7: one piece of the kernel's own memory, behind 128 bytes of the device's where that manages it.
  const array = allocates(machine, entries * 8 + (since(machine.revision, 'v6') ? 0 : 128), false);
  if (array !== 'yes') machine.met(array === 'no' ? 'T7 array refused' : 'T7 array open');
  if (array !== 'yes') return array === 'no' ? -ENOMEM : 'open';
  // v1 and v2 read through the error code of the mapping.
  if (!mapping.ok) return 'dies';
  // T8
  for (let index = 0; index < entries; index++) {
    const ret = checkL1Descriptor(machine, index, machine.memory.word(base + index * DESCRIPTOR_BYTES));
    if (ret < 0) return ret;
  }
  return { format: '2lvl', base, entries, mapping };
}

/**
 * Memory in one piece, with pages of 4 KiB. A block of the page allocator has 2^10 of them, by configuration up to 2^15; for
 * the memory of a device there may be CMA. No kernel has more than all of its memory.
 */
export function allocates({ input: { kdumpRam = null } }: Machine, byteLength: number, ofDevice: boolean) {
  if (kdumpRam !== null && byteLength > kdumpRam.end - kdumpRam.start) return 'no';
  if (byteLength <= 2 ** 22) return 'yes';
  return !ofDevice && byteLength > 2 ** 27 ? 'no' : 'open';
}

/** T4 and N2, v3 to v5: what of the kdump kernel is there. What cannot be told is noted, and passes. */
function overlaps(machine: Machine, paddr: number, byteLength: number, met: readonly [hit: Rule, open: Rule]): boolean {
  const found = overlap(machine, paddr, byteLength);
  if (found === null) {
    machine.met(met[1]);
    machine.overlapUnknown = true;
  } else if (found) machine.met(met[0]);
  return found === true;
}

function overlap({ revision, memory, input }: Machine, paddr: number, byteLength: number): boolean | null {
  if (!since(revision, 'v3') || since(revision, 'v6')) return false;
  const { kdumpRam = null } = input;
  if (kdumpRam === null) return null;
  if (kdumpRam.start < paddr + byteLength && paddr < kdumpRam.end) return true;
  // v5 asks for devices as well, which nobody knows where there is no RAM.
  return revision === 'v5' && !memory.isRam(paddr, byteLength) ? null : false;
}

/** 1.4, T8: one descriptor. */
function checkL1Descriptor(machine: Machine, index: number, descriptor: bigint): number {
  const { span, l2 } = decodeL1(descriptor);
  if (span === 0) {
    machine.met('T8 span 0');
    return 0;
  }
  if (!since(machine.revision, 'v8') && l2 === 0) {
    machine.met('T8 null pointer passed over');
    return 0;
  }
  if (span !== SPAN && since(machine.revision, 'v3')) {
    machine.met(l2 === 0 ? 'T8 other span with null pointer' : 'T8 other span');
    sayParsing(machine, `L1[${index}] unsupported span ${span} (vs ${SPAN})`);
    return -EINVAL;
  }
  if (span !== SPAN) machine.met('T8 other span but mapped');
  if (since(machine.revision, 'v8') && (l2 === 0 || l2 % L2_BYTES !== 0)) {
    machine.met(l2 === 0 ? 'T8 null pointer' : 'T8 L2 unaligned');
    sayParsing(machine, `L1[${index}] bad l2 table base ${pa(l2)}`);
    return -EINVAL;
  }
  if (overlaps(machine, l2, L2_BYTES, ['T8 L2 overlaps', 'T8 L2 overlap unknown'])) {
    sayParsing(machine, 'l2 stream table is corrupted');
    return -EINVAL;
  }
  machine.met(l2 % L2_BYTES === 0 ? 'T8 L2 accepted' : 'T8 L2 unaligned but accepted');
  return since(machine.revision, 'v4') ? 0 : mapL2AtOnce(machine, index, l2);
}

/** 1.4, T8, through v3. */
function mapL2AtOnce(machine: Machine, index: number, l2: number): number {
  const mapping = map(machine, 'devm_memremap', l2, L2_BYTES);
  if (!mapping.ok && since(machine.revision, 'v3')) {
    machine.met('T8 L2 unmappable');
    return -ENXIO;
  }
  machine.met(mapping.ok ? 'T8 L2 mapped' : 'T8 L2 unmappable but kept');
  machine.slots.add(index);
  return 0;
}

/** 1.4: the linear path. */
function parseLinear(machine: Machine): Table | number | Stop {
  const base = address(register(machine, 'STRTAB_BASE'), 51, 6);
  const log2size = field(machine, 'STRTAB_BASE_CFG', 5, 0);
  const sidSize = field(machine, 'IDR1', 5, 0);
  // N1
  if (!since(machine.revision, 'v3')) {
    if (log2size > 31) {
      machine.met('N1 without bound');
      return 'open';
    }
  } else {
    const cap = linearCap(machine, sidSize);
    if (log2size > cap) {
      machine.met(cap === sidSize ? 'N1 above SIDSIZE' : cap === 25 ? 'N1 above 25' : 'N1 above 31');
      sayParsing(machine, `unsupported log2size ${log2size} (> ${cap})`);
      return -EINVAL;
    }
  }
  if (log2size > sidSize) machine.met('N1 above SIDSIZE but accepted');
  // N2
  const entries = 2 ** log2size;
  const byteLength = entries * STE_BYTES;
  if (overlaps(machine, base, byteLength, ['N2 linear overlaps', 'N2 linear overlap unknown'])) {
    sayParsing(machine, 'stream table is corrupted');
    return -EINVAL;
  }
  // N3
  if (since(machine.revision, 'v8') && base % byteLength !== 0) {
    machine.met('N3 linear unaligned');
    sayParsing(machine, `unaligned stream table base ${pa(base)}`);
    return -EINVAL;
  }
  // N4
  const mapping = mapTable(machine, base, byteLength);
  if (!mapping.ok) {
    machine.met(since(machine.revision, 'v3') ? 'N4 linear unmappable' : 'N4 linear unmappable but kept');
    if (since(machine.revision, 'v3')) return mapError(machine);
  } else machine.met(machine.twoLevelHardware ? 'linear accepted on two-level hardware' : 'linear accepted');
  return { format: 'linear', base, entries, mapping };
}

/** N1: v4 to v8 forget SIDSIZE on two-level hardware, v3 the 25. */
function linearCap(machine: Machine, sidSize: number): number {
  if (machine.revision === 'v3') return Math.min(sidSize, 31);
  const driverLimit = machine.twoLevelStreamTable ? 25 : sidSize;
  return since(machine.revision, 'v9') ? Math.min(driverLimit, sidSize, 31) : Math.min(driverLimit, 31);
}

/** Section 4: the L1 table or a linear one is device-managed through v5. */
function mapTable(machine: Machine, base: number, byteLength: number): Mapping {
  return map(machine, since(machine.revision, 'v6') ? 'memremap' : 'devm_memremap', base, byteLength);
}

function mapError(machine: Machine): number {
  return since(machine.revision, 'v6') ? -ENOMEM : -ENXIO;
}

/** 1.5: every STE of the linear table, or of every used L2 table. */
function scan(machine: Machine, table: Table): number {
  if (table.format === 'linear') return scanStes(machine, table.base, table.entries);
  for (let index = 0; index < table.entries; index++) {
    const { span, l2 } = decodeL1(machine.memory.word(table.base + index * DESCRIPTOR_BYTES));
    if (span === 0) continue;
    const mapping = map(machine, 'memremap', l2, L2_BYTES);
    if (!mapping.ok) {
      machine.met('scan: L2 unmappable');
      return -ENOMEM;
    }
    const ret = scanStes(machine, l2, L2_STES);
    unmap(mapping);
    if (ret < 0) return ret;
  }
  return 0;
}

function scanStes(machine: Machine, base: number, count: number): number {
  for (let index = 0; index < count; index++) {
    const ret = scanSte(machine, base + index * STE_BYTES);
    if (ret < 0) return ret;
  }
  return 0;
}

/** 1.5: one STE. */
function scanSte(machine: Machine, paddr: number): number {
  const first = machine.memory.word(paddr);
  if (bits(first, 0, 0) === 0) {
    machine.met('scan: STE invalid');
    return 0;
  }
  const config = bits(first, 3, 1);
  if (config === 0 || config === 4) {
    machine.met('scan: STE abort or bypass');
    return 0;
  }
  if (config === 5) return scanCdTable(machine, first);
  if (config === 6 || config === 7) {
    const nested = config === 7;
    return reserveVmid(machine, bits(machine.memory.word(paddr + 16), 15, 0), nested);
  }
  machine.met('scan: STE with reserved Config');
  return -EINVAL;
}

/** 1.5: the VMID of a stage 2 or a nested STE. */
function reserveVmid(machine: Machine, vmid: number, nested: boolean): number {
  const width = field(machine, 'IDR0', 18, 18) === 1 ? 16 : 8;
  if (vmid === 0 || vmid >= 2 ** width) {
    machine.met(vmid === 0 ? 'scan: VMID 0' : 'scan: VMID too wide');
    return -EINVAL;
  }
  machine.met(nested ? 'scan: VMID reserved by a nested STE' : 'scan: VMID reserved');
  machine.vmids.add(vmid);
  return 0;
}

/** 1.5: the CD table of a stage 1 STE, of which this is the first word. */
function scanCdTable(machine: Machine, ste: bigint): number {
  const format = bits(ste, 5, 4);
  const base = address(ste, 51, 6);
  const s1CdMax = bits(ste, 63, 59);
  const cds = 2 ** s1CdMax;
  if (base === 0) {
    machine.met('scan: CD table null');
    return -EINVAL;
  }
  if (s1CdMax > field(machine, 'IDR1', 10, 6)) {
    machine.met('scan: S1CDMax above SSIDSIZE');
    return -EINVAL;
  }
  if (format === 1 || format === 3) {
    machine.met('scan: S1Fmt 1 or 3');
    return -EINVAL;
  }
  if (format === 0) {
    if (base % (cds * CD_BYTES) !== 0) {
      if (since(machine.revision, 'v10')) {
        machine.met('scan: linear CD table unaligned');
        return -EINVAL;
      }
      machine.met('scan: CD table unaligned but read');
    }
    return scanMappedCds(machine, base, cds, 'scan: CD table unmappable');
  }
  if (!machine.twoLevelCdTable) {
    if (since(machine.revision, 'v9')) {
      machine.met('scan: S1Fmt 2 without CD2L');
      return -EINVAL;
    }
    machine.met('scan: S1Fmt 2 without CD2L but read');
  }
  const leaves = Math.ceil(cds / LEAF_CDS);
  if (base % (leaves * DESCRIPTOR_BYTES) !== 0) {
    if (since(machine.revision, 'v10')) {
      machine.met('scan: two-level CD table unaligned');
      return -EINVAL;
    }
    machine.met('scan: CD table unaligned but read');
  }
  return scanCdLeaves(machine, base, leaves, Math.min(cds, LEAF_CDS));
}

/** 1.5: a two-level CD table. */
function scanCdLeaves(machine: Machine, base: number, leaves: number, cdsPerLeaf: number): number {
  const mapping = map(machine, 'memremap', base, leaves * DESCRIPTOR_BYTES);
  if (!mapping.ok) {
    machine.met('scan: CD table unmappable');
    return -ENOMEM;
  }
  let ret = 0;
  for (let index = 0; index < leaves && ret === 0; index++) {
    const descriptor = machine.memory.word(base + index * DESCRIPTOR_BYTES);
    const leaf = address(descriptor, 51, 12);
    if (bits(descriptor, 0, 0) === 0) {
      machine.met('scan: CD leaf unused');
    } else if (leaf === 0 && since(machine.revision, 'v9')) {
      machine.met('scan: CD leaf null');
      ret = -EINVAL;
    } else if (leaf % LEAF_BYTES !== 0 && since(machine.revision, 'v10')) {
      machine.met('scan: CD leaf unaligned');
      ret = -EINVAL;
    } else {
      if (leaf === 0) machine.met('scan: CD leaf null but read');
      if (leaf % LEAF_BYTES !== 0) machine.met('scan: CD leaf unaligned but read');
      ret = scanMappedCds(machine, leaf, cdsPerLeaf, 'scan: CD leaf unmappable');
    }
  }
  unmap(mapping);
  return ret;
}

/** 1.5: CDs that lie in a row, mapped for the moment. */
function scanMappedCds(machine: Machine, base: number, count: number, unmappable: Rule): number {
  const mapping = map(machine, 'memremap', base, count * CD_BYTES);
  if (!mapping.ok) {
    machine.met(unmappable);
    return -ENOMEM;
  }
  let ret = 0;
  for (let index = 0; index < count && ret === 0; index++) {
    ret = scanCd(machine, machine.memory.word(base + index * CD_BYTES));
  }
  unmap(mapping);
  return ret;
}

/** 1.5: one CD, of which this is the first word. */
function scanCd(machine: Machine, cd: bigint): number {
  if (bits(cd, 31, 31) === 0) {
    machine.met('scan: CD invalid');
    return 0;
  }
  const asid = bits(cd, 63, 48);
  const width = field(machine, 'IDR0', 12, 12) === 1 ? 16 : 8;
  if (asid === 0 || asid >= 2 ** width) {
    machine.met(asid === 0 ? 'scan: ASID 0' : 'scan: ASID too wide');
    return -EINVAL;
  }
  // ID spaces: one for all SMMUs through v9.
  if (asid <= (machine.input.asidsGivenOut ?? 0)) {
    if (!since(machine.revision, 'v10')) {
      machine.met('scan: ASID of a domain');
      return -EBUSY;
    }
    machine.met('scan: ASID of a domain elsewhere');
  }
  machine.met(machine.asids.has(asid) ? 'scan: ASID met again' : 'scan: ASID reserved');
  machine.asids.add(asid);
  return 0;
}

/** 1.9, for one device after the other. */
export function insertAll(machine: Machine, table: Table): ExpectedInsert[] {
  machine.memory = machine.input.laterMemory ?? machine.input.memory;
  return machine.input.insertSids.map((sid) => {
    machine.log = [];
    machine.maps = [];
    machine.fresh = false;
    const ret = insert(machine, table, sid);
    for (const mapping of machine.maps) mapping.released = mapping.ok;
    return { sid, ret, log: machine.log, maps: machine.maps, fresh: machine.fresh };
  });
}

/** 1.9: one StreamID. */
export function insert(machine: Machine, table: Table, sid: number): number | null {
  // 1.9, step 1
  if (table.format === 'linear') {
    machine.met(sid < table.entries ? 'insert: linear' : 'insert: beyond the linear table');
    return sid < table.entries ? 0 : -ERANGE;
  }
  const slot = Math.floor(sid / L2_STES);
  if (slot >= table.entries) {
    machine.met('insert: beyond the L1 table');
    return -ERANGE;
  }
  if (machine.slots.has(slot)) {
    machine.met('insert: L2 there already');
    return 0;
  }
  // 1.9, step 2: the descriptor is read again, from v4 on.
  const { span, l2 } = decodeL1(machine.memory.word(table.base + slot * DESCRIPTOR_BYTES));
  const unused = span === 0 || (!since(machine.revision, 'v8') && l2 === 0);
  if (!unused && !since(machine.revision, 'v4')) machine.met('insert: fresh L2 whatever the descriptor says');
  if (unused || !since(machine.revision, 'v4')) {
    if (unused) machine.met(span === 0 ? 'insert: fresh L2 for span 0' : 'insert: fresh L2 for a null pointer');
    machine.fresh = true;
    machine.slots.add(slot);
    return 0;
  }
  return adoptL2(machine, slot, sid, span, l2);
}

/** 1.9, step 3. */
function adoptL2(machine: Machine, slot: number, sid: number, span: number, l2: number): number | null {
  if (span !== SPAN) {
    machine.met('insert: span changed');
    say(machine, 'err', `L1[${slot}] span ${span} changed since adopt (was ${SPAN})`);
    return -EINVAL;
  }
  if (since(machine.revision, 'v8') && (l2 === 0 || l2 % L2_BYTES !== 0)) {
    machine.met(l2 === 0 ? 'insert: null pointer' : 'insert: L2 unaligned');
    say(machine, 'err', `L1[${slot}] bad l2 table base ${pa(l2)}`);
    return -EINVAL;
  }
  if (machine.revision === 'v5') {
    const found = overlap(machine, l2, L2_BYTES);
    if (found !== false) {
      machine.met(found === null ? 'insert: L2 overlap unknown' : 'insert: L2 overlaps');
      if (found === null) return null;
      say(machine, 'err', `L1[${slot}] now points at a corrupt range`);
      return -EINVAL;
    }
  }
  const mapping = map(machine, 'devm_memremap', l2, L2_BYTES);
  if (!mapping.ok) {
    machine.met('insert: L2 unmappable');
    say(machine, 'err', `failed to adopt l2 stream table for SID ${sid}`);
    return -ENXIO;
  }
  machine.met(l2 % L2_BYTES === 0 ? 'insert: L2 adopted' : 'insert: L2 unaligned but adopted');
  machine.slots.add(slot);
  return 0;
}

/** Section 0: the level 1 stream descriptor. */
export function decodeL1(descriptor: bigint): { span: number; l2: number } {
  return { span: bits(descriptor, 4, 0), l2: address(descriptor, 51, 6) };
}

/** Section 0: what messages begin with. */
function say(machine: Machine, level: string, text: string): void {
  machine.log.push({ level, text: `${machine.revision === 'next' ? 'kexec' : 'kdump'}: ${text}` });
}

/** An error of a function that v9 and v10 keep in the shared file, whose messages have no prefix there (section 0). */
function sayParsing(machine: Machine, text: string): void {
  if (machine.revision === 'v9' || machine.revision === 'v10') machine.log.push({ level: 'err', text });
  else say(machine, 'err', text);
}

function map(machine: Machine, kind: Mapping['kind'], paddr: number, size: number): Mapping {
  const ok = machine.memory.isRam(paddr, size);
  const mapping = { kind, pa: `0x${paddr.toString(16)}`, size, ok, held: ok, released: false };
  machine.maps.push(mapping);
  return mapping;
}

function unmap(mapping: Mapping): void {
  mapping.held = false;
  mapping.released = true;
}

function register({ input }: Pick<Machine, 'input'>, name: string): bigint {
  const value = input.registers.get(name);
  if (value === undefined) throw new Error(`the model needs ${name}`);
  return value;
}

export function field(machine: Pick<Machine, 'input'>, name: string, high: number, low: number): number {
  return bits(register(machine, name), high, low);
}

export function bits(value: bigint, high: number, low: number): number {
  return Number((value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));
}

/** The same, with the bits left where they are. */
function address(value: bigint, high: number, low: number): number {
  return bits(value, high, low) * 2 ** low;
}

/** As the kernel prints a physical address. */
function pa(paddr: number): string {
  return `0x${paddr.toString(16).padStart(16, '0')}`;
}

function ascending(ids: ReadonlySet<number>): number[] {
  return [...ids].sort((a, b) => a - b);
}
