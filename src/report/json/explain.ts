/** The shape of `explain`: what names in reports mean. */

import type { Explained } from '../../findings/explanations/catalogue.ts';
import type { ExplainReport } from '../../findings/explanations/explain.ts';
import { choice, define, list, nullable, object, type Shape, text, words } from '../../shape.ts';
import { preambleOfTool } from './parts/common.ts';

const reach = nullable(choice('machine', 'smmu', 'bus', 'device'));

const explanation = define(
  'explanation',
  'What one name means',
  object<Explained>()({
    name: ['The name as it stands in reports', words],
    kind: [
      'What it is the name of',
      choice('finding', 'check', 'scan-rule', 'event', 'command-error', 'global-error', 'message', 'topic'),
    ],
    severity: ['Severity of a finding; null for what passes or fails', nullable(choice('error', 'warning', 'note'))],
    reach: ['What is affected; null when nothing is lost by itself', reach],
    likelyReach: ['What is affected on kernels from about 6.15 on', reach],
    title: ['In one line', words],
    meaning: ['What it means', words],
    hardware: ['What the hardware makes of it', text],
    kernel: [
      'What the kernel makes of it, by revision of the series',
      list(
        object<Explained['kernel'][number]>()({
          revisions: ['Which revisions; `all` for every one', words],
          does: ['What they do', text],
        }),
      ),
    ],
    causes: ['What it may come from; of the series, which kernels carry it', list(text)],
    next: ['Where to look next', list(text)],
    references: ['Sections of the architecture, and functions of the driver', list(text)],
  }),
);

export const EXPLAIN: Shape<ExplainReport> = object<ExplainReport>()({
  ...preambleOfTool,
  explanations: ['In the order in which they were asked for, or all', list(explanation)],
});
