/** What `translate` prints and how it ends: apart from the command, which is loaded whenever another one runs. */

import { jsonText } from '../report/escape.ts';
import { IOVA_SPACE, TRANSLATION } from '../report/json/translation.ts';
import { jsonReport } from '../report/json/write.ts';
import type { Style } from '../report/text/style.ts';
import { iovaSpaceText, translationText } from '../report/text/translation.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { iovaSpaceReport } from '../streams/iova-space.ts';
import {
  type StreamQuestion,
  type TranslationMemory,
  type TranslationOutcome,
  type TranslationQuestion,
  translationReport,
} from '../streams/translation.ts';

export interface Answer {
  readonly pieces: Iterable<string>;
  /** To be asked once the pieces have been gone through. */
  readonly status: () => number;
}

const STATUSES: Readonly<Record<TranslationOutcome, number>> = {
  translated: 0,
  bypass: 0,
  abort: 1,
  fault: 1,
  indeterminate: 3,
};

/** One access; `style` is null for JSON. */
export function answerAccess(
  smmu: SmmuSnapshot,
  memory: TranslationMemory,
  question: TranslationQuestion,
  style: Style | null,
): Answer {
  const report = translationReport(smmu, memory, question);
  return {
    pieces: style === null ? [jsonText(TRANSLATION.toJson(report))] : translationText(report, style),
    status: () => STATUSES[report.outcome],
  };
}

/** The whole input space of a stream. */
export function answerAll(
  smmu: SmmuSnapshot,
  memory: TranslationMemory,
  question: StreamQuestion,
  style: Style | null,
): Answer {
  const { report, seenIncomplete } = iovaSpaceReport(smmu, memory, question);
  return {
    pieces: style === null ? jsonReport(IOVA_SPACE, report) : iovaSpaceText(report, style),
    status: () => (seenIncomplete() ? 3 : STATUSES[report.outcome]),
  };
}
