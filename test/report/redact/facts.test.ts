/** Facts of any kind lose their addresses wherever these stand: generated ones, in every place that a report has. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Inspection } from '../../../src/index.ts';
import { Redactor } from '../../../src/report/redact/redact.ts';
import { Rows } from '../../../src/rows.ts';
import { decodeFields } from '../../../src/smmu/fields.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { holds } from '../../support/holds.ts';
import { GivenPages, numbersThatTell } from '../../support/redaction.ts';

/** What a report of a machine with these addresses would have in its facts; no whole one, but in its places. */
function factsOf(paddrs: readonly number[], iovas: readonly bigint[]) {
  const pages = paddrs.map((paddr) => paddr - (paddr % 4096));
  const word = (page: number) => BigInt(page);
  const steOf = (page: number, i: number) => {
    const words = [word(page) | 0xbn | (3n << 59n), 0x1000_8000_0000n, 0n, word(page), 0n, 0n, 0n, 0n];
    const cdWords = [0x1_e204_c000_0010n | BigInt(i), word(page), 0n, 0xf404_ff44n, 0n, 0n, 0n, 0n];
    const illegal = [{ observed: { entry: 'cd', field: 'TTB0', value: word(page), beside: [] } }];
    return {
      ...{ sid: i, address: page, words, fields: decodeFields(STE, words) },
      cds: [{ ssid: 0, address: page + 64, words: cdWords, fields: decodeFields(CD, cdWords), illegal }],
    };
  };
  const registers = Object.fromEntries(
    ['STRTAB_BASE', 'CMDQ_BASE', 'EVENTQ_BASE'].map((name, i) => [
      name,
      { value: word(pages[i % pages.length] ?? 0) | (1n << 62n), how: 'hardware', fields: {} },
    ]),
  );
  return {
    smmus: [
      {
        name: `${pages[0]?.toString(16)}.smmuv3`,
        base: pages[0],
        registers,
        l1: new Rows(() =>
          pages.map((page, i) => ({ index: i, address: page, l2: page, descriptor: word(page) | 9n })),
        ),
        stes: new Rows(() => pages.map(steOf)),
        kernelLog: paddrs.map((paddr) => ({ text: `kdump: at 0x${paddr.toString(16).padStart(16, '0')}` })),
        faults: iovas.map((address) => ({ what: 'F_TRANSLATION', address })),
        events: iovas.map((iova) => ({
          address: iova,
          words: [0x10n, 0n, iova, 0n],
          problems: [{ kind: 'text-differs', text: { address: iova ^ 0x4000n }, words: { address: iova } }],
        })),
        steps: pages.map((page) => ({ address: page, value: word(page) | 0x40_0000_0000_0f43n })),
      },
    ],
    dump: { files: ['/var/crash/db17/vmcore'], memory: pages.map((start) => ({ start, end: start + 4096 })) },
  };
}

/** As any writer would spell them. */
const spelled = (facts: unknown) =>
  JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));

const paddrs = fc.array(fc.integer({ min: 2 ** 24, max: 2 ** 48 - 1 }), { minLength: 3, maxLength: 12 });
const iovas = fc.array(fc.bigInt({ min: 2n ** 24n, max: 2n ** 64n - 1n }), { maxLength: 6 });

const redact = (facts: object) => new Redactor().redact(facts as Inspection) as unknown;

test('no address comes through, from any place, in any spelling', () => {
  holds(
    fc.property(paddrs, iovas, (physical, virtual) => {
      const given = new GivenPages();
      given.add(...physical, ...virtual);
      const facts = factsOf(physical, virtual);
      fc.pre(given.size > 0 && numbersThatTell(spelled(facts), given).length > 0);
      const text = spelled(redact(facts));
      expect(numbersThatTell(text, given)).toEqual([]);
      expect(text).not.toContain('db17');
    }),
  );
});

test('fields say what their words say, and what is no address is as it was', () => {
  holds(
    fc.property(paddrs, (physical) => {
      const before = factsOf(physical, []).smmus[0];
      const after = (redact(factsOf(physical, [])) as ReturnType<typeof factsOf>).smmus[0];
      const [ours, theirs] = [[...(after?.stes ?? [])], [...(before?.stes ?? [])]];
      for (const [i, { words, fields, address, cds }] of ours.entries()) {
        expect(fields).toEqual(decodeFields(STE, words));
        const kept = (all: object) => Object.entries(all).filter(([, value]) => typeof value === 'number');
        expect(kept(fields)).toEqual(kept(theirs[i]?.fields ?? {}));
        // The pointer led to the page where the entry is.
        expect(fields['S1ContextPtr']).toBe(BigInt(address));
        expect(cds[0]?.address).toBe(address + 64);
        expect(cds[0]?.fields['TTB0']).toBe(BigInt(address));
      }
    }),
  );
});

