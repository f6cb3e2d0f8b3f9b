/** `npm run build`: where it fails, nobody may take what an earlier one left for what the sources say; and what it makes. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, Script } from 'node:vm';
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

test('what the program imports dynamically is one function until it is asked for, and the script leaves no names', async () => {
  const { path: folder, write } = temporaryFolder();
  write('package.json', '{"type": "module"}');
  write(
    'main.ts',
    `import { basename as base } from 'node:path';
     import * as path from 'node:path';
     import fs, { existsSync } from 'node:fs';
     import { shared } from './shared.ts';
     export const late = async () => (await import('./late.ts')).late;
     export const now = () => [base('/a/b'), path.sep, existsSync === fs.existsSync, shared(), "import { a } from './a';"];`,
  );
  write('shared.ts', `globalThis.seen.push('shared');\nexport const shared = () => 1;`);
  write(
    'late.ts',
    `import { shared } from './shared.ts';
     globalThis.seen.push('late');
     export const late = () => shared() + 1;`,
  );
  const { buildParts } = (await import(join(ROOT, 'tools/parts.mjs'))) as {
    buildParts: (options: object) => Promise<{ script: string }>;
  };
  const { script } = await buildParts({ entryPoint: 'main.ts', bundle: true, platform: 'node', absWorkingDir: folder });
  const world = { seen: [] as string[] };
  const program = new Script(script).runInContext(createContext(world)) as (
    module: object,
    require: NodeJS.Require,
  ) => void;
  expect(Object.keys(world)).toEqual(['seen']);
  const module = { exports: {} as { now: () => unknown[]; late: () => Promise<() => number> } };
  program(module, createRequire(import.meta.url));
  expect([...module.exports.now()]).toEqual(['b', '/', true, 1, "import { a } from './a';"]);
  expect(world.seen).toEqual(['shared']);
  const [late] = await Promise.all([module.exports.late(), module.exports.late()]);
  expect(late()).toBe(2);
  expect(world.seen).toEqual(['shared', 'late']);
});
