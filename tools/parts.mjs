/**
 * Builds the program as one script of parts. Each function at the top level of a script costs at every start, called or not:
 * V8 keeps a record of it in the code cache and makes an object of it. Most commands call a third of them. So the bundler
 * divides the program where it imports dynamically, and what it makes, a module each, becomes a function each, which is
 * run when it is asked for.
 */

import { basename } from 'node:path';
import { build, transform } from 'esbuild';

/**
 * As `build` of esbuild, of one entry point.
 * @returns its metafile, and the program: a function of `module` and `require`, to which it leaves the entry's exports
 */
export async function buildParts({ entryPoint, ...options }) {
  const { metafile, outputFiles } = await build({
    ...options,
    entryPoints: [entryPoint],
    outdir: 'parts',
    write: false,
    metafile: true,
    format: 'esm',
    splitting: true,
    chunkNames: '[hash]',
    entryNames: '[name]-[hash]',
    // As calls of require: import() would start Node's loader of ES modules.
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    // Of exports, too.
    minifyIdentifiers: true,
  });
  const outputs = Object.entries(metafile.outputs);
  // Parts go by number, which is shorter to read and quicker to find.
  const numbers = new Map(outputs.map(([path], i) => [`"./${basename(path)}"`, i]));
  const parts = outputs.map(([path, output]) => {
    const { text } = outputFiles.find((file) => basename(file.path) === basename(path));
    return `() => {${asFunctionBody(text, output).replace(/"\.\/[\w-]+\.js"/g, (name) => numbers.get(name) ?? name)}}`;
  });
  const main = outputs.findIndex((output) => output[1].entryPoint === entryPoint);
  const script = `(function (module, requireOfNode) {
    'use strict';
    const parts = [${parts.join(',\n')}];
    const evaluated = [];
    function require(part) {
      return typeof part === 'number' ? (evaluated[part] ??= parts[part]()) : requireOfNode(part);
    }
    module.exports = require(${main});
  })`;
  const { code } = await transform(script, {
    platform: 'node',
    target: options.target,
    charset: 'ascii',
    // Not its syntax: an expression whose value nobody takes would be none.
    minifyIdentifiers: true,
    minifyWhitespace: true,
  });
  // An expression, whose value is the function.
  return { metafile, script: code.replace(/;\s*$/, '') };
}

const IMPORT = /^import (?:(?:([\w$]+)|\* as ([\w$]+))?(?:, )?(?:\{([^}]*)\})? from )?"([^"]+)";$/gm;
const EXPORT = /^export \{([^}]*)\};$/m;

/**
 * A module, as the bundler prints it, as the body of a function that returns what it exports. What is imported is read once:
 * nothing that a module exports changes once the module has run, and no two parts import one another.
 */
function asFunctionBody(text, { imports, exports }) {
  let count = 0;
  const required = text.replace(IMPORT, (_, byDefault, namespace, names, from) => {
    count += 1;
    const one = byDefault ?? namespace;
    const module = `require(${JSON.stringify(from)})`;
    // One without a name stands for an order of evaluation, on which nothing depends.
    return [
      one === undefined ? '' : `var ${one} = ${module};`,
      names === undefined ? '' : `var {${names.replaceAll(' as ', ': ')}} = ${module};`,
    ].join('\n');
  });
  const isAll = count === imports.filter(({ kind }) => kind === 'import-statement').length;
  if (!isAll || EXPORT.test(required) !== exports.length > 0) {
    throw new Error(`imports and exports are printed in another way than this reads:\n${text.slice(0, 1000)}`);
  }
  return required.replace(EXPORT, (_, names) => {
    const members = names.split(',').map((name) => name.trim().split(' as '));
    return `return {${members.map(([inside, outside = inside]) => `${outside}: ${inside}`).join(', ')}};`;
  });
}
