/**
 * What real kdump kernels that carry a revision of the series did, on healthy tables and damaged ones: for each run the
 * predicted log must be the real one, deaths and lost SMMUs foretold, and what became of every device right.
 *
 * The runs are too large for this repository. They are looked for in the folder that SMMU_ADOPT_DUMPS names, or in
 * `../shared/dumps` beside the repository; without them these tests are skipped. Pages that are not in these trimmed
 * dumps are RAM: /proc/iomem says so.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEWEST_KERNEL } from '../../src/adopt/devices/registration.ts';
import type { AddressRange } from '../../src/dump/memory.ts';
import { type Inspection, loadIomem, loadSnapshot, type OpenedDump, openDump } from '../../src/index.ts';
import { ADOPT_V6, ADOPT_V10, whyNot } from '../support/outside/real-dumps.ts';
import { inspectJson, type Published } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();

interface DeviceTruth {
  readonly bdf: string;
  readonly sid: string;
  readonly inserted: boolean;
  readonly table_before_probe: {
    readonly addr?: string;
    readonly ste?: string | readonly string[];
    readonly V?: number;
    readonly Config?: number;
  } | null;
}

interface Change {
  readonly addr: string;
  readonly new: string;
  readonly what: string;
}

interface Truth {
  readonly corruption: readonly (Change | { readonly at: string })[];
  readonly devices: readonly DeviceTruth[];
  readonly registers: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The kernel's own lines: without those that every probe prints, and without time and device name. */
function smmuLines(log: string): string[] {
  return log
    .split('\n')
    .flatMap((line) => /arm-smmu-v3 [^ ]+: (.*)$/.exec(line)?.[1] ?? [])
    .map((text) => text.trimEnd())
    .filter((text) => !/^(option mask|(ias \d+-bit, )?oas |allocated \d+ entries)/.test(text));
}

/** The memory after the adoption: what somebody wrote then is only told, no dump has it. */
function laterDump(path: string, { corruption }: Truth, dump: OpenedDump): string | undefined {
  // What stands behind a stop of the kdump kernel was changed there.
  const stop = corruption.findIndex((one) => 'at' in one);
  const isLate = (one: Change, i: number) => one.what.includes('after the adoption') || (stop >= 0 && i > stop);
  const late = corruption.filter((one, i): one is Change => 'addr' in one && isLate(one, i));
  if (late.length === 0) return undefined;
  const bytes = readFileSync(path);
  for (const { addr, new: written } of late) {
    const page = Buffer.alloc(4096);
    const base = Number(addr) - (Number(addr) % 4096);
    dump.memory.read(base, page);
    const at = bytes.indexOf(page);
    Buffer.from(written, 'hex').copy(bytes, at + (Number(addr) - base));
  }
  const later = join(folder.path, 'later.elf');
  writeFileSync(later, bytes);
  return later;
}

const runsOf = (root: string) =>
  existsSync(root)
    ? readdirSync(root, { withFileTypes: true })
        .filter((one) => one.isDirectory())
        .map(({ name }) => name)
    : [];

