/** How many messages did the kernel leave out, and of which? Its limit names the function that wanted to print. */

const SUPPRESSED = /\b(arm_smmu_\w{1,60}): (\d{1,10}) callbacks suppressed/;
/** arm_smmu_cmdq_issue_cmdlist(), and what its work was in before v5.4. Events are printed elsewhere. */
const OF_COMMAND_QUEUE = /^arm_smmu_cmdq_/;

export interface Suppressed {
  /** Events, or timeouts of the command queue. */
  readonly what: 'events' | 'timeouts';
  readonly count: number;
}

/** Null for a line that says nothing of the kind. */
export function suppressedIn(text: string): Suppressed | null {
  const [, name, count] = SUPPRESSED.exec(text) ?? [];
  if (name === undefined) return null;
  return { what: OF_COMMAND_QUEUE.test(name) ? 'timeouts' : 'events', count: Number(count) };
}
