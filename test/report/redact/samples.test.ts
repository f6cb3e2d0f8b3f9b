/**
 * The proof: of every sample, nothing that was given comes through in any format; what the report says of the tables is
 * the same as without; and all formats have the same stand-ins.
 */

import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RUNS, SAMPLES_FOLDER } from '../../../samples/make.ts';
import { redacted, renderJson, renderText } from '../../../src/index.ts';
import { run } from '../../support/command.ts';
import { inspectSample } from '../../support/inspections.ts';
import { BARE, whyNot } from '../../support/outside/real-dumps.ts';
import { addGiven, GivenPages, type Json, numbersThatTell } from '../../support/redaction.ts';
import { expectStrictlyValid } from '../../support/schema.ts';
import { someOf } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const FORMATS = ['json', 'ndjson', 'csv', 'sarif', 'junit', 'github', 'html'] as const;
type Texts = Readonly<Record<(typeof FORMATS)[number] | 'text', string>>;

/** A crash lies in a folder that says whose it is. */
const OWNER = 'db17.customer.example';
const folder = temporaryFolder();

/** The arguments of a sample, its files named by their whole paths. */
function argumentsOf(name: string): string[] {
  const crash = join(folder.path, OWNER, name);
  cpSync(join(SAMPLES_FOLDER, name), crash, { recursive: true });
  return (RUNS.get(name)?.args ?? []).map((arg) => (existsSync(join(crash, arg)) ? join(crash, arg) : arg));
}

/** In every format of one run. */
async function reportsOf(
  args: readonly string[],
  ...options: string[]
): Promise<{ texts: Texts; status: number | null }> {
  const files = FORMATS.map((format) => [format, join(folder.path, `report.${format}`)] as const);
  const outputs = files.flatMap(([format, file]) => ['--format', format, '--output', file]);
  const all = ['inspect', ...args, '--deep', '--full', ...options, '--format', 'text', ...outputs];
  const { stdout, stderr, status } = await run(all);
  expect(status, stderr).not.toBe(2);
  const read = files.map(([format, file]) => [format, readFileSync(file, 'utf8')]);
  return { texts: { ...Object.fromEntries(read), text: stdout } as Texts, status };
}

/** Of a page of HTML what is of this report: its styles and scripts are the same in all. */
const ownPart = (html: string) => html.replaceAll(/<(style|script)>.*?<\/\1>/gs, '');

interface Report {
  readonly redacted?: true;
  readonly smmus: readonly {
    readonly adoption: { readonly verdict: string; readonly checks: readonly { id: string; result: string }[] };
    readonly stes: readonly { readonly sid: number; readonly config: string; readonly pageState: string }[];
    readonly l1: readonly { readonly index: number; readonly span: number; readonly status: string }[];
    readonly devices: unknown;
    readonly census: unknown;
    readonly table: { readonly base: string; readonly entries: number };
  }[];
  readonly findings: readonly { readonly rule: string; readonly severity: string; readonly location: object }[];
  readonly summary: unknown;
}

/** What a report is read for: everything that is no address and no name. */
function structureOf({ smmus, findings, summary }: Report) {
  return {
    smmus: smmus.map(({ adoption: { verdict, checks }, stes, l1, devices, census, table: { entries } }) => ({
      ...{ verdict, devices, census, entries },
      checks: checks.map(({ id, result }) => `${id} ${result}`),
      stes: stes.map(({ sid, config, pageState }) => `${sid} ${config} ${pageState}`),
      l1: l1.map(({ index, span, status }) => `${index} ${span} ${status}`),
    })),
    findings: findings.map(({ rule, severity, location }) => ({ rule, severity, ...location, address: null })),
    summary,
  };
}

async function proveFor(args: readonly string[], owner: string): Promise<void> {
  const plain = await reportsOf(args);
  const redacted = await reportsOf(args, '--redact');
  const [before, after] = [plain, redacted].map(({ texts }) => JSON.parse(texts.json)) as [Report, Report];

  const given = new GivenPages();
  addGiven(before as unknown as Json, given);
  expect(given.size).toBeGreaterThan(1);
  for (const [format, text] of Object.entries(redacted.texts)) {
    const own = format === 'html' ? ownPart(text) : text;
    expect({ format, told: numbersThatTell(own, given) }).toEqual({ format, told: [] });
    for (const word of [owner, folder.path]) expect(text, format).not.toContain(word);
  }
  // The proof can fail: without the option all of it is there.
  expect(numbersThatTell(plain.texts.text, given)).not.toEqual([]);
  for (const format of ['text', 'json', 'html'] as const) expect(plain.texts[format], format).toContain(owner);

  expectStrictlyValid(after);
  expect(after.redacted).toBe(true);
  expect(before.redacted).toBeUndefined();
  expect(structureOf(after)).toEqual(structureOf(before));
  expect(redacted.status).toBe(plain.status);

  // One address, one stand-in, wherever it is told.
  for (const { table } of after.smmus) {
    expect(table.base).toMatch(/^0x(fade[0-9a-f]{9}|0)$/);
    for (const format of ['text', 'html', 'ndjson'] as const) {
      expect(redacted.texts[format], format).toContain(table.base);
    }
  }
}

test.each(someOf([...RUNS.keys()], 16))('%s is told in every format without anything that was given', async (name) => {
  await proveFor(argumentsOf(name), OWNER);
});

describe.skipIf(!existsSync(BARE))(`dumps of real kernels${whyNot(BARE)}`, () => {
  test.each(someOf(['b618', 'b7316l', 'k64', 'k64late', 'kmod'], 5))('%s', async (name) => {
    await proveFor([join(BARE, `${name}.kdump`)], BARE);
  });
});

// A capture says what nobody asked for.
test('lines of a captured log lose their addresses, and agree as they did', async () => {
  const [dump, regs] = argumentsOf('dmesg-differs').filter((arg) => arg.startsWith('/'));
  const log = folder.write(
    'console.txt',
    [
      '[    1.000000] db17 arm-smmu-v3 arm-smmu-v3.0.auto: kdump: L1[2] at 0x0000000042abc000 was refused',
      "[    1.000001] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: adopting crashed kernel's stream table",
    ].join('\n'),
  );
  const args = ['inspect', dump ?? '', '--regs', regs ?? '', '--dmesg', log, '--format', 'json'];
  const [plain, redacted] = [await run(args), await run([...args, '--redact'])];
  const linesOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout).smmus[0].dmesg.lines;
  expect(JSON.stringify(linesOf(plain))).toContain('0x0000000042abc000');
  expect(redacted.stdout).not.toMatch(/42abc|console\.txt|db17/);
  expect(JSON.stringify(linesOf(redacted))).toMatch(/L1\[2\] at 0x000fade[0-9a-f]{5}c000 was refused/);
  const statuses = ({ stdout }: { stdout: string }) =>
    linesOf({ stdout }).map(({ status }: { status: string }) => status);
  expect(statuses(redacted)).toEqual(statuses(plain));
});

test('the library redacts a report for any of its writers', async () => {
  const report = await inspectSample('l2-hole');
  const made = redacted(report);
  const [text, json] = [await renderText(made, { full: true }), await renderJson(made)].map((pieces) =>
    [...pieces].join(''),
  );
  expect(text).toContain('redacted: ');
  const { smmus } = JSON.parse(json ?? '');
  expect(smmus[0].table.base).toMatch(/^0xfade/);
  expect(text).toContain(smmus[0].table.base);
  // What it was made from is as it was.
  expect(report.redacted).toBeUndefined();
  expect(report.smmus[0]?.table.base).toBeLessThan(2 ** 48);
});