test('a descriptor that leads nowhere loses the address that is left in it', () => {
  const what = { kind: 'descriptor', stage: 1, level: 3, purpose: null };
  const step = { what, address: 0x4200_3008, value: 0x0060_0000_4abc_d800n, says: { kind: 'none' } };
  const [made] = (redact({ steps: [step] }) as { steps: (typeof step)[] }).steps;
  expect(made?.value.toString(16)).toMatch(/^6fade[0-9a-f]{5}d800$/);
});

test('a message without its arguments is text', () => {
  const worst = { rule: 'l2-hole', message: 'the L2 table at 0x42003000 is a hole' };
  expect(redact({ worst })).toMatchObject({ worst: { message: 'the L2 table at 0xfade000013000 is a hole' } });
});

test('StreamIDs that a finding lists are as they were, in its sentence too', () => {
  const args = { streams: 1, sids: { listed: [0x12345], total: 1 } };
  const finding = { rule: 'stall-enabled', location: {}, args, message: '1 stream stalls on a fault (0x12345)' };
  const [made] = (redact({ findings: [finding] }) as { findings: (typeof finding)[] }).findings;
  expect(made?.args).toEqual(args);
  expect(made?.message).toContain('on a fault (0x12345)');
});

describe('names', () => {
  test('have one stand-in in all reports of a run', () => {
    const redactor = new Redactor();
    const report = (file: string) => redactor.redact({ dump: { files: [file] } } as unknown as Inspection).dump.files;
    expect([report('/a/vmcore'), report('/b/vmcore'), report('/a/vmcore')]).toEqual([
      ['file-1'],
      ['file-2'],
      ['file-1'],
    ]);
    expect([redactor.name('host', 'db17'), redactor.name('host', 'db18'), redactor.name('host', 'db17')]).toEqual([
      'host-1',
      'host-2',
      'host-1',
    ]);
  });

  test('of what stands beside a report are replaced with it', () => {
    const report = { dump: { files: ['/a/vmcore'] }, note: 'in 0x42003000' } as unknown as Inspection;
    const { beside } = new Redactor().redactWith(report, {
      given: { files: ['/a/regs.json'], command: 'smmu-adopt inspect /a/vmcore --regs /a/regs.json' },
      kdumpRam: [{ start: 0x4200_3000, end: 0x4200_4000 }],
    });
    expect(beside).toEqual({
      given: { files: ['file-2'], command: 'smmu-adopt inspect file-1 --regs file-2' },
      kdumpRam: [{ start: 0xfade_0000_13000, end: 0xfade_0000_14000 }],
    });
  });
});

describe('lines of a log that were not predicted', () => {
  const redactedText = (text: string) => {
    const report = { smmus: [{ dmesg: { lines: [{ status: 'extra', text, line: 1 }] } }] };
    const made = new Redactor().redact(report as unknown as Inspection) as unknown as typeof report;
    return made.smmus[0]?.dmesg.lines[0]?.text;
  };

  test('of a driver that nobody knows are not shown', () => {
    expect(redactedText('foo table 41466000 of host17.acme.example / 1095131136')).toBe('redacted');
  });

  test('that the driver prints stay, without their addresses', () => {
    expect(redactedText('kdump: retaining SMMUEN for in-flight DMA')).toBe('kdump: retaining SMMUEN for in-flight DMA');
    expect(redactedText('kdump: L1[3] l2 pointer 0x42003000 not aligned')).not.toContain('42003000');
  });
});

test('a finding about a dump of several files names each by its stand-in, whatever is in their names', () => {
  const files = ['crash, first.raw', 'second.raw'];
  const finding = { rule: 'dump-incomplete', location: {}, args: { file: files }, message: '' };
  const made = redact({ dump: { files }, findings: [finding] }) as { findings: { message: string }[] };
  expect(made.findings.map(({ message }) => message)).toEqual(['file-1, file-2 says of itself that it is incomplete']);
});

test('a table of firmware is a file with a stand-in, whatever it is called, or lies at an address with one', () => {
  const named = { kind: 'file', file: 'dump at 0x80000040' };
  const found = { kind: 'dump', paddr: 0x8000_0040 };
  expect(redact({ platforms: [{ source: named }, { source: found }] })).toMatchObject({
    platforms: [{ source: { kind: 'file', file: 'file-1' } }, { source: { kind: 'dump', paddr: 0xfade_0000_10040 } }],
  });
});
