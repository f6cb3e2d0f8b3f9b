/** Builds dist/: the command and its parts, the library, the library's types, and the licences of what is bundled. */

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { parts, partsApart } from './parts.mjs';
import { reportAssets } from './report-assets.cjs';
import { PACKAGE as ZSTD_PACKAGE, zstdModule } from './zstd-wasm.cjs';

const root = new URL('..', import.meta.url);
process.chdir(root.pathname);
rmSync('dist', { recursive: true, force: true });

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  metafile: true,
  logLevel: 'warning',
  plugins: [reportAssets, zstdModule],
};
/** Of the command and its parts: what packages bring along, replaced by what is enough here. */
const alias = {
  'string-width': './tools/ascii-width.cjs',
  'node:child_process': './tools/lazy-child-process.cjs',
};
const results = await Promise.all([
  build({
    ...shared,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli.cjs',
    format: 'cjs',
    // Less to read and to parse at every start.
    minify: true,
    // Parts are required: import() would start Node's loader of ES modules, which takes longer than most parts do.
    supported: { 'dynamic-import': false },
    alias,
    plugins: [...shared.plugins, partsApart],
  }),
  build({ ...shared, ...parts, alias }),
  build({
    ...shared,
    entryPoints: ['src/index.ts'],
    outfile: 'dist/index.js',
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
writeFileSync('dist/third-party-licences.txt', licences.join(`\n${'-'.repeat(80)}\n\n`));

const types = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
});
process.exitCode = types.status ?? 1;
