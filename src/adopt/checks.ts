/** The driver's checks as evidence: each with what was found and what was needed, in the order the driver makes them. */

import type { Observed, Required } from './evidence.ts';
import type { Revision } from './revisions/revision.ts';

export type CheckResult = 'pass' | 'fail' | 'not-reached';

export interface Check {
  readonly id: string;
  readonly result: CheckResult;
  /** Null where it was not looked at. */
  readonly observed: Observed | null;
  readonly required: Required;
}

/** A check that the kernel makes and that the dump cannot answer: not reached, with what was found instead. */
export function isUnknown({ result, observed }: Check): boolean {
  return result === 'not-reached' && observed !== null;
}

/** The check that decided, where it did and does not merely leave open what is decided. */
export function failed(decidedBy: Check | null): Check | null {
  return decidedBy?.result === 'fail' ? decidedBy : null;
}

/** Each check's id and what passes it, in the driver's order; `of` says which revisions make it. */
interface CheckRow {
  readonly id: string;
  readonly required: Required | ((revision: Revision) => Required);
  readonly of?: (revision: Revision) => boolean;
}

function testsOverlaps({ overlapTest }: Revision): boolean {
  return overlapTest !== 'none';
}

function overlapFree({ overlapTest }: Revision): Required {
  return { kind: 'disjoint', from: overlapTest === 'none' ? 'System RAM' : overlapTest };
}

/**
 * What the driver refuses hardware for, whatever is in its tables. They are listed where they fail: what has ever run Linux
 * passes them.
 */
const PROBE: readonly (CheckRow & { readonly required: Required })[] = [
  { id: 'probe.endianness', required: { kind: 'little-endian' } },
  { id: 'probe.table-format', required: { kind: 'aarch64-tables' } },
  { id: 'probe.preset', required: { kind: 'nothing-preset' } },
  // CMDQ_BATCH_ENTRIES is 64: a batch and a CMD_SYNC behind it have to fit.
  { id: 'probe.command-queue', required: { kind: 'at-least', value: 7 } },
];

const GATE: readonly CheckRow[] = [
  { id: 'gate.smmuen', required: { kind: 'equals', value: 1 } },
  { id: 'gate.coherent', required: { kind: 'coherent' } },
  {
    id: 'gate.service-failure',
    required: { kind: 'no-service-failure' },
    of: ({ asksServiceFailure }) => asksServiceFailure,
  },
  { id: 'strtab.format', required: { kind: 'known-format' } },
];

const TWO_LEVEL: readonly CheckRow[] = [
  {
    id: 'two-level.feature',
    required: { kind: 'two-level' },
    of: ({ missingTwoLevel }) => missingTwoLevel !== 'forced on',
  },
  { id: 'two-level.coherent', required: { kind: 'coherent' }, of: ({ assertsCoherency }) => assertsCoherency },
  {
    id: 'two-level.log2size',
    required: ({ boundsGeometry }) => ({ kind: boundsGeometry ? 'log2size-in-range' : 'log2size-at-least-split' }),
  },
  { id: 'two-level.split', required: { kind: 'equals', value: 8 } },
  // Without a bound, what a shift in 32 bits can be.
  {
    id: 'two-level.l1-entries',
    required: ({ boundsGeometry }) => ({ kind: 'at-most', value: boundsGeometry ? 1 << 17 : 2 ** 31 }),
  },
  { id: 'two-level.l1-overlap', required: overlapFree, of: testsOverlaps },
  { id: 'two-level.l1-alignment', required: { kind: 'aligned-to-size' }, of: ({ checksAlignment }) => checksAlignment },
  { id: 'two-level.l1-mapping', required: { kind: 'mapped' } },
  { id: 'two-level.l2-pointers', required: { kind: 'allocated' } },
  {
    id: 'two-level.l1-descriptors',
    required: ({ checksAlignment, boundsGeometry }) => ({
      kind: checksAlignment ? 'l1-span-and-alignment' : boundsGeometry ? 'l1-span-or-null' : 'l1-any',
    }),
  },
  { id: 'two-level.l2-overlap', required: overlapFree, of: testsOverlaps },
  {
    id: 'two-level.l2-mapping',
    required: { kind: 'mapped' },
    of: ({ mapsL2At, noticesMappingErrors }) => mapsL2At === 'adoption' && noticesMappingErrors,
  },
];

