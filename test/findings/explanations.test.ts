/** The explanations as data: one for everything that has a name, real text in each, and nothing in them that is wrong. */

import { describe, expect, test } from 'vitest';
import { CHECK_ORDER } from '../../src/adopt/checks.ts';
import { describeCommand, everyCommand } from '../../src/cli/definitions.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { Session } from '../../src/cli/session.ts';
import { explanationsOf, GROUPS } from '../../src/findings/explanations/catalogue.ts';
import { EXPLAINED_NAMES } from '../../src/findings/explanations/names.ts';
import { SCAN_RULES } from '../../src/findings/prose/scan.ts';
import { RULES } from '../../src/findings/rules.ts';
import { namesOfMessage } from '../../src/log/messages/message-names.ts';
import { COMMAND_ERRORS } from '../../src/smmu/queues/commands.ts';
import { EVENT_TYPES } from '../../src/smmu/queues/events.ts';
import { registerNamed } from '../../src/smmu/registers/registers.ts';

const ALL = GROUPS.flatMap(({ entries }) => entries);
const namesOf = (kind: string) => ALL.filter((entry) => entry.kind === kind).map(({ name }) => name);

describe('everything that has a name is explained, once', () => {
  test.each([
    ['finding', Object.keys(RULES)],
    ['check', CHECK_ORDER],
    ['scan-rule', Object.keys(SCAN_RULES)],
    ['event', EVENT_TYPES.map(({ name }) => name)],
    ['command-error', COMMAND_ERRORS],
    ['global-error', registerNamed('GERROR')?.fields.map(({ name }) => name) ?? []],
  ])('each %s', (kind, names) => {
    expect(namesOf(kind).sort()).toEqual([...names].sort());
  });

  test.each<readonly [text: string, names: readonly string[]]>([
    ['event 0x10 received:', ['F_TRANSLATION']],
    ['[  446.4] arm-smmu-v3 arm-smmu-v3.0.auto: event 0x07 received:', ['F_TRANSL_FORBIDDEN']],
    ['event: C_BAD_STE client: (unassigned sid) sid: 0x5 ssid: 0x0', ['C_BAD_STE']],
    ['CMDQ error (cons 0x0100b1b7): Illegal command', ['CERROR_ILL']],
    ['unexpected global error reported (0x00000101), this could be serious', ['CMDQ_ERR', 'SFM_ERR']],
    ['EVTQ write aborted -- events may have been lost', ['EVENTQ_ABT_ERR']],
    ['CMD_SYNC timeout at 0x0000b1b7 [hwprod 0x0000b1c0, hwcons 0x0000b1b7]', ['cmd-sync-timeout']],
    ['arm_smmu_evtq_thread: 4643 callbacks suppressed', ['messages-suppressed']],
    ['ias 48-bit, oas 48-bit (features 0x001fffef)', ['driver-start']],
    ['kdump: L1[5] unsupported span 3 (vs 9)', ['l1-span-unsupported']],
    ['kdump: falling back to full reset', ['adoption-fallback']],
    ["kdump: adopting crashed kernel's stream table", ['revisions']],
    ['kdump: in-flight DMA would be rejected', ['smmu-non-coherent']],
    ["non-coherent SMMU can't adopt stream table", ['smmu-non-coherent']],
    ['kdump: invalid STRTAB format 2', ['strtab.format']],
    ['invalid log2size 7 < split 8', ['two-level.log2size']],
    ['kdump: log2size 28 out of range [8, 27]', ['two-level.log2size']],
    ['l1 entries 2^18 exceeds max 131072', ['two-level.l1-entries']],
    ['kdump: l1 entries 262144 exceeds max 131072', ['two-level.l1-entries']],
    ['l1 stream table is corrupted', ['two-level.l1-overlap']],
    ['kdump: l2 stream table is corrupted', ['two-level.l2-overlap']],
    ['stream table is corrupted', ['linear.overlap']],
    ['unaligned l1 stream table base 0x42000000', ['two-level.l1-alignment']],
    ['unaligned stream table base 0x42000000', ['linear.alignment']],
    ['kdump: unsupported log2size 26 (> 25)', ['linear.log2size']],
    ['kdump: L1[3] bad l2 table base 0x1000', ['l1-pointer-rejected']],
    ['kdump: L1[3] span 5 changed since adopt (was 9)', ['insert-span-changed']],
    ['kdump: L1[3] now points at a corrupt range', ['insert-l2-overlaps']],
    ['kdump: failed to set up cleanup action', ['cleanup.action']],
    ['kdump: something that no revision prints', []],
    ['RMR SID(0x5000) bypass failed', ['platform-rmr']],
    [
      '[1.5] pci 0000:05:05.0: Aliasing StreamID 0x500 (from 0000:05:04.0) unsupported, expect DMA to be broken',
      ['insert-aliasing'],
    ],
    ['nvme 0000:9c:00.0: Failed to add to iommu group 11: -22', ['device-without-domain']],
    ['acpi NVDA200C:00: tegra241_cmdqv: unexpected error reported. vintf_map: 0000000000000001', ['vcmdq-error']],
    ['arm-smmu-v3 9050000.smmuv3: unknown/unsupported TT endianness!', ['probe.endianness']],
    ['no translation support!', ['no-translation']],
    ['AArch64 table format not supported!', ['probe.table-format']],
    ['embedded implementation not supported', ['probe.preset']],
    ['command queue size <= 64 entries not supported', ['probe.command-queue']],
    ['[0.06] iommu: Default domain type: Translated', ['default-domains']],
    ['[3.5] arm-smmu-v3: probe of arm-smmu-v3.2.auto failed with error -16', ['not-registered']],
    ['failed to allocate linear stream table (65536 bytes)', ['table-not-allocated']],
    ['failed to allocate queue (0x1000 bytes) for evtq', ['queue-not-allocated']],
    ['failed to allocate l2 stream table for SID 5', ['device-table-not-allocated']],
    ['arm_smmu_cmdq_issue_cmdlist: 7 callbacks suppressed', ['messages-suppressed']],
    ['arm-smmu-v3 9050000.smmuv3: SMMU currently enabled! Resetting...', ['found-enabled']],
    ['arm-smmu-v3 9050000.smmuv3: hello', []],
    ['usb 1-1: event', []],
  ])('the message "%s"', (text, names) => {
    expect(namesOfMessage(text)).toEqual(names);
    expect(names.filter((name) => explanationsOf(name).length === 0)).toEqual([]);
  });

  test('the names for shells are the same', () => {
    expect([...EXPLAINED_NAMES].sort()).toEqual([...new Set(ALL.map(({ name }) => name))].sort());
  });

  test('a name of two kinds has both', () => {
    expect(explanationsOf('ste-config-reserved').map(({ kind }) => kind)).toEqual(['finding', 'scan-rule']);
    expect(explanationsOf('no-such-name')).toEqual([]);
  });
});

