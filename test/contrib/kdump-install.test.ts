/** The pieces around the capture: where they are installed, and what dracut and initramfs-tools make of them. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { captureScript } from '../../src/snapshot/capture-script.ts';
import { CONTRIB, whereIs } from '../support/outside/kdump-root.ts';
import { SLOW } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
const CAPTURE = readdirSync(join(CONTRIB, 'capture')).map((name) => `usr/lib/smmu-capture/${name}`);
const MODULE = 'usr/lib/dracut/modules.d/95smmu-capture';

function sh(script: string, env: Readonly<Record<string, string>> = {}, shell = '/bin/sh') {
  const { stdout, stderr, status } = spawnSync(shell, ['-c', script], {
    cwd: folder.path,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { stdout, stderr, status };
}

function installed(what: string): string {
  const root = join(folder.path, what);
  const { stderr, status } = sh(`sh '${CONTRIB}/install.sh' ${what}`, { DESTDIR: root });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return root;
}

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(root, name)).isFile())
    .sort();

test('smmu-registers.sh is what `smmu-adopt regs capture` prints; make it anew with that', () => {
  expect(readFileSync(join(CONTRIB, 'capture/smmu-registers.sh'), 'utf8')).toBe(captureScript([], 'devmem'));
});

const shellcheck = whereIs('shellcheck');
test.skipIf(!SLOW || shellcheck === undefined)(
  `shellcheck has nothing to say${shellcheck ? '' : ' (skipped: not there)'}`,
  () => {
    const files = [
      'capture/smmu-capture.sh',
      'capture/smmu-registers.sh',
      'install.sh',
      'dracut/*.sh',
      'kdump-tools/init*',
    ];
    const { stdout, status } = sh(`cd '${CONTRIB}' && shellcheck -x ${files.join(' ')}`);
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  },
);

test('belongs to the package', () => {
  const manifest = JSON.parse(readFileSync(join(CONTRIB, '../../package.json'), 'utf8'));
  expect(manifest.files).toContain('contrib');
});

describe('installed', () => {
  test('for dracut', () => {
    const module = ['early.sh', 'module-setup.sh', 'post.sh'].map((name) => `${MODULE}/${name}`);
    expect(filesIn(installed('dracut'))).toEqual([...module, 'usr/lib/smmu-capture/README.md', ...CAPTURE].sort());
  });

  test('for kdump-tools', () => {
    expect(filesIn(installed('kdump-tools'))).toEqual(
      [
        'etc/initramfs-tools/hooks/smmu-capture',
        'etc/initramfs-tools/scripts/init-top/smmu-capture',
        'etc/systemd/system/smmu-capture.service',
        'usr/lib/smmu-capture/README.md',
        ...CAPTURE,
      ].sort(),
    );
  });

  test('for something else: refused', () => {
    expect(sh(`sh '${CONTRIB}/install.sh' grub`)).toEqual({
      stdout: '',
      stderr: 'install.sh dracut, or install.sh kdump-tools?\n',
      status: 2,
    });
  });
});

const bash = whereIs('bash');
describe.skipIf(bash === undefined)(`the dracut module${bash ? '' : ' (skipped: there is no bash)'}`, () => {
  /** dracut's functions, which say what they were called with and copy what exists. */
  const STUBS = `
inst_multiple() { echo "inst_multiple $*"; return 1; }
inst_hook() { echo "inst_hook $1 $2 \${3##*/}"; [[ -f $3 ]]; }
inst_simple() { echo "inst_simple \${2-}"; mkdir -p "$initdir\${2%/*}" && cp "$1" "$initdir$2"; }
moddir=$SMMU_CAPTURE_ROOT/${MODULE} initdir=$PWD/image
. "$moddir/module-setup.sh"
`;
  const dracut = (script: string, env: Readonly<Record<string, string>> = {}) =>
    sh(`${STUBS}${script}`, { SMMU_CAPTURE_ROOT: installed('dracut'), IN_KDUMP: '', ...env }, 'bash');

  test('is for the image of the kdump kernel alone', () => {
    expect(dracut('check').status).toBe(255);
    expect(dracut('check', { IN_KDUMP: '1' }).status).toBe(0);
  });

  test('fills an image in which the hooks find the capture, and never fails', () => {
    const root = installed('dracut');
    mkdirSync(join(root, 'proc'), { recursive: true });
    writeFileSync(join(root, 'proc/iomem'), '40000000-5fffffff : System RAM\n');
    const { stdout, stderr, status } = dracut('install');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toContain('inst_hook pre-udev 01 early.sh\n');
    const image = join(folder.path, 'image');
    expect(filesIn(image)).toEqual(
      ['etc/kdump/post.d/95-smmu-capture.sh', 'usr/lib/smmu-capture/iomem.txt', ...CAPTURE].sort(),
    );
    for (const hook of [`${root}/${MODULE}/early.sh`, `${image}/etc/kdump/post.d/95-smmu-capture.sh`]) {
      const [script = ''] = /\/usr\/lib\/\S+/.exec(readFileSync(hook, 'utf8')) ?? [];
      expect(existsSync(join(image, script)), `${hook} calls ${script}`).toBe(true);
    }
  });

  test('leaves the image without it when it is not installed', () => {
    const { status } = sh(
      `${STUBS.replace('moddir=$SMMU_CAPTURE_ROOT', `moddir='${installed('dracut')}'`)}install`,
      { SMMU_CAPTURE_ROOT: '/nowhere' },
      'bash',
    );
    expect(status).toBe(0);
  });

  test("the hook that dracut sources leaves dracut's shell alone", () => {
    const { stdout, status } = sh(`set -e; . '${CONTRIB}/dracut/early.sh' 2>/dev/null; echo goes on`);
    expect({ stdout, status }).toEqual({ stdout: 'goes on\n', status: 0 });
  });
});

describe('the hook of initramfs-tools', () => {
  const hook = (env: Readonly<Record<string, string>>, ...args: string[]) =>
    sh(`sh '${CONTRIB}/kdump-tools/initramfs-hook' ${args.join(' ')}`, env);

  test.each(['initramfs-hook', 'init-top'])('%s needs nothing before it', (name) => {
    expect(sh(`sh '${CONTRIB}/kdump-tools/${name}' prereqs`)).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  test('fills the image of the kdump kernel, and no other', () => {
    const DESTDIR = join(folder.path, 'initramfs');
    mkdirSync(DESTDIR);
    const SMMU_CAPTURE_ROOT = installed('kdump-tools');
    for (const [CONFDIR, files] of [
      ['/etc/initramfs-tools', []],
      ['/var/lib/kdump/initramfs-tools', CAPTURE],
    ] as const) {
      expect(hook({ CONFDIR, DESTDIR, SMMU_CAPTURE_ROOT })).toEqual({ stdout: '', stderr: '', status: 0 });
      expect(filesIn(DESTDIR)).toEqual([...files].sort());
    }
  });

  test('leaves the image without it when it is not installed', () => {
    const CONFDIR = '/var/lib/kdump/initramfs-tools';
    expect(hook({ CONFDIR, DESTDIR: folder.path, SMMU_CAPTURE_ROOT: '/nowhere' }).status).toBe(0);
  });
});
