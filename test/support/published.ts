/** Results as the command publishes them: what a script reads with JSON.parse. */

import { type DiffOptions, diff } from '../../src/diff/diff.ts';
import type { DiffReport } from '../../src/diff/report.ts';
import type { OpenedDump } from '../../src/dump/open.ts';
import { type InspectOptions, inspect } from '../../src/inspect/inspect.ts';
import type { Inspection } from '../../src/inspect/inspection.ts';
import { DIFF } from '../../src/report/json/diff.ts';
import { INSPECTION } from '../../src/report/json/inspection.ts';
import type { Rows } from '../../src/rows.ts';
import { type Shape, textOf } from '../../src/shape.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';

/** The same keys, where numbers may have become hex text. */
export type Published<T> = T extends number | bigint
  ? // biome-ignore lint/suspicious/noExplicitAny: which of them do, the shapes say.
    any
  : T extends string | boolean | null | undefined
    ? T
    : T extends Rows<infer Row>
      ? readonly Published<Row>[]
      : T extends readonly (infer Element)[]
        ? readonly Published<Element>[]
        : { readonly [K in keyof T]: K extends Said ? Text : Published<T[K]> } & Derived;

/** Facts that are published as the text which says them. */
type Said = 'why' | 'releasedBy' | 'what' | 'observed' | 'required' | 'halves' | 'gaveUp' | 'phase';
// biome-ignore lint/suspicious/noExplicitAny: null, too, where there is nothing to say.
type Text = any;

/** Keys that the shapes add. */
type Derived = { readonly [K in 'end' | 'errno' | 'why' | 'meaning']?: Text };

export function published<T>(shape: Shape<T>, value: T): Published<T> {
  return JSON.parse(textOf(shape)(value) ?? 'null');
}

export function publishedInspection(inspection: Inspection): Published<Inspection> {
  return published(INSPECTION, inspection);
}

export async function inspectJson(
  dump: OpenedDump,
  snapshot: Snapshot,
  options?: InspectOptions,
): Promise<Published<Inspection>> {
  return publishedInspection(await inspect(dump, snapshot, options));
}

export async function diffJson(
  before: OpenedDump,
  after: OpenedDump,
  snapshot: Snapshot,
  options?: DiffOptions,
): Promise<Published<DiffReport>> {
  return published(DIFF, await diff(before, after, snapshot, options));
}
