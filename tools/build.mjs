/**
 * Builds dist/: the command, the library, the library's types, and the licences of what is bundled. It is
 * built in a folder beside and put in place as a whole, and not at all when nothing differs, so that whoever runs the
 * command, tests or packs it meanwhile finds all of it.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildEntry } from './entry.mjs';
import { buildParts } from './parts.mjs';
import { reportAssets } from './report-assets.cjs';
import { PACKAGE as ZSTD_PACKAGE, zstdModule } from './zstd-wasm.cjs';

const root = new URL('..', import.meta.url);
process.chdir(root.pathname);
const beside = `dist.${process.pid}.new`;
process.on('exit', (status) => {
  rmSync(beside, { recursive: true, force: true });
  if (status === 0) return;
  const left = existsSync('dist') ? 'dist/ is left as it was, and is not what the sources say' : 'there is no dist/';
  process.stderr.write(`\nbuild: failed, as said above; ${left}\n`);
});

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  metafile: true,
  logLevel: 'warning',
  plugins: [reportAssets, zstdModule],
};
/** Of the command: what packages bring along, replaced by what is enough here. */
const alias = {
  'string-width': './tools/ascii-width.cjs',
  'node:child_process': './tools/lazy-child-process.cjs',
  '#supports-color': './tools/no-color-support.mjs',
};
const program = await buildParts({
  ...shared,
  entryPoint: 'src/cli/start/run-command.ts',
  alias,
});
// Compiled by hand, with a code cache.
mkdirSync(beside);
writeFileSync(`${beside}/program.js`, program.script);
const results = await Promise.all([
  program,
  buildEntry('src/cli/start/main.ts', `${beside}/program.js`, `${beside}/cli.cjs`),
  build({
    ...shared,
    entryPoints: ['src/index.ts'],
    outfile: `${beside}/index.js`,
    format: 'esm',
    // Bundled CommonJS packages call require() for Node's own modules.
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
  }),
]);

const packages = new Set([
  ZSTD_PACKAGE,
  ...results
    .flatMap(({ metafile }) => Object.keys(metafile.inputs))
    .flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
]);
const licences = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENSE-MIT.txt', 'license'].find((candidate) => {
    try {
      readFileSync(`${folder}/${candidate}`);
      return true;
    } catch {
      return false;
    }
  });
  return `${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : ''}\n`;
});
writeFileSync(`${beside}/third-party-licences.txt`, licences.join(`\n${'-'.repeat(80)}\n\n`));

const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json', '--outDir', `${beside}/types`];
const types = spawnSync(process.execPath, tsc, { stdio: 'inherit' });
process.exitCode = types.status ?? 1;
if (process.exitCode === 0 && !sameFiles(beside, 'dist')) putInPlace();

function sameFiles(one, other) {
  if (!existsSync(other)) return false;
  const filesIn = (folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort();
  const names = filesIn(one);
  return (
    names.join('\n') === filesIn(other).join('\n') &&
    names.every((name) => readFileSync(join(one, name)).equals(readFileSync(join(other, name))))
  );
}

/** A folder that is not empty cannot be renamed over, so the old one goes first; nothing runs between the two. */
function putInPlace() {
  const old = `dist.${process.pid}.old`;
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync('dist')) renameSync('dist', old);
      renameSync(beside, 'dist');
      break;
    } catch (error) {
      // Another build at the same time may have been between the two.
      if (attempt === 5) throw error;
    } finally {
      rmSync(old, { recursive: true, force: true });
    }
  }
}
