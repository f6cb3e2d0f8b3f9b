/** `triage --merge`: parts of one run make its result, and nothing else does. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { crashPlace } from '../../support/made/crash-place.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const { path: top } = temporaryFolder();
const place = () => crashPlace(top);

describe('parts that are not the whole are refused', () => {
  const part = async (where: ReturnType<typeof place>, name: string, ...args: string[]) =>
    writeFileSync(where.at(name), (await where.triage('.', '--format', 'ndjson', ...args)).stdout);

  test.each([
    ['one is missing', ['1.nd'], /part 2\/2 is missing: all 2 are needed/],
    ['one is there twice', ['1.nd', '2.nd', '2.nd'], /which 2\.nd has, too: parts must not overlap/],
    ['the whole is among them', ['whole.nd', '1.nd', '2.nd'], /parts must not overlap/],
    ['one did not end', ['1.nd', 'cut.nd'], /is part 2\/2 and not whole/],
    ['one is of another number of parts', ['1.nd', 'other.nd'], /overlap|is one of 3 parts/],
  ])('%s', async (_, files, message) => {
    const where = place();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) where.crash(name);
    await part(where, '1.nd', '--shard', '1/2');
    await part(where, '2.nd', '--shard', '2/2');
    await part(where, 'other.nd', '--shard', '3/3');
    await part(where, 'whole.nd');
    const lines = readFileSync(where.at('2.nd'), 'utf8').split('\n');
    writeFileSync(where.at('cut.nd'), lines.slice(0, -2).join('\n'));
    const { stderr, stdout, status } = await where.triage('--merge', ...files);
    expect(stderr).toMatch(message);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  });

  test('those of runs over different folders make one result', async () => {
    const where = place();
    where.crash('x/a');
    where.crash('y/b');
    for (const name of ['x', 'y']) {
      writeFileSync(where.at(`${name}.nd`), (await where.triage(name, '--format', 'ndjson')).stdout);
    }
    const { crashes } = await where.json('--merge', 'y.nd', 'x.nd');
    expect(crashes.map(({ path }) => path)).toEqual(['x/a', 'y/b']);
  });
});

describe('a part whose run went on later', () => {
  const both = ['1.nd', '2.nd'];

  /** Six crashes, in two parts that are whole. */
  async function parts() {
    const where = place();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) where.crash(name);
    const goOn = async () => {
      for (const part of [1, 2]) await where.triage('.', '--shard', `${part}/2`, '--resume', `${part}.nd`);
    };
    await goOn();
    return { ...where, goOn };
  }

  test.each([
    ['a row', (lines: string) => lines.split('\n')[0]],
    ['half a row', (lines: string) => lines.slice(0, 100)],
  ])('is not whole with %s behind its end', async (_, behind) => {
    const { at, triage } = await parts();
    const lines = readFileSync(at('2.nd'), 'utf8');
    writeFileSync(at('2.nd'), `${lines}${behind(lines)}`);
    const { stderr, status } = await triage('--merge', ...both);
    expect(stderr).toMatch(/2\.nd: is part 2\/2 and not whole: its run did not end/);
    expect(status).toBe(2);
  });

  test('is whole again when that has ended, without the crashes that are gone and with those that came back', async () => {
    const { at, crash, json, goOn } = await parts();
    const paths = async () => (await json('--merge', ...both)).crashes.map(({ path }) => path);
    for (const name of ['b', 'e']) rmSync(at(name), { recursive: true });
    crash('g');
    await goOn();
    expect(await paths()).toEqual(['a', 'c', 'd', 'f', 'g']);
    crash('b');
    await goOn();
    expect(await paths()).toEqual(['a', 'b', 'c', 'd', 'f', 'g']);
  });
});

describe('the results of a run that was not divided', () => {
  test('say that it has ended, and what it could not search', async () => {
    const where = place();
    where.crash('a');
    where.crash('1/2/3/4/5/6/7/8/9/deep');
    const own = await where.json('.', '--resume', 'r.nd');
    expect(own.notSearched).toEqual([{ path: '1/2/3/4/5/6/7/8', why: 'too-deep', code: null }]);
    const merged = await where.json('--merge', 'r.nd');
    expect(merged.notSearched).toEqual(own.notSearched);
    expect(merged.status).toBe(3);
  });

  test('say what parts could not search once', async () => {
    const where = place();
    for (const name of ['a', 'b', 'c']) where.crash(name);
    where.crash('1/2/3/4/5/6/7/8/9/deep');
    for (const part of ['1', '2']) await where.triage('.', '--shard', `${part}/2`, '--resume', `${part}.nd`);
    expect((await where.json('--merge', '1.nd', '2.nd')).notSearched.length).toBe(1);
  });

  test('that was killed between two rows are not taken for whole', async () => {
    const where = place();
    for (const name of ['a', 'b', 'c']) where.crash(name);
    await where.triage('.', '--resume', 'r.nd');
    const [first] = readFileSync(where.at('r.nd'), 'utf8').split('\n');
    writeFileSync(where.at('r.nd'), `${first}\n`);
    const { notSearched, status } = await where.json('--merge', 'r.nd');
    expect(notSearched).toEqual([{ path: 'r.nd', why: 'no-end', code: null }]);
    expect(status).toBe(3);
    const { stderr } = await where.triage('--merge', 'r.nd', '--format', 'csv');
    expect(stderr).toBe('smmu-adopt: r.nd: does not say that its run ended\n');
    await where.triage('.', '--resume', 'r.nd');
    const whole = await where.json('--merge', 'r.nd');
    expect({ crashes: whole.crashes.length, notSearched: whole.notSearched }).toEqual({ crashes: 3, notSearched: [] });
  });

  test('that lost a row are refused', async () => {
    const where = place();
    for (const name of ['a', 'b']) where.crash(name);
    await where.triage('.', '--resume', 'r.nd');
    const [, ...others] = readFileSync(where.at('r.nd'), 'utf8').split('\n');
    writeFileSync(where.at('r.nd'), others.join('\n'));
    const { stderr } = await where.triage('--merge', 'r.nd');
    expect(stderr).toMatch(/r\.nd: has 1 crashes, not the 2 of its run/);
  });
});

