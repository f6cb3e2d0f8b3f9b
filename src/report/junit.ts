/**
 * `--format junit`: one test suite for each SMMU, for CI servers that show JUnit XML. Test cases are
 *
 * - the driver's checks: a failed one is a failure, one that the dump cannot answer is an error, and one that the
 *   kernel does not come to is skipped. One by which no adoption is attempted passes, as its finding does, and says so
 * - the devices: a refused one is a failure, one that cannot be told is an error, one never asked is skipped
 * - the rules with findings: errors are a failure; warnings pass, as they do by default for the exit status, and are
 *   in the case's output. One that leaves the whole answer open is an error. A rule that found nothing is no test case,
 *   and notes are in none.
 *
 * What concerns the input as a whole is a suite of its own, where there is any. Nothing was timed, so times are 0.
 */

import { isUnknown } from '../adopt/checks.ts';
import { findingsOf } from '../findings/by-smmu.ts';
import { type Finding, leavesOpen } from '../findings/findings.ts';
import { foundAndRequired } from '../findings/prose/evidence.ts';
import { hex } from '../hex.ts';
import type { DeviceReport } from '../inspect/emulation/outcome.ts';
import type { Inspection, SmmuReport } from '../inspect/inspection.ts';
import { groupBy } from '../lists.ts';
import { escapeText } from './escape.ts';
import { inOrder, placeInWords } from './prose/findings.ts';

type CaseEnding = 'failure' | 'error' | 'skipped';

/** Every text in it is as it came; it is escaped where it is written. */
interface TestCase {
  readonly group: 'checks' | 'devices' | 'findings';
  readonly name: string;
  /** Null: it passes. */
  readonly outcome: CaseEnding | null;
  readonly message?: string;
  /** Lines below the message, or the output of a case that passes. */
  readonly details?: readonly string[];
}

interface Suite {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly TestCase[];
}

