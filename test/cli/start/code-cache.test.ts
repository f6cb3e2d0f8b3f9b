/** The code cache: taken only from files of this user that are whole, and no run is any different without it. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { COMMAND, SAMPLES_FOLDER } from '../../../samples/make.ts';
import { cacheFile, readCache, writeCache } from '../../../src/cli/start/code-cache.ts';
import { TOOL } from '../../../src/version.ts';
import { type Outcome, runProcess } from '../../support/command.ts';
import { someOf } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const temporary = temporaryFolder();
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const cwd = join(SAMPLES_FOLDER, 'healthy-two-level');
/** What takes little beyond being loaded. */
const ARGUMENTS = ['explain', 'l1-span-unsupported'];
const twice = (data: Uint8Array) => Buffer.concat([data, data]);

let folders = 0;
/** An empty cache folder of this user. */
function emptyCache(): string {
  const path = join(temporary.path, `${folders++}`);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

function explain(env: Readonly<Record<string, string>>): Outcome {
  return runProcess(ARGUMENTS, { cwd, env });
}

const plain = explain({ NODE_DISABLE_COMPILE_CACHE: '1' });

function filesIn(home: string): string[] {
  const folder = join(home, TOOL.name);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

describe('runs of the command', () => {
  const home = emptyCache();
  const env = { XDG_CACHE_HOME: home };
  const onlyFile = () => {
    expect(filesIn(home)).toHaveLength(1);
    return filesIn(home)[0] as string;
  };

  test('the first leaves a cache that only its user can read or write, the second uses it', () => {
    expect(plain.status).toBe(0);
    expect(explain(env)).toEqual(plain);
    const file = onlyFile();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, TOOL.name)).mode & 0o777).toBe(0o700);
    const { ino } = statSync(file);
    expect(explain(env)).toEqual(plain);
    // One that is not used is written anew, as another file.
    expect(statSync(onlyFile()).ino).toBe(ino);
  });

  test('a triage leaves one, and so does its worker, which is ended without notice and asks things of V8 meanwhile', () => {
    const crashes = join(temporary.path, 'crashes');
    for (const name of ['a', 'b', 'c', 'd']) cpSync(cwd, join(crashes, name), { recursive: true });
    const triage = { XDG_CACHE_HOME: emptyCache() };
    const run = () => runProcess(['triage', crashes, '--jobs', '1', '--fail-on', 'never'], { cwd, env: triage });
    const inodes = () => filesIn(triage.XDG_CACHE_HOME).map((file) => statSync(file).ino);
    // V8 complains there about flags that it does not know.
    expect(run()).toMatchObject({ stderr: '', status: 0 });
    const before = inodes();
    expect(before).toHaveLength(2);
    // Those that fit no run would be written anew.
    expect(run()).toMatchObject({ stderr: '', status: 0 });
    expect(inodes()).toEqual(before);
  });

  test('a run that says one line, and needs a tenth less, leaves one that others do not use, and uses theirs', () => {
    const args = ['inspect', 'dump.raw', '--regs', 'regs.json'];
    const quiet = { XDG_CACHE_HOME: emptyCache() };
    const sizes = () => filesIn(quiet.XDG_CACHE_HOME).map((file) => statSync(file).size);
    const run = (...more: string[]) =>
      expect(runProcess([...args, ...more], { cwd, env: quiet }).status, more.join(' ')).toBe(0);
    run('-q');
    const [small = 0] = sizes();
    run();
    expect(Math.max(...sizes())).toBeGreaterThan(1.05 * small);
    for (const file of filesIn(quiet.XDG_CACHE_HOME)) if (statSync(file).size === small) unlinkSync(file);
    run('--quiet');
    expect(sizes()).toHaveLength(1);
  });

  test('a run in which V8 would drop code leaves all that it needed', () => {
    const args = [COMMAND, 'inspect', 'dump.raw', '--regs', 'regs.json'];
    const [short = 0, long] = [[], ['--bytecode-old-age=1', '--gc-global', '--max-semi-space-size=1']].map((flags) => {
      const env = { ...process.env, XDG_CACHE_HOME: emptyCache() };
      expect(spawnSync(process.execPath, [...flags, ...args], { cwd, env }).status).toBe(0);
      const [file = ''] = filesIn(env.XDG_CACHE_HOME);
      return statSync(file).size;
    });
    // It differs by what V8 makes of the flags, by more than a quarter without that.
    expect(long).toBeGreaterThan(short * 0.95);
  });

  const DAMAGES: readonly (readonly [string, (good: Buffer) => Buffer])[] = [
    [
      'with one bit that is wrong',
      (good) => good.fill((good[good.length / 4] as number) ^ 1, good.length / 4, good.length / 4 + 1),
    ],
    ['that is cut', (good) => good.subarray(0, -5)],
    ['that is empty', () => Buffer.alloc(0)],
    ['of other code', () => twice(new Script('(module) => { module.exports = 1 }').createCachedData())],
    ['that is no code', () => twice(Buffer.alloc(4096, 'x'))],
  ];

  test.each(someOf(DAMAGES, 3))('a file %s is passed over, and replaced', (_, damage) => {
    const file = onlyFile();
    const bytes = damage(readFileSync(file));
    writeFileSync(file, bytes);
    const { ino } = statSync(file);
    expect(explain(env)).toEqual(plain);
    expect(statSync(onlyFile()).ino).not.toBe(ino);
    expect(readCache(onlyFile())).toBeDefined();
  });

  test('what is refused leaves nothing', () => {
    const other = emptyCache();
    expect(runProcess(['inspect', 'nothing-here'], { cwd, env: { XDG_CACHE_HOME: other } }).status).toBe(2);
    expect(filesIn(other)).toEqual([]);
  });

  const NOWHERE: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['where nothing can be written', { XDG_CACHE_HOME: '/proc' }],
    ['without a home', { HOME: '', XDG_CACHE_HOME: '' }],
    ['with a file where the folder belongs', { XDG_CACHE_HOME: join(ROOT, 'package.json') }],
  ];

  test.each(someOf(NOWHERE, 3))('go on %s', (_, elsewhere) => {
    expect(explain(elsewhere)).toEqual(plain);
  });

  test('go on where the disk is full, and leave no part of a file', () => {
    const full = emptyCache();
    // A limit for files fails the same write.
    const script = 'trap "" XFSZ; ulimit -f 64; exec "$@"';
    const command = [process.execPath, join(ROOT, 'bin', 'smmu-adopt.cjs'), ...ARGUMENTS];
    const env = { ...process.env, XDG_CACHE_HOME: full };
    const { stdout, stderr, status } = spawnSync('sh', ['-c', script, 'sh', ...command], {
      cwd,
      env,
      encoding: 'utf8',
    });
    expect({ stdout, stderr, status }).toEqual(plain);
    expect(existsSync(join(full, TOOL.name))).toBe(true);
    expect(filesIn(full)).toEqual([]);
  });

  test('--version is answered before the program is loaded', () => {
    const folder = join(temporary.path, 'alone');
    for (const name of ['bin/smmu-adopt.cjs', 'dist/cli.cjs']) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      copyFileSync(join(ROOT, name), join(folder, name));
    }
    const { stdout } = spawnSync(process.execPath, [join(folder, 'bin/smmu-adopt.cjs'), '--version'], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(`${TOOL.version}\n`);
  });
});

