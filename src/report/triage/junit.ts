/** `triage --format junit`: a test case for each crash. One with findings is a failure, one without an answer an error. */

import type { CrashRow, TriageReport } from '../../triage/crash.ts';
import { attributes, xmlText } from '../junit.ts';

/** By what `inspect` would end with. */
const TAGS = { 0: null, 1: 'failure', 2: 'error', 3: 'error' } as const;

/** One test suite with a case for each crash. */
export function* triageJunit({ tool, crashes, totals }: TriageReport): Generator<string> {
  const { exitCodes, skipped } = totals;
  const name = `${tool.name} triage`;
  const errors = exitCodes[2] + exitCodes[3] - skipped;
  const counts = { name, tests: totals.crashes, failures: exitCodes[1], errors, skipped, time: 0 };
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites${attributes(counts)}>\n  <testsuite${attributes(counts)}>\n`;
  for (const row of crashes) yield testCase(row);
  yield '  </testsuite>\n</testsuites>\n';
}

function testCase({ path, seconds, status, exitCode, why, fingerprint, smmus }: CrashRow): string {
  const opening = `    <testcase${attributes({ classname: 'crashes', name: path, time: seconds })}>\n`;
  const lines = smmus.map(({ name, outcome, worst }) => {
    const found = worst === null ? '' : `; ${worst.severity} ${worst.rule}: ${worst.message}`;
    return `${name}: ${outcome}${found}`;
  });
  const text = lines.map(xmlText).join('\n');
  const message = why ?? lines[0] ?? fingerprint;
  const tag = status === 'skipped' ? 'skipped' : TAGS[exitCode];
  const inside =
    tag === null
      ? `<system-out>${text}</system-out>`
      : tag === 'skipped'
        ? `<skipped${attributes({ message })}/>`
        : `<${tag}${attributes({ message, type: fingerprint })}>${text}</${tag}>`;
  return `${opening}      ${inside}\n    </testcase>\n`;
}
