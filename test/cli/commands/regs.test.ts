/** `smmu-adopt regs` from outside: what each command prints, what it refuses, and the script that captures. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadSnapshot, parseSnapshot } from '../../../src/snapshot/load.ts';
import { type Outcome, run } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const DATA = fileURLToPath(new URL('../../data/regs/', import.meta.url));
const folder = temporaryFolder();
const regs = (...args: string[]) => run(['regs', ...args], { cwd: folder.path });

for (const name of ['devmem-console.txt', 'xp.txt', 'xp-block.txt'])
  copyFileSync(join(DATA, name), join(folder.path, name));

/** Text that a terminal would obey, and how it is shown. */
const HOSTILE = 'red\u001b[31m';
const HOSTILE_SHOWN = 'red\\u001b[31m';

const refused = (outcome: Outcome) => {
  const { stdout, stderr, status } = outcome;
  expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
  return stderr;
};

describe('import', () => {
  const BASE = ['--base', '0x9050000'];

  test('a console log: the snapshot on stdout, what is to be known on stderr', async () => {
    const args = ['devmem-console.txt', ...BASE, '--name', 'arm-smmu-v3.0.auto', '--captured', 'before-kdump-probe'];
    expect(await regs('import', ...args)).toEqual({
      stdout: `{
  "version": 1,
  "source": "imported from devmem-console.txt (devmem)",
  "captured": "before-kdump-probe",
  "smmus": [
    {
      "name": "arm-smmu-v3.0.auto",
      "base": "0x9050000",
      "registers": {
        "IDR0": "0x0d40101a",
        "IDR1": "0x02730010",
        "IDR3": "0x00001404",
        "IDR5": "0x00000074",
        "CR0": "0x0000000d",
        "CR0ACK": "0x0000000d",
        "GBPA": "0x00001000",
        "GERROR": "0x00000000",
        "GERRORN": "0x00000000",
        "STRTAB_BASE": "0x40000008430a3000",
        "STRTAB_BASE_CFG": "0x00010210",
        "CMDQ_BASE": "0x4000000856900010",
        "CMDQ_PROD": "0x00000419",
        "CMDQ_CONS": "0x00000419",
        "EVENTQ_BASE": "0x4000000856a0000f",
        "EVENTQ_PROD": "0x00000008",
        "EVENTQ_CONS": "0x00000008"
      }
    }
  ]
}
`,
      stderr:
        'passed over, no register value: "sysrq: Trigger a crash" (devmem-console.txt: line 1)\n' +
        'arm-smmu-v3.0.auto: firmware.coherent missing: IDR0.COHACC is taken in place of what firmware says, which ' +
        'decides in the driver\n',
      status: 0,
    });
  });

  test('into a file of its owner, which loads', async () => {
    expect(await regs('import', 'xp.txt', ...BASE, '--non-coherent', '--output', 'regs.json')).toEqual({
      stdout: '',
      stderr:
        'passed over, no register value: "(qemu) info status" (xp.txt: line 41), "VM status: paused" (xp.txt: line 42)\n' +
        'snapshot written to regs.json\n',
      status: 0,
    });
    const path = join(folder.path, 'regs.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { captured, smmus, warnings } = await loadSnapshot(path);
    expect({ captured, warnings }).toEqual({ captured: 'unknown', warnings: [] });
    expect(smmus).toMatchObject([{ name: 'smmu@0x9050000', base: 0x9050000, firmwareCoherent: false }]);
  });

  test('files with the SMMU behind them', async () => {
    folder.write('a.txt', 'STRTAB_BASE 0x40000008430a3000\nSTRTAB_BASE_CFG 0x10210\n');
    const bases = [...BASE, '--base', '0x9090000', '--name', 'one', '--name', 'two', '--coherent'];
    const { stdout, status } = await regs('import', 'a.txt@0x9050000', 'a.txt@0x9090000', ...bases);
    expect(status).toBe(0);
    const { smmus, source } = JSON.parse(stdout);
    expect(source).toBe('imported from a.txt (list of registers), a.txt (list of registers)');
    expect(smmus.map(({ name, base }: { name: string; base: string }) => [name, base])).toEqual([
      ['one', '0x9050000'],
      ['two', '0x9090000'],
    ]);
    expect(refused(await regs('import', 'a.txt@0x9050000', ...bases))).toBe(
      'smmu-adopt: a.txt: the SMMU at 0x9090000: no value lies in its 128 KiB\n',
    );
    expect(refused(await regs('import', 'a.txt@0x9070000', ...BASE))).toBe(
      'smmu-adopt: a.txt: is given @0x9070000, which no --base names\n',
    );
  });

  test('a block read of QEMU is refused, with what to do', async () => {
    expect(refused(await regs('import', 'xp-block.txt', ...BASE))).toBe(
      'smmu-adopt: xp-block.txt: the SMMU at 0x9050000: STRTAB_BASE_CFG is missing, so there is no table to find: ' +
        'registers were read in blocks, which QEMU answers with zero for those of 32 bits; in the QEMU monitor, use one ' +
        'xp /1xw ADDRESS for each 32 bits\n',
    );
  });

  test('text of the input is shown safely', async () => {
    folder.write('hostile.txt', `STRTAB_BASE 0x40000008430a3000\nSTRTAB_BASE_CFG 0x10210\n${HOSTILE}\u009b2J\n`);
    folder.write('hostile.json', JSON.stringify({ STRTAB_BASE: '0x1', STRTAB_BASE_CFG: '0x1', [HOSTILE]: 1 }));
    const { stderr } = await regs('import', 'hostile.txt', 'hostile.txt', ...BASE, '--name', HOSTILE, '--coherent');
    expect(stderr).toMatch(/^[\n\x20-\x7e]*$/);
    expect(stderr).toContain('"red\\u009b2J" (hostile.txt: line 3)');
    expect(stderr).toContain(`${HOSTILE_SHOWN}: IDR0 missing`);
    const json = await regs('import', 'hostile.json', ...BASE, '--name', HOSTILE);
    expect(json.stderr).toMatch(/^[\n\x20-\x7e]*$/);
    expect(json.stdout).toContain(`"name": "${HOSTILE_SHOWN}"`);
    expect(JSON.parse(json.stdout).smmus[0].name).toBe(HOSTILE);
  });

  folder.write('large.txt', '');
  execFileSync('truncate', ['-s', '16777217', join(folder.path, 'large.txt')]);
  folder.write('empty.txt', '');
  folder.write('bad.txt', `CR0 ${HOSTILE} 0x1\nCR0 0x2\nCR0 12\n`);
  mkdirSync(join(folder.path, 'directory'));
  const fifo = spawnSync('mkfifo', [join(folder.path, 'fifo')]).status === 0 ? [['a FIFO', ['fifo', ...BASE]]] : [];

  test.each<[string, string[], string]>([
    ['no --base', ['xp.txt'], "required option '--base <address>' not specified"],
    ['no file', [...BASE], "missing required argument 'file'"],
    ['a base that is no address', ['xp.txt', '--base', 'x'], '"x" is not a physical address'],
    ['a base that no SMMU has', ['xp.txt', '--base', '0x9050080'], 'is no multiple of 0x10000'],
    ['bases too close', ['xp.txt', ...BASE, '--base', '0x9060000'], 'an SMMU takes 128 KiB, so these overlap'],
    [
      'more names than bases',
      ['xp.txt', ...BASE, '--name', 'a', '--name', 'b'],
      '2 times --name, but --base only 1 times',
    ],
    ['an empty name', ['xp.txt', ...BASE, '--name', ''], '--name is empty'],
    ['coherent and not', ['xp.txt', ...BASE, '--coherent', '--non-coherent'], 'cannot be used with option'],
    [
      'an unknown format',
      ['xp.txt', ...BASE, '--format', 'csv'],
      'Allowed choices are binary, json, devmem, xp, md, list.',
    ],
    ['a format that it is not', ['xp.txt', ...BASE, '--format', 'json'], 'xp.txt: is not JSON: '],
    ['an unknown moment', ['xp.txt', ...BASE, '--captured', 'now'], 'Allowed choices are running,'],
    ['a missing file', ['no.txt', ...BASE], 'no.txt: cannot be opened (ENOENT)'],
    ['an empty file', ['empty.txt', ...BASE], 'empty.txt: is empty'],
    ['a directory', ['directory', ...BASE], 'directory: is a directory; a file is needed'],
    ['a large file', ['large.txt', ...BASE], 'large.txt: is 16777217 bytes long; is it the dump?'],
    ['an ambiguous value', ['bad.txt', ...BASE], '12 (bad.txt: line 3): may be decimal or hexadecimal; write 0x'],
    [
      'an output that is the input',
      ['xp.txt', ...BASE, '-o', 'xp.txt'],
      'xp.txt: is an input; --output would overwrite it',
    ],
    ...(fifo as [string, string[]][]).map(([what, args]): [string, string[], string] => [
      what,
      args,
      'fifo: is not a regular file',
    ]),
  ])('%s is refused', async (_, args, message) => {
    const stderr = refused(await regs('import', ...args));
    expect(stderr).toMatch(/^smmu-adopt: [\x20-\x7e]*\n$/);
    expect(stderr).toContain(message);
  });
});

describe('standard input', () => {
  const text = 'SMMU_CR0: 0xd\nSMMU_STRTAB_BASE: 0x4000000088002000, SMMU_STRTAB_BASE_CFG: 0x1020c\n';

  test('holds a capture for import, and a snapshot for all that read one', async () => {
    const made = await run(['regs', 'import', '-', '--base', '0x9050000', '--coherent'], { stdin: text });
    expect(made.status).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({
      source: 'imported from standard input (list of registers)',
      smmus: [{ registers: { CR0: '0x0000000d', STRTAB_BASE: '0x4000000088002000', STRTAB_BASE_CFG: '0x0001020c' } }],
    });
    const checked = await run(['regs', 'validate', '-'], { stdin: made.stdout });
    expect(checked).toMatchObject({ status: 0, stdout: expect.stringContaining('standard input: USABLE') });
  });

  test('that is empty, or no snapshot, is named', async () => {
    const refusal = async (stdin: string) => (await run(['regs', 'validate', '-'], { stdin })).stderr;
    expect(await refusal('')).toBe('smmu-adopt: standard input: is empty\n');
    expect(await refusal(text)).toContain(
      'standard input: is not JSON: it is text; of a capture of registers smmu-adopt regs',
    );
  });
});

describe('validate', () => {
  const table = { STRTAB_BASE: '0x40000000430a3000', STRTAB_BASE_CFG: '0x10210' };
  folder.write(
    'odd.json',
    JSON.stringify({
      captured: 'after-kdump-probe',
      memory: [{ base: 0, file: '../elsewhere.bin' }],
      smmus: [
        {
          name: HOSTILE,
          base: '0x9050000',
          firmware: { coherent: true },
          registers: {
            ...table,
            CR0: '0x2d',
            CR0ACK: '0xd',
            GERROR: '0x1',
            GERRORN: 0,
            CMDQ_CONS: '0x1000000',
            BASE: 1,
          },
        },
      ],
    }),
  );

  test('says nothing of a dump where all that one could tell is there', async () => {
    const registers = {
      IDR0: '0x0d40101a',
      IDR1: '0x02730010',
      IDR5: '0x54',
      STRTAB_BASE: '0x0',
      STRTAB_BASE_CFG: '0x10',
    };
    const smmu = { name: 'a', firmware: { coherent: true }, registers };
    folder.write('idle.json', JSON.stringify({ version: 1, smmus: [smmu] }));
    const { stdout } = await regs('validate', 'idle.json');
    expect(stdout).toContain('Missing');
    expect(stdout).not.toContain('Beside a dump');
  });

  test('as text', async () => {
    expect(await regs('validate', 'odd.json')).toEqual({
      stdout: readFileSync(join(DATA, 'validate.expected.txt'), 'utf8'),
      stderr: '',
      status: 0,
    });
  });

  test('as JSON', async () => {
    const { stdout, stderr, status } = await regs('validate', 'odd.json', '--format', 'json');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      file: 'odd.json',
      usable: true,
      captured: 'after-kdump-probe',
      unknown: [{ place: 'smmus[0].registers.BASE', register: 'BASE' }],
      smmus: [
        {
          name: HOSTILE,
          base: '0x9050000',
          firmwareCoherent: true,
          registers: { CR0: { value: '0x0000002d', offset: '0x20', fields: { SMMUEN: { value: 1, says: 'on' } } } },
        },
      ],
    });
  });

  test('colour only when it is asked for', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    expect((await regs('validate', 'odd.json', '--color', 'always')).stdout).toMatch(/\u001b\[/);
  });

  test('names of registers are bold, those of fields are not', async () => {
    const { stdout } = await regs('validate', 'odd.json', '--color', 'always');
    expect(stdout).toContain('\u001b[1mCR0\u001b[22m');
    expect(stdout).toMatch(/^ {4}SMMUEN +1 /m);
  });

  test('registers that cannot be are shown and refused', async () => {
    folder.write('zero.json', JSON.stringify({ registers: { IDR0: 0, CR0: 0, STRTAB_BASE: 0, STRTAB_BASE_CFG: 0 } }));
    const { stdout, stderr, status } = await regs('validate', 'zero.json');
    expect({ stderr, status }).toEqual({
      stderr: 'smmu-adopt: zero.json: these registers cannot be used\n',
      status: 2,
    });
    expect(stdout).toMatch(/^zero\.json: NOT USABLE\n/);
    expect(stdout).toContain(
      '\n  unusable  every register is zero: no SMMU at this address, one without power, or a block',
    );
  });

  test('what is no snapshot', async () => {
    folder.write('thin.json', JSON.stringify({ registers: { CR0: 1 } }));
    expect(refused(await regs('validate', 'thin.json'))).toBe(
      'smmu-adopt: thin.json: registers: STRTAB_BASE is missing; STRTAB_BASE and STRTAB_BASE_CFG are required\n',
    );
    expect(refused(await regs('validate', 'no.json'))).toBe('smmu-adopt: no.json: cannot be opened (ENOENT)\n');
    expect(refused(await regs('validate', 'xp.txt'))).toMatch(/^smmu-adopt: xp\.txt: is not JSON: /);
  });
});

