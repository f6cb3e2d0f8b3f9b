/**
 * What is a section of a report? A title and blocks: terms with what is said of each, tables, notes, lines of a log,
 * findings. The files beside this one make sections out of facts; `text/render.ts` and `html/render.ts` show them and
 * know nothing else, so that no format can say what another does not.
 */

import type { Tone } from '../prose/tone.ts';

export type { Tone };

/** A stretch of text that is more than text. */
export interface Span {
  readonly text: string;
  /**
   * `code`: to be read letter by letter. `command`: a line for a shell. `answer`: the headline itself. `alarm`: what
   * went wrong, to be seen without colours too.
   */
  readonly kind?: 'code' | 'command' | 'strong' | 'answer' | 'alarm';
  readonly tone?: Tone;
  /** The StreamIDs that it speaks of, whose STEs a reader may want to see. */
  readonly sids?: readonly [first: number, last: number];
  /** A file beside the page, relative to it, that says more. */
  readonly href?: string;
}

export type Prose = string | number | Span | readonly Prose[];

/** Hex, a field's name, a path, a function. */
export const code = (text: string): Span => ({ text, kind: 'code' });

export const strong = (text: string): Span => ({ text, kind: 'strong' });

export const alarm = (text: string): Span => ({ text, kind: 'alarm', tone: 'bad' });

/** Words whose tone is to be seen. */
export const toned = (tone: Tone, text: string): Span => ({ text, tone });

/** The text alone. */
export function plainText(prose: Prose): string {
  if (typeof prose === 'object') return 'text' in prose ? prose.text : prose.map(plainText).join('');
  return String(prose);
}

/** The parts with `between` between them. */
export function joined(parts: readonly Prose[], between: string): Prose {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [between, part]));
}

export interface Column {
  readonly title: string;
  /** `code`: never broken. `number`: the same, to the right. `prose` is the rest, and breaks at spaces. */
  readonly kind?: 'code' | 'number' | 'prose';
  /**
   * What becomes of it where there is no room. `below`: it is said under the row. `hidden`: it is left out, because
   * it follows from the others.
   */
  readonly yields?: 'below' | 'hidden';
  /** Left out where no row has anything to say in it. Not for rows without end. */
  readonly optional?: boolean;
}

/** Null: the row has nothing to say there. */
export type Cell = Prose | null;

export interface Row {
  readonly cells: readonly Cell[];
  /** Of the row as a whole, where something about it is to be seen at once. */
  readonly tone?: Tone;
  /** Evidence that opens on demand; where nothing can be opened, other commands show it. */
  readonly inside?: () => readonly Block[];
}

export interface Table {
  /** What the rows are, for those who do not see them. */
  readonly label: string;
  readonly columns: readonly Column[];
  /** May be made while they are read, and without end. */
  readonly rows: Iterable<Row>;
  /** How many they are, where that is known before they are made. */
  readonly total?: number | null;
  /** Said where there are none. */
  readonly none?: string;
  /** Of more rows than these the rest is counted. */
  readonly most?: number;
  /** `phases`: the rows follow each other in time. */
  readonly as?: 'phases';
}

/** One finding, or another message about the evidence. */
export interface Item {
  readonly tone: Tone;
  readonly label: string;
  readonly text: string;
  readonly rule: string;
  /** Where it is, and how far it reaches. */
  readonly evidence: readonly Prose[];
  /** The kernel's own words for it. */
  readonly kernel: string | null;
  /** What the rule means is said elsewhere in the report. */
  readonly explainedElsewhere: boolean;
}

export interface LogEntry {
  readonly level: string;
  readonly tone: Tone;
  readonly text: string;
}

export type Fact = readonly [term: string, said: Prose];

export type Block =
  | { readonly facts: readonly Fact[] }
  | { readonly table: Table }
  | { readonly notes: Iterable<Prose> }
  | { readonly log: readonly LogEntry[] }
  | { readonly items: readonly Item[] };

export interface Section {
  /** The target of links, of one SMMU. */
  readonly id: string;
  readonly title: string;
  /** What the contents call it, where the title is too long for them. */
  readonly short?: string;
  /** Said in passing beside the title. */
  readonly aside?: Prose;
  /** Evidence that only some readers look for. */
  readonly detail?: boolean;
  readonly blocks: readonly Block[];
}

/** Terms without anything to say are left out. */
export function facts(entries: readonly (readonly [term: string, said: Prose | null])[]): Block {
  return { facts: entries.flatMap(([term, said]) => (said === null ? [] : [[term, said] as const])) };
}

/** Notes, as far as there are any. */
export function notes(...texts: readonly (Prose | null | false)[]): Block {
  return { notes: texts.filter((text) => text !== null && text !== false) };
}
