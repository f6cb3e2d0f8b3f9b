/**
 * The reference decoder of Zstandard as WebAssembly, out of the zstddec package. The package itself cannot be used where
 * reading is synchronous, and its start would load all of fetch(); what is wanted of it is the module alone.
 */

const { readFileSync } = require('node:fs');

exports.PACKAGE = 'zstddec';

/** The module in Base64. */
exports.zstdWasm = () => {
  const file = require('node:path').join(__dirname, '..', 'node_modules', exports.PACKAGE, 'dist', 'zstddec.mjs');
  const [, text] = /^const wasm = "([A-Za-z0-9+/]+=*)";$/m.exec(readFileSync(file, 'utf8')) ?? [];
  if (text === undefined) throw new Error(`${file} does not hold the module where it is looked for`);
  return text;
};

/** For the bundles of the program: the text instead of the module that fetches it. */
exports.zstdModule = {
  name: 'zstd-module',
  setup(build) {
    build.onLoad({ filter: /[\\/]codecs[\\/]zstd-wasm\.ts$/ }, () => ({
      contents: `export const zstdWasm = () => ${JSON.stringify(exports.zstdWasm())};`,
      loader: 'js',
    }));
  },
};
