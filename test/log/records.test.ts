/** What is found in a log, record by record: whole ones, cut ones, contradictions, and what is no record at all. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { EventGroup } from '../../src/log/facts.ts';
import { problemInWords } from '../../src/report/log/words.ts';
import { readLog } from '../support/log-reading.ts';
import { slowTest } from '../support/slow.ts';

const A = 'arm-smmu-v3.0.auto';
const driver = (body: string, device = A) => `arm-smmu-v3 ${device}: ${body}`;
const BOOTING = '[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]';
const log = (...lines: string[]) => readLog(lines.map((line) => `${line}\n`).join(''));
const smmu = (...lines: string[]) => {
  const [first, ...more] = log(...lines).smmus;
  expect(more.map(({ name }) => name)).toEqual([]);
  return first;
};
const events = (...lines: string[]): readonly EventGroup[] => smmu(...lines)?.events ?? [];

const W0 = '\t0x0000010000000010';
const W1 = '\t0x0000020800000000';
const W2 = '\t0x00000000ffffb002';
const W3 = '\t0x0000000000000000';
const RECORD = ['event 0x10 received:', W0, W1, W2, W3].map((body) => driver(body));
const WHOLE = {
  name: 'F_TRANSLATION',
  code: 16,
  sid: 0x100,
  address: 0xffffb002n,
  write: false,
  complete: true,
  count: 1,
};

describe('a record with words missing', () => {
  test('the last: what the others say is known', () => {
    const found = events(...RECORD.slice(0, 4));
    expect(found).toMatchObject([
      { ...WHOLE, complete: false, ipa: null, problems: [{ kind: 'cut', words: 3, of: 4 }] },
    ]);
    expect(found[0]?.words).toEqual([0x0000010000000010n, 0x0000020800000000n, 0xffffb002n]);
  });

  test.each([
    [2, { sid: 0x100, stage: 1, write: false, address: null }],
    [1, { sid: 0x100, stage: null, write: null, address: null }],
    [0, { sid: null, stage: null, write: null, address: null }],
  ])('all but %i', (words, expected) => {
    const [found] = events(...RECORD.slice(0, 1 + words));
    expect(found).toMatchObject({ name: 'F_TRANSLATION', code: 16, complete: false, ...expected });
  });

  test('a record that ends where the next one begins', () => {
    expect(events(...RECORD.slice(0, 4), ...RECORD).map(({ complete, count }) => [complete, count])).toEqual([
      [false, 1],
      [true, 1],
    ]);
  });

  test('the first: no word is in a place that is known', () => {
    const [found] = events(RECORD[0] ?? '', ...RECORD.slice(2));
    expect(found).toMatchObject({ name: 'F_TRANSLATION', sid: null, address: null, write: null, complete: false });
    expect(found?.problems.map(({ kind }) => kind)).toEqual(['number-differs', 'cut']);
  });

  test('the second, where the third cannot be taken for it', () => {
    const [found] = events(...RECORD.slice(0, 2), ...RECORD.slice(3));
    expect(found).toMatchObject({ sid: 0x100, address: null, write: null, complete: false });
    expect(found?.problems.map(({ kind }) => kind)).toEqual(['place-unknown', 'cut']);
  });

  test('one that cannot be read keeps its place', () => {
    const report = log(...RECORD.slice(0, 3), driver('\t0x00000000ffffb0zz'), ...RECORD.slice(4));
    expect(report.smmus[0]?.events).toMatchObject([
      {
        sid: 0x100,
        write: false,
        stage: 1,
        address: null,
        complete: false,
        words: [0x10000000010n, 0x20800000000n, 0n],
      },
    ]);
    expect(report.passedOverLines).toEqual([{ line: 4, text: driver('\t0x00000000ffffb0zz') }]);
  });

  test.each(['0x0000010000000010e', '0x00000100000000', '0x', '0x00000100 0000001', '0000010000000010'])(
    '%s is no word',
    (text) => {
      const [found] = events(RECORD[0] ?? '', driver(`\t${text}`), driver('other'));
      expect(found).toMatchObject({ sid: null, words: [] });
    },
  );
});

describe('words that mail broke', () => {
  test.each([
    ['at a blank', ['0x00000100 00000010']],
    ['at the end of a line', ['0x00000100', '00000010']],
    ['and quoted', ['0x0000', '> > 010000000010']],
    ['with the mark of quoted-printable', ['0x00000100000=', '00010']],
  ])('%s', (_, [first = '', ...rest]) => {
    const found = events(RECORD[0] ?? '', driver(`\t${first}`), ...rest, ...RECORD.slice(2));
    expect(found).toMatchObject([WHOLE]);
  });

  test('are not put together out of what does not fit', () => {
    expect(events(RECORD[0] ?? '', driver('\t0x00000100'), '0000001', driver('other'))).toMatchObject([{ words: [] }]);
  });

  test.each([
    ['behind the number', [driver('event 0x10 '), 'received:']],
    ['behind the driver', ['[    1.5] arm-smmu-v3', `${A}: event 0x10 received:`]],
    ['behind the device', [driver(''), 'event 0x10 received:']],
    ['behind the time', ['[    1.5]', driver('event 0x10 received:')]],
  ])('a first line broken %s', (_, lines) => {
    expect(events(...lines, ...RECORD.slice(1))).toMatchObject([WHOLE]);
  });

  test('the time of a line is found in front of the break', () => {
    expect(events('> [    1.500000]', `> ${RECORD[0]}`, ...RECORD.slice(1))[0]?.firstTime).toBe(1.5);
  });
});

describe('lines that belong together by their SMMU', () => {
  const other = RECORD.map((line) => line.replace(A, '2b400000.iommu').replace('0000010000000010', '0000020000000010'));

  test('two SMMUs, word by word', () => {
    const mixed = RECORD.flatMap((line, i) => [line, other[i] ?? '']);
    expect(log(...mixed).smmus.map(({ name, events: [event] }) => [name, event?.sid, event?.complete])).toEqual([
      [A, 0x100, true],
      ['2b400000.iommu', 0x200, true],
    ]);
  });

  test('two messages on one line', () => {
    expect(events(RECORD.slice(0, 2).join(' '), RECORD.slice(2).join(''))).toMatchObject([WHOLE]);
  });

  test('all words on the line of the message', () => {
    expect(events(driver(`event 0x10 received:${[W0, W1, W2, W3].join('')}`))).toMatchObject([WHOLE]);
  });

  test('words without the name directly below it', () => {
    expect(events(RECORD[0] ?? '', W0, W1, W2, W3)).toMatchObject([WHOLE]);
    expect(events(RECORD[0] ?? '', 'something else', W0, W1, W2, W3)).toMatchObject([{ words: [] }]);
  });

  test('no name anywhere', () => {
    const [found] = log('[   12.5] event 0x10 received:', `[   12.6] ${W0}`, W1, W2, W3).smmus;
    expect(found).toMatchObject({ name: null, events: [{ ...WHOLE, firstTime: 12.5 }] });
  });

  test('after the driver was unbound', () => {
    const lines = RECORD.map((line) => line.replace('arm-smmu-v3 ', 'platform '));
    expect(events(...lines)).toMatchObject([WHOLE]);
  });

  test('words that come much later belong to something else', () => {
    const others = Array.from({ length: 600 }, (_, i) => `virtio_blk virtio1: request ${i}`);
    expect(events(...RECORD.slice(0, 3), ...others, ...RECORD.slice(3))).toMatchObject([{ complete: false }]);
  });
});

describe('the lines in clear of 6.14', () => {
  const CLEAR = [
    driver('event: F_TRANSLATION client: 0000:01:00.0 sid: 0x100 ssid: 0x0 iova: 0xffffb002 ipa: 0x0'),
    driver('unpriv data read s1 "Input address caused fault" stag: 0x7c'),
  ];

  test('name the device, and are counted once with the words', () => {
    expect(events(...RECORD, ...CLEAR)).toMatchObject([{ ...WHOLE, client: '0000:01:00.0', stag: null, problems: [] }]);
  });

  test('alone; twice the same is two', () => {
    expect(events(...CLEAR, ...CLEAR)).toMatchObject([
      { ...WHOLE, count: 2, privileged: false, stage: 1, stalled: false, stag: null, ipa: null, words: [] },
    ]);
  });

  test('without the second line the record is not whole', () => {
    expect(events(CLEAR[0] ?? '')).toMatchObject([{ ...WHOLE, write: null, complete: false }]);
  });

  test('of an event whose words were cut: they fill what is missing', () => {
    expect(events(...RECORD.slice(0, 3), ...CLEAR)).toMatchObject([
      { ...WHOLE, complete: false, client: '0000:01:00.0' },
    ]);
  });

  test('that say something else than the words', () => {
    const clear = (CLEAR[0] ?? '').replace('0xffffb002', '0xffffc002');
    const [found] = events(...RECORD, clear);
    expect(found?.address).toBe(0xffffb002n);
    expect(found?.problems).toEqual([
      { kind: 'text-differs', text: { address: 0xffffc002n }, words: { address: 0xffffb002n } },
    ]);
    expect(found?.problems.map(problemInWords)).toEqual([
      "the kernel's text says address 0xffffc002, the words say 0xffffb002",
    ]);
  });

  test('UNKNOWN has a name where the words are there', () => {
    const words = ['\t0x0000018000000007', '\t0x0000000800000000', '\t0x0000000012345000', W3];
    const [found] = events(
      ...['event 0x07 received:', ...words, 'event: UNKNOWN client: (unassigned sid) sid: 0x180 ssid: 0x0'].map(
        (body) => driver(body),
      ),
    );
    expect(found).toMatchObject({
      name: 'F_TRANSL_FORBIDDEN',
      code: 7,
      client: null,
      problems: [{ kind: 'name-unknown-to-kernel' }],
    });
  });

  test('stall, stage 2, instruction, privilege', () => {
    expect(
      events(
        driver('event: F_PERMISSION client: gpu sid: 0x5 ssid: 0x2 iova: 0x1000 ipa: 0x2000'),
        driver('priv inst read s2 "Stage 1 translation table fetch" ttd_read stall stag: 0x1'),
      ),
    ).toMatchObject([
      {
        name: 'F_PERMISSION',
        sid: 5,
        ssid: 2,
        ipa: 0x2000n,
        execute: true,
        privileged: true,
        stage: 2,
        translating: 1,
        stalled: true,
        stag: 1,
      },
    ]);
  });
});

describe('what is not architected is not taken for it', () => {
  test('a stall tag without a stall, an IPA without stage 2, and odd bits of word 1', () => {
    const words = ['0x0000010000000010', '0x000012890000007c', '0x00000000ffffb002', '0x00000000ffffb000'];
    expect(events(RECORD[0] ?? '', ...words.map((word) => driver(word)))).toMatchObject([
      { ...WHOLE, stag: null, ipa: 0xffffb000n, stage: 2 },
    ]);
    const stage1 = words.map((word) => word.replace('0x00001289', '0x00001209'));
    expect(events(RECORD[0] ?? '', ...stage1.map((word) => driver(word)))).toMatchObject([
      { ...WHOLE, stag: null, ipa: null, stage: 1, stalled: false },
    ]);
  });

  test('words of C_BAD_STE behind the first', () => {
    const words = ['0x0000000500000004', '0x0000100800000080', '0x1', '0x2'].map(
      (word) => `0x${word.slice(2).padStart(16, '0')}`,
    );
    expect(events(driver('event 0x04 received:'), ...words.map((word) => driver(word)))).toMatchObject([
      { name: 'C_BAD_STE', sid: 5, ssid: null, address: null, write: null, complete: true },
    ]);
  });
});

describe('groups', () => {
  const at = (time: number, sid: number, address: number) =>
    [
      'event 0x10 received:',
      `0x0000${sid.toString(16).padStart(4, '0')}00000010`,
      W1.trim(),
      `0x${address.toString(16).padStart(16, '0')}`,
      W3.trim(),
    ].map((body) => `[${time.toFixed(6).padStart(12)}] ${driver(body)}`);

  test('by stream and page, with how often, where and when', () => {
    const lines = [
      ...at(1, 1, 0x1000),
      ...at(2, 2, 0x1000),
      ...at(3, 1, 0x1fff),
      ...at(4, 1, 0x2000),
      ...at(5, 1, 0x1004),
    ];
    expect(events(...lines)).toMatchObject([
      { sid: 1, address: 0x1000n, count: 3, firstLine: 1, lastLine: 21, firstTime: 1, lastTime: 5 },
      { sid: 2, address: 0x1000n, count: 1 },
      { sid: 1, address: 0x2000n, count: 1 },
    ]);
  });

  test('say what differs in them', () => {
    const write = RECORD.map((line) => line.replace('0x0000020800000000', '0x0000020200000000'));
    expect(events(...RECORD, ...write)).toMatchObject([{ count: 2, write: false, mixed: ['PnU', 'RnW'] }]);
  });

  test('do not reach over a boot', () => {
    const boot = '[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x413fd0c1]';
    const report = log(boot, ...RECORD, ...RECORD.slice(0, 3), boot, ...RECORD.slice(3), ...RECORD);
    expect(report.boots).toBe(2);
    expect(report.smmus[0]?.events.map(({ boot: number, complete, count }) => [number, complete, count])).toEqual([
      [1, true, 1],
      [1, false, 1],
      [2, true, 1],
    ]);
  });

  slowTest('thousands of them are counted, not kept', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => at(i, i, 0)).flat();
    const report = smmu(...lines);
    expect([report?.events.length, report?.notGrouped]).toEqual([4096, 904]);
  });
});

describe('command queue, global errors, page requests', () => {
  test('the command at which the queue stopped', () => {
    const found = readLog(readFileSync(new URL('../data/logs/kdump-with-events.txt', import.meta.url))).smmus[0];
    expect(found?.commandErrors).toMatchObject([
      {
        what: 'CMD_SYNC timeout',
        cons: 0xb1b7,
        prod: 0xb1c0,
        driverProd: 0xb1b7,
        error: 0,
        command: [],
        firstLine: 14,
      },
      { what: 'CMDQ error', cons: 0x100b1b7, error: 1, command: [0x90n, 0n], problems: [], firstTime: 3.21 },
    ]);
    expect(found?.globalErrors).toMatchObject([{ active: 1, named: [], firstLine: 15 }]);
    expect(found?.adoption).toEqual([
      "kdump: adopting crashed kernel's stream table",
      'kdump: retaining SMMUEN for in-flight DMA',
    ]);
  });

  test('a text that contradicts the number', () => {
    const [error] = smmu(driver('CMDQ error (cons 0x01000003): ATC invalidate timeout'))?.commandErrors ?? [];
    expect(error).toMatchObject({
      error: 1,
      problems: [{ kind: 'reason-differs', text: 'ATC invalidate timeout', expected: 'Illegal command' }],
    });
  });

  test.each(['', ':', ': Illegal', ': Illegal command', ': Illegal command, and more'])(
    'a text that does not: %j',
    (text) => {
      expect(smmu(driver(`CMDQ error (cons 0x01000003)${text}`))?.commandErrors).toMatchObject([
        { error: 1, problems: [] },
      ]);
    },
  );

  test('timeouts of old kernels have no numbers', () => {
    expect(
      smmu(driver('CMD_SYNC timeout'), driver('CMD_SYNC timeout'), driver('CMDQ timeout'))?.commandErrors,
    ).toMatchObject([
      { what: 'CMD_SYNC timeout', cons: null, error: null, count: 2 },
      { what: 'CMDQ timeout', cons: null, count: 1 },
    ]);
  });

  test('global errors bit by bit', () => {
    expect(
      smmu(
        driver('unexpected global error reported (0x00000144), this could be serious'),
        driver('device has entered Service Failure Mode!'),
        driver('EVTQ write aborted -- events may have been lost'),
        driver('PRIQ MSI write aborted'),
      )?.globalErrors,
    ).toMatchObject([{ active: 0x144, named: ['SFM_ERR', 'EVENTQ_ABT_ERR', 'MSI_PRIQ_ABT_ERR'], count: 1 }]);
  });

  test('page requests', () => {
    expect(
      smmu(
        driver('unexpected PRI request received:'),
        driver('\tsid 0x00000100.0x00005: [17L] unprivileged RW access at iova 0x0000000012345000'),
      )?.pageRequests,
    ).toMatchObject([
      {
        sid: 0x100,
        ssid: 5,
        group: 17,
        last: true,
        privileged: false,
        read: true,
        write: true,
        execute: false,
        address: 0x12345000n,
      },
    ]);
  });

  test('what was lost, and what the kernel left out', () => {
    const report = log(
      driver('EVTQ overflow detected -- events lost'),
      'arm_smmu_evtq_thread: 4643 callbacks suppressed',
    );
    expect(report.smmus[0]?.lost).toEqual({
      overflows: 1,
      requestOverflows: 0,
      suppressed: 4643,
      suppressedTimeouts: 0,
    });
    const two = log(
      driver('PRIQ overflow detected -- requests lost'),
      driver('option mask 0x0', 'x.smmu'),
      '[1.5] arm_smmu_dump_event: 7 callbacks suppressed',
    );
    expect(two.smmus.map(({ lost }) => lost)).toEqual([
      { overflows: 0, requestOverflows: 1, suppressed: null, suppressedTimeouts: null },
      { overflows: 0, requestOverflows: 0, suppressed: null, suppressedTimeouts: null },
    ]);
    expect(two.suppressed).toBe(7);
    const none = log(driver('PRIQ overflow detected -- requests lost'), driver('option mask 0x0', 'x.smmu'));
    expect(none.smmus.map(({ lost }) => lost.suppressed)).toEqual([0, 0]);
  });
});

test.each([
  'arm_smmu_cmdq_issue_cmdlist: 12 callbacks suppressed',
  'arm_smmu_cmdq_issue_sync: 12 callbacks suppressed',
])('%s: what was left out are timeouts, no events', (line) => {
  const report = log(driver('CMD_SYNC timeout'), line, 'arm_smmu_dump_event: 3 callbacks suppressed');
  expect(report).toMatchObject({ suppressed: 15, suppressedTimeouts: 12 });
  expect(report.smmus[0]?.lost).toMatchObject({ suppressed: 15, suppressedTimeouts: 12 });
});

describe('what is said of devices behind an SMMU', () => {
  test.each([
    [
      'pci 0000:05:05.0: Aliasing StreamID 0x500 (from 0000:05:04.0) unsupported, expect DMA to be broken',
      { kind: 'insert-aliasing', device: '0000:05:05.0', sid: 0x500 },
    ],
    ['nvme 0001:01:00.0: stream 256 already in tree', { kind: 'insert-aliasing', device: '0001:01:00.0', sid: 256 }],
    [
      'nvme 0000:9c:00.0: Failed to add to iommu group 11: -22',
      { kind: 'device-without-domain', device: '0000:9c:00.0', sid: null },
    ],
    [
      'nvme 0000:9c:00.0: cannot attach to incompatible domain (0 SSID bits != 20)',
      { kind: 'device-without-domain', device: '0000:9c:00.0' },
    ],
    [
      'e1000e 0000:01:00.0: cannot attach to SMMU a.smmu (upstream of b.smmu)',
      { kind: 'device-without-domain', device: '0000:01:00.0' },
    ],
    [
      'Failed to set up IOMMU for device ff0e0000.ethernet; retaining platform DMA ops',
      { kind: 'device-without-domain', device: 'ff0e0000.ethernet' },
    ],
    [
      'vfio-pci 0000:01:00.0: Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device without a 1:1 mapping. Contact your platform vendor.',
      { kind: 'direct-mapping-required', device: '0000:01:00.0' },
    ],
    ['pci 0000:01:00.0: Failed to enable ATS (STU 12)', { kind: 'device-feature-not-enabled', device: '0000:01:00.0' }],
    ['pci 0000:01:00.0: Failed to enable PASID', { kind: 'device-feature-not-enabled', device: '0000:01:00.0' }],
    [
      'acpi NVDA200C:00: tegra241_cmdqv: unexpected error reported. vintf_map: 0000000000000001, vcmdq_map 00000000:00000000:00000000:00000002',
      { kind: 'vcmdq-error', device: 'NVDA200C:00' },
    ],
    [
      'acpi NVDA200C:00: tegra241_cmdqv: VINTF0: VCMDQ1/LVCMDQ1: failed to disable, STATUS=0x00000001',
      { kind: 'vcmdq-error', device: 'NVDA200C:00' },
    ],
  ])('%s', (line, expected) => {
    const { deviceMessages, smmus } = log(`[    1.500000] ${line}`, `[    2.000000] ${line}`);
    const times = { count: 2, firstLine: 1, lastLine: 2, firstTime: 1.5, lastTime: 2 };
    expect(deviceMessages).toMatchObject([{ ...expected, ...times }]);
    expect(deviceMessages[0]?.text).toBe(line.slice(line.length - (deviceMessages[0]?.text.length ?? 0)));
    expect(smmus).toEqual([]);
  });

  test.each([
    'pci 0000:01:00.0: Adding to iommu group 3',
    'arm-smmu 5000000.iommu: cannot attach to SMMU, is it on the same bus?',
    'iommu: Default domain type: Translated',
    'usb 1-1: Failed to enable PASID support of nothing',
  ])('%s is nothing of the kind', (line) => {
    expect(log(line).deviceMessages).toEqual([]);
  });

  test('a message longer than what is kept is the same again', () => {
    const line = `pci 0000:00:00.0: stream 5 already in tree${'x'.repeat(1000)}`;
    expect(log(line, line).deviceMessages).toMatchObject([{ count: 2, lastLine: 2 }]);
  });

  test('a hostile log is kept in bounds', () => {
    const lines = Array.from({ length: 1003 }, (_, sid) => `pci 0000:00:00.0: stream ${sid} already in tree`);
    const { deviceMessages, deviceMessagesNotListed } = log(...lines);
    expect([deviceMessages.length, deviceMessagesNotListed]).toEqual([1000, 3]);
  });
});

test.each([
  'unknown/unsupported TT endianness!',
  'no translation support!',
  'AArch64 table format not supported!',
  'embedded implementation not supported',
  'command queue size <= 64 entries not supported',
  'unit-length command queue not supported',
  'missing #iommu-cells property',
  'failed to allocate l1 stream table (1048576 bytes)',
  'failed to allocate queue (0x1000 bytes) for evtq',
  'failed to clear cr0',
  'failed to enable SMMU interface',
  'failed to setup irqs',
  'Failed to register iommu',
  'probe with driver arm-smmu-v3 failed with error -110',
])('"%s" says that the driver gives up', (text) => {
  expect(smmu(driver(text))).toMatchObject({ adoption: [text], failures: [{ text, line: 1, boot: 1 }] });
});

test.each([
  ['arm-smmu-v3: probe of arm-smmu-v3.2.auto failed with error -16', 'arm-smmu-v3.2.auto'],
  ['arm-smmu-v3: probe of 9050000.smmuv3 failed with error -110', '9050000.smmuv3'],
  // As mail breaks it.
  ['arm-smmu-v3: probe of arm-smmu-v3.2.auto failed ', 'arm-smmu-v3.2.auto'],
])('so does the failed probe of older cores: "%s"', (line, name) => {
  const text = line.slice('arm-smmu-v3: '.length).trimEnd();
  const report = log(`[   36.176484] ${line}`);
  expect(report.smmus).toMatchObject([{ name, adoption: [text], failures: [{ text, line: 1, boot: 1 }] }]);
  expect(report).toMatchObject({ passedOver: 0, smmuLines: 1 });
});

test.each(['failed to allocate l2 stream table for SID 1280', 'SMMU currently enabled! Resetting...'])(
  '"%s" does not',
  (text) => {
    expect(smmu(driver(text))).toMatchObject({ adoption: [text], failures: [] });
  },
);

describe('what the core says of domains', () => {
  test.each([
    ['iommu: Default domain type: Translated', { type: 'Translated', invalidation: null }],
    [
      'iommu: Default domain type: Passthrough (set via kernel command line)',
      { type: 'Passthrough, set via kernel command line', invalidation: null },
    ],
    ['iommu: DMA domain TLB invalidation policy: lazy mode', { type: null, invalidation: 'lazy' }],
    [
      'iommu: DMA domain TLB invalidation policy: strict mode (set via kernel command line)',
      { type: null, invalidation: 'strict, set via kernel command line' },
    ],
    ['iommu: Delayed', { type: null, invalidation: null }],
  ])('%s', (line, domains) => {
    expect(log(`[    0.068817][    T1] ${line} `).domains).toEqual(domains);
  });

  test('the last boot wins', () => {
    const report = log('iommu: Default domain type: Passthrough', BOOTING, 'iommu: Default domain type: Translated');
    expect(report.domains.type).toBe('Translated');
  });
});

describe('what a driver says when it starts', () => {
  test('sizes, features, overrides, coverage', () => {
    expect(
      smmu(
        driver('option mask 0x2'),
        driver('ias 44-bit, oas 48-bit (features 0x001c1fff)'),
        driver('allocated 65536 entries for cmdq'),
        driver('allocated 32768 entries for evtq'),
        driver('IDR0.HTTU features(0x600000) overridden by FW configuration (0x0)'),
        driver('2-level strtab only covers 25/32 bits of SID'),
      )?.boot,
    ).toEqual({
      features: 0x1c1fff,
      iasBits: 44,
      oasBits: 48,
      queueEntries: { cmdq: 65536, evtq: 32768 },
      sidBits: { covered: 25, of: 32 },
      lines: ['option mask 0x2', 'IDR0.HTTU features(0x600000) overridden by FW configuration (0x0)'],
    });
  });

  test('without the input size, as newer ones print it', () => {
    expect(smmu(driver('oas 48-bit (features 0x00000001)'))?.boot).toMatchObject({
      iasBits: null,
      oasBits: 48,
      features: 1,
    });
  });
});

describe('other systems', () => {
  test('Xen', () => {
    const lines = RECORD.map((line) =>
      line.replace(`arm-smmu-v3 ${A}: `, '(XEN) [2026-01-02 03:04:05.678] SMMUv3: /axi/smmu@fd800000: '),
    );
    expect(smmu(...lines)).toMatchObject({ name: '/axi/smmu@fd800000', system: 'xen', events: [WHOLE] });
  });

  test('FreeBSD: words of 32 bits, without 0x, and the STE behind them', () => {
    const words = ['10', '100', '0', '208', 'ffffb002', '0', '0', '0'];
    const lines = [
      'smmu0: Event F_TRANSLATION (Translation fault) received.',
      'smmu0: SID 100, Input Address: ffffb002',
      ...words.map((word, i) => `smmu0: evt[${i}] ${word}`),
      'smmu0: ste[0] == 1234',
    ];
    expect(smmu(...lines)).toMatchObject({ name: 'smmu0', system: 'freebsd', events: [WHOLE] });
    expect(smmu(...lines.slice(0, 6))?.events).toMatchObject([
      { sid: 0x100, write: false, address: null, complete: false },
    ]);
    expect(smmu('smmu1: Event 0x7 received')?.events).toMatchObject([
      { code: 7, name: 'F_TRANSL_FORBIDDEN', complete: false },
    ]);
  });
});

describe('what is no record', () => {
  test('lines of other drivers, traces, and the SMMU before version 3', () => {
    const report = log(
      'arm-smmu 5000000.iommu: Unhandled context fault: fsr=0x402, iova=0x7bf00000',
      'pc : arm_smmu_device_reset+0x10/0x20',
      'acpi device: event: something',
      'usb 1-1: event 0x10 received by the hub',
      'nvme 0000:01:00.0: Adding to iommu group 5',
    );
    expect(report).toMatchObject({ smmus: [], smmuLines: 0, passedOver: 0, smmuV2Lines: 1, devices: ['0000:01:00.0'] });
  });

  test('messages that no driver prints are counted and kept', () => {
    const report = log(driver('hello'), driver('\t0x0000010000000010'), ...RECORD);
    expect(report).toMatchObject({ lines: 7, smmuLines: 7, passedOver: 2 });
    expect(report.passedOverLines.map(({ line }) => line)).toEqual([1, 2]);
    expect(report.smmus[0]?.events).toMatchObject([WHOLE]);
  });
});

describe('hostile logs end, and keep nothing', () => {
  test.each([
    ['a name without an end', `arm-smmu-v3 ${'a:'.repeat(1 << 20)}`],
    ['names and nothing else', 'arm-smmu-v3 '.repeat(1 << 17)],
    ['messages on one line', driver('x ').repeat(1 << 14)],
    ['brackets', `smmu${'['.repeat(1 << 20)}`],
    ['quotation marks', `${'> '.repeat(1 << 19)}event 0x10 received:`],
    ['beginnings', `${driver('event: ')}\n`.repeat(1 << 13)],
  ])('%s', (_, text) => {
    const report = readLog(text);
    expect(report.smmus.flatMap(({ events: found }) => found)).toEqual([]);
    expect(JSON.stringify(report.passedOverLines).length).toBeLessThan(200_000);
  });

  slowTest('more SMMUs than any machine has', () => {
    const lines = Array.from({ length: 17_000 }, (_, i) => driver('option mask 0x0', `${i}.iommu`));
    const report = readLog(lines.join('\n'));
    expect([report.smmus.length, report.passedOver]).toEqual([16_384, 616]);
  });

  test.each(['\ufeff', ''])('UTF-16, as a shell of Windows writes it, with the mark %j', (mark) => {
    const text = Buffer.from(`${mark}${RECORD.join('\r\n')}\r\n`, 'utf16le');
    expect(readLog(text, 7).smmus[0]?.events).toMatchObject([WHOLE]);
    expect(readLog(text.swap16(), 7).smmus[0]?.events).toMatchObject([WHOLE]);
  });
});

test.each([
  'embedded implementation not supported',
  'invalid #iommu-cells value (2)',
  'failed to allocate queue (0x80000 bytes) for cmdq',
  'probe with driver arm-smmu-v3 failed with error -5',
])('an SMMU that cannot be used: %s', (body) => {
  const { smmus, passedOver } = readLog(`[    1.5] arm-smmu-v3 9050000.smmuv3: ${body}\n`);
  expect([smmus.map(({ adoption }) => adoption), passedOver]).toEqual([[[body]], 0]);
});

test('an SMMU whose probe failed, as kernels before 6.9 say it', () => {
  const { smmus, smmuLines } = readLog('[    1.5] arm-smmu-v3: probe of 9050000.smmuv3 failed with error -16\n');
  expect(smmus.map(({ name, adoption }) => [name, adoption])).toEqual([
    ['9050000.smmuv3', ['probe of 9050000.smmuv3 failed with error -16']],
  ]);
  expect(smmuLines).toBe(1);
});

test('messages of Xen without times are not taken for the rest of each other', () => {
  const front = '(XEN) SMMUv3: /soc/iommu@fa000000: ';
  const lines = ['SMMUv3: DT value = eventq', 'CMD_SYNC timeout', 'CMD_SYNC timeout', 'event 0x02 received:'];
  const { smmus, passedOver } = readLog(lines.map((line) => `${front}${line}\n`).join(''));
  expect(smmus.map(({ commandErrors, events }) => [commandErrors[0]?.count, events.length])).toEqual([[2, 1]]);
  expect(passedOver).toBe(0);
});

test('FreeBSD says of a command queue that does not answer that it failed to sync', () => {
  const { smmus } = readLog('smmu0: Failed to sync\nsmmu0: Failed to sync\n');
  expect(smmus.map(({ system, commandErrors }) => [system, commandErrors[0]?.what, commandErrors[0]?.count])).toEqual([
    ['freebsd', 'CMD_SYNC timeout', 2],
  ]);
});
