/** `smmu-adopt check` from outside, on copies of samples that are changed in every way that matters. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMAND, SAMPLES_FOLDER } from '../../../samples/make.ts';
import type { CheckReport } from '../../../src/check/check.ts';
import { readManifest } from '../../../src/check/manifest.ts';
import { TOOL } from '../../../src/version.ts';
import { type Outcome, run, runProcess } from '../../support/command.ts';
import { HOSTILE } from '../../support/inspections.ts';
import { refusalOf } from '../../support/refusal.ts';
import { slowTest } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { parseXml } from '../../support/xml.ts';

const temporary = temporaryFolder();
let folders = 0;

/** A new folder with copies of samples, some of them under other names. */
function samples(...names: readonly (string | readonly [sample: string, name: string])[]) {
  folders += 1;
  const path = join(temporary.path, `case-${folders}`);
  mkdirSync(path);
  for (const one of names) {
    const [sample, name] = typeof one === 'string' ? [one, one] : one;
    cpSync(join(SAMPLES_FOLDER, sample), join(path, name), { recursive: true });
  }
  const at = (file: string) => join(path, file);
  return {
    path,
    at,
    read: (file: string) => readFileSync(at(file), 'utf8'),
    write: (file: string, content: unknown) =>
      writeFileSync(at(file), typeof content === 'string' ? content : JSON.stringify(content)),
    /** Changes a file of JSON. */
    change(file: string, change: (value: Record<string, unknown>) => unknown) {
      const value = JSON.parse(readFileSync(at(file), 'utf8'));
      writeFileSync(at(file), JSON.stringify(change(value) ?? value));
    },
    check: (...args: string[]): Promise<Outcome> => run(['check', path, ...args]),
  };
}

const lines = (...expected: string[]) => `${expected.join('\n')}\n`;

describe('folders', () => {
  test('every sample in order of its path, and the total', async () => {
    const { check, at } = samples('truncated', 'bad-span', ['healthy-two-level', 'b/below']);
    mkdirSync(at('.hidden'));
    cpSync(at('bad-span'), at('.hidden/no'), { recursive: true });
    expect(await check()).toEqual({
      stdout: lines('ok       b/below', 'ok       bad-span', 'ok       truncated', '3 samples: 3 as expected'),
      stderr: '',
      status: 0,
    });
  });

  test('a single sample, by its folder, from anywhere', async () => {
    const { at } = samples('bad-span');
    expect((await run(['check', 'bad-span'], { cwd: at('') })).stdout).toBe(
      lines('ok       bad-span', '1 sample: 1 as expected'),
    );
    expect((await run(['check', '.'], { cwd: at('bad-span') })).stdout).toMatch(/^ok {7}bad-span\n/);
  });

  test('the version of the program and the order of keys are no difference', async () => {
    const { check, change } = samples('bad-span');
    change('bad-span/expected.json', ({ tool: _, ...rest }) => ({
      ...Object.fromEntries(Object.entries(rest).reverse()),
      tool: { version: '99.0', name: TOOL.name },
    }));
    expect((await check()).status).toBe(0);
  });

  test('differences by their place, the first few', async () => {
    const { check, change, write, read } = samples('bad-span', 'healthy-two-level');
    change('bad-span/expected.json', (json) => {
      const [smmu] = json['smmus'] as Record<string, Record<string, unknown>>[];
      Object.assign(smmu?.['adoption'] ?? {}, { verdict: 'adopted', 'a/b~c': 1 });
      json['findings'] = [];
      json['later'] = 'x'.repeat(1000);
    });
    write('healthy-two-level/expected.txt', read('healthy-two-level/expected.txt').replace('ADOPTED', 'REFUSED'));
    const { stdout, status } = await check();
    expect(status).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'differs  bad-span',
      `         expected.json /later: expected "${'x'.repeat(76)}..., found null`,
      '         expected.json /smmus/0/adoption/verdict: expected "adopted", found "fallback"',
      '         expected.json /smmus/0/adoption/a~1b~0c: expected 1, found nothing',
      expect.stringMatching(/^ {9}expected\.json \/findings\/0: expected nothing, found \{"rule":.*\.\.\.$/),
      expect.stringMatching(/^ {9}expected\.json \/findings\/1: expected nothing, found \{/),
      '         and 2 more',
      'differs  healthy-two-level',
      expect.stringMatching(/^ {9}expected\.txt line 1: expected ".*REFUSED.*", found ".*ADOPTED.*"$/),
      '2 samples: 0 as expected, 2 differ',
      '',
    ]);
  });

  test('more differences are counted', async () => {
    const { check, write } = samples('bad-span');
    write('bad-span/expected.json', '{}');
    expect((await check()).stdout).toMatch(/\n {9}and \d+ more\n1 sample: 0 as expected, 1 differs\n$/);
  });

  test('the exit status, and what a refusal says', async () => {
    const { check, change, at } = samples('bad-span', ['bad-span', 'refused'], ['bad-span', 'refused-otherwise']);
    change('bad-span/sample.json', (sample) => ({ ...sample, status: 0 }));
    const refused = { args: ['no.bin', '--regs', 'regs.json'], status: 2 };
    change('refused/sample.json', () => ({
      ...refused,
      stderr: 'smmu-adopt: no.bin: cannot be opened (ENOENT)\n',
    }));
    change('refused-otherwise/sample.json', () => ({ ...refused, stderr: 'smmu-adopt: no\n' }));
    for (const name of ['refused', 'refused-otherwise']) {
      for (const file of ['expected.json', 'expected.txt']) rmSync(at(`${name}/${file}`));
    }
    expect((await check()).stdout).toBe(
      lines(
        'differs  bad-span',
        '         exit status: expected 0, found 1',
        'ok       refused',
        'differs  refused-otherwise',
        '         stderr: expected "smmu-adopt: no\\n", found "smmu-adopt: no.bin: cannot be opened (ENOENT)\\n"',
        '3 samples: 1 as expected, 2 differ',
      ),
    );
  });
});