test('a file that goes on as another part has that part in all its rows', async () => {
  const where = place();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) where.crash(name);
  await where.triage('.', '--shard', '1/2', '--resume', '1.nd');
  for (const part of [1, 2, 3]) await where.triage('.', '--shard', `${part}/3`, '--resume', `${part}.nd`);
  const { crashes } = await where.json('--merge', '1.nd', '2.nd', '3.nd');
  expect(crashes.map(({ path }) => path)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  await where.triage('.', '--resume', '1.nd');
  expect((await where.json('--merge', '1.nd')).crashes.length).toBe(6);
});

describe('parts of different runs', () => {
  test.each<[string, readonly string[], readonly string[], RegExp]>([
    ['over other places', ['r', '--revision', 'v6'], ['t', '--revision', 'v6'], /2\.nd: is of another run than 1\.nd/],
    ['with other options', ['r', '--revision', 'v6'], ['r', '--revision', 'v10'], /is of another run than 1\.nd/],
    ['that look for other names', ['r'], ['r', '--dump-name', '*.raw'], /is of another run than 1\.nd/],
  ])('%s are refused', async (_, one, other, message) => {
    const where = place();
    for (const name of ['r/a', 'r/b', 't/c', 't/d']) where.crash(name);
    await where.triage(...one, '--shard', '1/2', '--resume', '1.nd');
    await where.triage(...other, '--shard', '2/2', '--resume', '2.nd');
    const { stderr, status } = await where.triage('--merge', '1.nd', '2.nd');
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test('are those between which crashes came, until each has gone on', async () => {
    const { crash, triage, json } = place();
    const part = (one: number) =>
      triage('./r/', '--timeout', `${one}m`, '--shard', `${one}/2`, '--resume', `${one}.nd`);
    crash('r/a');
    await part(1);
    for (const name of ['r/b', 'r/c', 'r/d']) crash(name);
    await triage('r', '--shard', '2/2', '--resume', '2.nd');
    const { stderr } = await triage('--merge', '1.nd', '2.nd');
    expect(stderr).toMatch(/2\.nd: found 4 crashes in all, and 1\.nd 1: some came or went/);
    await part(1);
    expect((await json('--merge', '1.nd', '2.nd')).crashes.length).toBe(4);
  });
});

describe('a line that was torn', () => {
  /** By letters: the rows of the crashes `a` and `b`, `/` for as much of that of `b`, and `x` for what is no row. */
  const fileOf = async (where: ReturnType<typeof place>, cut: number, order: string) => {
    for (const name of ['a', 'b']) where.crash(name);
    const [a = '', b = ''] = (await where.triage('.', '--format', 'ndjson')).stdout.split('\n');
    const lines = { a, b, '/': b.slice(0, cut), x: 'xyz' } as Readonly<Record<string, string>>;
    writeFileSync(where.at('r.nd'), [...order].map((of) => `${lines[of]}\n`).join(''));
  };

  test.each([
    ['within the name', 11],
    ['within the path', 22],
    ['behind it', 300],
  ])('%s is passed over with a word when its crash was done again', async (_, cut) => {
    const where = place();
    await fileOf(where, cut, 'a/b');
    const { stdout, stderr } = await where.triage('--merge', 'r.nd', '--json');
    expect(stderr).toBe('smmu-adopt: r.nd: passed over 1 line that is no row\n');
    expect(JSON.parse(stdout).totals).toMatchObject({ crashes: 2, complete: true });
  });

  test.each([
    ['whose crash is not there', 'a/', 2],
    ['whose crash is there before it alone', 'b/a', 2],
    ['that is none of a row', 'axb', 2],
  ])('%s is refused, with the place of it', async (_, order, line) => {
    const where = place();
    await fileOf(where, 22, order);
    const { stderr, status } = await where.triage('--merge', 'r.nd');
    expect(stderr).toContain(`r.nd: line ${line} is no row, and there is none of its crash behind it`);
    expect(status).toBe(2);
  });

  test('is mended as is advised', async () => {
    const where = place();
    await fileOf(where, 300, 'a/');
    await where.triage('.', '--resume', 'r.nd');
    expect((await where.json('--merge', 'r.nd')).crashes.map(({ path }) => path)).toEqual(['a', 'b']);
  });
});
