/** Every exported function says what it takes and gives. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Where it is not so everywhere yet: what writes one report, file by file. The list may only become shorter. */
const STILL_WITHOUT = /^report\/(text|html|sections|log)\//;

const EXPORTED = /^export (?:async )?function\*? (\w+)/;

test('docstrings stand in front of all', () => {
  const bare = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !STILL_WITHOUT.test(file))
    .flatMap((file) => {
      const lines = readFileSync(join(SRC, file), 'utf8').split('\n');
      return lines.flatMap((line, i) => {
        const [, name] = EXPORTED.exec(line) ?? [];
        const before = lines[i - 1] ?? '';
        // Overloads share one.
        const has = before.endsWith('*/') || EXPORTED.exec(before)?.[1] === name;
        return name === undefined || has ? [] : [`${file}: ${name}`];
      });
    });
  expect(bare).toEqual([]);
});
