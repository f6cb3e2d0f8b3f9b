/** Whether the parts of a run go together: each whole, of one run, none twice, and none missing. */

import { InputError } from '../../errors.ts';
import type { RunEnd } from './row-text.ts';

/** What one part says of itself. */
export interface Claims {
  readonly shards: Set<string>;
  /** Its last line; null where that is none. */
  end: RunEnd | null;
  rows: number;
  /** Lines that are no rows; those whose crash has no row behind them, as far as that is looked at, by their number. */
  torn: number;
  lost: { readonly line: number; readonly text: string }[];
}

/** In place of `2/3`, of a run that was not divided. */
export const WHOLE = '';
const MAX_NAMED_SHARDS = 1 << 20;
/** So many missing parts are named. */
const MAX_NAMED_MISSING = 5;

/** Takes the parts one by one; at what does not fit, it throws InputError (`format`). */
export class ShardCheck {
  /** Files by shard. */
  readonly #files = new Map<string, string>();
  /** Of how many shards the parts are; null as long as none is of a divided run. */
  #count: string | null = null;
  #first: { readonly file: string; readonly end: RunEnd } | null = null;
  #parts = 0;

  /** Adds the part of this file. */
  add(file: string, claims: Claims): void {
    this.#parts += 1;
    const shard = shardOf(file, claims);
    if (shard !== WHOLE) this.#addShard(file, shard, claims);
    else refuseLostRow(file, claims);
  }

  #addShard(file: string, shard: string, { end }: Claims): void {
    if (end === null) {
      throw refusal(file, `is part ${shard} and not whole: its run did not end; --resume ${file} goes on with it`);
    }
    this.#first ??= { file, end };
    const first = this.#first;
    if (end.run !== first.end.run) {
      const message = `is of another run than ${first.file}: of other places, with other options, or by another version`;
      throw refusal(file, message);
    }
    const other = this.#files.get(shard);
    if (other !== undefined) throw refusal(file, `is part ${shard}, and so is ${other}`);
    const [, of = ''] = shard.split('/');
    if (this.#count !== null && of !== this.#count) {
      throw refusal(file, `is one of ${of} parts, and others are of ${this.#count}`);
    }
    this.#count = of;
    this.#files.set(shard, file);
    if (end.found !== first.end.found) {
      const numbers = `${end.found} crashes in all, and ${first.file} ${first.end.found}`;
      throw refusal(file, `found ${numbers}: some came or went between the runs; --resume FILE goes on with each`);
    }
  }

  /** After the last part: whether all are there. */
  end(): void {
    const count = this.#count;
    if (count === null) return;
    const undivided = this.#parts - this.#files.size;
    if (undivided > 0) throw new InputError('format', `${undivided} files are no parts, and others are`);
    const missing = Array.from(
      { length: Math.min(Number(count), MAX_NAMED_SHARDS) },
      (_, i) => `${i + 1}/${count}`,
    ).filter((shard) => !this.#files.has(shard));
    if (missing.length === 0) return;
    const more = missing.length - MAX_NAMED_MISSING;
    const named = `${missing.slice(0, MAX_NAMED_MISSING).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    const what = missing.length === 1 ? `part ${named} is missing` : `parts ${named} are missing`;
    throw new InputError('format', `${what}: all ${count} are needed`);
  }
}

/** Which shard the part is; `WHOLE` where the run was not divided. */
function shardOf(file: string, { shards, end, rows }: Claims): string {
  const names = new Set([...shards, ...(end === null ? [] : [end.shard ?? WHOLE])]);
  const [shard, ...others] = names;
  if (shard === undefined) {
    throw refusal(file, 'holds no crashes, and does not say which part it is; run that part again');
  }
  if (others.length > 0) throw refusal(file, 'has crashes of several parts');
  if (end !== null && end.crashes !== rows) {
    const what = shard === WHOLE ? '' : `is part ${shard} and `;
    throw refusal(file, `${what}has ${rows} crashes, not the ${end.crashes} of its run; --resume ${file} mends it`);
  }
  return shard;
}

/** A run that was not divided need not have ended, but no crash may be lost in a torn line. */
function refuseLostRow(file: string, { end, lost: [torn] }: Claims): void {
  if (end !== null || torn === undefined) return;
  const advice = `triage --resume ${file} does it again; where the crash is gone, delete the line`;
  throw refusal(file, `line ${torn.line} is no row, and there is none of its crash behind it: ${advice}`);
}

function refusal(file: string, message: string): InputError {
  return new InputError('format', message, { file });
}