describe('a file', () => {
  const data = Buffer.from('what V8 made');
  const fileIn = (home: string) => join(home, TOOL.name, 'inspect');
  function written(): string {
    const file = fileIn(emptyCache());
    writeCache(file, () => data);
    return file;
  }

  test('has what was written', () => {
    expect(readCache(written())).toEqual(data);
  });

  test.each<[string, (file: string) => void]>([
    ['that others may write', (file) => chmodSync(file, 0o622)],
    ['in a folder that others may write', (file) => chmodSync(join(file, '..'), 0o777)],
    ['in a cache folder that the group may write', (file) => chmodSync(join(file, '..', '..'), 0o770)],
    ["that is another user's", (file) => chownSync(file, 1234, 1234)],
    ["in a folder that is another user's", (file) => chownSync(join(file, '..'), 1234, 1234)],
  ])('%s is not taken', (what, spoil) => {
    const file = written();
    // Only root can give files away.
    if (what.includes('another user') && process.getuid?.() !== 0) {
      expect(readCache(file)).toEqual(data);
      return;
    }
    spoil(file);
    expect(readCache(file)).toBeUndefined();
  });

  test('behind a link is not taken, and the link is replaced', () => {
    const target = written();
    const file = fileIn(emptyCache());
    mkdirSync(join(file, '..'), { mode: 0o700 });
    symlinkSync(target, file);
    expect(readCache(file)).toBeUndefined();
    writeCache(file, () => Buffer.from('mine'));
    expect(lstatSync(file).isFile()).toBe(true);
    expect(readCache(target)).toEqual(data);
  });

  test('in a linked folder is neither taken nor written', () => {
    const target = written();
    const home = emptyCache();
    symlinkSync(join(target, '..'), join(home, TOOL.name));
    expect(readCache(fileIn(home))).toBeUndefined();
    writeCache(fileIn(home), () => Buffer.from('mine'));
    expect(readCache(target)).toEqual(data);
  });

  test('that is none, a pipe for one, is not waited for', () => {
    const file = fileIn(emptyCache());
    mkdirSync(join(file, '..'), { mode: 0o700 });
    expect(spawnSync('mkfifo', [file]).status).toBe(0);
    expect(readCache(file)).toBeUndefined();
  });

  test('is not made below a folder of others, which is how HOME can be after sudo', () => {
    const home = emptyCache();
    chmodSync(home, 0o777);
    const file = cacheFile(['inspect'], { HOME: home }) as string;
    writeCache(file, () => data);
    expect(readdirSync(home)).toEqual([]);
  });

  test('takes the place of the oldest where there are many', () => {
    const file = written();
    for (let i = 0; i < 40; i++) {
      const old = join(file, '..', `old-${i}`);
      writeFileSync(old, '');
      utimesSync(old, i, i);
    }
    writeCache(file, () => data);
    const left = readdirSync(join(file, '..'));
    expect(left).toHaveLength(32);
    expect(left).toContain('inspect');
    expect(left).toContain('old-39');
    expect(left).not.toContain('old-0');
  });
});

describe('its place', () => {
  test.each([
    ['neither variable', {}],
    ['relative folders, which the XDG base directories ignore', { XDG_CACHE_HOME: 'cache', HOME: 'home' }],
    ['the switch by which Node is told to have none', { HOME: '/home/me', NODE_DISABLE_COMPILE_CACHE: '1' }],
  ])('is nowhere with %s', (_, env) => {
    expect(cacheFile(['inspect'], env)).toBeNull();
  });

  test('is in the cache folder, and depends on the flags', () => {
    const file = cacheFile(['inspect'], { HOME: '/home/me' }) as string;
    expect(file.startsWith(`/home/me/.cache/${TOOL.name}/inspect-${process.version}-${process.arch}-`)).toBe(true);
    expect(cacheFile(['inspect'], { HOME: '/home/me', XDG_CACHE_HOME: '/cache' })).toMatch(/^\/cache\/[^/]+\/[^/]+$/);
    expect(cacheFile(['inspect'], { HOME: '/home/me', NODE_OPTIONS: '--no-opt' })).not.toBe(file);
  });
});
