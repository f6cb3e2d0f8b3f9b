/** The names that can be explained, without the explanations: what a shell completes. */

import { CHECK_ORDER } from '../../adopt/checks.ts';
import { SCAN_RULES } from '../prose/scan.ts';
import { RULES } from '../rules.ts';

export const EXPLAINED_NAMES: readonly string[] = [
  ...new Set([...Object.keys(RULES), ...CHECK_ORDER, ...Object.keys(SCAN_RULES)]),
];
