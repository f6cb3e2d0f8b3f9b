/**
 * A made root in which the capture of contrib/kdump runs as it would in a kdump kernel: what /proc and /sys say of the
 * SMMUs, and all the commands that it finds. No other is found, `devmem` above all: the machine that tests run on may
 * have something at these addresses.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Outcome } from '../command.ts';

export const CONTRIB = fileURLToPath(new URL('../../../contrib/kdump', import.meta.url));

/** When the kdump kernel of a made root started, as folders are named. */
const STARTED = { seconds: '20261129120000', minutes: '202611291200' };

/** Longer than the busiest machine takes: what gets here waits for a command that hangs. */
const HANG_MS = 240_000;

/** What an initramfs has, taken from busybox or from this machine. */
const TOOLS = ['cat', 'head', 'mkdir', 'mv', 'rm', 'sleep', 'timeout', 'tr', 'wc'];

export type Shell = 'busybox' | 'dash';

export interface MadeSmmu {
  readonly name: string;
  readonly base: number;
  /** By register, halves of their own, as devmem prints them; zero for the rest. */
  readonly registers: Readonly<Record<string, string>>;
}

/** Where a command is on this machine, or nothing. */
export function whereIs(command: string): string | undefined {
  const { stdout, status } = spawnSync('/bin/sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Why tests with that shell are skipped, for their titles; nothing when they are not. */
export function whySkipped(shell: Shell): string {
  const path = whereIs(shell);
  if (path === undefined) return ` (skipped: there is no ${shell})`;
  if (shell === 'dash') return '';
  // A busybox may be built to take its own commands, the real devmem too, for those that are found.
  const { status } = spawnSync(path, ['sh', '-c', 'command -v devmem'], { env: { PATH: '/nowhere' } });
  return status === 0 ? ' (skipped: this busybox takes its own devmem for a made one)' : '';
}

export class KdumpRoot {
  readonly path = mkdtempSync(join(tmpdir(), 'smmu-adopt-kdump-'));
  readonly #program: string;

  constructor(shell: Shell) {
    onTestFinished(() => rmSync(this.path, { recursive: true, force: true }));
    for (const folder of ['bin', 'proc', 'run', 'etc', 'sys/bus/platform/devices', 'var/crash']) this.folder(folder);
    this.#program = whereIs(shell) ?? '/nowhere';
    for (const tool of TOOLS)
      symlinkSync(shell === 'busybox' ? this.#program : (whereIs(tool) ?? '/nowhere'), this.at(`bin/${tool}`));
    symlinkSync(this.#program, this.at('bin/sh'));
    this.file('proc/vmcore', '');
    this.file('proc/cmdline', 'root=/dev/vda1 ro\n');
    this.file('proc/modules', 'virtio_blk 28672 2 - Live 0x0000000000000000\n');
    this.file('proc/mounts', '/dev/vda1 / ext4 rw,relatime 0 0\n');
    this.file('proc/iomem', '50400000-5a3fffff : System RAM\n  50410000-514bffff : Kernel code\n');
    this.file('etc/kdump.conf', 'path /var/crash\ncore_collector makedumpfile -l -d 31\n');
    this.command('date', `case $1 in *%S) echo ${STARTED.seconds} ;; *) echo ${STARTED.minutes} ;; esac`);
    this.command('dmesg', 'echo "[    0.337240] arm-smmu-v3 9050000.smmuv3: kdump: adopting"');
    this.command('hostname', 'echo crashed');
    this.command('ip', 'echo "2: eth0    inet 192.0.2.7/24 brd 192.0.2.255 scope global eth0"');
    this.command('sync', 'exit 0');
  }

  at(path: string): string {
    return join(this.path, path);
  }

  folder(path: string): string {
    mkdirSync(this.at(path), { recursive: true });
    return path;
  }

  file(path: string, content: string): string {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
    return path;
  }

  remove(path: string): void {
    rmSync(this.at(path), { recursive: true, force: true });
  }

  /** A command that is a script of this machine's shell. */
  command(name: string, script: string): void {
    this.remove(`bin/${name}`);
    chmodSync(this.at(this.file(`bin/${name}`, `#!/bin/sh\n${script}\n`)), 0o755);
  }

  /** A devmem whose calls can be counted. */
  devmem(script: string): void {
    this.command('devmem', `echo "$1" >>'${this.at('calls')}'\n[ "$2" = 32 ] || exit 9\n${script}`);
  }

  /** For a command that hangs for as long as its test runs, however slow the machine is, and holds no pipe of the test's. */
  get hanging(): string {
    return `exec >/dev/null 2>&1; while [ -e '${this.path}' ]; do ${whereIs('sleep')} 0.1; done`;
  }

  /** How often devmem was called. */
  get reads(): number {
    return existsSync(this.at('calls')) ? this.read('calls').split('\n').length - 1 : 0;
  }

  /** SMMUs of the device tree that answer; `first` is what devmem does before. */
  answer(smmus: readonly MadeSmmu[], offsets: Readonly<Record<string, number>>, first = ':'): void {
    const cases = smmus.flatMap(({ base, registers }) =>
      Object.entries(registers).map(([register, value]) => {
        const address = base + (offsets[register] ?? Number.NaN);
        return `0x${address.toString(16)}) echo ${value} ;;`;
      }),
    );
    this.devmem(`${first}\ncase $1 in\n${cases.join('\n')}\n*) echo 0x00000000 ;;\nesac`);
    for (const { name } of smmus) this.deviceTreeSmmu(name);
  }

  deviceTreeSmmu(name: string): void {
    const device = `sys/bus/platform/devices/${name}`;
    this.file(`${device}/modalias`, 'of:Nsmmuv3T(null)Carm,smmu-v3\n');
    this.file(`${device}/uevent`, 'OF_NAME=smmuv3\nOF_COMPATIBLE_0=arm,smmu-v3\nOF_COMPATIBLE_N=1\n');
    if (!existsSync(this.at(`${device}/power`))) this.file(`${device}/power/runtime_status`, 'unsupported\n');
    this.folder(`${device}/of_node`);
  }

  /** The driver is there, and has the devices named. */
  driver(...names: readonly string[]): void {
    const driver = 'sys/bus/platform/drivers/arm-smmu-v3';
    for (const entry of ['bind', 'uevent', 'module/uevent']) this.file(`${driver}/${entry}`, '');
    for (const name of names) {
      this.folder(`sys/bus/platform/devices/${name}/driver`);
      symlinkSync(`../../devices/${name}`, this.at(`${driver}/${name}`));
    }
  }

  /** A folder of kdump-utils with a vmcore in it. */
  crash(folder = '127.0.0.1-2026-11-29-12:00:21'): string {
    this.file(`var/crash/${folder}/vmcore`, 'KDUMP');
    return `var/crash/${folder}`;
  }

  /** Runs a command of the capture, with what stands behind it. */
  run(command: string, env: Readonly<Record<string, string>> = {}): Outcome {
    const script = join(CONTRIB, 'capture/smmu-capture.sh');
    const { stdout, stderr, status } = spawnSync(this.at('bin/sh'), [script, ...command.split(' ')], {
      cwd: this.path,
      encoding: 'utf8',
      env: { PATH: this.at('bin'), SMMU_CAPTURE_ROOT: this.path, ...env },
      timeout: HANG_MS,
      killSignal: 'SIGKILL',
    });
    return { stdout, stderr, status };
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** What lies there, sorted; nothing when the folder is not there. */
  list(folder: string): string[] {
    return existsSync(this.at(folder)) ? readdirSync(this.at(folder)).sort() : [];
  }
}
