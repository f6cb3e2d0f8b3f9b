/** `smmu-adopt explain` from outside: the list, one name, JSON, and names that do not exist. */

import { describe, expect, test } from 'vitest';
import { GROUPS } from '../../../src/findings/explanations/catalogue.ts';
import { EXPLAINED_NAMES } from '../../../src/findings/explanations/names.ts';
import { TOOL } from '../../../src/version.ts';
import { run } from '../../support/command.ts';

const explain = async (...args: string[]) => {
  const { stdout, stderr, status } = await run(['explain', ...args]);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
};

describe('the list', async () => {
  const lines = (await explain()).split('\n');

  test('has one line for each name, in groups, within 100 columns', () => {
    for (const { title, entries } of GROUPS) {
      const at = lines.indexOf(title);
      expect(at, title).toBeGreaterThanOrEqual(0);
      const below = lines.slice(at + 1, at + 1 + entries.length);
      for (const [i, { name, title: says, severity }] of entries.entries()) {
        const cells = severity === null ? [name, says] : [name, severity, says];
        expect(below[i]?.trim().split(/ {2,}/)).toEqual(cells);
      }
      expect(lines[at + 1 + entries.length]).toBe('');
    }
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('ends with how to go on', () => {
    expect(lines.slice(-2)).toEqual(['`smmu-adopt explain NAME` says what one means, and where to look next.', '']);
  });
});

describe('one name', () => {
  test('in full: what it is, and all that is said of it', async () => {
    expect(await explain('two-level.split')).toBe(`two-level.split  check of the driver
SPLIT is 8, as in every table of Linux

meaning   With SPLIT 8 one L2 table is one PCI bus of 256 StreamIDs. 6 and 10 are legal, but not of
          Linux.
hardware  6, 8 and 10 are all fine; any other value acts as 6.
kernel    v1 to v2: err "unsupported STRTAB_SPLIT N (expected 8)", -EINVAL, and the probe of the
          SMMU fails.
          v3 on: The same error, and a full reset.
causes    - a table that firmware or another system built
          - a snapshot whose registers are of another SMMU or another moment
look at   - who ran before Linux: a hypervisor or UEFI may own the SMMU
          - the L1 descriptors of the report: with the right SPLIT the hardware's view of them makes
            sense
see       - Arm IHI 0070, "Stream table lookup"
          - Arm IHI 0070, "SMMU_STRTAB_BASE_CFG"
          - Linux, arm_smmu_kdump_adopt_strtab_2lvl()
`);
  });

  test('a finding tells its severity and reach, and the revisions apart', async () => {
    const text = await explain('l2-outside-memory');
    expect(text).toMatch(/^l2-outside-memory {2}finding, error\n/);
    expect(text).toContain('\nreach     affects one bus, on kernels from about 6.15 on likely the whole SMMU\n');
    expect(text).toMatch(/\nkernel {4}v1 to v2: .+\n.*\n {10}v3: .+\n.*\n {10}v4 to v7: /);
  });

  test('several at once, each once', async () => {
    const text = await explain('ids.scan', 'asid-zero', 'ids.scan');
    expect(text.match(/^\S+ {2}(check of the driver|rule of the ID scan)$/gm)).toEqual([
      'ids.scan  check of the driver',
      'asid-zero  rule of the ID scan',
    ]);
  });

  test('every one fits 100 columns and is plain ASCII', async () => {
    const lines = (await explain(...EXPLAINED_NAMES)).split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.filter((line) => !/^[\x20-\x7e]*$/.test(line))).toEqual([]);
  });

  test('colour only when it is asked for', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    expect(await explain('ids.scan', '--color', 'always')).toMatch(/^\u001b\[1mids\.scan\u001b/);
  });
});

describe('JSON', () => {
  test('all of them', async () => {
    const json = JSON.parse(await explain('--format', 'json'));
    expect(json).toMatchObject({ schemaVersion: 1, tool: TOOL });
    expect(json.explanations).toEqual(JSON.parse(JSON.stringify(GROUPS.flatMap(({ entries }) => entries))));
  });

  test('one of them, with revisions as a list', async () => {
    const { explanations } = JSON.parse(await explain('l1-null-pointer', '--format', 'json'));
    expect(explanations).toHaveLength(1);
    expect(explanations[0]).toMatchObject({
      name: 'l1-null-pointer',
      kind: 'finding',
      severity: 'warning',
      reach: 'bus',
      likelyReach: 'bus',
      kernel: [{ revisions: 'v1 to v7' }, { revisions: 'v8 on' }],
    });
  });
});

describe('a name that does not exist', () => {
  test.each([
    [['l1-spam-unsupported'], '"l1-spam-unsupported" (did you mean l1-span-unsupported'],
    [['L1_SPAN_UNSUPPORTED'], '"L1_SPAN_UNSUPPORTED" (did you mean l1-span-unsupported'],
    [['span'], '"span" (did you mean '],
    [['scan.ids'], '"scan.ids" (did you mean ids.scan?)'],
    [['asid-zeor'], '"asid-zeor" (did you mean asid-zero'],
    [['ids.scan', 'nothing-like-it-at-all'], '"nothing-like-it-at-all" (smmu-adopt explain lists all)'],
    [[''], '"" (smmu-adopt explain lists all)'],
    [['x'.repeat(100)], '(smmu-adopt explain lists all)'],
    [['\u001b[31m'], '"\\u001b[31m" (smmu-adopt explain lists all)'],
  ])('%j', async (names, message) => {
    const { stdout, stderr, status } = await run(['explain', ...names]);
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toContain(message);
  });
});
