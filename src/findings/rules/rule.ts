/**
 * What a rule is: its arguments with their published form, its severity, how far the damage reaches, the one sentence
 * that says it, and what explains it to somebody who meets it for the first time. The types of arguments, the schema, the
 * reports and `explain` all take it from here.
 */

import type { Shape } from '../../shape.ts';
import type { Explanation } from '../explanations/explanation.ts';

export type Severity = 'error' | 'warning' | 'note';

/** What is affected: the whole machine, the SMMU, the 256 StreamIDs of a bus, or one device. */
export type Reach = 'machine' | 'smmu' | 'bus' | 'device';

/** Of each argument: what it says, and how it is published. */
export type ArgShapes<Args> = { readonly [K in keyof Args]: readonly [description: string, shape: Shape<Args[K]>] };

/** What holds of a rule whatever its arguments. */
export interface RuleInfo {
  readonly severity: Severity;
  /** As the patches' own comments have it; null where nothing is lost by itself. */
  readonly reach: Reach | null;
  /**
   * Where it is wider on recent cores: from about 6.15 on, registering the SMMU inserts every device that is there,
   * and one failure other than -ENODEV fails the registration.
   */
  readonly likelyReach?: Reach;
  /** In what it is found, where that is not the dump: in the later one, if there is one, as insertions are. */
  readonly foundIn?: 'snapshot' | 'later-dump';
  /** Made when asked for: few runs of the command print it. */
  readonly explain: () => Explanation;
}

export interface RuleDefinition<Args> extends RuleInfo {
  readonly args: ArgShapes<Args>;
  /** `l1` is the descriptor that the location names, as in `L1[5]`. */
  readonly sentence: (args: Args, l1: string) => string;
}

/** For a rule whose sentence is always the same. */
export const NO_ARGS: ArgShapes<Readonly<Record<string, never>>> = {};

/** A rule as it is; for the sake of the types of its arguments. */
export function rule<Args>(definition: RuleDefinition<Args>): RuleDefinition<Args> {
  return definition;
}

/** The arguments of a rule. */
export type ArgsOf<R> = R extends RuleDefinition<infer Args> ? Args : never;
