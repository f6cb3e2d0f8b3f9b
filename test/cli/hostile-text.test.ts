/**
 * Text of strangers in every place from which a report takes any: names of files, SMMUs and devices, firmware, memory map,
 * the crashed kernel's own strings and its log. Whatever command shows it in whatever format, no terminal and no page obeys it.
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../support/command.ts';
import { madeCrash } from '../support/made/made-crash.ts';
import { elfOf } from '../support/made/made-dump-file.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { deviceTree } from '../support/writers/device-tree-writer.ts';

/** Clears a screen, sets a title, turns the direction of writing; and what closes an element, an attribute, a CDATA section. */
const OBEYED = '\u001b[2J\u009b31m\u001b]0;owned\u0007\u202e\u2028\r';
const MARKUP = '<img src=x onerror=alert(1)>"\'--></script>]]>&';
const TEXT = `evil${OBEYED}${MARKUP}`;
/** As much of it as a name of a file may have. */
const FILE = `evil${OBEYED}<b>"'&`;

const folder = temporaryFolder();
const cwd = folder.path;

const LOG = [
  `Linux version 6.1.0-${TEXT}`,
  `arm-smmu-v3 ${FILE.replace(/[\s:]/g, '')}: oas 44-bit (features 0x00008305)`,
  `${TEXT} arm-smmu-v3 9000000.smmuv3: event 0x10 received:`,
  'arm-smmu-v3 9000000.smmuv3: \t0x0000010000000010',
  'arm-smmu-v3 9000000.smmuv3: \t0x0000020000000000',
  'arm-smmu-v3 9000000.smmuv3: \t0x00000000dead0000',
  'arm-smmu-v3 9000000.smmuv3: \t0x0000000000000000',
  `arm-smmu-v3 9000000.smmuv3: ${TEXT}`,
  `${TEXT}: Adding to iommu group 3`,
  `arm-smmu-v3 9000000.smmuv3: event: F_TRANSLATION client: ${TEXT} sid: 0x100 ssid: 0x0 iova: 0xdead0000 ipa: 0x0`,
];

const crash = elfOf(
  madeCrash({
    release: `6.1.0-${TEXT}`.slice(0, 60),
    log: LOG,
    map: [
      { start: 0x900_0000, last: 0x900_0dff, name: `9000000.smmuv3${OBEYED}` },
      {
        start: 0x4000_0000,
        last: 0x47ff_ffff,
        name: `System RAM`,
        children: [{ start: 0x4021_0000, last: 0x403f_ffff, name: TEXT }],
      },
    ],
  }).kernel,
);
folder.write(FILE, crash);
folder.write(`${FILE}.later`, crash);
folder.write('log.txt', LOG.join('\n'));
folder.write(
  `${FILE}.iomem`,
  `09000000-0901ffff : ${TEXT}\n40000000-47ffffff : System RAM\n  44000000-44ffffff : Crash kernel\n`,
);
folder.write(
  'tree.dtb',
  deviceTree({
    smmu: { compatible: 'arm,smmu-v3', reg: [0, 0x900_0000, 2], '#iommu-cells': [1], phandle: [1] },
    [TEXT]: { iommus: [1, 0x100] },
  }),
);
const extracted = await run(['regs', 'extract', FILE], { cwd });
const snapshot = JSON.parse(extracted.stdout);
for (const smmu of snapshot.smmus) {
  smmu.name = TEXT;
  for (const master of smmu.masters ?? []) Object.assign(master, { device: `${TEXT}${master.sid}`, driver: TEXT });
}
folder.write(`${FILE}.json`, JSON.stringify({ ...snapshot, source: TEXT, kernel: TEXT }));
folder.write('capture.txt', `${TEXT}\n09000000: 0x${'0'.repeat(7)}1 ${TEXT}\nCR0 ${TEXT} = 0x1\n`);