describe('what is broken fails alone', async () => {
  const cases: readonly [string, string, (at: (file: string) => string) => void][] = [
    ['no dump', 'dump.raw: cannot be opened (ENOENT)', (at) => rmSync(at('dump.raw'))],
    ['no registers', 'regs.json: cannot be opened (ENOENT)', (at) => rmSync(at('regs.json'))],
    ['no JSON', 'sample.json: is not JSON: ', (at) => writeFileSync(at('sample.json'), '{')],
    ['an empty description', 'sample.json: is empty', (at) => writeFileSync(at('sample.json'), '')],
    ['no arguments', 'args: expected an array, found nothing', (at) => writeFileSync(at('sample.json'), '{}')],
    [
      'an argument that is none',
      'args[0]: expected a string, found the number 5',
      (at) => writeFileSync(at('sample.json'), '{"args":[5]}'),
    ],
    ['an unknown option', "unknown option '--nonsense'", withArgs('dump.raw', '--regs', 'regs.json', '--nonsense')],
    ['no --regs', 'no state of the crashed kernel was found, because there is no VMCOREINFO', withArgs('dump.raw')],
    ['a SID that is none', '"x" is not a StreamID', withArgs('dump.raw', '--regs', 'regs.json', '--sid', 'x')],
    ['help', 'outputHelp', withArgs('--help')],
    ['--output', 'a sample has no --output', withArgs('dump.raw', '--regs', 'regs.json', '-o', 'regs.json')],
    ['a dump outside', '../other/dump.raw: leaves the folder', withArgs('../other/dump.raw', '--regs', 'regs.json')],
    ['another dump outside', '/dev/zero: leaves', withArgs('dump.raw', '--later', '/dev/zero', '--regs', 'regs.json')],
    ['registers outside', '../other/regs.json: leaves', withArgs('dump.raw', '--regs', '../other/regs.json')],
    ['a log outside', '/etc/hostname: leaves', withArgs('dump.raw', '--regs', 'regs.json', '--dmesg', '/etc/hostname')],
    ['a URL', 'http://127.0.0.1:1/x: leaves', withArgs('http://me:pw@127.0.0.1:1/x', '--regs', 'regs.json')],
    [
      'its own permission',
      "a sample's own --allow-outside",
      withArgs('dump.raw', '--regs', 'regs.json', '--allow-outside'),
    ],
    [
      'a dump that is a link to the outside',
      'dump.raw: leaves the folder',
      (at) => {
        rmSync(at('dump.raw'));
        symlinkSync('/dev/zero', at('dump.raw'));
      },
    ],
    [
      'an expected result that is a link to the outside',
      'expected.json: leaves the folder',
      (at) => {
        rmSync(at('expected.json'));
        symlinkSync('../other/expected.json', at('expected.json'));
      },
    ],
    [
      'an expected result that is a folder',
      'expected.json: is a directory; a file is needed',
      (at) => {
        rmSync(at('expected.json'));
        mkdirSync(at('expected.json'));
      },
    ],
  ];
  const all = samples(['bad-span', 'other'], ...cases.map(([name]) => ['bad-span', name] as const));
  for (const [name, , change] of cases) change((file) => all.at(`${name}/${file}`));
  const { stdout, stderr, status } = await all.check();

  test('and the others are run', () => {
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expect(stdout).toContain('\nok       other\n');
    expect(stdout).toContain(`\n${cases.length + 1} samples: 1 as expected, ${cases.length} broken\n`);
    expect(stdout).not.toContain('me:pw');
  });

  test.each(cases)('%s', (name, message) => {
    const [, why = ''] = stdout.split(`broken   ${name}\n         `);
    expect(why.split('\n', 1)[0]).toContain(message);
  });

  test('with --allow-outside, other folders are at hand', async () => {
    const { check, at } = samples(['bad-span', 'a'], ['bad-span', 'other']);
    withArgs('../other/dump.raw', '--regs', '../other/regs.json')((file) => at(`a/${file}`));
    const { stdout } = await check('--allow-outside');
    expect(stdout).toContain('expected.json /dump/files/0: expected "dump.raw", found "../other/dump.raw"');
  });
});