describe.each([
  ['v6', ADOPT_V6],
  ['v10', ADOPT_V10],
])('what real kdump kernels with %s did', (revision, root) => {
  const reason = whyNot(root);
  const runs = runsOf(root);
  test.skipIf(reason !== '')(`there are some${reason}`, () => expect(runs.length).toBeGreaterThan(0));

  describe.each(runs)('%s', (name) => {
    const file = (one: string) => join(root, name, one);
    const truth: Truth = JSON.parse(readFileSync(file('groundtruth.json'), 'utf8'));
    const log = readFileSync(file('dmesg-kdump.txt'), 'utf8');
    // Plugged in after the probe: nothing in the crashed kernel's tables, and told in the run's name.
    const isLate = ({ bdf }: DeviceTruth) => name.startsWith('dt-late') && bdf === '0000:04:00.0';
    const opened: OpenedDump[] = [];
    let inspection: Published<Inspection>;
    let kdumpRam: readonly AddressRange[] = [];
    beforeAll(async () => {
      const snapshot = await loadSnapshot(file('regs.json'));
      kdumpRam = snapshot.kdump.systemRam;
      const open = async (path: string) => {
        const dump = await openDump(path, { loadMap: snapshot.memory });
        opened.push(dump);
        return dump;
      };
      const dump = await open(file('dump.elf'));
      const later = laterDump(file('dump.elf'), truth, dump);
      const sids = (list: readonly DeviceTruth[]) => list.map(({ sid }) => Number(sid));
      inspection = await inspectJson(dump, snapshot, {
        revision,
        iomem: await loadIomem(file('iomem.txt')),
        insert: sids(truth.devices.filter((device) => !isLate(device))),
        hotplug: sids(truth.devices.filter(isLate)),
        kernel: name.startsWith('k612') ? { major: 6, minor: 12 } : NEWEST_KERNEL,
        later: later === undefined ? undefined : await open(later),
        dmesg: { file: 'dmesg-kdump.txt', text: log },
      });
    });
    afterAll(() => {
      for (const dump of opened) dump.close();
    });
    const only = () => {
      expect(inspection.smmus).toHaveLength(1);
      return inspection.smmus[0] as Published<Inspection>['smmus'][number];
    };

    test('the predicted log is the real one, line for line', () => {
      const { kernelLog, adoption } = only();
      expect(adoption.revision).toBe(revision);
      // The console of these kernels leaves debug messages out.
      const shown = kernelLog.filter(({ level }) => level !== 'debug');
      expect(shown.map(({ text }) => text)).toEqual(smmuLines(log));
    });

    test('the comparison with the captured log says so', () => {
      expect(only().dmesg).toMatchObject({ missing: 0, extra: 0 });
      expect(only().dmesg?.panic?.agrees ?? true).toBe(true);
      expect(inspection.findings.filter(({ rule }) => rule === 'dmesg-differs')).toEqual([]);
    });

    test('a death is foretold, with its function, and only where there is one', () => {
      const pc = /Internal error: [\s\S]*?\bpc : (\w+)\+/.exec(log)?.[1] ?? null;
      expect(only().panic?.where ?? null).toBe(pc);
    });

    test('a lost SMMU is foretold, and what its registers are then', () => {
      const lost = log.includes('Failed to register iommu');
      expect(only().lost !== null).toBe(lost);
      expect(only().fate.kind === 'smmu-lost').toBe(lost);
      const atInit = truth.registers['kdump_at_init'];
      if (atInit === undefined) return;
      expect(Number(lost ? only().lost?.cr0 : only().reset?.cr0.after)).toBe(Number(atInit['CR0']));
    });

    test('who is accepted, and whose attach is deferred', () => {
      const { devices, adoption } = only();
      for (const { sid, inserted, table_before_probe: before } of truth.devices) {
        // On the old base a device without a driver is never inserted, and no dump tells who has one.
        if (name.startsWith('k612') && !inserted && before?.V === 1 && before.Config === 0) continue;
        const device = devices.find(({ sids }) => sids.includes(Number(sid)));
        // A kernel that dies in the adoption comes to no device.
        expect(device?.accepted ?? false, `SID ${sid}`).toBe(inserted);
        if (!inserted) continue;
        // A slot without a table gets one full of abort STEs.
        const active = before?.V === 1 && before.Config !== 0;
        // What the kdump kernel's own memory holds, no dump of the crashed one tells.
        const at = Number(before?.addr);
        const inKdumpMemory = kdumpRam.some(({ start, end }) => start <= at && at < end);
        if (inKdumpMemory && device?.deferred === null) continue;
        expect(device?.deferred, `SID ${sid}`).toBe(adoption.verdict === 'adopted' && active);
      }
    });

    // The emulated hardware does not round an unaligned base down, as real hardware and this program do.
    const unaligned = () =>
      BigInt(only().table.base) !== BigInt(only().registers['STRTAB_BASE']?.value ?? 0) % (1n << 52n);

    test('the STE of every device before the probe', () => {
      const rows = new Map([...only().stes].map((row) => [row.sid, row]));
      for (const { sid, table_before_probe: before } of truth.devices) {
        if (before?.V !== 1 || before.Config === 0) continue;
        if (unaligned() || Number(sid) >= only().census.stes) continue;
        const row = rows.get(Number(sid));
        expect(row?.address, `SID ${sid}`).toBe(before.addr);
        const words = (before.ste as readonly string[]).map(BigInt);
        expect(row?.words.slice(0, words.length).map(BigInt), `SID ${sid}`).toEqual(words);
        expect(row?.fields['Config'], `SID ${sid}`).toBe(before.Config);
      }
    });
  });
});