/** busybox is what an initramfs has; dash, the usual /bin/sh where it is missing, knows no more than POSIX either. */
const SHELL = [['busybox', 'sh'], ['dash'], ['sh']].find(
  ([command = '', ...args]) => spawnSync(command, [...args, '-c', ':']).status === 0,
);
const skipped = SHELL === undefined ? ' (skipped: there is neither busybox nor sh)' : '';

describe.skipIf(skipped !== '')(`capture${skipped}`, () => {
  const ANSWERS: Readonly<Record<string, string>> = {
    '0x9050000': '0x0D40101A',
    '0x9050020': '0x0000000D',
    '0x9050080': '0x430A3000',
    '0x9050084': '0x40000008',
    '0x9050088': '0x00010210',
    '0x9050094': '0x40000008',
    '0x9050014': 'Bus error',
    '0x90600a8': '0x80000008',
  };
  folder.write('devmem', fakeDevmem(ANSWERS));
  chmodSync(join(folder.path, 'devmem'), 0o755);

  /** Answers from a table with what devmem prints, zero for the rest; fails for one address, as a bus error does. */
  function fakeDevmem(answers: Readonly<Record<string, string>>): string {
    const cases = Object.entries(answers).map(([address, answer]) => `${address}) echo '${answer}' ;;`);
    return [
      '#!/bin/sh',
      '[ "$#" -eq 2 ] && [ "$2" = 32 ] || exit 9',
      'case $1 in',
      '0x9050090) echo cannot map >&2; exit 1 ;;',
      ...cases,
      '*) echo 0x00000000 ;;',
      'esac',
    ].join('\n');
  }

  /** Says the same of every address, without a process for each. */
  const QUICK_DEVMEM = 'printf 0x00000001';

  async function capture(
    args: readonly string[],
    moment: readonly string[] = [],
    devmem = './devmem',
  ): Promise<Outcome> {
    const { stdout, stderr, status } = await regs('capture', ...args, '--devmem', devmem);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    folder.write('capture.sh', stdout);
    const [command = '', ...rest] = SHELL ?? [];
    return spawnSync(command, [...rest, 'capture.sh', ...moment], { cwd: folder.path, encoding: 'utf8' });
  }

  test('prints a snapshot; what cannot be read is left out and said', async () => {
    const { stdout, stderr, status } = await capture(['--base', '0x9050000'], ['before-kdump-probe']);
    expect({ stderr, status }).toEqual({
      stderr:
        'capture: IDR5 at 0x9050014 cannot be read; left out\n' +
        'cannot map\n' +
        'capture: CMDQ_BASE at 0x9050090 cannot be read; left out\n',
      status: 0,
    });
    const { captured, smmus, warnings } = parseSnapshot(JSON.parse(stdout), 'captured');
    expect({ captured, warnings }).toEqual({ captured: 'before-kdump-probe', warnings: [] });
    expect(smmus).toMatchObject([{ name: 'smmu@0x9050000', base: 0x9050000, firmwareCoherent: null }]);
    const { registers } = smmus[0] ?? {};
    expect(Object.fromEntries(registers ?? [])).toMatchObject({
      IDR0: 0x0d40101an,
      CR0: 0xdn,
      STRTAB_BASE: 0x40000008430a3000n,
      STRTAB_BASE_CFG: 0x10210n,
      EVENTQ_BASE: 0n,
      EVENTQ_PROD: 0x80000008n,
    });
    expect([registers?.has('IDR5'), registers?.has('CMDQ_BASE')]).toEqual([false, false]);
  });

  test('of several SMMUs, and what it printed can be imported and validated', async () => {
    const args = ['--base', '0x9050000', '--base', '0x9090000', '--name', 'one'];
    const { stdout, status } = await capture(args);
    expect(status).toBe(0);
    folder.write('captured.json', stdout);
    expect(parseSnapshot(JSON.parse(stdout), '').smmus.map(({ name }) => name)).toEqual(['one', 'smmu@0x9090000']);
    expect(JSON.parse(stdout).captured).toBe('unknown');
    // The second one answers nothing but zeros.
    expect((await regs('validate', 'captured.json')).status).toBe(2);
    expect((await regs('import', 'captured.json', '--base', '0x9050000')).status).toBe(0);
  });

  test('exits with 1 when a register is missing that a snapshot needs', async () => {
    const { stdout, stderr, status } = await capture(['--base', '0x9050000'], [], './devmem --no-such-option');
    expect(status).toBe(1);
    expect(stderr).toContain('capture: STRTAB_BASE at 0x9050080 cannot be read; left out\n');
    expect(JSON.parse(stdout).smmus).toEqual([{ base: '0x9050000', registers: {} }]);
  });

  test('without --base, the script is told', async () => {
    const moment = ['before-kdump-probe', '0x9050000=arm-smmu-v3.0.auto', '0x9090000'];
    const { stdout, status } = await capture([], moment);
    expect(status).toBe(0);
    const { captured, smmus } = JSON.parse(stdout);
    expect({ captured, smmus }).toMatchObject({
      captured: 'before-kdump-probe',
      smmus: [
        { name: 'arm-smmu-v3.0.auto', base: '0x9050000', registers: { IDR0: '0x0D40101A' } },
        { base: '0x9090000', registers: { IDR0: '0x00000000' } },
      ],
    });
    // What it was made for gives way to what it is told.
    const other = await capture(['--base', '0x9050000'], ['unknown', '0x9090000']);
    expect(JSON.parse(other.stdout).smmus).toMatchObject([{ base: '0x9090000' }]);
  });

  test.each([
    [[], 'give MOMENT, and BASE or BASE=NAME of each SMMU'],
    [['unknown'], 'give MOMENT, and BASE or BASE=NAME of each SMMU'],
    [['unknown', '9050000'], 'BASE is an address like 0x9050000'],
    [['unknown', '0x'], 'BASE is an address like 0x9050000'],
    [['unknown', '0x9050000', '0x1+a[$(touch pwned)]'], 'BASE is an address like 0x9050000'],
    [['unknown', '0x10000000000000'], 'BASE is an address like 0x9050000'],
    [['unknown', '0x9050000='], 'NAME is letters, digits and any of . _ : @ + -'],
    [['unknown', '0x9050000=", "x": "'], 'NAME is letters, digits and any of . _ : @ + -'],
  ])('and refuses before it prints anything: %j', async (args, message) => {
    const { stdout, stderr, status } = await capture([], args);
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: `capture: ${message}\n`, status: 2 });
    expect(existsSync(join(folder.path, 'pwned'))).toBe(false);
  });

  test('another devmem can be called', async () => {
    const { stdout } = await regs('capture');
    folder.write('capture.sh', stdout);
    const [command = '', ...rest] = SHELL ?? [];
    const options = { cwd: folder.path, env: { ...process.env, SMMU_DEVMEM: './devmem' }, encoding: 'utf8' } as const;
    const captured = spawnSync(command, [...rest, 'capture.sh', 'unknown', '0x9050000'], options);
    expect(JSON.parse(captured.stdout).smmus).toMatchObject([{ registers: { CR0: '0x0000000D' } }]);
  });

  test('a moment that is none', async () => {
    const { stdout, stderr, status } = await capture(['--base', '0x9050000'], ['$(touch pwned)']);
    expect({ stdout, stderr, status }).toEqual({
      stdout: '',
      stderr: 'capture: MOMENT is one of running, before-kdump-probe, after-kdump-probe, unknown\n',
      status: 2,
    });
  });

  test.each([
    "'; touch pwned; '",
    '$(touch pwned)',
    '`touch pwned`',
    '"; touch pwned; "',
    'a\ntouch pwned\n',
    "\\'; touch pwned #",
    '%s%n\\n\\c',
    `${HOSTILE}\u2028\u00e4\u{1f600}`,
    "''\"'\"'",
  ])('a hostile --name runs nothing: %j', async (name) => {
    const { stdout, status } = await capture(['--base', '0x9050000', '--name', name], [], QUICK_DEVMEM);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).smmus[0].name).toBe(name);
    expect(existsSync(join(folder.path, 'pwned'))).toBe(false);
  });

  test.each([
    './devmem; touch pwned',
    './devmem $(touch pwned)',
    "./devmem '; touch pwned; '",
    './devmem * `touch pwned`',
  ])('a hostile --devmem is one command with arguments: %j', async (devmem) => {
    await capture(['--base', '0x9050000'], [], devmem);
    expect(existsSync(join(folder.path, 'pwned'))).toBe(false);
  });

  test.each<[string, string[], string]>([
    ['a name of no base', ['--name', 'a'], '1 times --name, but --base only 0 times'],
    ['an empty command', ['--base', '0x9050000', '--devmem', ' '], '--devmem " " is not a command'],
    ['two lines', ['--base', '0x9050000', '--devmem', 'a\nb'], '--devmem "a\\nb" is not a command'],
    ['a base that no SMMU has', ['--base', '0x9050001'], 'is no multiple of 0x10000'],
    ['a name twice', ['--base', '0x0', '--base', '0x20000', '--name', 'a', '--name', 'a'], '--name "a" is given twice'],
  ])('%s is refused', async (_, args, message) => {
    expect(refused(await regs('capture', ...args))).toContain(message);
  });
});

describe('help', () => {
  test.each(['import', 'validate', 'capture'])('of %s has examples', async (name) => {
    const { stdout, stderr, status } = await regs(name, '--help');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toContain(`Examples:\n  smmu-adopt regs ${name} `);
  });

  test('is what the group alone prints, as a mistake', async () => {
    const { stdout, stderr, status } = await regs();
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(/^Usage: smmu-adopt regs /);
  });
});
