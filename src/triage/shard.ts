/**
 * Which part of the crashes is this machine's? Every N-th by a hash of its path, so that the parts need not know of each
 * other and a crash stays in its part when others come and go.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { TOOL } from '../version.ts';

/** From 1 to `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** More jobs than any cluster starts for this. */
const MAX_SHARDS = 1 << 20;

type Environment = Readonly<Record<string, string | undefined>>;

/** `2/3`, or `auto` for what an array job of Slurm or an indexed Job of Kubernetes says. Throws InputError (`usage`). */
export function parseShard(text: string, env: Environment): Shard {
  if (text === 'auto') return shardOfJob(env);
  const [, index, count] = /^([0-9]{1,8})\/([0-9]{1,8})$/.exec(text) ?? [];
  if (index === undefined) throw refused(`${JSON.stringify(text)} is not I/N, as in 2/3, or auto`);
  return checked({ index: Number(index), count: Number(count) }, text);
}

/** `2/3`. */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** Whose crash it is: the same answer on every machine. */
export function isOf({ index, count }: Shard, path: string): boolean {
  const hash = createHash('sha256').update(path).digest().readUIntBE(0, 6);
  return (hash % count) + 1 === index;
}

/** Of what was asked of which places: parts of one run have the same, wherever they run, and others do not. */
export function fingerprintOfRun(places: readonly string[], asked: readonly string[]): string {
  const named = places.map((place) => join(place, '.').replace(/(?<=.)\/$/, '')).toSorted();
  const hash = createHash('sha256').update(JSON.stringify([TOOL.version, named, asked]));
  return hash.digest('hex').slice(0, 32);
}

function shardOfJob(env: Environment): Shard {
  const number = (name: string) => numberOf(env, name);
  const task = number('SLURM_ARRAY_TASK_ID');
  if (task !== undefined) {
    // `--array=1-10` begins with 1, `--array=0-9` with 0, and `--array=0-18:2` goes on in steps.
    const first = number('SLURM_ARRAY_TASK_MIN') ?? 0;
    const step = Math.max(1, number('SLURM_ARRAY_TASK_STEP') ?? 1);
    const count = needed('SLURM_ARRAY_TASK_COUNT', number('SLURM_ARRAY_TASK_COUNT'), 'Slurm sets it in array jobs');
    return checked({ index: (task - first) / step + 1, count }, `SLURM_ARRAY_TASK_ID=${task}`);
  }
  const completion = number('JOB_COMPLETION_INDEX');
  if (completion !== undefined) {
    // Kubernetes tells a Pod its index, not of how many.
    const count = needed(
      'JOB_COMPLETIONS',
      number('JOB_COMPLETIONS'),
      'Kubernetes gives the index alone: set it to spec.completions in the env of the container, or say --shard I/N',
    );
    return checked({ index: completion + 1, count }, `JOB_COMPLETION_INDEX=${completion}`);
  }
  throw refused('auto is for array jobs: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; say I/N');
}

function needed(name: string, value: number | undefined, advice: string): number {
  if (value === undefined) throw refused(`auto needs ${name}, which is not set: ${advice}`);
  return value;
}

function numberOf(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^[0-9]{1,9}$/.test(text)) throw refused(`${name} is ${JSON.stringify(text)}, which is not a number`);
  return Number(text);
}

function checked(shard: Shard, from: string): Shard {
  const { index, count } = shard;
  if (count < 1 || count > MAX_SHARDS) throw refused(`${from}: ${count} parts; 1 to ${MAX_SHARDS} are possible`);
  if (!Number.isInteger(index) || index < 1 || index > count) {
    throw refused(`${from}: part ${index} of ${count}; parts are counted from 1`);
  }
  return shard;
}

function refused(message: string): InputError {
  return new InputError('usage', `--shard ${message}`);
}
