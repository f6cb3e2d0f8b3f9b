/**
 * Parts of the command that most runs do not need, each a file of its own beside it: whoever inspects a dump should not
 * wait until the explanations, the HTML report or the import of registers are parsed. A part is a module that the
 * command imports dynamically. It brings its own copy of what it shares with the command, so nothing may be recognised
 * by its class across that border.
 */

import { resolve } from 'node:path';

const PARTS = {
  explanations: 'src/findings/explanations/explain.ts',
  html: 'src/report/html/html.ts',
  ndjson: 'src/report/ndjson.ts',
  csv: 'src/report/csv.ts',
  sarif: 'src/report/sarif.ts',
  junit: 'src/report/junit.ts',
  github: 'src/report/github.ts',
  'page-tables': 'src/findings/risks/page-tables.ts',
  'queue-risks': 'src/findings/risks/queues.ts',
  stream: 'src/inspect/stream.ts',
  'stream-text': 'src/report/text/stream.ts',
  translate: 'src/streams/translate.ts',
  'translate-text': 'src/report/text/translation.ts',
  'translate-json': 'src/report/json/translation.ts',
  'stream-json': 'src/report/json/stream.ts',
  queues: 'src/queues/queues.ts',
  'queues-text': 'src/report/text/queues.ts',
  'queues-json': 'src/report/json/queues.ts',
  platform: 'src/platform/load.ts',
  diff: 'src/diff/diff.ts',
  'diff-text': 'src/report/text/diff.ts',
  'diff-json': 'src/report/json/diff.ts',
  'decode-words': 'src/smmu/decode-words.ts',
  'decode-report': 'src/report/decode.ts',
  'decode-json': 'src/report/json/decode.ts',
  'explained-names': 'src/findings/explanations/names.ts',
  'log-input': 'src/cli/log-input.ts',
  'read-log': 'src/inspect/read-log.ts',
  'log-json': 'src/report/json/log.ts',
  'log-ndjson': 'src/report/log/ndjson.ts',
  'log-page': 'src/report/html/log-page.ts',
  'log-text': 'src/report/log/text.ts',
  'completion-bash': 'src/cli/completion/bash.ts',
  'completion-zsh': 'src/cli/completion/zsh.ts',
  'completion-fish': 'src/cli/completion/fish.ts',
  'crashed-kernel': 'src/linux/crashed-kernel.ts',
  'crashed-kernel-text': 'src/report/crashed-kernel.ts',
  'regs-import': 'src/snapshot/import/import.ts',
  'regs-validate': 'src/inspect/register-outlook.ts',
  'regs-validate-json': 'src/report/json/validation.ts',
  'explain-json': 'src/report/json/explain.ts',
  'check-json': 'src/report/json/check.ts',
  triage: 'src/triage/run.ts',
  'triage-text': 'src/report/triage/text.ts',
  'triage-json': 'src/report/json/triage.ts',
  'triage-ndjson': 'src/report/triage/ndjson.ts',
  'triage-csv': 'src/report/triage/csv.ts',
  'triage-junit': 'src/report/triage/junit.ts',
  'triage-page': 'src/report/triage/page.ts',
  codecs: 'src/dump/codecs/registry.ts',
};

/** Parts by the file that they begin with. */
const NAMES = new Map(Object.entries(PARTS).map(([name, entry]) => [resolve(entry), name]));

/** For the bundle of the command: leaves the parts out, to be loaded when they are imported. */
export const partsApart = {
  name: 'parts-apart',
  setup(build) {
    build.onResolve({ filter: /\.ts$/ }, ({ kind, path, resolveDir }) => {
      const name = kind === 'dynamic-import' ? NAMES.get(resolve(resolveDir, path)) : undefined;
      return name === undefined ? undefined : { path: `./parts/${name}.cjs`, external: true };
    });
  },
};

/** What to build besides, into `folder`. */
export const partsIn = (folder) => ({
  entryPoints: PARTS,
  outdir: folder,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  minify: true,
});