/** A test suite for each SMMU, with a case for its verdict and for each rule that was broken. */
export function* junitReport(inspection: Inspection): Generator<string> {
  const suites = suitesOf(inspection);
  const all = suites.flatMap(({ cases }) => cases);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites${attributes({ name: inspection.tool.name, ...counts(all), time: 0 })}>\n`;
  for (const { name, properties, cases } of suites) {
    yield `  <testsuite${attributes({ name, ...counts(cases), time: 0 })}>\n`;
    yield* propertyLines(properties);
    for (const one of cases) yield* caseLines(name, one);
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
}

function suitesOf(inspection: Inspection): Suite[] {
  const findings = inOrder(inspection);
  const about = (name: string | null) => findingCases(findingsOf(findings, name));
  const redacted: Readonly<Record<string, string>> = inspection.redacted ? { redacted: 'true' } : {};
  const suites = inspection.smmus.map((smmu): Suite => {
    const { revision, verdict } = smmu.adoption;
    const properties = { revision, verdict, fate: smmu.fate.kind, ...redacted };
    const cases = [...checkCases(smmu), ...deviceCases(smmu), ...about(smmu.name)];
    return { name: smmu.name, properties, cases };
  });
  const ofInput = about(null);
  return ofInput.length === 0 ? suites : [{ name: 'input', properties: {}, cases: ofInput }, ...suites];
}

function checkCases({ adoption }: SmmuReport): TestCase[] {
  return adoption.checks.map((check) => {
    const { id, result } = check;
    const found = { message: foundAndRequired(check) };
    const one = { group: 'checks', name: id } as const;
    if (result === 'pass') return { ...one, outcome: null };
    if (result === 'fail' && adoption.verdict === 'not-attempted') {
      return { ...one, outcome: null, details: [`no adoption is attempted: ${found.message}`] };
    }
    if (result === 'fail') return { ...one, outcome: 'failure', ...found };
    if (isUnknown(check)) return { ...one, outcome: 'error', ...found };
    return { ...one, outcome: 'skipped', message: 'the kernel does not come to it' };
  });
}

function deviceCases({ devices, inserts, panic }: SmmuReport): TestCase[] {
  const refused = groupBy(
    inserts.filter(({ ret }) => ret !== 0 && ret !== null),
    ({ sid }) => sid,
  );
  return devices.map((device) => {
    const one = { group: 'devices', name: deviceName(device) } as const;
    if (device.fate === 'never-asked') return { ...one, outcome: 'skipped', message: 'the kernel never comes to it' };
    if (device.fate === 'accepted') return { ...one, outcome: null };
    if (device.fate === 'unknown') return { ...one, outcome: 'error', message: 'cannot be told from this dump' };
    if (device.fate === 'kernel-dies') {
      return { ...one, outcome: 'failure', message: `the kernel dies in ${panic?.where} before it is accepted` };
    }
    const refusals = device.sids
      .flatMap((sid) => refused.get(sid) ?? [])
      .filter((insert) => insert.device === device.name && insert.hotplugged === device.hotplugged)
      .map(({ sid, errno, ret }) => `SID ${hex(sid)} is refused with ${errno === null ? ret : `-${errno}`}`);
    const [message = 'refused'] = refusals;
    return { ...one, outcome: 'failure', message, details: refusals.slice(1) };
  });
}

function deviceName({ name, sids, hotplugged }: DeviceReport): string {
  const streams = `SID${sids.length === 1 ? '' : 's'} ${sids.map(hex).join(', ')}`;
  return `${name === null ? streams : `${name}: ${streams}`}${hotplugged ? ' (plugged in later)' : ''}`;
}

function findingCases(findings: readonly Finding[]): TestCase[] {
  const grave = findings.filter(({ severity }) => severity !== 'note');
  return [...groupBy(grave, ({ rule }) => rule)].map(([name, list]) => {
    const details = list.map((finding) => {
      const place = placeInWords(finding);
      return `${finding.severity}: ${finding.message}${place === '' ? '' : ` (${place})`}`;
    });
    const [first] = list.filter((finding) => finding.severity === 'error' || leavesOpen(finding));
    if (first === undefined) return { group: 'findings', name, outcome: null, details };
    const more = list.length === 1 ? '' : `, and ${list.length - 1} more`;
    const outcome = leavesOpen(first) ? 'error' : 'failure';
    return { group: 'findings', name, outcome, message: first.message + more, details };
  });
}

function counts(cases: readonly TestCase[]): Record<string, number> {
  const count = (outcome: CaseEnding) => cases.filter((one) => one.outcome === outcome).length;
  return { tests: cases.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') };
}

function* propertyLines(properties: Suite['properties']): Generator<string> {
  const lines = Object.entries(properties).map(([name, value]) => `      <property${attributes({ name, value })}/>\n`);
  if (lines.length > 0) yield `    <properties>\n${lines.join('')}    </properties>\n`;
}

function* caseLines(suite: string, { group, name, outcome, message, details = [] }: TestCase): Generator<string> {
  const opening = `    <testcase${attributes({ classname: `${suite}.${group}`, name, time: 0 })}`;
  const text = details.map(xmlText).join('\n');
  if (outcome === null && text === '') yield `${opening}/>\n`;
  else {
    const [tag, about] =
      outcome === null ? ['system-out', {}] : [outcome, { message, ...(outcome === 'skipped' ? {} : { type: group }) }];
    const start = `      <${tag}${attributes(about)}`;
    yield `${opening}>\n${text === '' ? `${start}/>` : `${start}>${text}</${tag}>`}\n    </testcase>\n`;
  }
}

/** Attributes of an XML element with a blank in front of each. */
export function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlText(String(value ?? ''))}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** XML 1.0 has no way to write these; the control characters among them are replaced like in every other report. */
const NO_XML = /[\ufffe\uffff]|\p{Cs}/gu;

/** Text for XML 1.0: what it cannot hold is shown by its code. */
export function xmlText(text: string): string {
  return escapeText(text)
    .replace(NO_XML, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