function withArgs(...args: string[]): (at: (file: string) => string) => void {
  return (at) => writeFileSync(at('sample.json'), JSON.stringify({ args, status: 1 }));
}

describe('--update', () => {
  test('writes what differs and what is missing, says so, and then all is well', async () => {
    const { check, at, read, write } = samples('bad-span', 'healthy-two-level', 'truncated');
    const before = read('bad-span/expected.json');
    write('bad-span/expected.json', '<<<<<<< "schemaVersion"');
    write('bad-span/expected.txt', 'nothing');
    chmodSync(at('bad-span/expected.json'), 0o640);
    rmSync(at('truncated/expected.json'));
    rmSync(at('truncated/expected.txt'));
    const untouched = statSync(at('healthy-two-level/expected.json')).ctimeMs;
    const { stdout, status } = await check('--update');
    expect({ stdout, status }).toEqual({
      stdout: lines(
        'ok       bad-span',
        '         updated expected.json',
        '         updated expected.txt',
        'ok       healthy-two-level',
        'ok       truncated',
        '         updated expected.json',
        '3 samples: 3 as expected; 3 files updated',
      ),
      status: 0,
    });
    expect(read('bad-span/expected.json')).toBe(before);
    expect(statSync(at('bad-span/expected.json')).mode & 0o777).toBe(0o640);
    expect(statSync(at('healthy-two-level/expected.json')).ctimeMs).toBe(untouched);
    expect(readdirSync(at('bad-span')).sort()).toEqual(readdirSync(join(SAMPLES_FOLDER, 'bad-span')).sort());
    expect((await check()).stdout).toContain('3 samples: 3 as expected\n');
  });

  test('touches nothing but expected results', async () => {
    const { check, change, read, write } = samples('bad-span');
    change('bad-span/sample.json', (sample) => ({ ...sample, status: 0 }));
    expect((await check('--update')).stdout).toContain('exit status: expected 0, found 1');
    const manifest = {
      version: 1,
      samples: [
        { name: 'x', dump: 'bad-span/dump.raw', regs: 'bad-span/regs.json', expect: { golden: 'bad-span/regs.json' } },
      ],
    };
    write('manifest.json', manifest);
    const before = read('bad-span/regs.json');
    expect((await check('--update')).stdout).toContain(
      'bad-span/regs.json: is no result of this program, so --update does not',
    );
    expect(read('bad-span/regs.json')).toBe(before);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be written to (as root, everything can)', async () => {
    const { check, at, write } = samples('bad-span');
    write('bad-span/expected.json', '{}');
    chmodSync(at('bad-span'), 0o500);
    expect((await check('--update')).stdout).toContain('cannot be written (EACCES)');
    chmodSync(at('bad-span'), 0o700);
  });
});

