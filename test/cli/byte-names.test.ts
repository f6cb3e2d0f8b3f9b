/** Files whose names are not UTF-8: they are opened like any other, and every report shows which. */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../samples/make.ts';
import { nameOfBytes, onDisk } from '../../src/byte-names.ts';
import { COMMAND, run } from '../support/command.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { deviceTree } from '../support/writers/device-tree-writer.ts';

const folder = temporaryFolder();
const cwd = folder.path;
const named = (...bytes: number[]) => nameOfBytes(Buffer.from(bytes));
const dumpName = `${named(0xff, 0x9b)}31m-dump.raw`;
const otherName = `${named(0xfe, 0x9b)}31m-dump.raw`;
const regsName = `regs${named(0xc3)}.json`;
const place = (name: string) => Buffer.concat([Buffer.from(`${cwd}/`), Buffer.from(onDisk(name))]);
const sample = (file: string) => readFileSync(join(SAMPLES_FOLDER, 'bad-span', file));

// Other systems have no such names.
const isLinux = process.platform === 'linux';
if (isLinux) {
  for (const name of [dumpName, otherName]) writeFileSync(place(name), sample('dump.raw'));
  writeFileSync(place(regsName), sample('regs.json'));
}

describe.skipIf(!isLinux)('a file whose name is not UTF-8', () => {
  test.each(['text', 'json', 'ndjson', 'csv', 'sarif', 'junit', 'github', 'html'])('in %s', async (format) => {
    const args = ['inspect', dumpName, '--regs', regsName, '--full', '--format', format];
    const { stdout, stderr, status } = await run(args, { cwd });
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expect(/\p{Cs}/u.test(stdout)).toBe(false);
    expect(stdout).not.toMatch(/[\u0080-\u009f\ufffd]/);
    if (['text', 'html'].includes(format)) expect(stdout).toContain('\\xff\\x9b31m-dump.raw');
    if (['json', 'ndjson'].includes(format)) expect(stdout).toContain('"\\udcff\\udc9b31m-dump.raw"');
    // What another tool reads of it is the name that Python gives it.
    if (format === 'json') expect(JSON.parse(stdout).dump.files).toEqual([dumpName]);
  });

  test('is told from another one', async () => {
    const { stdout } = await run(['info', otherName], { cwd });
    expect(stdout).toContain('\\xfe\\x9b31m-dump.raw\n');
  });

  test('is written, and never over an input', async () => {
    const out = `out${named(0xff)}.json`;
    const { stderr } = await run(['inspect', dumpName, '--regs', regsName, '--output', out], { cwd });
    expect(stderr).toBe('report written to out\\xff.json\n');
    expect(JSON.parse(readFileSync(place(out), 'utf8'))).toMatchObject({ schemaVersion: 1 });
    const over = await run(['inspect', dumpName, '--regs', regsName, '--output', regsName], { cwd });
    expect(over.stderr).toContain('regs\\xc3.json: is an input; --output would overwrite it');
  });

  test('that is not there is named', async () => {
    const { stderr, status } = await run(['info', `none${named(0xff)}`], { cwd });
    expect({ stderr, status }).toEqual({ stderr: 'smmu-adopt: none\\xff: cannot be opened (ENOENT)\n', status: 2 });
  });

  test('is found by the process itself, and by a triage', () => {
    const inShell = (command: string) =>
      spawnSync('sh', ['-c', command, 'sh', process.execPath, COMMAND], { cwd, encoding: 'utf8' });
    const info = inShell(`"$1" "$2" info "$(printf '\\377\\23331m-dump.raw')"`);
    expect(info.stdout).toMatch(/^dump +\\xff\\x9b31m-dump\.raw\nformat +raw\n/);

    const at = Buffer.from(`${cwd}/crashes/`);
    mkdirSync(at);
    mkdirSync(Buffer.concat([at, Buffer.of(0xff)]));
    const vmcore = readFileSync(join(SAMPLES_FOLDER, 'bare-vmcore', 'vmcore'));
    for (const below of ['', `${named(0xff)}/`]) {
      writeFileSync(Buffer.concat([at, Buffer.from(onDisk(`${below}vmcore${named(0xfe)}`))]), vmcore);
    }
    const triage = inShell('"$1" "$2" triage crashes --format text');
    expect(triage.stdout, triage.stderr).toContain('2 crashes: 2 analysed');
    expect(triage.stdout).toMatch(/\\xff +adopted/);
  });

  test('is a folder of samples, of reports or of results', async () => {
    const below = named(0xfd);
    cpSync(join(SAMPLES_FOLDER, 'bad-span'), join(cwd, 'sample'), { recursive: true });
    renameSync(join(cwd, 'sample'), place(below));
    const check = await run(['check', below], { cwd });
    expect(check).toMatchObject({ stdout: expect.stringContaining('ok       \\xfd\n'), stderr: '', status: 0 });
    writeFileSync(place(`${below}/expected.json`), '');
    const update = await run(['check', '--update', below], { cwd });
    expect(update.stdout).toContain('updated expected.json');
    expect(readFileSync(place(`${below}/expected.json`))).toEqual(sample('expected.json'));

    const [reports, results] = [`reports${below}`, `results${below}`];
    const args = ['triage', below, '--reports', `${reports}/a`, '--resume', results];
    expect((await run(args, { cwd })).stderr).toBe('report written to reports\\xfd/a/index.html\n');
    expect((await run(args, { cwd })).stdout).toContain('1 crash: 1 analysed; 1 from an earlier run');
    expect(readdirSync(place(`${reports}/a`))).toHaveLength(2);
    expect(readFileSync(place(results), 'utf8')).toMatch(/^\{"crash":/);
    // Nothing was made by another name, in which a character stands for each byte.
    const made = readdirSync(Buffer.from(cwd), { encoding: 'buffer' });
    expect(made.some((name) => name.includes('\ufffd'))).toBe(false);
  });

  test.each([
    ['inspect dump.raw --regs regs.json', /l1-span-unsupported/],
    ['check .', /^ok +\\xfc\n/],
    ['triage . --format text', /^2 crashes: /],
  ])('is the folder that the command works in: %s', (command, expected) => {
    const here = place(named(0xfc));
    if (!existsSync(here)) {
      cpSync(join(SAMPLES_FOLDER, 'bad-span'), join(cwd, 'sample'), { recursive: true });
      renameSync(join(cwd, 'sample'), here);
      writeFileSync(place(`${named(0xfc)}/${dumpName}`), sample('dump.raw'));
    }
    const script = `cd "$(printf '\\374')" && "$1" "$2" ${command}`;
    const { stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath, COMMAND], {
      cwd,
      encoding: 'utf8',
    });
    expect(stdout, stderr).toMatch(expected);
  });
});

test('names of devices in firmware are shown by their bytes, and told apart', async () => {
  const tree = deviceTree({
    'smmu@9050000': { compatible: 'arm,smmu-v3', reg: [0, 0x905_0000, 2], '#iommu-cells': [1], phandle: [1] },
    'dev1@1e000000': { iommus: [1, 0x8] },
    'dev2@1f000000': { iommus: [1, 0x10] },
  });
  tree[tree.indexOf('dev1') + 3] = 0xfe;
  tree[tree.indexOf('dev2') + 3] = 0xff;
  const dtb = folder.write('a.dtb', tree);
  const given = ['dump.raw', '--regs', 'regs.json'].map((word) =>
    word.startsWith('-') ? word : join(SAMPLES_FOLDER, 'iort-rmr', word),
  );
  const { stdout } = await run(['inspect', ...given, '--dtb', dtb, '--full']);
  for (const name of ['/dev\\xfe@1e000000', '/dev\\xff@1f000000']) expect(stdout).toContain(name);
  const json = await run(['inspect', ...given, '--dtb', dtb, '--json']);
  expect(/\p{Cs}/u.test(json.stdout)).toBe(false);
  expect(json.stdout).toContain('/dev\\udcfe@1e000000');
});
