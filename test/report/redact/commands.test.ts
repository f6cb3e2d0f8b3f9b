/** The other commands that show addresses: nothing that was given comes through, and the JSON fits its schema. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { run } from '../../support/command.ts';
import { addGiven, GivenPages, type Json, numbersThatTell } from '../../support/redaction.ts';
import { expectStrictlyValidDocument } from '../../support/schema.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const sample = (name: string, ...files: string[]) => files.map((file) => join(SAMPLES_FOLDER, name, file));
const [dump, regs] = sample('deep-healthy', 'dump.raw', 'regs.json') as [string, string];
const [before, after, snapshot] = sample('span-changed', 'dump.raw', 'later.raw', 'regs.json') as [
  string,
  string,
  string,
];
const [queues, queueRegs] = sample('queues-left', 'dump.raw', 'regs.json') as [string, string];
const [bare] = sample('bare-vmcore', 'vmcore') as [string];

const HOST = 'db17';
const log = folder.write(
  'console.log',
  readFileSync(new URL('../../data/logs/kdump-with-events.txt', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => `Nov 29 03:04:05 ${HOST} kernel: ${line}`)
    .concat(`Nov 29 03:04:05 ${HOST} kernel: arm-smmu-v3 2b400000.iommu: at 0x2b400000 of ${HOST}, in no way known`)
    .join('\n'),
);

describe.each([
  ['stream', ['show', before, '--regs', snapshot, '--sid', '0x100', '--all']],
  ['translation', ['translate', dump, '--regs', regs, '--sid', '0x8', '--iova', '0x40201000']],
  ['translation', ['translate', dump, '--regs', regs, '--sid', '0x8', '--all']],
  ['translation', ['translate', bare, '--sid', '0x100', '--all']],
  ['queues', ['queues', queues, '--regs', queueRegs, '--all']],
  ['diff', ['diff', before, after, '--regs', snapshot, '--all']],
  ['info', ['info', bare]],
  ['log', ['log', log, '--verbose']],
] as const)('%s: %j', (document, args) => {
  test('tells nothing that was given', async () => {
    const asJson = ['--format', 'json'];
    const plain = JSON.parse((await run([...args, ...asJson])).stdout);
    const given = new GivenPages();
    addGiven(plain as Json, given);
    expect(given.size).toBeGreaterThan(0);

    const [text, json] = [await run([...args, '--redact']), await run([...args, ...asJson, '--redact'])];
    for (const { stdout } of [text, json]) {
      expect(numbersThatTell(stdout, given)).toEqual([]);
      for (const name of [SAMPLES_FOLDER, folder.path, HOST]) expect(stdout).not.toContain(name);
    }
    expect(text.stdout).toMatch(/^redacted: /);
    const redacted = JSON.parse(json.stdout);
    expect(redacted.redacted).toBe(true);
    expectStrictlyValidDocument(document, redacted);
    expect(keysOf(redacted)).toEqual(keysOf({ ...plain, redacted: true }));
  });
});

/** All keys, but for those that are data; the lengths of lists with them. */
function keysOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(keysOf);
  if (typeof json !== 'object' || json === null) return typeof json;
  const each = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(each.map(([key, member]) => [key, keysOf(member)]));
}
