/** `smmu-adopt triage` on a tree of hundreds of crashes, and on small ones with everything that names and files can be. */

import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import type { CrashRow, CrashSmmu } from '../../../src/triage/crash.ts';
import { decidingSmmu } from '../../../src/triage/results/fingerprint.ts';
import { run } from '../../support/command.ts';
import { crashPlace, type Report, triageJson } from '../../support/made/crash-place.ts';
import { makeCrashTree, type TreeKind } from '../../support/made/crash-tree.ts';
import { SLOW } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { kdump } from '../../support/writers/kdump-writer.ts';
import { parseXml } from '../../support/xml.ts';

const { path: top } = temporaryFolder();
/** In whole hundreds, as the tree is made. */
const CRASHES = SLOW ? 500 : 100;

const triage = (args: readonly string[]) => run(['triage', ...args], { cwd: top });

const json = (args: readonly string[]) => triageJson(args, top);

/** What two runs of the same crashes have in common. */
const timeless = (rows: readonly CrashRow[]) => rows.map(({ seconds: _, ...row }) => row);

describe(`${CRASHES} crashes`, () => {
  let made: Readonly<Record<TreeKind, number>>;
  let whole: Report & { readonly status: number | null };

  beforeAll(async () => {
    made = makeCrashTree(join(top, 'tree'), CRASHES);
    whole = await json(['tree', '--resume', 'whole.ndjson']);
  });

  test('every one is a row, in the order of their paths', () => {
    expect(whole.crashes.length).toBe(CRASHES);
    expect(new Set(whole.crashes.map(({ path }) => path)).size).toBe(CRASHES);
    expect(whole.status).toBe(3);
    const { ok, failed, exitCodes, complete } = whole.totals;
    const broken = made.empty + made.page + made.pipe;
    expect({ ok, failed, complete }).toEqual({ ok: CRASHES - broken, failed: broken, complete: true });
    expect(exitCodes[3]).toBe(made.cut);
    expect(exitCodes[2]).toBe(broken);
  });

  test('what became of each is grouped by cause', () => {
    const counts = (pattern: RegExp) =>
      whole.groups.filter(({ fingerprint }) => pattern.test(fingerprint)).map(({ count }) => count);
    expect(counts(/^adopted\/-\/gbpa-bypass/)).toEqual([made.adopted]);
    expect(counts(/^fallback\/two-level\.l1-descriptors\/l1-span-unsupported/)).toEqual([made.fallsBack]);
    expect(counts(/^indeterminate\//)).toEqual([made.cut]);
    expect(counts(/^failed\//).toSorted()).toEqual([made.empty, made.page, made.pipe].toSorted());
    const bare = whole.groups.filter(({ kernels }) => kernels.includes('6.1.0-made'));
    expect(bare.map(({ count }) => count)).toEqual([made.bare + made.otherKernel + made.flattened]);
    expect(bare[0]?.kernels).toEqual(['6.1.0-made', '6.12.107-made']);
  });

  test('folders say when it was and whose', () => {
    const of = (pattern: RegExp) => whole.crashes.find(({ path }) => pattern.test(path));
    expect(of(/^tree\/10\.0\.0\.0-/)).toMatchObject({ host: '10.0.0.0', when: '2026-11-01T03:00:00' });
    expect(of(/^tree\/node1\/2026/)).toMatchObject({ host: null, when: '2026-11-02T03:00:01' });
    expect(of(/^tree\/rack2\/.*-node2$/)).toMatchObject({ host: 'node2', when: '2026-11-03' });
  });

  test('three parts, merged, are the whole', async () => {
    for (const part of [1, 2, 3]) {
      const { stdout, status } = await triage(['tree', '--shard', `${part}/3`, '--format', 'ndjson']);
      expect(status).toBe(3);
      writeFileSync(join(top, `part${part}.ndjson`), stdout);
    }
    const merged = await json(['--merge', 'part1.ndjson', 'part2.ndjson', 'part3.ndjson']);
    const byPath = (rows: readonly CrashRow[]) =>
      timeless(rows)
        .map(({ shard: _, ...row }) => row)
        .toSorted((a, b) => (a.path < b.path ? -1 : 1));
    expect(byPath(merged.crashes)).toEqual(byPath(whole.crashes));
    expect(merged.groups).toEqual(whole.groups);
    expect(merged.totals).toEqual(whole.totals);
  });

  test('resumed, nothing is done twice, and what a torn line was of once more', async () => {
    const file = join(top, 'whole.ndjson');
    const lines = readFileSync(file, 'utf8').split('\n');
    const again = await json(['tree', '--resume', 'whole.ndjson']);
    expect(readFileSync(file, 'utf8').split('\n')).toEqual(lines);
    expect(again.crashes).toEqual(whole.crashes);
    expect(again.totals.resumed).toBe(CRASHES);
    // As kill -9 leaves it: the end and two rows are missing, and half of one.
    const kept = `${lines.slice(0, -5).join('\n')}\n`;
    writeFileSync(file, `${kept}${(lines.at(-5) as string).slice(0, 100)}`);
    const mended = await triage(['tree', '--resume', 'whole.ndjson', '--format', 'json']);
    expect(mended.stderr).toContain('passed over 1 line that is no row');
    const report = JSON.parse(mended.stdout) as Report;
    expect(timeless(report.crashes)).toEqual(timeless(whole.crashes));
    expect(report.totals.resumed).toBe(CRASHES - 3);
    expect(readFileSync(file, 'utf8').startsWith(kept)).toBe(true);
  });

  test('the text begins with the total and the causes', async () => {
    const { stdout } = await triage(['tree', '--resume', 'whole.ndjson']);
    const [first, , causes] = stdout.split('\n');
    const failed = made.empty + made.page + made.pipe;
    const analysed = `${CRASHES - failed} analysed (${made.cut} of them cannot be told), ${failed} failed`;
    expect(first).toBe(`${CRASHES} crashes: ${analysed}; ${CRASHES} from an earlier run`);
    expect(causes).toBe('Causes  7 causes, the most frequent first');
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  test('CSV and JUnit have a record and a case for each', async () => {
    const { stdout: csv } = await triage(['tree', '--resume', 'whole.ndjson', '--format', 'csv']);
    expect(csv.split('\r\n').length).toBe(CRASHES + 2);
    const { stdout: xml } = await triage(['tree', '--resume', 'whole.ndjson', '--format', 'junit']);
    const { attributes } = parseXml(xml).children[0] as ReturnType<typeof parseXml>;
    const broken = made.empty + made.page + made.pipe;
    expect(attributes).toMatchObject({ tests: String(CRASHES), errors: String(made.cut + broken), skipped: '0' });
  });
});

const place = () => crashPlace(top);

describe('a row', () => {
  test('is what the contract says', async () => {
    const { crash, json: read } = place();
    crash('2026-11-02-node17', 'bad-span', { 'dump.raw': 'vmcore', 'regs.json': 'regs.json' });
    const { crashes, status } = await read('.');
    expect(status).toBe(1);
    expect(crashes[0]).toMatchObject({
      crash: '2026-11-02-node17',
      path: '2026-11-02-node17',
      when: '2026-11-02',
      host: 'node17',
      dump: ['vmcore'],
      regs: 'regs.json',
      status: 'ok',
      exitCode: 1,
      kernel: null,
      why: null,
    });
    expect(crashes[0]?.smmus[0]).toMatchObject({
      name: 'arm-smmu-v3.0.auto',
      verdict: 'fallback',
      decidedBy: 'two-level.l1-descriptors',
      outcome: 'FALLS BACK TO A FULL RESET (-EINVAL)',
      errors: 2,
      worst: { rule: 'l1-span-unsupported' },
    });
  });

  test('names the device and the driver that it is about', async () => {
    const { crash, json: read } = place();
    crash('a', 'bare-vmcore', { vmcore: 'vmcore' });
    const { crashes } = await read('a', '--deep');
    expect(crashes[0]?.smmus[0]).toMatchObject({ device: '0000:00:02.0', driver: 'e1000e' });
    expect(crashes[0]).toMatchObject({ kernel: '6.1.0-made', fingerprint: 'adopted/-/dma-into-kdump-memory/e1000e' });
  });

  test('has what is wrong with the dump where nothing of the SMMU is as grave', async () => {
    const { crash, at, json: read } = place();
    const files = { 'dump.raw': 'dump.raw', 'regs.json': 'regs.json' };
    for (const name of ['healthy', 'cut']) crash(name, 'healthy-two-level', files);
    crash('refused');
    for (const name of ['cut', 'refused']) {
      const path = at(name, 'dump.raw');
      truncateSync(path, statSync(path).size - 8);
    }
    const { crashes } = await read('.');
    const worst = (name: string) => crashes.find(({ crash: of }) => of === name)?.smmus[0]?.worst?.rule;
    expect(['healthy', 'cut', 'refused'].map(worst)).toEqual(['gbpa-bypass', 'dump-damaged', 'l1-span-unsupported']);
    expect(new Set(crashes.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });

  test('is one line, whatever its folder is called', async () => {
    const hostile = 'a\u001b[31m\nb\u202e<img src=x>';
    const { crash, triage: text, json: read } = place();
    crash(hostile);
    for (const format of ['text', 'csv', 'junit', 'html', 'ndjson', 'json']) {
      const { stdout, stderr } = await text('.', '--format', format, '-v');
      expect(stdout + stderr).not.toContain('\u001b');
      expect(stdout + stderr).not.toContain('\u202e');
      if (format === 'html') expect(stdout).not.toContain('<img');
      if (format === 'ndjson') expect(stdout.trimEnd().split('\n').length).toBe(1);
    }
    expect((await read('.')).crashes[0]?.crash).toBe(hostile);
  });
});

describe('what lies beside a dump', () => {
  test('is not used where it cannot be, and the row says so', async () => {
    const { crash, at, json: read } = place();
    crash('a', 'bare-vmcore', { vmcore: 'vmcore' });
    writeFileSync(at('a', 'regs.json'), '{ "registers": { "CR0": "0x1" } }');
    writeFileSync(at('a', 'iomem.txt'), '00000000-00000000 : System RAM\n');
    const { crashes } = await read('.');
    expect(crashes[0]).toMatchObject({ status: 'ok', regs: null, iomem: null, kernel: '6.1.0-made' });
    expect(crashes[0]?.why).toMatch(/^not used: iomem\.txt: has zeros for all addresses.*; regs\.json: /);
  });

  test.each<[string, (at: (...parts: string[]) => string) => void, RegExp]>([
    ['is no JSON', (at) => writeFileSync(at('a', 'regs.json'), 'none\n'), /^not used: regs\.json \(a text file\)$/],
    [
      'is a link out of what was named',
      (at) => symlinkSync(join(SAMPLES_FOLDER, 'bad-span', 'regs.json'), at('a', 'regs.json')),
      /^not used: regs\.json \(a link out of what was named\)$/,
    ],
    [
      'is a link to nothing',
      (at) => symlinkSync('gone', at('a', 'iomem.txt')),
      /^not used: iomem\.txt \(a link to nothing\)$/,
    ],
    [
      'is one of two',
      (at) => {
        for (const name of ['regs-1.json', 'regs-2.json'])
          cpSync(join(SAMPLES_FOLDER, 'bad-span', 'regs.json'), at('a', name));
      },
      /^not used: regs-1\.json \(one of several .*--regs-name picks one\); regs-2\.json \(/,
    ],
    [
      "is another dump's",
      (at) => cpSync(join(SAMPLES_FOLDER, 'bad-span', 'regs.json'), at('a', 'vmcore.2.regs.json')),
      /^not used: vmcore\.2\.regs\.json \(of another dump, by its name\)$/,
    ],
  ])('that %s is told in the row', async (_, add, why) => {
    const { crash, at, json: read } = place();
    crash('a', 'bare-vmcore', { vmcore: 'vmcore.1' });
    add(at);
    const { crashes } = await read('.');
    expect(crashes[0]).toMatchObject({ status: 'ok', regs: null, iomem: null });
    expect(crashes[0]?.why).toMatch(why);
    // Whom it is shown to is not to learn the names of files.
    const { stdout } = await run(['triage', '.', '--redact', '--format', 'json'], { cwd: at() });
    expect(stdout).not.toMatch(/(?:regs|iomem)[-0-9.]*\.(?:json|txt)/);
  });

  test('is not told of where something else is taken, or where it is of another dump', async () => {
    const { crash, at, json: read } = place();
    crash('a', 'bare-vmcore', { vmcore: '1.vmcore' });
    crash('a', 'bare-vmcore', { vmcore: '2.vmcore' });
    writeFileSync(at('a', '2.regs.json'), 'none\n');
    const { crashes } = await read('.');
    expect(crashes.map(({ why }) => why)).toEqual([null, 'not used: 2.regs.json (a text file)']);
  });

  test('is the reason where nothing goes without it', async () => {
    const { crash, at, json: read } = place();
    crash('a');
    writeFileSync(at('a', 'regs.json'), '{ "registers": { "CR0": "0x1" } }');
    const { crashes, status } = await read('.');
    expect(status).toBe(2);
    expect(crashes[0]).toMatchObject({ status: 'failed', failure: 'snapshot', exitCode: 2 });
    expect(crashes[0]?.why).toMatch(/^regs\.json: /);
  });

  test('tells the faults of a crash whose dump does not hold its log', async () => {
    const { crash, at, json: read } = place();
    crash('a');
    const log = new URL('../../data/logs/kdump-with-events.txt', import.meta.url);
    cpSync(log, at('a', 'vmcore-dmesg.txt'));
    const { crashes } = await read('.', '--reports', 'out');
    expect(crashes[0]).toMatchObject({ log: 'vmcore-dmesg.txt', dmesg: null, why: null });
    expect(crashes[0]?.smmus[0]?.device).toBe('0000:01:00.0');
    expect(readFileSync(at(crashes[0]?.report ?? ''), 'utf8')).toContain('F_TRANSLATION');
  });

  test('may be a capture, of the SMMU that the dump has', async () => {
    const { crash, at, json: read } = place();
    crash('a', 'bare-vmcore', { vmcore: 'vmcore' });
    const { stdout } = await run(['regs', 'extract', at('a', 'vmcore')]);
    const { IDR0, ...others } = JSON.parse(stdout).smmus[0].registers as Record<string, string>;
    // Coherent, which the crashed kernel does not remember and a register says.
    const registers = { ...others, IDR0: `0x${(Number(IDR0) | 0x10).toString(16)}` };
    const lines = Object.entries(registers).map(([name, value]) => `${name} = ${value}`);
    writeFileSync(at('a', 'regs.txt'), `${lines.join('\n')}\n`);
    const { crashes } = await read('.');
    expect(crashes[0]).toMatchObject({ status: 'ok', regs: 'regs.txt', why: null });
    expect(crashes[0]?.smmus[0]?.verdict).toBe('adopted');
  });
});

test('a row of a split dump says which memory is in parts that are not there', async () => {
  const { at, json: read } = place();
  mkdirSync(at('a'));
  const page = { pfn: 0x40001, bytes: Buffer.alloc(4096, 1), as: 'plain' } as const;
  const split = { startPfn: 0x40001, endPfn: 0x40002 };
  const utsname = { machine: 'aarch64' };
  writeFileSync(at('a', 'v.2'), kdump([{ ...page, pfn: 0x40000 }, page], { utsname, split }).bytes);
  const { crashes } = await read('.');
  expect(crashes[0]).toMatchObject({ status: 'failed' });
  expect(crashes[0]?.why).toMatch(
    /^parts of the dump are missing: no file has the memory from 0x0 to 0x40000fff; .*VMCOREINFO/,
  );
});

describe('exit status', () => {
  test.each([
    ['0 where nothing is at --fail-on', ['.', '--fail-on', 'never'], 0],
    ['1 where something is', ['.'], 1],
    ['2 where there is nothing', ['empty'], 2],
    ['2 where a folder is not there', ['nowhere'], 2],
    ['2 without a folder', [], 2],
    ['2 where none can be read', ['broken'], 2],
    ['3 where one cannot be', ['.', 'broken'], 3],
  ])('%s', async (_, args, status) => {
    const { crash, at, triage: text } = place();
    crash('a');
    mkdirSync(at('empty'));
    mkdirSync(join(at('..'), 'broken'), { recursive: true });
    writeFileSync(join(at('..'), 'broken', 'vmcore'), '');
    const places = args.map((arg) => (arg === 'broken' ? '../broken' : arg));
    expect((await text(...places)).status).toBe(status);
  });
});

describe('what was not searched', () => {
  test.each<[string, (at: (...parts: string[]) => string) => void]>([
    ['is too deep', (at) => mkdirSync(at('1', '2', '3', '4', '5', '6', '7', '8', '9'), { recursive: true })],
  ])('because it %s: exit status 3, and said in every format', async (_, make) => {
    const { crash, at, triage: text, json: read } = place();
    crash('a');
    make(at);
    const { status, totals } = await read('.');
    expect({ status, exitCode: totals.exitCode }).toEqual({ status: 3, exitCode: 3 });
    expect((await text('.')).stdout).toContain('Not searched');
    for (const format of ['ndjson', 'csv', 'junit']) {
      expect((await text('.', '--format', format)).stderr).toContain('not searched: ');
    }
    expect((await text('.', '--fail-on', 'never', '--shard', '1/1')).status).toBe(3);
  });
});

test.each<[string, (place: Buffer) => void]>([
  ['folders', (place) => mkdirSync(place)],
  ['files', (place) => writeFileSync(place, 'x')],
])('%s whose names are no text are looked at like others', async (_, make) => {
  const { crash, at, json: read } = place();
  crash('a');
  make(Buffer.concat([Buffer.from(`${at()}/`), Buffer.from([0xff])]));
  const { status, totals, notSearched } = await read('.');
  expect({ status, crashes: totals.crashes, notSearched }).toEqual({ status: 1, crashes: 1, notSearched: [] });
});

test('-v names what lies where no dump is', async () => {
  const { crash, at, triage: text } = place();
  crash('a');
  mkdirSync(at('old'));
  writeFileSync(at('old', 'crash.gz'), Buffer.from([0x1f, 0x8b, 8, 0]));
  const { stderr, status } = await text('.', '-v');
  expect(stderr).toMatch(/^old: no dump; not used: crash\.gz \(.*gzip.*\)$/m);
  expect(status).toBe(1);
});

test('-v says what was taken for what', async () => {
  const { crash, at, triage: text } = place();
  crash('a');
  writeFileSync(at('a', 'notes.txt'), 'Called the vendor.\n');
  const { stderr } = await text('.', '-v');
  expect(stderr).toBe('a: dump dump.raw, registers regs.json; not used: notes.txt (a text file)\n');
});

test('what changed is done again, and so is everything for other options', async () => {
  const { crash, at, json: read } = place();
  crash('a');
  crash('b');
  const resumed = async (...args: string[]) => (await read('.', '--resume', 'r.ndjson', ...args)).totals.resumed;
  expect(await resumed()).toBe(0);
  expect(await resumed()).toBe(2);
  const regs = at('b', 'regs.json');
  writeFileSync(regs, `${readFileSync(regs, 'utf8')} `);
  crash('c');
  expect(await resumed()).toBe(1);
  expect(await resumed('--revision', 'v10')).toBe(0);
  expect(await resumed('--revision', 'v10', '--timeout', '5m')).toBe(3);
});

describe('with all revisions', () => {
  const args = ['.', '--revision', 'all'];

  test('a row says what each makes of the SMMU, neighbours that agree together', async () => {
    const { crash, at, json: read, triage: text } = place();
    crash('a', 'levels-without-feature');
    const { crashes } = await read(...args, '--resume', 'r.ndjson');
    const all = crashes[0]?.smmus[0]?.revisions ?? [];
    const inspect = ['inspect', 'dump.raw', '--regs', 'regs.json', '--revision', 'all', '--json'];
    const { smmus } = JSON.parse((await run(inspect, { cwd: at('a') })).stdout);
    const adoptions = Object.entries(smmus[0].adoptions as Record<string, { verdict: string }>);
    const each = all.flatMap(({ revisions, verdict }) => revisions.map((one) => [one, verdict]));
    expect(each).toEqual(adoptions.map(([one, { verdict }]) => [one, verdict]));
    expect(all.length).toBeLessThan(each.length);
    const again = await read(...args, '--resume', 'r.ndjson');
    expect({ crashes: again.crashes, resumed: again.totals.resumed }).toEqual({ crashes, resumed: 1 });
    const said = 'v2: probe fails (two-level.feature); v3: never programmed (two-level.feature)';
    for (const format of ['text', 'csv', 'html']) {
      const { stdout } = await text(...args, '--format', format);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(said);
    }
  });

  test('there are none without', async () => {
    const { crash, json: read } = place();
    crash('a');
    expect((await read('.')).crashes[0]?.smmus[0]).not.toHaveProperty('revisions');
  });
});

test.each(['v2', 'v3'])('what only %s makes of an SMMU is a row like any other', async (revision) => {
  const { crash, json: read } = place();
  crash('a', 'levels-without-feature');
  const args = ['.', '--resume', 'r.ndjson', '--revision', revision];
  const { crashes } = await read(...args);
  expect(crashes[0]?.smmus[0]?.verdict).toBe(revision === 'v2' ? 'probe-fails' : 'never-programmed');
  const again = await read(...args);
  expect({ crashes: again.crashes, resumed: again.totals.resumed }).toEqual({ crashes, resumed: 1 });
});

test('of several SMMUs the one that fails decides, whatever the revision calls that', () => {
  const smmu = (fate: CrashSmmu['fate']) => ({ fate, errors: 0, warnings: 0 }) as CrashSmmu;
  const decides = (...fates: CrashSmmu['fate'][]) => decidingSmmu(fates.map(smmu))?.fate;
  expect(decides('adopted', 'probe-fails', 'falls-back')).toBe('probe-fails');
  expect(decides('never-programmed', 'kernel-dies')).toBe('kernel-dies');
});

test('a crash whose process was killed is tried again', async () => {
  const { crash, at, json: read } = place();
  crash('a');
  await read('.', '--resume', 'r.ndjson');
  const row = JSON.parse(readFileSync(at('r.ndjson'), 'utf8').split('\n')[0] as string) as CrashRow;
  const killed = { ...row, status: 'failed', exitCode: 2, failure: 'died', smmus: [] };
  writeFileSync(at('r.ndjson'), `${JSON.stringify(killed)}\n`);
  const { crashes, totals } = await read('.', '--resume', 'r.ndjson');
  expect({ status: crashes[0]?.status, resumed: totals.resumed }).toEqual({ status: 'ok', resumed: 0 });
});

test('where there is no room for results meanwhile, it is said in one line', async () => {
  const { crash, at, triage: text } = place();
  crash('a');
  vi.stubEnv('TMPDIR', at('nowhere'));
  const { stderr, status } = await text('.');
  vi.unstubAllEnvs();
  expect(stderr).toContain(
    'nowhere: cannot hold the results while they are made (ENOENT); TMPDIR names another folder',
  );
  expect(stderr.trimEnd().split('\n').length).toBe(1);
  expect(status).toBe(2);
});

/** Files of memory in other places than the crash names. */
const MAPPED = {
  'a dump_info.txt': (at: (...parts: string[]) => string) => {
    const { memory } = JSON.parse(readFileSync(at('a', 'regs.json'), 'utf8')) as { memory: { base: string }[] };
    const rows = memory.map(({ base }, i) => `1 ${base} 4096 bank DDRCS${i}.BIN`);
    for (const i of memory.keys()) writeFileSync(at('a', `DDRCS${i}.BIN`), Buffer.alloc(4096, i + 1));
    rmSync(at('a', 'dump.raw'));
    writeFileSync(at('a', 'dump_info.txt'), `${rows.join('\n')}\n`);
    return { where: 'a', memory: at('a', 'DDRCS1.BIN') };
  },
  'the snapshot of a manifest': (at: (...parts: string[]) => string) => {
    const snapshot = JSON.parse(readFileSync(at('a', 'regs.json'), 'utf8'));
    const memory = snapshot.memory.map((entry: object) => ({ ...entry, file: 'dump.raw' }));
    writeFileSync(at('a', 'regs.json'), JSON.stringify({ ...snapshot, memory }));
    writeFileSync(at('list.json'), JSON.stringify({ version: 1, crashes: [{ name: 'a', regs: 'a/regs.json' }] }));
    return { where: 'list.json', memory: at('a', 'dump.raw') };
  },
  'an address in a manifest': (at: (...parts: string[]) => string) => {
    const crashes = [{ name: 'a', dump: 'a/dump.raw@0x88002000' }];
    writeFileSync(at('list.json'), JSON.stringify({ version: 1, crashes }));
    return { where: 'list.json', memory: at('a', 'dump.raw') };
  },
};

test.each(Object.entries(MAPPED))('memory that %s places is looked at for changes, too', async (_, make) => {
  const { crash, at, json: read } = place();
  crash('a');
  const { where, memory } = make(at);
  const resumed = async () => (await read(where, '--resume', 'r.ndjson')).totals.resumed;
  expect([await resumed(), await resumed()]).toEqual([0, 1]);
  writeFileSync(memory, Buffer.concat([readFileSync(memory), Buffer.alloc(16)]));
  expect(await resumed()).toBe(0);
});

test.each([
  ['a dump', 'a/dump.raw'],
  ['a snapshot', 'a/regs.json'],
])('nothing is added to %s', async (_, file) => {
  const { crash, at, triage: text } = place();
  crash('a');
  const before = readFileSync(at(file));
  const { stderr, status } = await text('.', '--resume', file);
  expect(stderr).toContain('holds something else than the results of a triage');
  expect(status).toBe(2);
  expect(readFileSync(at(file))).toEqual(before);
});

describe('a report does not overwrite', () => {
  test.each([
    ['a dump', ['-o', 'a/dump.raw'], 'a/dump.raw'],
    ['what is called a dump and is none', ['-o', 'vmcore'], 'vmcore'],
    ['registers', ['-o', 'a/regs.json'], 'a/regs.json'],
    ['a log', ['-o', 'a/dmesg.txt'], 'a/dmesg.txt'],
    ['what a link leads to', ['-o', 'link'], 'a/dump.raw'],
    ['a dump of crashes that were not looked at', ['--shard', '1/1048576', '-o', 'a/dump.raw'], 'a/dump.raw'],
    ['a dump in the place of the index', ['--reports', 'b'], 'b/index.html'],
    ['a manifest', ['list.json', '-o', 'list.json'], 'list.json'],
    ['a dump with what was merged', ['--merge', '../part.nd', '-o', 'a/dump.raw'], 'a/dump.raw'],
  ])('%s', async (_, args, file) => {
    const { crash, at, triage: text } = place();
    crash('a');
    crash('b', 'bad-span', { 'dump.raw': 'index.html' });
    cpSync(new URL('../../data/logs/kdump-with-events.txt', import.meta.url), at('a', 'dmesg.txt'));
    writeFileSync(at('vmcore'), '<html>502 Bad Gateway</html>\n');
    const entry = { dump: ['a/dump.raw'], regs: 'a/regs.json' };
    writeFileSync(at('list.json'), JSON.stringify({ version: 1, crashes: [entry] }));
    symlinkSync(at('a', 'dump.raw'), at('link'));
    writeFileSync(at('..', 'part.nd'), (await text('a', '--format', 'ndjson')).stdout);
    const before = readFileSync(at(file));
    const { stderr, status } = await text(...(args[0] === '--merge' ? args : ['.', ...args]));
    expect(stderr).toMatch(/is an input.*; --output would overwrite it/);
    expect(status).toBe(2);
    expect(readFileSync(at(file))).toEqual(before);
  });

  test('and does one of before', async () => {
    const { crash, triage: text } = place();
    crash('a');
    const outputs = ['txt', 'json', 'csv', 'html', 'ndjson', 'xml'].flatMap((ending) => ['-o', `out.${ending}`]);
    for (let i = 0; i < 2; i++) expect((await text('.', ...outputs, '--reports', 'out')).status).toBe(1);
  });
});

describe('--reports', () => {
  test('writes the report of each crash, and an index that leads there', async () => {
    const { crash, at, triage: text } = place();
    crash('x..y');
    crash('two words#?');
    const { stdout, stderr } = await text('.', '--reports', 'out/html', '--format', 'ndjson');
    expect(stderr).toContain('report written to out/html/index.html');
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).report as string);
    const index = readFileSync(at('out', 'html', 'index.html'), 'utf8');
    expect(readdirSync(at('out', 'html')).length).toBe(3);
    for (const report of reports) {
      const name = report.slice(report.lastIndexOf('/') + 1);
      expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*\.html$/);
      expect(index).toContain(`<a href="${name}">`);
      expect(readFileSync(at('out', 'html', name), 'utf8')).toContain('Falls back to a full reset');
    }
  });

  test('brings those of crashes that an earlier run had done without', async () => {
    const { crash, at, triage: text, json: read } = place();
    crash('a');
    await text('.', '--resume', 'r.ndjson');
    const { crashes, totals } = await read('.', '--resume', 'r.ndjson', '--reports', 'out');
    expect(totals.resumed).toBe(0);
    expect(existsSync(at(crashes[0]?.report ?? ''))).toBe(true);
    expect((await read('.', '--resume', 'r.ndjson', '--reports', 'out')).totals.resumed).toBe(1);
  });

  test('that cannot be written costs no verdict, and is written when there is room', async () => {
    const { crash, at, json: read } = place();
    crash('a');
    const resumed = () => read('.', '--resume', 'r.ndjson', '--reports', 'out');
    const file = at((await read('.', '--reports', 'out')).crashes[0]?.report ?? '');
    // A folder in its place keeps a file from being written as a full disk does.
    rmSync(file);
    mkdirSync(file);
    const { crashes, status } = await resumed();
    expect(crashes[0]).toMatchObject({ status: 'ok', exitCode: 1, report: null });
    expect(crashes[0]?.why).toMatch(/^its report cannot be written \(E[A-Z]+\)$/);
    expect(status).toBe(1);
    rmSync(file, { recursive: true });
    // What another run left is not the report of this row.
    writeFileSync(file, '<!doctype html>');
    expect((await resumed()).crashes[0]).toMatchObject({ why: null, report: expect.stringMatching(/^out\//) });
    expect(readFileSync(file, 'utf8')).toContain('Falls back to a full reset');
    expect((await resumed()).totals.resumed).toBe(1);
  });

  test('replaces a link that lies in its way, and does not follow it', async () => {
    const { crash, at, triage: text } = place();
    crash('a');
    await text('.', '--reports', 'first');
    const [name = ''] = readdirSync(at('first')).filter((file) => file !== 'index.html');
    mkdirSync(at('second'));
    for (const file of [name, 'index.html']) symlinkSync(at('outside.html'), at('second', file));
    await text('.', '--reports', 'second');
    expect(existsSync(at('outside.html'))).toBe(false);
    for (const file of [name, 'index.html']) {
      expect(readFileSync(at('second', file), 'utf8')).toContain('<!doctype html>');
    }
  });

  test.each([
    ['a link to one', true],
    ['one', false],
  ])('is for its owner alone, in the place of %s that all can read, too', async (_, isLink) => {
    const { crash, at, json: read } = place();
    crash('a');
    const report = at((await read('.', '--reports', 'out')).crashes[0]?.report ?? '');
    const readable = isLink ? at('outside.html') : report;
    writeFileSync(readable, '<p>');
    chmodSync(readable, 0o644);
    if (isLink) {
      rmSync(report);
      symlinkSync(readable, report);
    }
    await read('.', '--reports', 'out');
    const { mode } = lstatSync(report);
    expect((mode & 0o777).toString(8)).toBe('600');
    expect(isLink ? readFileSync(readable, 'utf8') : '<p>').toBe('<p>');
  });
});

describe('a list', () => {
  test.each([['\n'], ['\r\n'], ['\0']])('on standard input, with %j between paths', async (between) => {
    const { crash, path } = place();
    crash('a b');
    crash('c');
    const stdin = `${['a b', 'c/dump.raw'].join(between)}${between}`;
    const { stdout } = await run(['triage', '-', '--format', 'ndjson'], { cwd: path, stdin });
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ path: where }) => where)).toEqual(['a b', 'c/dump.raw']);
  });

  test('costs nothing for a path in it that is not there', async () => {
    const { crash, path } = place();
    crash('a');
    const { stdout, status } = await run(['triage', '-', '--json'], { cwd: path, stdin: 'gone\na\n' });
    const { crashes } = JSON.parse(stdout) as Report;
    expect(crashes.map(({ path: where, status: how, why }) => [where, how, why])).toEqual([
      ['gone', 'failed', 'gone: is not there'],
      ['a', 'ok', null],
    ]);
    expect(status).toBe(3);
  });

  test('costs nothing for what in it is no list of crashes, or cannot be reached', async () => {
    const { crash, at, path } = place();
    crash('a');
    writeFileSync(at('bad.json'), '{');
    symlinkSync('loop', at('loop'));
    const stdin = ['bad.json', 'a/regs.json', 'gone.json', 'loop', 'x'.repeat(5000), 'a'].join('\n');
    const { stdout, status } = await run(['triage', '-', '--json'], { cwd: path, stdin });
    const { crashes } = JSON.parse(stdout) as Report;
    expect(crashes.map(({ status: how, failure }) => [how, failure])).toEqual([
      ['failed', 'format'],
      ['failed', 'format'],
      ['failed', 'file'],
      ['failed', 'file'],
      ['failed', 'file'],
      ['ok', null],
    ]);
    expect(crashes[0]?.why).toMatch(/^bad\.json: is not JSON/);
    expect(crashes[1]?.why).toMatch(/^a\/regs\.json: is a register snapshot, and no list of crashes; name the folder/);
    expect(status).toBe(3);
  });

  test('may have a folder in it that is called as a manifest is', async () => {
    const { crash, json: read } = place();
    crash('a.json');
    expect((await read('a.json')).crashes.map(({ crash: name }) => name)).toEqual(['a.json']);
  });

  test('in a manifest, whose crashes have their files apart', async () => {
    const { crash, at, json: read } = place();
    crash('dumps', 'bad-span', { 'dump.raw': 'x.img' });
    crash('regs', 'bad-span', { 'regs.json': 'x.json' });
    const entry = { name: 'x', dump: ['dumps/x.img'], regs: 'regs/x.json', when: '2026-11-02', host: 'node17' };
    writeFileSync(at('list.json'), JSON.stringify({ version: 1, crashes: [entry] }));
    const { crashes } = await read('list.json');
    expect(crashes[0]).toMatchObject({ crash: 'x', host: 'node17', status: 'ok', exitCode: 1 });
  });

  test('in a manifest, one of them with a link to itself for a dump', async () => {
    const { crash, at, json: read } = place();
    crash('a');
    symlinkSync('loop', at('loop'));
    const good = { name: 'a', dump: 'a/dump.raw', regs: 'a/regs.json' };
    const crashes = [{ name: 'loop', dump: ['loop'] }, good];
    writeFileSync(at('list.json'), JSON.stringify({ version: 1, crashes }));
    const rows = (await read('list.json')).crashes;
    expect(rows.map(({ status }) => status)).toEqual(['failed', 'ok']);
    expect(rows[0]?.why).toBe('loop: cannot be opened (ELOOP)');
  });

  test.each([
    ['is not JSON', '{', /list\.json: is not JSON/],
    [
      'leaves its folder',
      { version: 1, crashes: [{ dump: ['../x'] }] },
      /crashes\[0\]\.dump\[0\]: .* leaves the folder/,
    ],
    ['has a key that nobody reads', { version: 1, crashes: [{ dumps: ['x'] }] }, /crashes\[0\]\.dumps: is not known/],
    ['is of another version', { version: 2, crashes: [] }, /version: 2 is not known/],
  ])('that %s is refused', async (_, content, message) => {
    const { at, triage: text } = place();
    writeFileSync(at('list.json'), typeof content === 'string' ? content : JSON.stringify(content));
    const { stderr, status } = await text('list.json');
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});