describe('manifests', () => {
  const entry = { name: 'one', dump: 'bad-span/dump.raw', regs: 'bad-span/regs.json' };
  const manifest = (...list: unknown[]) => ({ version: 1, samples: list });
  const expecting = (expect: unknown, rest: object = {}) => manifest({ ...entry, ...rest, expect });

  const ALL_FINDINGS = ['l1-span-unsupported', 'adoption-fallback', 'l2-aliased', 'reset-cuts-off'];
  const fulfilled: readonly [string, object][] = [
    ['a verdict', { verdict: 'fallback' }],
    ['verdicts in order', { verdict: ['fallback'], ret: [-22] }],
    ['a return value and an exit status', { ret: -22, exitCode: 1 }],
    ['all findings', { findings: ALL_FINDINGS }],
    ['some findings', { findings: { include: ['adoption-fallback'], exclude: ['smmu-disabled'] } }],
  ];
  const missed: readonly [string, object, string][] = [
    ['no verdict', { verdict: 'adopted' }, 'verdict of arm-smmu-v3.0.auto: expected "adopted", found "fallback"'],
    [
      'no verdicts',
      { verdict: ['fallback', 'adopted'] },
      'verdict: expected ["fallback","adopted"], found ["fallback"]',
    ],
    ['no return value', { ret: 0 }, 'ret of arm-smmu-v3.0.auto: expected 0, found -22'],
    ['no exit status', { exitCode: 3 }, 'exit status: expected 3, found 1'],
    [
      'not all findings',
      { findings: ['adoption-fallback'] },
      'findings: expected ["adoption-fallback"], found ["adoption-fallback","l1-span-unsupported","l2-aliased","reset-cuts-off"]',
    ],
    [
      'not none',
      { findings: [] },
      'findings: expected [], found ["adoption-fallback","l1-span-unsupported","l2-aliased","reset-cuts-off"]',
    ],
    ['not some', { findings: { include: ['smmu-disabled'] } }, 'findings: expected "smmu-disabled", found nothing'],
    [
      'some too many',
      { findings: { exclude: ['adoption-fallback'] } },
      'findings: expected nothing, found "adoption-fallback"',
    ],
    ['no result', { golden: 'none.json' }, 'none.json is not there; --update makes it'],
  ];

  test('every kind of expectation, fulfilled and not', async () => {
    const { check, write } = samples('bad-span');
    write(
      'manifest.json',
      manifest(...[...fulfilled, ...missed].map(([name, expect]) => ({ ...entry, name, expect }))),
    );
    expect(await check()).toEqual({
      stdout: lines(
        ...fulfilled.map(([name]) => `ok       ${name}`),
        ...missed.flatMap(([name, , message]) => [`differs  ${name}`, `         ${message}`]),
        'ok       bad-span',
        '15 samples: 6 as expected, 9 differ',
      ),
      stderr: '',
      status: 1,
    });
  });

  test('a vmcore without a snapshot', async () => {
    const { check, write } = samples('bare-vmcore');
    const bare = { name: 'bare', dump: 'bare-vmcore/vmcore', expect: { verdict: 'adopted', exitCode: 1 } };
    write('manifest.json', manifest(bare));
    expect(await check()).toMatchObject({
      stdout: lines('ok       bare', 'ok       bare-vmcore', '2 samples: 2 as expected'),
      status: 0,
    });
  });

  test('options in every form, and a result that --update makes', async () => {
    const { at, write, read } = samples('span-changed', 'non-coherent');
    const changed = { dump: ['span-changed/dump.raw'], regs: 'span-changed/regs.json' };
    const refused = ['insert-span-changed'];
    write(
      'list.json',
      manifest(
        {
          name: 'as options',
          ...changed,
          options: { insert: [8, '0x100'], later: ['span-changed/later.raw'], failOn: 'never', all: false, gate: true },
          expect: { findings: { include: refused }, exitCode: 0, golden: 'made.json' },
        },
        {
          name: 'as arguments',
          ...changed,
          args: ['--insert', '0x8,0x100', '--later', 'span-changed/later.raw'],
          expect: { findings: { include: refused } },
        },
        {
          name: 'without the gate',
          dump: 'non-coherent/dump.raw',
          regs: 'non-coherent/regs.json',
          options: { gate: false },
          expect: { verdict: 'fallback' },
        },
        {
          name: 'a refusal',
          dump: '--output=/tmp/x',
          regs: 'non-coherent/regs.json',
          expect: { exitCode: 2 },
        },
      ),
    );
    const first = await run(['check', at('list.json'), '--update']);
    expect(first.stdout).toBe(
      lines(
        'ok       as options',
        '         updated made.json',
        'ok       as arguments',
        'ok       without the gate',
        'ok       a refusal',
        '4 samples: 4 as expected; 1 file updated',
      ),
    );
    expect(JSON.parse(read('made.json')).dump.files).toEqual(['span-changed/dump.raw']);
    expect(await run(['check', at('list.json')])).toMatchObject({ stderr: '', status: 0 });
  });

  test.each<[string, unknown, string]>([
    ['not JSON', '{', 'manifest.json: is not JSON: '],
    ['a list', [], 'manifest.json: expected an object, found an array'],
    ['no version', { samples: [] }, 'version: nothing is not known; only version 1 is'],
    ['another version', { version: 2, samples: [] }, 'version: 2 is not known; only version 1 is'],
    ['no samples', { version: 1 }, 'samples: expected an array, found nothing'],
    ['an unknown key', { version: 1, samples: [], sample: [] }, 'sample: is not known; known: version, description'],
    ['no name', manifest({ regs: 'x', expect: { ret: 0 } }), 'samples[0].name: expected a string, found nothing'],
    [
      'registers that are no file',
      manifest({ ...entry, regs: 5 }),
      'samples[0].regs: expected a string, found the number 5',
    ],
    ['no expectation', manifest(entry), 'samples[0].expect: expected an object, found nothing'],
    ['an empty one', expecting({}), 'samples[0].expect: expects nothing; known: verdict, ret'],
    ['a misspelt one', expecting({ verdikt: 'adopted' }), 'samples[0].expect.verdikt: is not known'],
    ['a rule that is none', expecting({ findings: ['nonsense'] }), 'findings[0]: "nonsense" is not a rule'],
    ['a rule by inheritance', expecting({ findings: ['toString'] }), 'findings[0]: "toString" is not a rule'],
    ['a status that is none', expecting({ exitCode: 7 }), 'expect.exitCode: 7 is no exit status; 0 to 3 are'],
    ['a return value that is none', expecting({ ret: 'EINVAL' }), 'expect.ret: "EINVAL" is no return value'],
    ['an option that is none', expecting({ ret: 0 }, { options: { 'a b': 1 } }), 'options."a b": is not the name'],
    [
      'a list for one value',
      expecting({ ret: 0 }, { options: { revision: [1] } }),
      'options.revision: takes one value',
    ],
    ['an object as a value', expecting({ ret: 0 }, { options: { sid: {} } }), 'options.sid: an object is no value'],
    [
      'a name twice',
      manifest({ ...entry, expect: { ret: -22 } }, { ...entry, expect: { ret: -22 } }),
      'samples[1].name: "one" is the name of another sample, too',
    ],
  ])('refused: %s', async (_, content, message) => {
    const file = temporary.write('manifest.json', typeof content === 'string' ? content : JSON.stringify(content));
    const refusal = await refusalOf(() => readManifest(file));
    expect(refusal.tag).toBe('format');
    expect(refusal.message).toContain(message);
  });

  test('one that cannot be used ends it before anything is run', async () => {
    const { check, write } = samples('bad-span');
    write('manifest.json', { version: 2 });
    expect(await check()).toEqual({
      stdout: '',
      stderr: expect.stringMatching(/^smmu-adopt: .*\/manifest\.json: version: 2 is not known; only version 1 is\n$/),
      status: 2,
    });
  });
});

