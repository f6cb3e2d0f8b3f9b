/**
 * `--format sarif`: the findings as a SARIF 2.1.0 log (OASIS), for viewers and servers that collect results of many
 * tools. One run, one result for each finding, all known rules. SARIF has our three severities as they are.
 */

import { createHash } from 'node:crypto';
import type { Finding } from '../findings/findings.ts';
import { RULES, type RuleInfo } from '../findings/rules.ts';
import type { DumpReport, Inspection } from '../inspect/inspection.ts';
import { escapeText, jsonText } from './escape.ts';
import { finding as FINDING } from './json/parts/findings.ts';
import { inOrder, sidsInWords } from './prose/findings.ts';
import { ruleIndex, SARIF_RULES } from './sarif-rules.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** A SARIF 2.1.0 log with one run. */
export function* sarifReport(inspection: Inspection): Generator<string> {
  yield jsonText(sarifLog(inspection));
}

function sarifLog(inspection: Inspection) {
  const { tool, summary, redacted } = inspection;
  const artifacts = new Artifacts(inspection);
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: tool.name, semanticVersion: tool.version, rules: SARIF_RULES } },
        invocations: [{ executionSuccessful: true, exitCode: summary.exitCode }],
        artifacts: artifacts.all,
        properties: redacted && { redacted },
        results: inOrder(inspection).map((finding) => result(finding, artifacts)),
      },
    ],
  };
}

function result(finding: Finding, artifacts: Artifacts) {
  const { rule, severity, message } = finding;
  return {
    ruleId: rule,
    ruleIndex: ruleIndex(rule),
    level: severity,
    message: { text: messageText(message) },
    locations: locations(finding, artifacts),
    partialFingerprints: fingerprints(finding),
  };
}

function locations(finding: Finding, artifacts: Artifacts) {
  const physical = physicalLocation(finding, artifacts);
  const logical = logicalLocations(finding);
  return physical === undefined && logical === undefined
    ? []
    : [{ physicalLocation: physical, logicalLocations: logical }];
}

/** Braces are placeholders in a SARIF message, and `[text](target)` is a link; foreign text may be neither. */
function messageText(message: string): string {
  return escapeText(message).replace(/[{}]/g, '$&$&').replaceAll('](', '\\](');
}

/** Where in the files, as far as that is known; undefined for what is not about a file of this inspection. */
function physicalLocation(finding: Finding, artifacts: Artifacts) {
  const artifactLocation = artifacts.locationOf(finding);
  if (artifactLocation === undefined) return undefined;
  const { address } = finding.location;
  return {
    artifactLocation,
    region: artifacts.regionOf(finding),
    // Physical addresses have at most 52 bits, so that they are exact as a number.
    address: address === undefined ? undefined : { absoluteAddress: address, kind: 'data' },
  };
}

function logicalLocations({ rule, smmu, location, args }: Finding) {
  if (rule === 'snapshot-unknown-register') return [{ name: escapeText(args.place), kind: 'property' }];
  if (smmu === null) return undefined;
  const { l1Index, firstSid, lastSid } = location;
  const name = escapeText(smmu);
  const named = [{ name, kind: 'resource' }];
  if (l1Index !== undefined) named.push({ name: `${name}/L1[${l1Index}]`, kind: 'l1-descriptor' });
  if (firstSid !== undefined && lastSid !== undefined) {
    named.push({ name: `${name}/${sidsInWords(firstSid, lastSid)}`, kind: 'stream-ids' });
  }
  return named;
}

/**
 * Two ways to recognise a finding in the next run: by its place, which is the same in another dump of the same fault,
 * and by all that it says, addresses included.
 */
function fingerprints(finding: Finding) {
  const { rule, smmu } = finding;
  const { l1Index, firstSid, lastSid } = finding.location;
  const { location, args } = FINDING.toJson(finding) as { location: unknown; args: unknown };
  return {
    'place/v1': digest([rule, smmu, l1Index, firstSid, lastSid]),
    'finding/v1': digest([rule, smmu, location, args]),
  };
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

interface ArtifactLocation {
  readonly uri: string;
  readonly index?: number;
  readonly description?: { readonly text: string };
}

/** The files of the dumps, and which of them a finding is about. */
class Artifacts {
  readonly all: readonly { readonly location: ArtifactLocation; readonly roles: readonly string[] }[];
  readonly #dumps: readonly DumpReport[];
  readonly #uris: readonly string[];

  constructor({ dump, later }: Inspection) {
    this.#dumps = later === null ? [dump] : [dump, later];
    this.#uris = [...new Set(this.#dumps.flatMap(({ files }) => files).map(uriOf))];
    this.all = this.#uris.map((uri, index) => ({ location: { uri, index }, roles: ['analysisTarget'] }));
  }

  locationOf({ rule, args }: Finding): ArtifactLocation | undefined {
    const { foundIn }: RuleInfo = RULES[rule];
    // The snapshot's name is not among what was inspected.
    if (foundIn === 'snapshot') return undefined;
    const [dump, later] = this.#dumps;
    if (!('file' in args)) return this.#dump(foundIn === 'later-dump' ? (later ?? dump) : dump);
    const { file } = args;
    if (typeof file === 'string') return this.#file(file);
    return this.#dump(this.#dumps.find(({ files }) => files.every((name, i) => name === file[i])));
  }

  /** Offsets in a file that wraps another are those of the inner one, which is no file. */
  regionOf({ rule, args }: Finding): { readonly byteOffset: number } | undefined {
    if (rule !== 'dump-damaged' || this.#dumps.some(({ wrapper }) => wrapper !== null)) return undefined;
    return { byteOffset: Number(args.fileOffset) };
  }

  #dump(dump: DumpReport | undefined): ArtifactLocation | undefined {
    const [first, ...others] = dump?.files ?? [];
    if (first === undefined) return undefined;
    const text = `the first of ${others.length + 1} files; which of them holds an address is not told`;
    return others.length === 0 ? this.#file(first) : { ...this.#file(first), description: { text } };
  }

  #file(name: string): ArtifactLocation {
    const uri = uriOf(name);
    const index = this.#uris.indexOf(uri);
    return index < 0 ? { uri } : { uri, index };
  }
}

/**
 * A file name as a relative URI. Each part is encoded whole: a colon would make a scheme of the first, and two slashes
 * in front a host name. A name that is no Unicode is encoded with the replacement characters that it is shown with.
 */
function uriOf(name: string): string {
  const parts = Buffer.from(name).toString().replace(/^\/+/, '/').split('/');
  return parts.map(encodeURIComponent).join('/');
}
