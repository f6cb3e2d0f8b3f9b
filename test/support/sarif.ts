/** Checks against the JSON schema of SARIF 2.1.0, which is kept under test/data. */

import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'vitest';

const published = JSON.parse(readFileSync(new URL('../data/sarif-2.1.0.schema.json', import.meta.url), 'utf8'));
/** Of draft 04 it uses only what later drafts understand alike, but for these two keywords. */
const { $schema: _draft, id: _id, ...schema } = published;

const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

const validate = new Ajv({
  strict: false,
  // One of its patterns is none by the stricter grammar of Unicode expressions.
  unicodeRegExp: false,
  allErrors: true,
  formats: {
    uri: (text: string) => URI_REFERENCE.test(text) && SCHEME.test(text),
    'uri-reference': URI_REFERENCE,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  },
}).compile(schema);

/** What is wrong with a log, as parsed; empty when nothing is. */
export function sarifProblems(log: unknown): string[] {
  return validate(log) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation?: {
      readonly artifactLocation: { readonly uri: string; readonly index?: number };
      readonly region?: { readonly byteOffset: number };
      readonly address?: { readonly absoluteAddress: number; readonly kind: string };
    };
    readonly logicalLocations?: readonly { readonly name: string; readonly kind: string }[];
  }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

export interface SarifRun {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
  readonly artifacts: readonly { readonly location: { readonly uri: string } }[];
  readonly results: readonly SarifResult[];
}

/** The one run of a log that fits the schema, and whose indices lead to what they say. */
export function sarifRun(text: string): SarifRun {
  const log = JSON.parse(text);
  expect(sarifProblems(log)).toEqual([]);
  expect(log.runs).toHaveLength(1);
  const [run] = log.runs as SarifRun[];
  if (run === undefined) throw new Error('no run');
  for (const { ruleId, ruleIndex, locations } of run.results) {
    expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    for (const { physicalLocation } of locations) {
      const { uri, index } = physicalLocation?.artifactLocation ?? {};
      if (index !== undefined) expect(run.artifacts[index]?.location.uri).toBe(uri);
    }
  }
  return run;
}
