/**
 * Which reports are there, and how is each written as text and as JSON? Every one that the command prints has a line
 * here, and with it its published schema: `schema/` is made from this list. What a report needs is loaded when it is
 * written, so that a script that wants JSON does not pay for colours and tables.
 */

import type { CheckReport } from '../check/check.ts';
import type { DiffReport } from '../diff/report.ts';
import type { ExplainReport } from '../findings/explanations/explain.ts';
import type { DumpInfo } from '../inspect/dump-info.ts';
import type { ValidatedSnapshot } from '../inspect/emulation/register-outlook.ts';
import type { Inspection } from '../inspect/inspection.ts';
import type { LogReport } from '../inspect/log/log-report.ts';
import type { StreamReport } from '../inspect/stream.ts';
import type { FoundLog } from '../linux/kernel-log.ts';
import type { FoundMap } from '../linux/memory-map.ts';
import type { QueuesReport } from '../queues/queues.ts';
import { type JsonSchema, type Shape, schemaOf, variants } from '../shape.ts';
import type { DecodeReport } from '../smmu/decode-words.ts';
import type { IovaSpaceReport } from '../streams/iova-space.ts';
import type { TranslationReport } from '../streams/translation.ts';
import type { TriageReport } from '../triage/crash.ts';
import type { TablesReport } from './json/parts/crashed-kernel.ts';
import type { Given } from './sections/input.ts';
import type { Style } from './text/style.ts';

/** What a text shows beside the essential, and how much of it. */
export interface TextDetail {
  /** Fields without effect, and entries that do nothing, too: `show`, `queues`, `diff`. */
  readonly all?: boolean | undefined;
  /** Of an inspection only the verdict of each SMMU. */
  readonly quiet?: boolean | undefined;
  /** Of an inspection every section, instead of those that most readers look for. */
  readonly full?: boolean | undefined;
  /** What an inspection was asked for with, which its text then says. */
  readonly given?: Given | undefined;
  /** Of a log the lines, too, that could not be used. */
  readonly verbose?: boolean | undefined;
}

interface Document<T> {
  /** The document with whose schema its own is published, where one command prints both. */
  readonly file?: string;
  /** What prints it. */
  readonly command: string;
  /** A key that it has and no other document. */
  readonly key: keyof T & string;
  readonly shape: () => Promise<Shape<T>>;
  readonly text: (report: T, style: Style, detail: TextDetail) => Promise<Iterable<string>>;
}

/** By the name of its document. */
interface Reports {
  readonly check: CheckReport;
  readonly decode: DecodeReport;
  readonly diff: DiffReport;
  readonly explain: ExplainReport;
  readonly inspection: Inspection;
  readonly kernelLog: FoundLog;
  readonly log: LogReport;
  readonly memoryMap: FoundMap;
  readonly queues: QueuesReport;
  readonly reach: IovaSpaceReport;
  readonly stream: StreamReport;
  readonly tables: TablesReport;
  readonly translation: TranslationReport;
  readonly triage: TriageReport;
  readonly validation: ValidatedSnapshot;
  readonly info: DumpInfo;
}

/** Whatever the functions of the library give back. */
export type Report = Reports[keyof Reports];

