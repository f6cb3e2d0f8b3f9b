/** `check --format junit`: a test case for each sample. One that differs is a failure, a broken one an error. */

import type { CheckedSample, CheckReport } from '../../check/check.ts';
import { attributes, xmlText } from '../junit.ts';
import { failureLines } from './words.ts';

const TAGS = { differs: 'failure', broken: 'error' } as const;

/** One test suite with a case for each sample. */
export function* checkJunit({ tool, samples, summary }: CheckReport): Generator<string> {
  const { samples: tests, differs: failures, broken: errors } = summary;
  const name = `${tool.name} check`;
  const counts = { name, tests, failures, errors, skipped: 0, time: 0 };
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites${attributes(counts)}>\n  <testsuite${attributes(counts)}>\n`;
  for (const sample of samples) yield* testCase(sample);
  yield '  </testsuite>\n</testsuites>\n';
}

function* testCase(sample: CheckedSample): Generator<string> {
  const opening = `    <testcase${attributes({ classname: 'samples', name: sample.name, time: 0 })}`;
  const lines = failureLines(sample);
  if (sample.result === 'ok') {
    const updated = sample.updated.map((file) => xmlText(`updated ${file}`)).join('\n');
    yield updated === ''
      ? `${opening}/>\n`
      : `${opening}>\n      <system-out>${updated}</system-out>\n    </testcase>\n`;
    return;
  }
  const tag = TAGS[sample.result];
  const about = attributes({ message: lines[0], type: sample.result });
  yield `${opening}>\n      <${tag}${about}>${lines.map(xmlText).join('\n')}</${tag}>\n    </testcase>\n`;
}
