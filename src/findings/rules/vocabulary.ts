/** Words with a published meaning that arguments of rules use, and the other documents with them. */

import type { Verdict } from '../../adopt/emulate.ts';
import type { InFlight } from '../../adopt/reset.ts';
import type { PageState } from '../../dump/memory.ts';
import { choice, define, matching, type Shape } from '../../shape.ts';

export const pageState: Shape<PageState> = define(
  'pageState',
  'What the dump has of some bytes: the bytes (present), the word that they are zero (zero), nothing because the capture tool left them out (excluded), no RAM (hole), nothing because of truncation or damage (lost)',
  choice('present', 'zero', 'excluded', 'hole', 'lost'),
);

export const verdict: Shape<Verdict> = define(
  'verdict',
  'never-programmed: the adoption fails and the reset goes on as if it had not, so that the hardware never hears of the new table (v3); probe-fails: the probe of the SMMU fails with it (v1, v2), or before it, because the driver does not take the hardware; panic: the kdump kernel dies reading a table during the adoption; indeterminate: the dump lacks what decides',
  choice('adopted', 'fallback', 'never-programmed', 'probe-fails', 'not-attempted', 'indeterminate', 'panic'),
);

export const inFlight: Shape<InFlight> = define(
  'inFlight',
  "What DMA of the crashed kernel's devices meets",
  choice('translated', 'aborted', 'bypassed', 'unknown'),
);

export const ruleName: Shape<string> = define(
  'rule',
  'A rule name, once published, keeps its meaning; later versions may add others',
  matching(/^[a-z0-9]+(-[a-z0-9]+)*$/),
);
