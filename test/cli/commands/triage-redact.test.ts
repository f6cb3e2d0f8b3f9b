/** A triage that can be passed on: nothing of the machines in any format, and the same causes as without. */

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { run } from '../../support/command.ts';
import { expectStrictlyValidDocument } from '../../support/schema.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const cwd = folder.path;

/** Folders as kdump makes them, of hosts that nobody shall know. */
const CRASHES: readonly (readonly [sample: string, folder: string])[] = [
  ['bare-vmcore', 'vault/db17.secret.example-2026-11-02-03:04:05'],
  ['bad-span', 'vault/10.1.2.3-2026-11-03-03:04:05'],
  ['dma-into-kdump', 'vault/acme prod'],
];
for (const [sample, to] of CRASHES) {
  cpSync(join(SAMPLES_FOLDER, sample), join(cwd, to), {
    recursive: true,
    filter: (from) => !/(?:expected|sample)\.\w+$/.test(from),
  });
}
mkdirSync(join(cwd, 'vault/broken-host'));
writeFileSync(join(cwd, 'vault/broken-host/vmcore-of-broken'), 'KDUMP   '.padEnd(5000, '\0'));

const FORMATS = ['text', 'json', 'ndjson', 'csv', 'junit', 'html'];
const SECRETS = [
  ...['vault', 'db17', '10.1.2.3', 'acme', 'broken-host', 'vmcore-of-broken', folder.path],
  // Pages of the tables and of the kdump kernel's memory, as the samples have them.
  ...['47001000', '46014000', '46010000', '42000000', '42010000', '88000000', '9050000', '9000000'],
];
const found = (text: string) => SECRETS.filter((secret) => text.includes(secret));

describe('--redact', () => {
  test.each(FORMATS)('nothing of the machines comes through in %s', async (format) => {
    const bare = await run(['triage', 'vault', '--format', format], { cwd });
    expect(found(bare.stdout), 'without it they do').not.toEqual([]);
    const { stdout, status } = await run(['triage', 'vault', '--redact', '--format', format], { cwd });
    expect(found(stdout)).toEqual([]);
    expect(stdout).toContain('crash-1');
    expect(status).toBe(bare.status);
  });

  test('the causes are the same, and the JSON is valid and says so', async () => {
    const [plain, redacted] = await Promise.all(
      [[], ['--redact']].map(async (more) =>
        JSON.parse((await run(['triage', 'vault', '--format', 'json', ...more], { cwd })).stdout),
      ),
    );
    expectStrictlyValidDocument('triage', redacted);
    expect(redacted.redacted).toBe(true);
    const told = ({ groups, totals, crashes }: typeof plain) => ({
      groups: groups.map(({ fingerprint, count }: Record<string, unknown>) => [fingerprint, count]),
      totals,
      rows: crashes.map(({ status, exitCode, kernel, when }: Record<string, unknown>) => [
        status,
        exitCode,
        kernel,
        when,
      ]),
    });
    expect(told(redacted)).toEqual(told(plain));
    expect(redacted.crashes.map(({ crash, path }: Record<string, string>) => [crash, path])).toEqual(
      [1, 2, 3, 4].map((number) => [`crash-${number}`, `crash-${number}`]),
    );
  });

  test('reports of their own have the stand-ins of the rows, and nothing else', async () => {
    await run(['triage', 'vault', '--redact', '--reports', 'reports', '--format', 'json', '-o', 'rows.json'], { cwd });
    const files = readdirSync(join(cwd, 'reports')).sort();
    expect(files).toEqual(['crash-1.html', 'crash-2.html', 'crash-4.html', 'index.html']);
    for (const file of files)
      expect([file, found(readFileSync(join(cwd, 'reports', file), 'utf8'))]).toEqual([file, []]);
    expect(readFileSync(join(cwd, 'reports/index.html'), 'utf8')).toContain('href="crash-1.html"');
    const rows = JSON.parse(readFileSync(join(cwd, 'rows.json'), 'utf8'));
    for (const { report, smmus } of rows.crashes) {
      if (report === null) continue;
      const page = readFileSync(join(cwd, 'reports', report), 'utf8');
      for (const { name } of smmus) expect(page).toContain(name);
    }
  });

  test('of results that were kept, when they are merged', async () => {
    await run(['triage', 'vault', '--shard', '1/1', '--format', 'ndjson', '-o', 'part.ndjson'], { cwd });
    const { stdout, stderr } = await run(['triage', '--merge', 'part.ndjson', '--redact', '--format', 'json'], { cwd });
    expect(stderr).toBe('');
    expect(found(stdout)).toEqual([]);
    expectStrictlyValidDocument('triage', JSON.parse(stdout));
  });

  test.each([
    ['--resume', 'results.ndjson'],
    ['--shard', '1/2'],
  ])('not with %s: what is kept has names', async (...more) => {
    const { stderr, status } = await run(['triage', 'vault', '--redact', ...more], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain("cannot be used with option '--redact'");
  });
});