const CASES = ALL.map((entry) => [`${entry.kind} ${entry.name}`, entry] as const);

/** Commands and options by the words behind `smmu-adopt`. */
const COMMANDS = new Map(
  [...everyCommand(describeCommand(await makeProgram(new Session(process))))].map(({ path, options }) => [
    path.join(' '),
    new Set(options.flatMap(({ short, long }) => [short, long])),
  ]),
);

describe.each(CASES)('%s', (_, { name, title, meaning, hardware, kernel, causes, next, references }) => {
  const texts = [meaning, hardware, ...kernel.map(({ does }) => does), ...causes, ...next, ...references];

  test('has text everywhere, and no placeholder', () => {
    for (const list of [kernel, causes, next, references]) expect(list.length).toBeGreaterThan(0);
    for (const text of [title, ...texts]) {
      expect(text).toMatch(/^[\x20-\x7e]{3,}$/);
      expect(text).toBe(text.trim());
      expect(text).not.toMatch(/TODO|TBD|FIXME|XXX|undefined| {2}|placeholder/i);
    }
    expect(meaning.length).toBeGreaterThan(40);
    for (const sentence of [meaning, hardware]) expect(sentence).toMatch(/^[A-Z0-9].*[.:!?]$/);
    for (const phrase of [title, ...causes, ...next]) expect(phrase).not.toMatch(/\.$/);
  });

  test('has a line for the list that fits', () => {
    // Behind two spaces, the longest name, the severity, and the gaps.
    expect(title.length).toBeLessThanOrEqual(100 - (2 + 25 + 2 + 7 + 2));
  });

  test('names revisions in one way, in order and without overlap', () => {
    const spans = kernel.map(({ revisions }) => revisions);
    expect(spans.join(', ')).toMatch(/^(all|v\d+( to v\d+| on)?(, v\d+( to v\d+| on)?)*)$/);
    if (spans[0] === 'all') return;
    let last = 0;
    for (const span of spans) {
      const [, from, to] = /^v(\d+)(?: to v(\d+)| on)?$/.exec(span) ?? [];
      expect(Number(from), span).toBeGreaterThan(last);
      last = span.endsWith(' on') ? Number.POSITIVE_INFINITY : Number(to ?? from);
      expect(last, span).toBeGreaterThanOrEqual(Number(from));
    }
  });

  test('names only commands, options and explanations that exist', () => {
    const commands = [...texts.join('\n').matchAll(/`smmu-adopt ([^`]+)`/g)].map(([, command = '']) => command);
    for (const command of commands) {
      const words = command.split(' ');
      const path = words[0] === 'regs' ? words.slice(0, 2) : words.slice(0, 1);
      const options = COMMANDS.get(path.join(' '));
      expect(options, command).toBeDefined();
      for (const word of words.filter((one) => one.startsWith('-'))) expect(options, command).toContain(word);
      const [, explained] = words;
      if (path[0] === 'explain' && explained !== undefined && !/^[A-Z]+$/.test(explained)) {
        expect(EXPLAINED_NAMES).toContain(explained);
        expect(explained).not.toBe(name);
      }
    }
    // Options that stand by themselves are those of `inspect`.
    const others = next.join('\n').replace(/`[^`]*`/g, '');
    const options = [...others.matchAll(/(?<!\w)--[a-z-]+/g)].map(([option]) => option);
    expect([...(COMMANDS.get('inspect') ?? [])]).toEqual(expect.arrayContaining(options));
  });
});
