/** Workflow commands, read back the way the runner reads a log: line by line, whatever else is in it. */

import { expect, test } from 'vitest';
import type { Finding, Inspection } from '../../src/index.ts';
import { githubReport } from '../../src/report/github.ts';
import { HOSTILE, inspectSample } from '../support/inspections.ts';

interface Command {
  readonly command: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

const LINE_BREAK = /\r\n|\n|\r/;
/** The runner acts on the older syntax wherever in a line it stands. */
const OLD_COMMAND = /##\[[a-z-]+/;

function unescaped(text: string): string {
  return text.replace(/%(0D|0A|3A|2C|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** The command of a line, or null for plain text. */
function commandOf(line: string): Command | null {
  const [, command, list = '', data] = /^\s*::([a-z-]+)(?: (.*?))?::(.*)$/.exec(line) ?? [];
  if (command === undefined || data === undefined) {
    if (line.trimStart().startsWith('::') || OLD_COMMAND.test(line)) throw new Error(`nearly a command: ${line}`);
    return null;
  }
  const pairs = list.split(',').map((pair) => /^([a-z]+)=(.*)$/.exec(pair));
  if (pairs.includes(null)) throw new Error(`not properties: ${list}`);
  const properties = Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', unescaped(pair?.[2] ?? '')]));
  return { command, properties, data: unescaped(data) };
}

/** The summary, and the commands after it. */
function read(inspection: Inspection): [string, ...Command[]] {
  const text = [...githubReport(inspection)].join('');
  expect(text.endsWith('\n')).toBe(true);
  const [summary = '', ...lines] = text.slice(0, -1).split(LINE_BREAK);
  expect(commandOf(summary)).toBeNull();
  return [
    summary,
    ...lines.map((line) => {
      const command = commandOf(line);
      if (command === null) throw new Error(`plain text: ${line}`);
      return command;
    }),
  ];
}

test('a table that is adopted', async () => {
  expect([...githubReport(await inspectSample('healthy-two-level'))].join('')).toMatchInlineSnapshot(`
    "smmu-adopt: 1 SMMU (adopted), 0 errors, 0 warnings, 3 notes
    ::notice title=dma-goes-on on arm-smmu-v3.0.auto::once adopted, 4 streams can go on with DMA (0x8, 0x10, 0x30, 0x100), 1 of them untranslated; a reset would have cut them off
    ::notice title=gbpa-bypass on arm-smmu-v3.0.auto::GBPA.ABORT is 0: whenever the adopted SMMU is switched off later, by a failed probe or a shutdown, all DMA passes untranslated
    ::notice title=sids-beyond-table on arm-smmu-v3.0.auto::the table covers 2^12 StreamIDs of the hardware's 2^16: a device beyond it is refused with -ERANGE
    "
  `);
});

test('a table that is not', async () => {
  expect([...githubReport(await inspectSample('bad-span'))].join('')).toMatchInlineSnapshot(`
    "smmu-adopt: 1 SMMU (fallback), 2 errors, 1 warning, 1 note
    ::error title=adoption-fallback on arm-smmu-v3.0.auto::v6 gives up with -EINVAL and resets the SMMU: two-level.l1-descriptors: L1[5] has span 3 (required: span 0 or 9, or a null pointer)%0Akernel: kdump: L1[5] unsupported span 3 (vs 9)
    ::error title=l1-span-unsupported on arm-smmu-v3.0.auto::L1[5] has span 3; Linux adopts only span 9, so the whole stream table is rejected%0ASIDs 0x500-0x5ff, PCI bus 05, at 0x88002028%0Akernel: kdump: L1[5] unsupported span 3 (vs 9)
    ::warning title=l2-aliased on arm-smmu-v3.0.auto::2 L1 descriptors (L1[5], L1[1]) share the L2 table at 0x88014000: an attach on one bus rewrites the other's STEs%0ASIDs 0x500-0x5ff, PCI bus 05, at 0x88002028
    ::notice title=reset-cuts-off on arm-smmu-v3.0.auto::5 streams are not kept alive (0x8, 0x10, 0x30, 0x100, 0x500): the reset aborts their DMA, and a device that answers with an error may bring the machine down
    "
  `);
});

test('gravest first, then by rule', async () => {
  const inspection = await inspectSample('bad-span');
  const finding = { smmu: null, location: {}, args: {}, message: 'said', kernelMessage: null };
  const findings = [
    { ...finding, rule: 'table-cut', severity: 'warning' },
    { ...finding, rule: 'revisions-differ', severity: 'note' },
    { ...finding, rule: 'l2-unaligned', severity: 'warning' },
    { ...finding, rule: 'smmu-lost', severity: 'error' },
  ] as unknown as Finding[];
  const [, ...commands] = read({ ...inspection, findings });
  expect(commands).toEqual([
    { command: 'error', properties: { title: 'smmu-lost' }, data: 'said' },
    { command: 'warning', properties: { title: 'l2-unaligned' }, data: 'said' },
    { command: 'warning', properties: { title: 'table-cut' }, data: 'said' },
    { command: 'notice', properties: { title: 'revisions-differ' }, data: 'said' },
  ]);
});

test.each(HOSTILE)('hostile name %# starts no command and ends none', async (name) => {
  const inspection = await inspectSample('bad-span', {}, { smmu: name });
  const findings = inspection.findings.map(
    (finding) => ({ ...finding, message: name, kernelMessage: name }) as Finding,
  );
  const [summary, ...commands] = read({ ...inspection, findings });
  expect(summary).toBe('smmu-adopt: 1 SMMU (fallback), 2 errors, 1 warning, 1 note');
  expect(commands.map(({ command, properties }) => [command, Object.keys(properties)])).toEqual([
    ['error', ['title']],
    ['error', ['title']],
    ['warning', ['title']],
    ['notice', ['title']],
  ]);
  for (const { properties, data } of commands) {
    if (!/^[\x20-\x7e]*$/.test(name)) continue;
    expect(properties['title']).toMatch(/^[a-z0-9-]+ on /);
    expect(properties['title']?.replace(/^[a-z0-9-]+ on /, '')).toBe(name);
    expect([data.split('\n')[0], data.split('\n').at(-1)]).toEqual([name, `kernel: ${name}`]);
  }
});

test('annotations pass one by one', async () => {
  const report = githubReport(await inspectSample('bad-span'));
  expect(report.next().done).toBe(false);
});
