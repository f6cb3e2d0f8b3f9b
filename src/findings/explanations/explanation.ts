/**
 * What a name in the output means and what to do about it, as plain prose. Commands stand between backticks, with
 * DUMP, REGS and the like in capitals for what the reader has; whoever prints it breaks the lines.
 */
export interface Explanation {
  /** One line, for the list of all names. */
  readonly title: string;
  readonly meaning: string;
  /** What the hardware makes of it. */
  readonly hardware: string;
  /** What the kdump kernel makes of it; by revisions of the series where they part. */
  readonly kernel: string | Readonly<Record<string, string>>;
  /** Likely ones, the likeliest first. */
  readonly causes: readonly string[];
  /** Commands, fields and messages to look at. */
  readonly next: readonly string[];
  readonly references: readonly string[];
}

export type Explanations = Readonly<Record<string, Explanation>>;