/** In the order in which they are recognised. */
const DOCUMENTS: { readonly [Name in keyof Reports]: Document<Reports[Name]> } = {
  check: {
    command: 'check',
    key: 'samples',
    shape: async () => (await import('./json/check.ts')).CHECK,
    text: async (report) => (await import('./check/text.ts')).checkText(report),
  },
  kernelLog: {
    file: 'info',
    command: 'info --log',
    key: 'unreadable',
    shape: async () => (await import('./json/parts/crashed-kernel.ts')).KERNEL_LOG,
    text: async ({ records }) => (await import('./crashed-kernel.ts')).logLines(records),
  },
  decode: {
    command: 'decode',
    key: 'records',
    shape: async () => (await import('./json/decode.ts')).DECODE,
    text: async (report, style) => (await import('./decode.ts')).decodeText(report, style),
  },
  diff: {
    command: 'diff',
    key: 'before',
    shape: async () => (await import('./json/diff.ts')).DIFF,
    text: async (report, style, { all = false }) => (await import('./text/diff/diff.ts')).diffText(report, style, all),
  },
  explain: {
    command: 'explain',
    key: 'explanations',
    shape: async () => (await import('./json/explain.ts')).EXPLAIN,
    text: async ({ explanations, groups }, style) => {
      const { explainList, explainReport } = await import('./text/explain.ts');
      return groups === null ? explainReport(explanations, style) : explainList(groups, style);
    },
  },
  log: {
    command: 'log',
    key: 'smmuLines',
    shape: async () => (await import('./json/log.ts')).LOG,
    text: async (report, style, { verbose = false }) => (await import('./log/text.ts')).logText(report, style, verbose),
  },
  memoryMap: {
    file: 'info',
    command: 'info --iomem',
    key: 'entries',
    shape: async () => (await import('./json/parts/crashed-kernel.ts')).MEMORY_MAP,
    text: async ({ entries }) => (await import('./crashed-kernel.ts')).iomemLines(entries),
  },
  tables: {
    file: 'info',
    command: 'info --find-tables',
    key: 'tables',
    shape: async () => (await import('./json/parts/crashed-kernel.ts')).TABLES,
    text: async ({ tables }) => (await import('./crashed-kernel.ts')).tableLines(tables),
  },
  reach: {
    file: 'translation',
    command: 'translate --all',
    key: 'halves',
    shape: async () => (await import('./json/translation.ts')).IOVA_SPACE,
    text: async (report, style) => (await import('./text/streams/translation.ts')).iovaSpaceText(report, style),
  },
  stream: {
    command: 'show',
    key: 'lookup',
    shape: async () => (await import('./json/stream.ts')).STREAM,
    text: async (report, style, { all = false }) =>
      (await import('./text/streams/stream.ts')).streamText(report, style, all),
  },
  translation: {
    command: 'translate',
    key: 'iova',
    shape: async () => (await import('./json/translation.ts')).TRANSLATION,
    text: async (report, style) => (await import('./text/streams/translation.ts')).translationText(report, style),
  },
  triage: {
    command: 'triage',
    key: 'crashes',
    shape: async () => (await import('./json/triage.ts')).TRIAGE,
    text: async (report, style) => (await import('./triage/text.ts')).triageText(report, style),
  },
  validation: {
    command: 'regs validate',
    key: 'usable',
    shape: async () => (await import('./json/validation.ts')).VALIDATION,
    text: async (report, style) => (await import('./text/regs.ts')).regsReport(report, style),
  },
  queues: {
    command: 'queues',
    key: 'captured',
    shape: async () => (await import('./json/queues.ts')).QUEUES,
    text: async (report, style, { all = false }) => (await import('./text/queues.ts')).queuesText(report, style, all),
  },
  inspection: {
    command: 'inspect',
    key: 'findings',
    shape: async () => (await import('./json/inspection.ts')).INSPECTION,
    text: async (report, style, { quiet = false, full, given }) => {
      const { textReport, textVerdicts } = await import('./text/text.ts');
      return quiet ? textVerdicts(report, style) : textReport(report, style, { full, given });
    },
  },
  info: {
    command: 'info',
    key: 'dump',
    shape: async () => (await import('./json/info.ts')).INFO,
    text: async (report, style) => (await import('./text/info.ts')).infoReport(report, style),
  },
};

/** The document that a report is, by the key that only it has. */
export function documentOf<T extends Report>(report: T): Document<T> {
  const found = Object.values(DOCUMENTS).find(({ key }) => key in report);
  if (found === undefined) throw new TypeError('this is no report of this program');
  return found as unknown as Document<T>;
}

/** The published schemas by file name: one for each command, whatever its options make it print. */
export async function schemas(): Promise<Map<string, JsonSchema>> {
  const all = Object.entries(DOCUMENTS) as [string, Document<never>][];
  const made = all
    .filter(([, { file }]) => file === undefined)
    .map(async ([name, { command, shape }]) => {
      const others = all.filter(([, { file }]) => file === name).map(([, document]) => document.shape());
      const whole = await shape();
      const ways = [whole, ...(await Promise.all(others))].map((one) => ({ is: () => true, shape: one }));
      const schema = schemaOf(
        `urn:smmu-adopt:${name}:1`,
        `smmu-adopt ${name}, schema version 1`,
        `What \`smmu-adopt ${command} --format json\` prints. Within version 1 keys may be added; none is renamed, retyped or removed. Addresses, register values and 64-bit words are lower-case hex text; counts, sizes, indices and IDs are integers.`,
        ways.length === 1 ? whole : variants(...ways),
      );
      return [`${name}.schema.json`, schema] as const;
    });
  return new Map(await Promise.all(made));
}