const REGS = ['--regs', `${FILE}.json`];
const NAMES = ['--dtb', 'tree.dtb', '--iomem', `${FILE}.iomem`];
const FORMATS = ['text', 'json', 'ndjson', 'csv', 'sarif', 'junit', 'github', 'html'];
const textOrJson = (...args: string[]) => ['text', 'json'].map((format) => [...args, '--format', format]);

const COMMANDS: readonly (readonly string[])[] = [
  ...FORMATS.flatMap((format) => [
    [
      'inspect',
      FILE,
      ...REGS,
      ...NAMES,
      '--insert',
      'all',
      '--revision',
      'all',
      '--full',
      '--deep',
      '--format',
      format,
    ],
    ['inspect', FILE, '--format', format],
  ]),
  ...['text', 'json', 'ndjson', 'html'].flatMap((format) => [
    ['log', 'log.txt', '--format', format],
    ['log', 'log.txt', '--dump', FILE, ...REGS, '--dtb', 'tree.dtb', '-v', '--format', format],
  ]),
  ...textOrJson('info', FILE, '--vmcoreinfo'),
  ...textOrJson('info', FILE, '--log'),
  ...textOrJson('info', FILE, '--iomem'),
  ...textOrJson('info', FILE, ...REGS),
  ...textOrJson('show', FILE, ...REGS, '--dtb', 'tree.dtb', '--sid', '0x100', '--all'),
  ...textOrJson('translate', FILE, ...REGS, '--dtb', 'tree.dtb', '--sid', '0x100', '--iova', '0xdead0000'),
  ...textOrJson('translate', FILE, ...REGS, '--sid', '0x100', '--all'),
  ...textOrJson('queues', FILE, ...REGS, '--dtb', 'tree.dtb', '--all'),
  ...textOrJson('diff', FILE, `${FILE}.later`, ...REGS, '--dtb', 'tree.dtb', '--deep'),
  ...['text', 'json', 'ndjson', 'csv', 'junit', 'html'].map((format) => ['triage', '.', '-v', '--format', format]),
  ['triage', TEXT],
  ...textOrJson('regs', 'validate', `${FILE}.json`),
  ['regs', 'extract', FILE],
  ['regs', 'import', 'capture.txt'],
  ...textOrJson('decode', 'event', '0x10', '0x0', '0x0', '0x0'),
  // What is asked for wrongly is named.
  ['explain', TEXT],
  ['decode', 'event', TEXT],
  ['decode', TEXT, '0x10'],
  ['inspect', TEXT],
  ['inspect', FILE, '--regs', TEXT],
  ['inspect', FILE, '--smmu', TEXT],
  ['inspect', FILE, '--revision', TEXT],
  ['inspect', FILE, '--insert', TEXT],
  ['inspect', FILE, '--format', TEXT],
  ['inspect', FILE, '--output', join(cwd, TEXT, 'report.json')],
  ['show', FILE, '--sid', TEXT],
  ['translate', FILE, '--sid', '8', '--iova', TEXT],
  ['check', TEXT],
  ['log', TEXT],
  [TEXT],
];

const shown = (args: readonly string[]) =>
  JSON.stringify(args.map((arg) => (arg.startsWith('evil') ? 'evil…' : arg)).join(' '));

describe('nothing is obeyed', () => {
  test.each(COMMANDS.map((args) => [shown(args), args] as const))('%s', async (_, args) => {
    const { stdout, stderr, status } = await run(args, { cwd });
    expect([0, 1, 2, 3]).toContain(status);
    expect(stdout + stderr).not.toBe('');
    for (const [stream, text] of Object.entries({ stdout, stderr })) {
      // Lines of CSV end in both.
      const found = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(text.replaceAll(/\r?\n|\t/g, ' '));
      const around =
        found === null ? null : JSON.stringify(text.slice(Math.max(0, found.index - 80), found.index + 40));
      expect(around, stream).toBeNull();
      expect(stream === 'stderr' && /\n {4}at /.test(text), text).toBe(false);
    }
    if (args.at(-1) === 'html' || args.at(-1) === 'junit') expect(stdout).not.toContain('<img src=x');
  });
});
