/** `npm run build` where it fails: nobody may take what an earlier one left for what the sources say. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/temporary.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('a build that fails says what became of dist/, which stays', () => {
  const { path: folder, write } = temporaryFolder();
  mkdirSync(join(folder, 'dist'));
  write('dist/cli.cjs', 'before');
  cpSync(join(ROOT, 'tools'), join(folder, 'tools'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  // There are no sources.
  const { status, stderr } = spawnSync(process.execPath, ['tools/build.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('dist/ is left as it was');
  expect(readFileSync(join(folder, 'dist/cli.cjs'), 'utf8')).toBe('before');
});
