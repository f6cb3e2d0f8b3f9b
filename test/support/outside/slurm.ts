/** A Slurm of one node, as root and in a folder of its own: for tests of what array jobs are told. */

import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SBIN = ['/usr/sbin', '/sbin'];
const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'sinfo', 'squeue'];

/** Only what hangs gets there; Vitest cannot end what runs as one call. */
const HANG_MS = 240_000;

/** Jobs get that of whoever submits them. */
const environment = () => ({ ...process.env, PATH: [process.env['PATH'] ?? '', ...SBIN].join(delimiter) });

/** Why none can be started here; empty where one can. */
export function whyNoSlurm(): string {
  const missing = PROGRAMS.filter((name) => spawnSync('which', [name], { env: environment() }).status !== 0);
  if (missing.length > 0) return `not installed: ${missing.join(', ')} (Debian: slurm-wlm)`;
  return process.getuid?.() === 0 ? '' : 'a Slurm of its own is started by root alone';
}

export interface Slurm {
  /** Submits a script and waits for its end. `folder` is where it runs; its output goes to `slurm-*.out` there. */
  submit(script: string, folder: string): Promise<void>;
  stop(): void;
}

/** Starts one in `folder`, which is empty, and waits until its node takes jobs. */
export async function startSlurm(folder: string): Promise<Slurm> {
  const at = (name: string) => join(folder, name);
  const node = hostname().split('.', 1)[0] ?? 'localhost';
  const [controller, daemon] = [await freePort(), await freePort()];
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('key'), randomBytes(1024), { mode: 0o600 });
  writeFileSync(
    at('slurm.conf'),
    `ClusterName=one
SlurmctldHost=${node}(127.0.0.1)
SlurmctldPort=${controller}
SlurmdPort=${daemon}
AuthInfo=socket=${at('munge.sock')}
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}
SlurmctldPidFile=${at('slurmctld.pid')}
SlurmdPidFile=${at('slurmd.pid')}
SlurmctldLogFile=${at('slurmctld.log')}
SlurmdLogFile=${at('slurmd.log')}
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=1000
ReturnToService=2
NodeName=${node} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
`,
  );
  const slurmEnv = { ...environment(), SLURM_CONF: at('slurm.conf') };
  const call = (program: string, args: readonly string[], cwd = folder) =>
    execFileSync(program, args, {
      env: slurmEnv,
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: HANG_MS,
    });
  const stop = () => {
    for (const name of ['slurmd', 'slurmctld', 'munged']) stopProcess(at(`${name}.pid`));
  };
  try {
    call('munged', [
      '--force',
      ...['key-file=key', 'socket=munge.sock', 'pid-file=munged.pid', 'log-file=munged.log', 'seed-file=seed'].map(
        (option) => `--${option.replace('=', `=${folder}/`)}`,
      ),
    ]);
    call('slurmctld', ['-i']);
    call('slurmd', ['-c']);
    // Its daemons say when they are ready in no other way.
    for (let tries = 0; !/idle/.test(spawnSync('sinfo', { env: slurmEnv, encoding: 'utf8' }).stdout); tries++) {
      if (tries > 600) throw new Error(`Slurm did not start:\n${readFileSync(at('slurmctld.log'), 'utf8')}`);
      await sleep(100);
    }
  } catch (error) {
    stop();
    throw error;
  }
  const submit = async (script: string, cwd: string) => {
    // With --wait it looks for the end of the job every few seconds, less often as time goes on.
    const job = call('sbatch', ['--parsable', script], cwd).trim();
    const isLeft = () => call('squeue', ['--noheader', `--jobs=${job}`]) !== '';
    while (isLeft()) await sleep(200);
  };
  return { submit, stop };
}

function stopProcess(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch {
    // It did not start, or is gone.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
