/**
 * Real dumps of one machine, with what is truly in them told by a script that reads the RAM image on its own.
 *
 * The dumps are too large for this repository. They are looked for in the folder that SMMU_ADOPT_DUMPS names, or in
 * `../shared/dumps` beside the repository; without them these tests are skipped.
 */

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Inspection,
  type InspectOptions,
  loadSnapshot,
  type OpenedDump,
  openDump,
  type SmmuReport,
} from '../../src/index.ts';
import { REGISTERS } from '../../src/smmu/registers/registers.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import { inspectJson, type Published } from '../support/published.ts';
import { slowTest, someOf } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const whyNotQemuA = whyNot(QEMU_A, { xz: true });

const folder = temporaryFolder();
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const hex = (value: number | bigint) => `0x${value.toString(16)}`;
const only = ({ smmus }: Published<Inspection>): Published<SmmuReport> => {
  expect(smmus).toHaveLength(1);
  return smmus[0] as Published<SmmuReport>;
};

/** Unpacks one dump into the temporary folder. Writing straight to a file lets xz leave the zeros out. */
async function unpack(name: string): Promise<string> {
  const target = join(folder.path, name);
  const descriptor = openSync(target, 'w');
  try {
    const xz = spawn('xz', ['-dc', join(QEMU_A, `${name}.xz`)], { stdio: ['ignore', descriptor, 'inherit'] });
    const status = await new Promise((done, fail) => xz.once('error', fail).once('exit', done));
    if (status !== 0) throw new Error(`xz -dc ${name}.xz ended with status ${status}`);
  } finally {
    closeSync(descriptor);
  }
  return target;
}

interface SteTruth {
  readonly sid: string;
  readonly pa: string;
  readonly valid: boolean;
  readonly config: number;
  readonly words: readonly string[];
  readonly s1fmt: number;
  readonly s1cdmax: number;
  readonly cd_pa: string;
  readonly cd_words?: readonly string[];
}

/** The members of groundtruth*.json that an inspection can be compared with. */
interface Truth {
  readonly strtab: {
    readonly base_register: string;
    readonly cfg: string;
    readonly log2size: number;
    readonly split: number;
    readonly l1_pa: string;
    readonly l1_entries: number;
  };
  readonly l1: readonly {
    readonly index: number;
    readonly pa: string;
    readonly desc: string;
    readonly span: number;
    readonly l2ptr: string;
    readonly l2_entries: number;
    readonly valid_stes: number;
  }[];
  readonly l1_zero_descriptors: number;
  readonly stes: readonly SteTruth[];
  readonly abort_stes: readonly {
    readonly first_sid: string;
    readonly last_sid: string;
    readonly first_pa: string;
    readonly count: number;
    readonly words: readonly string[];
  }[];
  readonly valid_ste_count: number;
  readonly devices: readonly { readonly bdf: string; readonly sid: string; readonly group: number | null }[];
  readonly registers: Readonly<Record<string, string>>;
  readonly eventq: { readonly pa: string; readonly records_in_ram: readonly { slot: number; words: string[] }[] };
}

