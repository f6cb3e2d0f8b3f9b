/** One guest, stopped at one instant, in every container that real tools wrote: one answer. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isInputError, loadSnapshot, openDump } from '../../src/index.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import { inspectJson } from '../support/published.ts';
import { slowTest, someOf } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const skipped = whyNot(QEMU_A);
const folder = temporaryFolder();

/** The `smmus` part of the report as a fingerprint; what it holds is compared with the ground truth elsewhere. */
async function fingerprint(file: string, regs: string): Promise<string> {
  const snapshot = await loadSnapshot(join(QEMU_A, regs));
  const dump = await openDump(join(QEMU_A, file), { loadMap: snapshot.memory });
  const { smmus } = await inspectJson(dump, snapshot, { insert: 'all', all: true });
  expect(smmus.map(({ adoption, census }) => [adoption.verdict, census.valid])).toEqual([['adopted', 2560]]);
  const hash = createHash('sha256').update(JSON.stringify(smmus)).digest('hex');
  dump.close();
  return hash;
}

/** That of the dump which the others are compared with. */
let reference: Promise<string> | undefined;

describe.skipIf(skipped !== '')(`real containers of one memory${skipped}`, () => {
  test.each([
    'vmcore.d31.zlib',
    'vmcore-trim.d1.lzo',
    'vmcore-trim.d1.snappy',
    'vmcore-trim.d1.zstd',
    'vmcore-trim.d1.lzo.flat',
  ])('%s says what vmcore-trim.d1.zlib says', async (file) => {
    reference ??= fingerprint('vmcore-trim.d1.zlib', 'regs-panic.json');
    expect(await fingerprint(file, 'regs-panic.json')).toBe(await reference);
  });

  /** How much of it is left, in parts of 24. */
  const PARTS = someOf(
    Array.from({ length: 23 }, (_, i) => 23 - i),
    4,
  );
  const FILES = ['vmcore-trim.d1.zlib', 'vmcore-trim.d1.lzo', 'vmcore-trim.d1.zstd', 'vmcore-trim.d1.lzo.flat'];
  test.each(FILES)('%s, cut off anywhere, is refused or says less, never anything else', async (file) => {
    const whole = readFileSync(join(QEMU_A, file));
    const snapshot = await loadSnapshot(join(QEMU_A, 'regs-panic.json'));
    const stesOf = async (path: string) => {
      const dump = await openDump(path);
      const { smmus } = await inspectJson(dump, snapshot);
      const rows = [...(smmus[0]?.stes ?? [])].map(({ sid, words }) => `${sid} ${words.join()}`);
      const { complete } = dump;
      dump.close();
      return { rows, complete };
    };
    const all = new Set((await stesOf(join(QEMU_A, file))).rows);
    const outcomes = { refused: 0, less: 0 };
    for (const part of PARTS) {
      const path = folder.write(file, whole.subarray(0, Math.floor((whole.length * part) / 24)));
      try {
        const { rows, complete } = await stesOf(path);
        expect(complete, `${part}/24 of the file`).toBe(false);
        expect(
          rows.filter((row) => !all.has(row)),
          `${part}/24 of the file`,
        ).toEqual([]);
        outcomes.less += 1;
      } catch (error) {
        if (!isInputError(error)) throw error;
        outcomes.refused += 1;
      }
    }
    expect(outcomes.refused + outcomes.less).toBe(PARTS.length);
    expect(outcomes.less).toBeGreaterThan(0);
  });

  slowTest('live.kdump-zlib.flat says what live-trim.kdump-zlib.flat says', async () => {
    const [whole, trimmed] = ['live.kdump-zlib.flat', 'live-trim.kdump-zlib.flat'];
    expect(await fingerprint(whole as string, 'regs.json')).toBe(await fingerprint(trimmed as string, 'regs.json'));
  });
});
