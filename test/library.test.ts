/** The library as its page shows it: every example runs, against what is shipped; and many inspections at once. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../samples/make.ts';
import { type InspectOptions, loadSnapshot, openDump } from '../src/index.ts';
import { startRangeServer } from './support/outside/range-server.ts';
import { inspectJson } from './support/published.ts';
import { someOf } from './support/slow.ts';
import { temporaryFolder } from './support/temporary.ts';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/library.md', root), 'utf8');
/** Each with the heading that it stands below. */
const examples = page.split(/^#+ /m).flatMap((section) => {
  const [heading = ''] = section.split('\n', 1);
  return [...section.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(
    (match, i) => [`${heading} ${i + 1}`, match[1] ?? ''] as const,
  );
});
const scripts = temporaryFolder();

/** The sample with everything that the examples name. */
const SAMPLE = join(SAMPLES_FOLDER, 'l2-hole');
const server = await startRangeServer(SAMPLE);

/** What no example prints, after each, and before its error. */
const END = '\0';
const ERROR = '\u0001';

/** Runs the modules that it is given, one after another: in one process, so that the library is loaded once. */
const EACH = `
(async () => {
  for (const file of process.argv.slice(1)) {
    await import(require('node:url').pathToFileURL(file).href).catch(({ stack }) => console.log('\\u0001' + stack));
    process.stdout.write('\\0');
  }
})();`;

describe('examples', () => {
  const expected: readonly RegExp[] = [
    /^arm-smmu-v3\.0\.auto adopted 0 null\nerror l2-outside-memory \{[\s\S]*\ndump\.raw: arm-smmu-v3\.0\.auto: ADOPTED/,
    /^true s1\n0x88010200 s1\n$/,
    /^the first stream with stage 1 is 8 0x[0-9a-f]+\n2 L1 descriptors are in use \{/,
    /^fault null C_BAD_CD true\nevent null [\w-]+\n[\s\S]*\{ changed: false,/,
    /^F_TRANSLATION 256 4294946818n\nF_TRANSLATION 256\n\[ 'GERROR', 'CMDQ_CONS' \]\n[\s\S]*\nl1-span-unsupported /,
    /^\[ \[ 'arm-smmu-v3\.0\.auto', 'CMDQ error', 1 \] \]\n[\s\S]*CERROR_ILL/,
    /^true 0x4000000088002000\narm-smmu-v3.0.auto lacks .*CR0ACK.*\nimported: USABLE\n/,
    /^raw 4096 \{ present: 10,.*\}\n64 bytes from 0 on are present\n$/,
    /^adopted after 1 requests\n$/,
    /^adopted\n$/,
    /^adopted 3\n\{ present: 10,.*\}\n$/,
    /^known: v1 .*\nv1 (adopted|panic) .*parts from v6 because/s,
    /^\[ \{ start: 2348810240, end: 2382364672 \} \] \[\s+'[\s\S]*'structure-in-hole'/,
    /^file missing\.raw\nsnapshot dump\.raw\n$/,
    /^v1 \w+\nv2 \w+\n/,
  ];

  test('are as many as are known here', () => expect(examples).toHaveLength(expected.length));

  /** What each printed, and what it ended with, if that was an error. */
  let outcomes: readonly { readonly stdout: string; readonly error: string }[];

  beforeAll(() => {
    const library = pathToFileURL(fileURLToPath(new URL('dist/index.js', root))).href;
    const files = examples.map(([, code], i) =>
      scripts.write(
        `example-${i}.mjs`,
        code
          .replaceAll("'smmu-adopt'", JSON.stringify(library))
          .replace('https://dumps.example/crash/', server.url('good', '')),
      ),
    );
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', EACH, ...files], { cwd: SAMPLE, encoding: 'utf8' });
    expect(stderr).toBe('');
    outcomes = stdout.split(END).map((text) => {
      const [printed = '', error = ''] = text.split(ERROR);
      return { stdout: printed, error };
    });
  });

  test.each(examples.map(([title], i) => [title, i] as const))('%s', (_, i) => {
    expect(outcomes[i]).toEqual({ stdout: expect.stringMatching(expected[i] as RegExp), error: '' });
  });
});

describe('at once', () => {
  const options: readonly InspectOptions[] = [
    { insert: 'all' },
    { insert: [0x100, 0x8], revision: 'all' },
    { all: true },
    { sids: [0x8, 0x100, 0x500], gate: false },
    ...(['v2', 'v6', 'v10'] as const).map((revision): InspectOptions => ({ revision, insert: [0x8] })),
  ];
  const names = someOf(['healthy-two-level', 'bad-span', 'null-l2-pointer', 'linear-on-two-level', 'asids-in-use'], 3);

  async function opened(name: string, later: boolean) {
    const snapshot = await loadSnapshot(join(SAMPLES_FOLDER, name, 'regs.json'));
    const bytes = readFileSync(join(SAMPLES_FOLDER, name, 'dump.raw'));
    let calls = 0;
    const read = (offset: number, length: number) => after(calls++ % 5, bytes.subarray(offset, offset + length));
    const input = later ? { name, byteLength: bytes.length, read } : join(SAMPLES_FOLDER, name, 'dump.raw');
    return { snapshot, dump: await openDump(input, { loadMap: snapshot.memory }) };
  }

  test.each([
    ['files', false],
    ['sources that answer later', true],
  ])('%s: every inspection is what it is alone', async (_, later) => {
    const alone: string[] = [];
    for (const name of names) {
      for (const one of options) {
        const { snapshot, dump } = await opened(name, later);
        alone.push(JSON.stringify(await inspectJson(dump, snapshot, one)));
        dump.close();
      }
    }
    const together = await Promise.all(
      names.map(async (name) => {
        const { snapshot, dump } = await opened(name, later);
        const inspections = await Promise.all(options.map((one) => inspectJson(dump, snapshot, one)));
        // Rows of all of them are read in turn, from the same dump.
        const texts = inspections.map((inspection) => JSON.stringify(inspection));
        dump.close();
        return texts;
      }),
    );
    expect(together.flat()).toEqual(alone);
  });
});