describe.skipIf(whyNotQemuA !== '')(`dumps of one machine, at two instants${whyNotQemuA}`, () => {
  /** Of either instant one container, and where time is no matter the other one; unpacking them is most of the work. */
  const cases = someOf(
    [
      { dumpName: 'live-trim.raw', regs: 'regs.json', truthName: 'groundtruth.json' },
      { dumpName: 'live-trim.elf', regs: 'regs.json', truthName: 'groundtruth.json' },
      { dumpName: 'vmcore-trim.d1.elf', regs: 'regs-panic.json', truthName: 'groundtruth-vmcore.json' },
      { dumpName: 'vmcore-trim.elf', regs: 'regs-panic.json', truthName: 'groundtruth-vmcore.json' },
    ],
    2,
  );

  beforeAll(async () => {
    await Promise.all(cases.map(({ dumpName }) => unpack(dumpName)));
  });

  const opened: OpenedDump[] = [];
  afterAll(() => {
    for (const dump of opened) dump.close();
  });
  async function open(dumpName: string, regs: string) {
    const snapshot = await loadSnapshot(join(QEMU_A, regs));
    const dump = await openDump(join(folder.path, dumpName), { loadMap: snapshot.memory });
    opened.push(dump);
    return { dump, run: (options?: InspectOptions) => inspectJson(dump, snapshot, options) };
  }

  describe.each(cases)('$dumpName with $regs', ({ dumpName, regs, truthName }) => {
    let truth: Truth;
    let dump: OpenedDump;
    let plain: Published<Inspection>;
    let everything: Published<Inspection>;
    beforeAll(async () => {
      truth = json(join(QEMU_A, truthName));
      const { dump: one, run } = await open(dumpName, regs);
      dump = one;
      plain = await run({ insert: 'all' });
      everything = await run({ all: true });
    });

    /** Little-endian 64-bit words at a physical address, all of which must be in the file. */
    function wordsAt(paddr: string, byteLength: number, width: 4 | 8): string[] {
      const bytes = Buffer.alloc(byteLength);
      expect(dump.memory.read(Number(paddr), bytes)).toEqual([{ offset: 0, byteLength, state: 'present' }]);
      return Array.from({ length: byteLength / width }, (_, i) => {
        const value = width === 8 ? bytes.readBigUInt64LE(i * 8) : BigInt(bytes.readUInt32LE(i * 4));
        return `0x${value.toString(16).padStart(width * 2, '0')}`;
      });
    }

    test('registers', () => {
      const { registers } = only(plain);
      expect(registers['STRTAB_BASE']?.value).toBe(truth.strtab.base_register);
      expect(registers['STRTAB_BASE_CFG']?.value).toBe(truth.strtab.cfg);
      let compared = 0;
      for (const { name, offset, byteLength } of REGISTERS) {
        const low = truth.registers[hex(offset)];
        const high = byteLength === 8 ? truth.registers[hex(offset + 4)] : '0x0';
        if (low === undefined || high === undefined || registers[name] === undefined) continue;
        compared += 1;
        expect(registers[name].value, name).toBe(hex((BigInt(high) << 32n) | BigInt(low)));
      }
      expect(compared, 'registers that both sides have').toBe(Object.keys(registers).length);
    });

    test('table geometry', () => {
      const { table, census } = only(plain);
      const { l1_pa: base, split, l1_entries: entries, log2size } = truth.strtab;
      expect(table).toEqual({ format: '2lvl', base, split, entries });
      expect(census.stes).toBe(2 ** log2size);
    });

    test('L1 descriptors: those in use, and with all the zero ones too', () => {
      const rows = (inspection: Published<Inspection>) =>
        [...only(inspection).l1].map((row) => ({
          index: row.index,
          pa: row.address,
          desc: row.descriptor,
          span: row.span,
          l2ptr: row.l2,
          l2_entries: row.hardwareStes,
        }));
      const expected = truth.l1.map(({ valid_stes: _, ...rest }) => rest);
      expect(rows(plain)).toEqual(expected);
      const all = rows(everything);
      expect(all).toHaveLength(truth.strtab.l1_entries);
      expect(all.filter(({ desc }) => BigInt(desc) !== 0n)).toEqual(expected);
      expect(all.filter(({ desc }) => BigInt(desc) === 0n)).toHaveLength(truth.l1_zero_descriptors);
    });

    test('STEs that are not plain abort, with their context descriptors', () => {
      const rows = [...only(plain).stes];
      const expected = truth.stes.map(({ sid, pa, valid, config, words, s1fmt, s1cdmax, cd_pa }) => ({
        sid: Number(sid),
        pa,
        valid,
        config,
        words,
        ...(config === 5 ? { s1fmt, s1cdmax, cd_pa } : {}),
      }));
      const shown = rows.map(({ sid, address, valid, words, fields }) => ({
        sid,
        pa: address,
        valid,
        config: fields['Config'],
        words,
        // Ground truth has these for stage 1 only; in a bypass STE they mean nothing.
        ...(fields['Config'] === 5
          ? { s1fmt: fields['S1Fmt'], s1cdmax: fields['S1CDMax'], cd_pa: fields['S1ContextPtr'] }
          : {}),
      }));
      expect(shown).toEqual(expected);
      expect(rows.every(({ pageState }) => pageState === 'present')).toBe(true);
      for (const { cd_pa, cd_words } of truth.stes) {
        if (cd_words !== undefined) expect(wordsAt(cd_pa, 64, 8), `CD at ${cd_pa}`).toEqual(cd_words);
      }
    });

    test('abort STEs, every one', () => {
      const expected = truth.abort_stes.flatMap(({ first_sid, last_sid, first_pa, count, words }) => {
        expect(Number(last_sid) - Number(first_sid) + 1, `run from ${first_sid}`).toBe(count);
        return Array.from({ length: count }, (_, i) => ({
          sid: Number(first_sid) + i,
          address: hex(Number(first_pa) + i * 64),
          words,
        }));
      });
      const aborting = [...only(everything).stes].filter(({ valid, config }) => valid && config === 'abort');
      expect(aborting.map(({ sid, address, words }) => ({ sid, address, words }))).toEqual(expected);
    });

    test('counts', () => {
      const { census } = only(plain);
      const config = (value: number) => truth.stes.filter((ste) => ste.valid && ste.config === value).length;
      expect(census).toEqual({
        stes: 2 ** truth.strtab.log2size,
        located: truth.l1.reduce((sum, { l2_entries }) => sum + l2_entries, 0),
        unknown: 0,
        valid: truth.valid_ste_count,
        byConfig: {
          abort: truth.abort_stes.reduce((sum, { count }) => sum + count, 0),
          bypass: config(4),
          s1: config(5),
          s2: config(6),
          nested: config(7),
          reserved: 0,
        },
      });
      const valid = [...only(everything).stes].filter((row) => row.valid);
      for (const { index, valid_stes } of truth.l1) {
        expect(
          valid.filter(({ sid }) => sid >>> 8 === index),
          `L1[${index}]`,
        ).toHaveLength(valid_stes);
      }
    });

    test('bus addresses are those the machine gave its devices', () => {
      const bdfs = new Map([...only(plain).stes].map(({ sid, bdf }) => [sid, bdf]));
      const behindTheSmmu = truth.devices.filter(({ sid }) => bdfs.has(Number(sid)));
      expect(behindTheSmmu.length).toBeGreaterThan(15);
      for (const { sid, bdf } of behindTheSmmu) expect(`0000:${bdfs.get(Number(sid))}`).toBe(bdf);
    });

    test('event records in RAM', () => {
      for (const { slot, words } of truth.eventq.records_in_ram) {
        const at = hex(Number(truth.eventq.pa) + slot * 32);
        const held = wordsAt(at, 32, words.length === 4 ? 8 : 4);
        expect(held.map(BigInt), `slot ${slot}`).toEqual(words.map(BigInt));
      }
    });

    test('v6 adopts the table, and every active stream', () => {
      const { adoption, inserts, kernelLog } = only(plain);
      expect(adoption).toMatchObject({
        revision: 'v6',
        verdict: 'adopted',
        ret: 0,
        errno: null,
        format: '2lvl',
        entries: truth.strtab.l1_entries,
        warnOn: 0,
        teardown: { leaked: 0, doubleReleased: 0 },
      });
      expect(inserts.map(({ sid, ret, fresh, deferred }) => ({ sid: hex(sid), ret, fresh, deferred }))).toEqual(
        truth.stes.map(({ sid }) => ({ sid, ret: 0, fresh: false, deferred: true })),
      );
      // One mapping for each L2 table with a stream in it; the first stream of a table makes it.
      const mapped = inserts.flatMap(({ mappings }) => mappings).map(({ address }) => address);
      expect(mapped).toEqual(truth.l1.map(({ l2ptr }) => l2ptr));
      expect(kernelLog.map(({ text }) => text)).toEqual([
        "kdump: adopting crashed kernel's stream table",
        'kdump: retaining SMMUEN for in-flight DMA',
      ]);
      expect(plain.summary).toMatchObject({ errors: 0, exitCode: 0 });
    });
  });

  slowTest('raw and ELF of the same instant give the same SMMUs', async () => {
    const raw = await open('live-trim.raw', 'regs.json');
    const elf = await open('live-trim.elf', 'regs.json');
    for (const options of [{ insert: 'all' }, { all: true }] as const) {
      const [a, b] = [await raw.run(options), await elf.run(options)].map(({ smmus }) => JSON.stringify(smmus));
      expect(a?.length).toBeGreaterThan(10_000);
      expect(a === b, `the same JSON with ${JSON.stringify(options)}`).toBe(true);
    }
  });

  slowTest('a core that left its zero pages out gives the same SMMUs as the one it was made from', async () => {
    const whole = await open('vmcore-trim.elf', 'regs-panic.json');
    const filtered = await open('vmcore-trim.d1.elf', 'regs-panic.json');
    const [a, b] = [await whole.run({ all: true, insert: 'all' }), await filtered.run({ all: true, insert: 'all' })];
    expect(JSON.stringify(a.smmus) === JSON.stringify(b.smmus), 'the same JSON').toBe(true);
  });

  test.each(someOf(['vmcore-trim.d1.elf', 'vmcore-trim.elf'], 2))(
    'registers of the kdump kernel with %s: its own table is in no vmcore',
    async (dumpName) => {
      const { run } = await open(dumpName, 'regs-kdump-kernel.json');
      const inspection = await run({ insert: 'all' });
      const { adoption, fate, inserts, census } = only(inspection);
      expect(adoption).toMatchObject({ verdict: 'indeterminate', ret: null, doubt: 'table-in-gap', strtabCfg: null });
      expect(fate).toEqual({ kind: 'unknown', after: null });
      expect(inserts).toEqual([]);
      expect(census).toMatchObject({ located: 0, valid: 0 });
      const outside = inspection.findings.filter(({ rule }) => rule === 'strtab-outside-memory');
      expect(outside).toMatchObject([{ args: { table: 'L1 table', address: '0x51ae7000', state: 'hole' } }]);
      expect(inspection.summary.exitCode).toBe(3);
    },
  );
});
