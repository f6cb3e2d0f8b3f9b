/** The registry costs nothing until a page needs it. */

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const { zstdModule } = createRequire(import.meta.url)('../../../tools/zstd-wasm.cjs');

const folder = temporaryFolder();

test.skipIf(process.getBuiltinModule === undefined)('node:zlib is loaded at the first page, not before', async () => {
  const registry = fileURLToPath(new URL('../../../src/dump/codecs/registry.ts', import.meta.url));
  const source = folder.write(
    'main.ts',
    `const isLoaded = () => process.moduleLoadList.includes('NativeModule zlib');
     const { loadCodecs } = await import(${JSON.stringify(registry)});
     const codecs = await loadCodecs();
     const page = new Uint8Array(8);
     const before = [codecs.lzo, codecs.snappy].map((codec) => codec(page, page)).length && isLoaded();
     codecs.zlib(page, page);
     console.log(before, isLoaded());`,
  );
  const outfile = `${folder.path}/main.mjs`;
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    plugins: [zstdModule],
  });
  expect(spawnSync(process.execPath, [outfile], { encoding: 'utf8' }).stdout).toBe('false true\n');
});
