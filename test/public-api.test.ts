/** What scripts may import, and what the package promises: a change here is a decision. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as library from '../src/index.ts';
import { TOOL } from '../src/version.ts';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

test('the exported names', () => {
  expect(Object.keys(library).sort()).toEqual([
    'InputError',
    'LogReader',
    'captureScript',
    'completedFromDump',
    'decode',
    'decodeRecord',
    'decodeRegister',
    'diff',
    'dumpInfo',
    'explain',
    'extractSnapshot',
    'findFirmware',
    'findTables',
    'importRegisters',
    'inspect',
    'iomemOf',
    'isInputError',
    'kernelLog',
    'loadDeviceTree',
    'loadIomem',
    'loadIort',
    'loadSnapshot',
    'logOfCrash',
    'logReport',
    'memoryMap',
    'openDump',
    'parseIomem',
    'parseSnapshot',
    'queues',
    'readLog',
    'recordFields',
    'redacted',
    'registerNamed',
    'renderCsv',
    'renderGithub',
    'renderHtml',
    'renderJson',
    'renderJunit',
    'renderNdjson',
    'renderSarif',
    'renderText',
    'revisions',
    'show',
    'snapshotJson',
    'translate',
    'untilFetched',
    'validateRegisters',
  ]);
});

test('the page on the library has every one of them', () => {
  const page = readFileSync(new URL('../docs/library.md', import.meta.url), 'utf8');
  expect(Object.keys(library).filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
});

test('the tool calls itself what the package is called', () => {
  expect(TOOL).toEqual({ name: manifest.name, version: manifest.version });
});

test('the package', () => {
  const { bin, exports, engines, license, type, dependencies } = manifest;
  expect({ bin, exports, engines, license, type, dependencies }).toEqual({
    bin: { 'smmu-adopt': 'bin/smmu-adopt.cjs' },
    exports: {
      '.': { types: './dist/types/index.d.ts', default: './dist/index.js' },
      './schema/check.schema.json': './schema/check.schema.json',
      './schema/decode.schema.json': './schema/decode.schema.json',
      './schema/diff.schema.json': './schema/diff.schema.json',
      './schema/explain.schema.json': './schema/explain.schema.json',
      './schema/info.schema.json': './schema/info.schema.json',
      './schema/inspection.schema.json': './schema/inspection.schema.json',
      './schema/log.schema.json': './schema/log.schema.json',
      './schema/queues.schema.json': './schema/queues.schema.json',
      './schema/snapshot.schema.json': './schema/snapshot.schema.json',
      './schema/stream.schema.json': './schema/stream.schema.json',
      './schema/translation.schema.json': './schema/translation.schema.json',
      './schema/triage.schema.json': './schema/triage.schema.json',
      './schema/validation.schema.json': './schema/validation.schema.json',
      './package.json': './package.json',
    },
    engines: { node: '>=20' },
    license: 'MIT',
    type: 'module',
    // Everything is bundled: installing brings nothing else along.
    dependencies: undefined,
  });
});
