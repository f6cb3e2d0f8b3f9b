/** The log in a crashed kernel's memory: wrapped, described by types or by VMCOREINFO alone, and damaged. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDump } from '../../src/dump/open.ts';
import { probeLines } from '../../src/linux/driver/probe-lines.ts';
import { type Kernel, kernelOf } from '../../src/linux/kernel.ts';
import { type KernelLog, kernelLog } from '../../src/linux/kernel-log.ts';
import { extractSnapshot } from '../../src/linux/kernel-state.ts';
import { VirtualMemory } from '../../src/linux/memory/virtual-memory.ts';
import { logLines } from '../../src/report/crashed-kernel.ts';
import { MadeKernel } from '../support/made/made-kernel.ts';
import { describeLog, LOG_STRUCTS, type MadeRecord, writeLog } from '../support/made/made-log.ts';
import { madeDump } from '../support/made/made-memory.ts';
import { madeMachine } from '../support/made/made-smmus.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import { slowTest } from '../support/slow.ts';

const logOf = (kernel: MadeKernel): KernelLog => kernelLog(madeDump(kernel.memory, kernel.vmcoreinfo));

function textsOf(log: KernelLog): string[] {
  if (log.outcome !== 'found') throw new Error(`no log: ${JSON.stringify(log.reason)}`);
  return log.records.map(({ text }) => text);
}

const RECORDS: readonly MadeRecord[] = Array.from({ length: 21 }, (_, i) => ({
  text: `line ${i} ${'x'.repeat((7 * i) % 23)}`,
  level: i % 8,
}));

describe.each(['types', 'VMCOREINFO'])('described by %s', (by) => {
  const made = () => new MadeKernel(by === 'types' ? { structs: LOG_STRUCTS } : { btf: null });
  const written = (records: readonly MadeRecord[]) => {
    const kernel = made();
    if (by === 'VMCOREINFO') describeLog(kernel.vmcoreinfo);
    writeLog(kernel, records);
    return kernel;
  };

  test('records in their order, over both ends of the rings', () => {
    const log = logOf(written(RECORDS));
    // Sixteen descriptors, of which the text of the oldest has been written over.
    const texts = textsOf(log);
    expect(texts).toEqual(RECORDS.slice(-texts.length).map(({ text }) => text));
    expect(texts.length).toBeGreaterThanOrEqual(10);
    expect(log).toMatchObject({ outcome: 'found', unreadable: 16 - texts.length });
    const [first] = log.outcome === 'found' ? log.records : [];
    const i = RECORDS.length - texts.length;
    expect(first).toMatchObject({ sequence: i, level: i % 8, nanoseconds: BigInt(i) * 1_500_000n });
  });

  test('what is not written to its end is not there, an empty line is', () => {
    const records = [
      { text: 'a' },
      { text: 'b', state: 0 },
      { text: '' },
      { text: 'c', state: 1 },
      { text: 'd', state: 3 },
    ];
    expect(textsOf(logOf(written(records)))).toEqual(['a', '', 'c']);
  });

  test('is read once, whether the lines of the probe are looked for first or all is read', () => {
    const kernel = written(RECORDS);
    const dump = madeDump(kernel.memory, kernel.vmcoreinfo);
    probeLines(kernelOf(dump) as Kernel);
    const reads = vi.spyOn(VirtualMemory.prototype, 'bytes');
    onTestFinished(() => reads.mockRestore());
    const first = kernelLog(dump);
    expect(reads.mock.calls).toEqual([]);
    expect(kernelLog(dump)).toEqual(first);
    expect(first).toEqual(logOf(kernel));
    expect(reads, 'of another dump it is read').toHaveBeenCalled();
  });
});

test('the text of dmesg', () => {
  const lines = [
    ...logLines([
      { sequence: 0, nanoseconds: 1_623_510_256n, level: 6, text: 'one\n\ttwo \u001b[31m' },
      { sequence: 1, nanoseconds: 123_456_000_001_000n, level: null, text: '' },
    ]),
  ];
  expect(lines).toEqual(['[    1.623510] one\n', '[    1.623510] \ttwo \\u001b[31m\n', '[123456.000001] \n']);
});

describe('damage', () => {
  test.each([
    ['desc_ring.count_bits', 40, 'prb_desc_ring.count_bits'],
    ['text_data_ring.size_bits', 60, 'prb_data_ring.size_bits'],
    ['desc_ring.tail_id', 0x1234_5678, 'prb_desc_ring.tail_id'],
  ])('%s is %i', (path, value, member) => {
    const kernel = new MadeKernel({ structs: LOG_STRUCTS });
    const ring = writeLog(kernel, RECORDS);
    kernel.object('printk_ringbuffer', { [path]: value }, ring);
    expect(logOf(kernel)).toEqual({ outcome: 'not-found', reason: { why: 'log-buffer-broken', member } });
  });

  test.each(['text_data_ring.data', 'desc_ring.descs', 'desc_ring.infos'])('%s leads nowhere', (path) => {
    const kernel = new MadeKernel({ structs: LOG_STRUCTS });
    const ring = writeLog(kernel, RECORDS);
    kernel.object('printk_ringbuffer', { [path]: 0xffff_0000_dead_0000n }, ring);
    expect(logOf(kernel)).toMatchObject({ outcome: 'found', records: [] });
  });

  test('blocks that overlap give no more text than the ring holds', () => {
    const kernel = new MadeKernel({ structs: LOG_STRUCTS });
    const ring = writeLog(
      kernel,
      Array.from({ length: 15 }, () => ({ text: 'x' })),
      11,
    );
    const pointer = (path: string) => {
      const at = kernel.paddrOf(ring) + kernel.offsetOf('printk_ringbuffer', path);
      return kernel.memory.page(at).readBigUInt64LE(at % 4096);
    };
    const [descs, infos, data] = ['desc_ring.descs', 'desc_ring.infos', 'text_data_ring.data'].map(pointer) as [
      bigint,
      bigint,
      bigint,
    ];
    for (let index = 0n; index < 16n; index++) {
      // The next block begins right behind the ID of this one.
      const id = kernel.memory
        .page(kernel.paddrOf(descs + 24n * index))
        .readBigUInt64LE(kernel.paddrOf(descs + 24n * index) % 4096);
      kernel.memory.u64(kernel.paddrOf(data + 8n * index), BigInt.asUintN(62, id));
      const place = { 'text_blk_lpos.begin': 8n * index, 'text_blk_lpos.next': 8n * index + 1400n };
      kernel.object('prb_desc', place, descs + 24n * index);
      kernel.object('printk_info', { text_len: 1392 }, infos + 88n * index);
    }
    const log = logOf(kernel);
    expect(log).toMatchObject({ outcome: 'found', unreadable: 14 });
    expect(textsOf(log).map((text) => text.length)).toEqual([1392]);
  });

  slowTest('a ring of millions that are not there comes to an end', () => {
    const kernel = new MadeKernel({ structs: LOG_STRUCTS });
    const ring = writeLog(kernel, [{ text: 'x' }]);
    const ids = { 'desc_ring.count_bits': 26, 'desc_ring.tail_id': 0, 'desc_ring.head_id': 2 ** 26 - 1 };
    kernel.object('printk_ringbuffer', ids, ring);
    expect(logOf(kernel)).toMatchObject({ outcome: 'found', records: [], unreadable: 2 ** 18 });
  });

  test('no buffer named, or none described', () => {
    expect(logOf(new MadeKernel())).toEqual({ outcome: 'not-found', reason: { why: 'no-log-buffer' } });
    const kernel = new MadeKernel({ btf: null });
    writeLog(kernel, RECORDS);
    expect(logOf(kernel)).toEqual({ outcome: 'not-found', reason: { why: 'no-log-buffer' } });
  });
});

describe("the driver's line as a second witness", () => {
  const stateWith = (line: string) => {
    const machine = madeMachine({ structs: LOG_STRUCTS });
    writeLog(machine.kernel, [{ text: line }]);
    const state = extractSnapshot(madeDump(machine.kernel.memory, machine.kernel.vmcoreinfo));
    if (state.outcome !== 'found') throw new Error('nothing found');
    return state.smmus[0];
  };

  test.each([
    'arm-smmu-v3 9000000.smmuv3: ias 44-bit, oas 44-bit (features 0x00008305)',
    'arm-smmu-v3 9000000.smmuv3: oas 44-bit (features 0x00008305)',
    'arm-smmu-v3 9010000.smmuv3: oas 48-bit (features 0x00000000)',
  ])('%s', (line) => {
    expect(stateWith(line)?.state.warnings).toEqual([]);
  });

  test('what it contradicts is not known', () => {
    const smmu = stateWith('arm-smmu-v3 9000000.smmuv3: oas 48-bit (features 0x00008335)');
    expect(smmu?.state.warnings).toEqual([
      { what: 'log-differs', member: 'features', value: 0x8305n, logged: 0x8335n },
      { what: 'log-differs', member: 'oas', value: 44n, logged: 48n },
    ]);
    // PRI and ATS differ: CR0.PRIQEN and ATSCHK follow from them.
    expect(smmu?.snapshot.partial?.get('CR0')).toEqual({ value: 0xdn, known: 0xffff_ffedn });
    expect(smmu?.snapshot.partial?.get('IDR5')?.known).toBe(0xffff_0c70n);
  });
});

const VMCORE = join(QEMU_A, 'vmcore.d31.zlib');
describe(`a real log${whyNot(QEMU_A)}`, () => {
  test.runIf(existsSync(VMCORE))('holds what the console showed', async () => {
    const dump = await openDump(VMCORE);
    const log = kernelLog(dump);
    dump.close();
    if (log.outcome !== 'found') throw new Error('no log');
    expect([log.records.length, log.unreadable]).toEqual([590, 0]);
    const lines = new Set([...logLines(log.records)].map((line) => line.trimEnd()));
    const console = readFileSync(join(QEMU_A, 'console.log'), 'utf8');
    // Behind this line it is the kdump kernel that speaks.
    const own = console.slice(0, console.indexOf('Starting crashdump kernel'));
    const shown = own.split(/\r?\n/).filter((line) => /^\[ +\d+\.\d{6}\] arm-smmu-v3 /.test(line));
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((line) => !lines.has(line.trimEnd()))).toEqual([]);
  });
});
