/** The driver's checks as evidence: each with what was found and what was needed, in the order the driver makes them. */

export type CheckResult = 'pass' | 'fail' | 'not-reached';

export interface Check {
  readonly id: string;
  readonly result: CheckResult;
  readonly observed: string | null;
  readonly required: string;
}

/** A check that the kernel makes and that the dump cannot answer: not reached, with what was found instead. */
export function isUnknown({ result, observed }: Check): boolean {
  return result === 'not-reached' && observed !== null;
}

/** Each check's id and what passes it, in order. */
type CheckList = Readonly<Record<string, string>>;

const GATE: CheckList = {
  'gate.smmuen': '1',
  'gate.coherent': 'true',
  'gate.service-failure': 'inactive',
};

const STRTAB: CheckList = {
  'strtab.format': '0 (linear) or 1 (2lvl)',
};

const TWO_LEVEL: CheckList = {
  'two-level.feature': 'IDR0.ST_LEVEL 1 and IDR1.SIDSIZE > 8',
  'two-level.coherent': 'true',
  'two-level.log2size': 'SPLIT <= LOG2SIZE <= SIDSIZE',
  'two-level.split': '8',
  'two-level.l1-entries': '<= 131072',
  'two-level.l1-mapping': 'mapped',
  'two-level.l1-descriptors': 'span 0 or 9, or a null pointer',
};

const LINEAR: CheckList = {
  'linear.coherent': 'true',
  'linear.log2size': 'at most the cap',
  'linear.mapping': 'mapped',
};

/** Collects results; what was never asked for stays `not-reached`. */
export class Checks {
  readonly #results = new Map<string, Check>();

  constructor(format: '2lvl' | 'linear' | 'reserved') {
    const path = format === '2lvl' ? TWO_LEVEL : format === 'linear' ? LINEAR : {};
    for (const [id, required] of Object.entries({ ...GATE, ...STRTAB, ...path })) {
      this.#results.set(id, { id, result: 'not-reached', observed: null, required });
    }
  }

  get all(): readonly Check[] {
    return [...this.#results.values()];
  }

  /** Records one result and answers it, so that a driver's `if` reads as one. `required` sharpens the general text. */
  ask(id: string, passes: boolean, observed: string, required?: string): boolean {
    this.#set(id, passes ? 'pass' : 'fail', observed, required);
    return passes;
  }

  /** Records that the evidence for this check is not in the dump: it is reached by the kernel, not by us. */
  cannotTell(id: string, observed: string): void {
    this.#set(id, 'not-reached', observed);
  }

  #set(id: string, result: CheckResult, observed: string, required?: string): void {
    const check = this.#results.get(id);
    if (check === undefined) throw new Error(`no check named ${id}`);
    this.#results.set(id, { id, result, observed, required: required ?? check.required });
  }
}