const LINEAR: readonly CheckRow[] = [
  { id: 'linear.coherent', required: { kind: 'coherent' }, of: ({ assertsCoherency }) => assertsCoherency },
  { id: 'linear.log2size', required: { kind: 'log2size-within-cap' } },
  { id: 'linear.overlap', required: overlapFree, of: testsOverlaps },
  { id: 'linear.alignment', required: { kind: 'aligned-to-size' }, of: ({ checksAlignment }) => checksAlignment },
  { id: 'linear.mapping', required: { kind: 'mapped' } },
];

const AFTERWARDS: readonly CheckRow[] = [
  { id: 'ids.scan', required: { kind: 'ids-free' }, of: ({ reservesIds }) => reservesIds },
  { id: 'cleanup.action', required: { kind: 'registered' }, of: ({ holds }) => holds === 'cleanup action' },
];

/** The ids of all checks that any revision makes, in the order in which the driver comes to them. */
export const CHECK_ORDER: readonly string[] = [PROBE, GATE, TWO_LEVEL, LINEAR, AFTERWARDS].flat().map(({ id }) => id);

/** Whether it is about the hardware itself: no driver comes to an adoption where it fails. */
export function isOfHardware({ id }: Pick<Check, 'id'>): boolean {
  return PROBE.some((row) => row.id === id);
}

/** Collects results; what was never asked for stays `not-reached`. */
export class Checks {
  readonly #results = new Map<string, Check>();
  #ofHardware: Check | null = null;
  #decidedBy: Check | null = null;

  constructor(format: '2lvl' | 'linear' | 'reserved', revision: Revision) {
    const path = { '2lvl': [...TWO_LEVEL, ...AFTERWARDS], linear: [...LINEAR, ...AFTERWARDS], reserved: [] }[format];
    for (const { id, required, of } of [...GATE, ...path]) {
      if (of?.(revision) === false) continue;
      const general = typeof required === 'function' ? required(revision) : required;
      this.#results.set(id, { id, result: 'not-reached', observed: null, required: general });
    }
  }

  get all(): readonly Check[] {
    const results = [...this.#results.values()];
    return this.#ofHardware === null ? results : [this.#ofHardware, ...results];
  }

  /** The check at which the driver's way ends: failed, or not to be answered from the dump. Null as long as none is. */
  get decidedBy(): Check | null {
    return this.#decidedBy;
  }

  /** Records one result and answers it, so that a driver's `if` reads as one. `required` sharpens the general one. */
  ask(id: string, passes: boolean, observed: Observed, required?: Required): boolean {
    this.#set(id, passes ? 'pass' : 'fail', observed, required);
    return passes;
  }

  /** Records that the driver does not take the hardware: it comes to no other check. */
  refuse(id: string, observed: Observed): void {
    const row = PROBE.find((one) => one.id === id);
    if (row === undefined) throw new Error(`no check of hardware named ${id}`);
    this.#ofHardware = { id, result: 'fail', observed, required: row.required };
    this.#decidedBy = this.#ofHardware;
  }

  /** Records that the evidence for this check is not in the dump: it is reached by the kernel, not by us. */
  cannotTell(id: string, observed: Observed): void {
    this.#set(id, 'not-reached', observed);
  }

  #set(id: string, result: CheckResult, observed: Observed, required?: Required): void {
    const check = this.#results.get(id);
    if (check === undefined) throw new Error(`no check named ${id}`);
    const found = { id, result, observed, required: required ?? check.required };
    this.#results.set(id, found);
    // What fails decides, whatever could not be told before it.
    const known = this.#decidedBy?.result ?? 'pass';
    if (result !== 'pass' && (known === 'pass' || (known !== 'fail' && result === 'fail'))) this.#decidedBy = found;
  }
}
