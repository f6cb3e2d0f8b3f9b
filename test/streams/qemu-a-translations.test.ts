/** Translations of a real machine against what its SMMU model reported during DMA and what a script of its own walked. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryView } from '../../src/dump/view.ts';
import { loadSnapshot, type OpenedDump, openDump } from '../../src/index.ts';
import { AddressMap } from '../../src/platform/address-map.ts';
import { TRANSLATION } from '../../src/report/json/translation.ts';
import type { SmmuSnapshot } from '../../src/snapshot/snapshot.ts';
import { iovaSpaceReport, isIncomplete } from '../../src/streams/iova-space.ts';
import { type TranslationMemory, translationReport } from '../../src/streams/translation.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import { published } from '../support/published.ts';

const whyNotQemuA = whyNot(QEMU_A);

interface Traced {
  readonly sid: string;
  readonly iova: string;
  readonly pa: string;
}

interface Truth {
  readonly translations: readonly (Traced & {
    readonly perm: number;
    readonly levels: number[];
    readonly size: string;
  })[];
  readonly translations_no_longer_mapped_as_traced: readonly (Traced & { readonly walk_now: string | null })[];
  readonly bypass_samples: readonly { readonly sid: string; readonly iova: string }[];
  readonly faults: readonly { readonly event_id: string; readonly sid: string; readonly iova: string }[];
  readonly domains: readonly {
    readonly sids: readonly string[];
    readonly asid: number;
    readonly leaf_count: number;
    readonly leaves: readonly { readonly iova: string; readonly size: string; readonly pa: string }[];
  }[];
}

const EVENTS: Readonly<Record<string, string>> = { '0x10': 'F_TRANSLATION', '0x13': 'F_PERMISSION' };

describe.skipIf(whyNotQemuA !== '').each([
  { name: 'live', dump: 'live.kdump-zlib.flat', regs: 'regs.json', truth: 'groundtruth.json' },
  { name: 'at the panic', dump: 'vmcore.d31.zlib', regs: 'regs-panic.json', truth: 'groundtruth-vmcore.json' },
])(`translations $name${whyNotQemuA}`, ({ dump: file, regs, truth: truthFile }) => {
  let dump: OpenedDump;
  let smmu: SmmuSnapshot;
  let memory: TranslationMemory;
  let truth: Truth;

  beforeAll(async () => {
    truth = JSON.parse(readFileSync(join(QEMU_A, truthFile), 'utf8')) as Truth;
    dump = await openDump([join(QEMU_A, file)]);
    smmu = (await loadSnapshot(join(QEMU_A, regs))).smmus[0] as SmmuSnapshot;
    memory = { view: new MemoryView(dump), map: new AddressMap(dump.memory, null, []) };
  });
  afterAll(() => dump?.close());

  const translated = (sid: string, iova: string, access: 'read' | 'write' = 'read') =>
    published(
      TRANSLATION,
      translationReport(smmu, memory, { sid: Number(sid), ssid: null, iova: BigInt(iova), access, privileged: false }),
    );

  test('are those that the model of the SMMU reported', () => {
    expect(truth.translations.length).toBeGreaterThan(100);
    const found = truth.translations.map(({ sid, iova, perm }) => {
      const report = translated(sid, iova, perm === 2 ? 'write' : 'read');
      const levels = report.steps.filter(({ what }) => what.startsWith('stage 1 level')).length;
      return { sid, iova, pa: report.pa, size: report.size, levels, write: report.permissions?.write };
    });
    expect(found).toEqual(
      truth.translations.map(({ sid, iova, pa, size, levels, perm }) => ({
        ...{ sid, iova, pa, size: Number(size), levels: levels.length, write: (perm & 2) !== 0 },
      })),
    );
  });

  test('of what is no longer mapped as it was are those of the other walk', () => {
    const stale = truth.translations_no_longer_mapped_as_traced;
    expect(stale.length).toBeGreaterThan(20);
    const found = stale.map(({ sid, iova }) => {
      const { outcome, fault, pa } = translated(sid, iova);
      return outcome === 'fault' && fault === 'F_TRANSLATION' ? null : (pa ?? outcome);
    });
    expect(found).toEqual(stale.map(({ walk_now }) => walk_now));
  });

  test('of a stream in bypass are none', () => {
    for (const { sid, iova } of truth.bypass_samples) {
      expect(translated(sid, iova), `${sid} ${iova}`).toMatchObject({ outcome: 'bypass', pa: iova });
    }
  });

  test('that faulted fault with the same event', () => {
    expect(truth.faults.length).toBeGreaterThan(0);
    for (const { sid, iova, event_id } of truth.faults) {
      const report = translated(sid, iova, EVENTS[event_id] === 'F_PERMISSION' ? 'write' : 'read');
      expect(report, `${sid} ${iova}`).toMatchObject({ outcome: 'fault', fault: EVENTS[event_id], pa: null });
      expect(report.faultDetail, `${sid} ${iova}`).toMatchObject({ recorded: true, stage: 1 });
    }
  });

  test('of whole domains are the leaves that the other walk found', () => {
    for (const { sids, asid, leaf_count, leaves } of truth.domains) {
      const [sid = '0'] = sids;
      const report = iovaSpaceReport(smmu, memory, { sid: Number(sid), ssid: null });
      const ranges = [...report.ranges];
      expect({ asid: report.asid, incomplete: ranges.some(isIncomplete) }, sid).toEqual({ asid, incomplete: false });
      expect(
        ranges.reduce((sum, { leaves: count }) => sum + count, 0),
        sid,
      ).toBe(leaf_count);
      // Every leaf is a page, so that a range is as many of them as fit into it.
      const pages = ranges.flatMap(({ start, pa, byteLength }) =>
        Array.from({ length: byteLength / 4096 }, (_, i) => [
          `0x${(BigInt(start) + 4096n * BigInt(i)).toString(16)}`,
          `0x${(BigInt(pa ?? 0) + 4096n * BigInt(i)).toString(16)}`,
        ]),
      );
      expect(pages, sid).toEqual(
        leaves.flatMap(({ iova, pa, size }) =>
          Array.from({ length: Number(size) / 4096 }, (_, i) => [
            `0x${(BigInt(iova) + 4096n * BigInt(i)).toString(16)}`,
            `0x${(BigInt(pa) + 4096n * BigInt(i)).toString(16)}`,
          ]),
        ),
      );
    }
  });
});
