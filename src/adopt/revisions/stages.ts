/**
 * What several revisions live alike is lived once. A stage of the emulation looks at few members of its revision; two
 * revisions that agree on those, in the same machine, come to the same. Which ones it looked at is noticed, not declared,
 * so that a member that a stage asks for can never be forgotten here. Stages ask for a member only where it matters.
 */

import { KernelPanic, survive } from '../panic.ts';
import type { Revision } from './revision.ts';

/** What lives stages: a device whose revision can be watched, and whose other traces can be repeated. */
interface Living<T> {
  revision: Revision;
  /** Whether something depends on how many mappings it makes. */
  readonly countsMappings: boolean;
  /** From here on; answers what has been done since, as something to do again. */
  watch(): () => (to: T) => void;
}

/** A stage that was lived: what it asked of its revision, what came of it, and what it did beside. */
interface Lived<T> {
  readonly asked: ReadonlyMap<keyof Revision, unknown>;
  readonly outcome: ReturnType<typeof survive>;
  readonly repeat: (to: T) => void;
}

/** Of one SMMU, whose other circumstances stay the same. */
export class Stages<T extends Living<T>> {
  readonly #lived = new Map<string, Lived<T>[]>();

  /**
   * What comes of a stage; what it does to the log and to the ledger of `smmu` happens each time. `name` tells it from
   * other stages, and has in it whatever else it depends on. What it returns is shared and must not be changed.
   */
  live<O>(smmu: T, name: string, stage: () => O): O {
    if (smmu.countsMappings) return stage();
    const { revision } = smmu;
    const lived = this.#lived.get(name) ?? [];
    const before = lived.find(({ asked }) => agrees(revision, asked));
    if (before !== undefined) {
      before.repeat(smmu);
      return outcomeOf<O>(before.outcome);
    }
    const asked = new Map<keyof Revision, unknown>();
    smmu.revision = watched(revision, asked);
    const done = smmu.watch();
    const outcome = survive(stage);
    smmu.revision = revision;
    this.#lived.set(name, [...lived, { asked, outcome, repeat: done() }]);
    return outcomeOf<O>(outcome);
  }
}

function agrees(revision: Revision, asked: Lived<never>['asked']): boolean {
  for (const [member, value] of asked) if (revision[member] !== value) return false;
  return true;
}

function watched(revision: Revision, asked: Map<keyof Revision, unknown>): Revision {
  return new Proxy(revision, {
    get(of, member: keyof Revision) {
      asked.set(member, of[member]);
      return of[member];
    },
  });
}

function outcomeOf<O>(outcome: Lived<never>['outcome']): O {
  if ('death' in outcome) throw new KernelPanic(outcome.death);
  return outcome.result as O;
}