describe('docs/check.md', () => {
  const page = readFileSync(new URL('../../../docs/check.md', import.meta.url), 'utf8');
  const [sample = '', manifest = ''] = [...page.matchAll(/^```json\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');

  test('its samples are what they are said to be', async () => {
    const { check, write, at } = samples('bad-span');
    write('bad-span/sample.json', sample);
    write('manifest.json', manifest);
    const { stdout } = await check('--update');
    rmSync(at('bad-span.json'));
    expect(stdout).toBe(
      lines(
        'ok       bad span',
        '         updated bad-span.json',
        'ok       bad-span',
        '2 samples: 2 as expected; 1 file updated',
      ),
    );
  });
});

describe('what cannot be checked at all: exit status 2', () => {
  test.each<[string, string, string]>([
    ['nothing there', 'missing', 'is not there'],
    ['no samples', '', 'no samples: no sample.json or manifest.json with any'],
  ])('%s', async (_, name, message) => {
    const { path } = samples();
    const { stdout, stderr, status } = await run(['check', join(path, name)]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toContain(message);
  });

  test('links lead nowhere', async () => {
    const { check, path, at } = samples();
    symlinkSync(SAMPLES_FOLDER, at('link'));
    symlinkSync(path, at('circle'));
    expect((await check()).stderr).toContain('no samples');
  });

  test('too deep', async () => {
    const { check } = samples(['bad-span', 'a/b/c/d/e/f/g/h/i']);
    expect((await check()).stderr).toContain('no samples');
    expect((await samples(['bad-span', 'a/b/c/d/e/f/g/h']).check()).status).toBe(0);
  });
});

describe('formats', () => {
  function three() {
    const all = samples(['bad-span', 'broken'], 'bad-span', ['bad-span', 'good']);
    all.write('broken/sample.json', '{');
    all.change('bad-span/expected.json', (json) => ({ ...json, later: '</x>' }));
    return all;
  }

  test('json', async () => {
    const { check } = three();
    const { stdout, status } = await check('--format', 'json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      tool: TOOL,
      samples: [
        {
          name: 'bad-span',
          result: 'differs',
          differences: [{ place: 'expected.json /later', expected: '</x>', found: null }],
        },
        { name: 'broken', result: 'broken', differences: [], error: expect.stringContaining('is not JSON') },
        { name: 'good', result: 'ok', differences: [], more: 0, error: null, updated: [] },
      ],
      summary: { samples: 3, ok: 1, differs: 1, broken: 1, updated: 0, exitCode: 1 },
    });
  });

  test('junit', async () => {
    const { check } = three();
    const suites = parseXml((await check('--format', 'junit')).stdout);
    expect(suites.attributes).toMatchObject({ tests: '3', failures: '1', errors: '1', skipped: '0' });
    const [suite] = suites.children;
    expect(suite?.children.map(({ attributes, children }) => [attributes['name'], children[0]?.name])).toEqual([
      ['bad-span', 'failure'],
      ['broken', 'error'],
      ['good', undefined],
    ]);
    expect(suite?.children[0]?.children[0]?.text).toBe('expected.json /later: expected "</x>", found null');
  });

  test('github', async () => {
    const { check, at } = three();
    const [first, second, third, ...more] = (await check('--format', 'github')).stdout.split('\n');
    expect(first).toBe('smmu-adopt check: 3 samples: 1 as expected, 1 differs, 1 broken');
    expect(second).toBe(
      `::error file=${at('bad-span/sample.json')},title=differs%3A bad-span::expected.json /later: expected "</x>", found null`,
    );
    expect(third).toContain(`::error file=${at('broken/sample.json')},title=broken%3A broken::`);
    expect(more).toEqual(['']);
  });

  test('names that are more than names stay in their place', async () => {
    const { at, write } = samples('bad-span');
    const list = HOSTILE.map((name) => ({
      name,
      dump: name,
      regs: 'bad-span/regs.json',
      expect: { verdict: name, golden: name },
    }));
    write('manifest.json', { version: 1, samples: list });
    const check = (format: string) => run(['check', at('manifest.json'), '--format', format]);
    const { stdout, stderr, status } = await check('text');
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expect(stdout.split('\n')).toHaveLength(2 * HOSTILE.length + 2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(JSON.parse((await check('json')).stdout).samples).toHaveLength(HOSTILE.length);
    expect(parseXml((await check('junit')).stdout).children[0]?.children).toHaveLength(HOSTILE.length);
    const github = (await check('github')).stdout.split('\n').slice(1, -1);
    expect(github).toHaveLength(HOSTILE.length);
    for (const line of github) expect(line).toMatch(/^::error file=[^:,]*,title=[^:,]*::[^\r]*$/);
  });
});

slowTest('a thousand samples are one run', async () => {
  const { check, write, at } = samples('bad-span');
  rmSync(at('bad-span/sample.json'));
  const entry = { dump: 'bad-span/dump.raw', regs: 'bad-span/regs.json', expect: { verdict: 'fallback' } };
  write('manifest.json', { version: 1, samples: Array.from({ length: 1000 }, (_, i) => ({ ...entry, name: `${i}` })) });
  expect((await check()).stdout).toContain('1000 samples: 1000 as expected\n');
});

describe('in processes of their own', () => {
  test('a sample that never ends costs only itself, and the others come out in their order', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { path, write, at } = samples('bad-span', ['truncated', 'z']);
    mkdirSync(at('hangs'));
    write('hangs/sample.json', { args: [`http://127.0.0.1:${port}/vmcore`], status: 0 });
    const child = spawn(process.execPath, [COMMAND, 'check', path, '--allow-outside', '--timeout', '2s', '--json']);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    await once(child, 'close');
    server.closeAllConnections();
    server.close();
    const report = JSON.parse(stdout) as CheckReport;
    expect(report.samples.map(({ name }) => name)).toEqual(['bad-span', 'hangs', 'z']);
    expect(report.samples[1]).toMatchObject({
      result: 'broken',
      error: 'not done after 2 s; --timeout gives it longer',
    });
  });

  test('a sample that reads standard input reads none', () => {
    const { path, write, at } = samples('bad-span');
    mkdirSync(at('a'));
    write('a/sample.json', { args: ['../bad-span/dump.raw', '--regs', '-'], status: 2 });
    const { stdout, status } = runProcess(['check', path, '--allow-outside', '--jobs', '1', '--format', 'json']);
    const names = (JSON.parse(stdout) as CheckReport).samples.map(({ name, result }) => `${name} ${result}`);
    expect({ names, status }).toEqual({ names: ['a ok', 'bad-span ok'], status: 0 });
  });
});
