/** A captured kernel log against the predicted one: however it was saved, whatever else is in it. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import type { StagedLogLine } from '../../../src/adopt/log.ts';
import type { PanicReport } from '../../../src/inspect/emulation/outcome.ts';
import { compareDmesg, type DmesgReport } from '../../../src/inspect/log/dmesg.ts';
import { toldByLog } from '../../../src/inspect/log/told-by-log.ts';
import { inspectMachine, L1, L2_BUS0 } from '../../support/made/machine.ts';
import { slowTest } from '../../support/slow.ts';
import { DRESSINGS } from '../../support/writers/log-writer.ts';

const SMMU = 'arm-smmu-v3.0.auto';
const ADOPTING = "kdump: adopting crashed kernel's stream table";
const RETAINING = 'kdump: retaining SMMUEN for in-flight DMA';
const REFUSED = 'kdump: failed to adopt l2 stream table for SID 256';
const PREDICTED: readonly StagedLogLine[] = [
  { stage: 'adopt', level: 'info', text: ADOPTING, ofSeries: true },
  { stage: 'reset', level: 'info', text: RETAINING, ofSeries: true },
  { stage: 'insert', level: 'err', text: REFUSED, ofSeries: true },
];

interface Given {
  readonly predicted?: readonly StagedLogLine[];
  readonly panic?: PanicReport | null;
  readonly name?: string;
  readonly alone?: boolean;
}

function compare(text: string | readonly string[], given: Given = {}): DmesgReport {
  const { predicted = PREDICTED, panic = null, name = SMMU, alone = true } = given;
  const capture = {
    file: 'dmesg.txt',
    text: typeof text === 'string' ? text : text.map((line) => `${line}\n`).join(''),
  };
  return compareDmesg(capture, { name, alone }, predicted, panic);
}

/** Every line as `status line-number: text`, the number only where the capture has the line. */
const shown = ({ lines }: DmesgReport) =>
  lines.map(({ status, line, text }) => `${status}${line === null ? '' : ` ${line}`}: ${text}`);
const counts = ({ agree, missing, extra }: DmesgReport) => ({ agree, missing, extra });
const ALL_AGREE = { agree: 3, missing: 0, extra: 0 };
const TEXTS = [ADOPTING, RETAINING, REFUSED];
const driver = (text: string, device = SMMU) => `arm-smmu-v3 ${device}: ${text}`;

test('what is printed of a device behind the SMMU is found under the name of the device', () => {
  const aliasing = 'Aliasing StreamID 0x8 (from 0000:00:01.0) unsupported, expect DMA to be broken';
  const line: StagedLogLine = {
    stage: 'insert',
    level: 'warn',
    text: aliasing,
    ofSeries: false,
    device: '0000:00:01.1',
  };
  const predicted = [...PREDICTED.slice(0, 2), line, ...PREDICTED.slice(2)];
  const log = [driver(ADOPTING), driver(RETAINING), `pci 0000:00:01.1: ${aliasing}`, driver(REFUSED)];
  expect(shown(compare(log, { predicted }))).toEqual([
    `agree 1: ${ADOPTING}`,
    `agree 2: ${RETAINING}`,
    `agree 3: ${aliasing}`,
    `agree 4: ${REFUSED}`,
  ]);
  const ofAnother = log.toSpliced(2, 1, `pci 0000:00:01.2: ${aliasing}`);
  expect(counts(compare(ofAnother, { predicted }))).toEqual({ agree: 3, missing: 1, extra: 0 });
  const ofAnotherDomain = log.toSpliced(2, 1, `pci 10000:00:01.1: ${aliasing}`);
  expect(counts(compare(ofAnotherDomain, { predicted }))).toEqual({ agree: 3, missing: 1, extra: 0 });
});

describe('however a log was passed on, its lines agree with the prediction', () => {
  const bodies = ['ias 48-bit, oas 48-bit (features 0x00351fef)', 'allocated 65536 entries for cmdq', ...TEXTS];
  const lines = bodies.map((body, i) => ({ device: SMMU, body, time: 486_600 + i }));

  test.each(Object.entries(DRESSINGS))('%s', (_, { dress }) => {
    const text = dress(lines);
    expect(counts(compare(text))).toEqual(ALL_AGREE);
    expect(toldByLog({ file: 'dmesg.txt', text }, { name: SMMU, alone: true }).adoption).toBe('adopted');
  });
});

test('what a syslog wrote once for several equal messages is as many', () => {
  const timeout = { stage: 'reset', level: 'err', text: 'CMD_SYNC timeout', ofSeries: false } as const;
  const predicted: StagedLogLine[] = [timeout, timeout, timeout, { ...timeout, text: RETAINING }];
  const stamp = 'Nov 30 10:00:00 a kernel: ';
  const behind = stamp + driver(RETAINING);
  const first = stamp + driver(timeout.text);
  const withText = `${stamp}message repeated 2 times: [ ${driver(timeout.text)}]`;
  const agree = { agree: 4, missing: 0, extra: 0 };
  expect(counts(compare([first, withText, behind], { predicted }))).toEqual(agree);
  expect(counts(compare([first, 'Nov 30 10:00:00 a last message repeated 2 times', behind], { predicted }))).toEqual(
    agree,
  );
});

test('what another field of a journal quotes is no message', () => {
  const log = [ADOPTING, RETAINING, REFUSED].map((text) =>
    JSON.stringify({ _CMDLINE: `grep ${driver(text)}`, MESSAGE: 'started' }),
  );
  expect(counts(compare(log))).toEqual({ agree: 0, missing: 3, extra: 0 });
  const own = TEXTS.map((text) => JSON.stringify({ _CMDLINE: 'grep arm-smmu-v3 a: b', MESSAGE: driver(text) }));
  expect(counts(compare(own))).toEqual(ALL_AGREE);
});

/** What stands in front of a message, by the way in which the log was saved. */
const PREFIXES: readonly (readonly [string, string])[] = [
  ['printk time', '[    0.486600] '],
  ['printk time and caller', '[    0.486600][    T1] '],
  ['a caller on a CPU', '[   12.486600] [   C13] '],
  ['a console with levels', '<6>[    0.486600] '],
  ['syslog', 'Sep 29 10:11:12 node7 kernel: [    0.486600] '],
  ['syslog, one digit of day', 'Sep  9 10:11:12 node7 kernel: '],
  ['journalctl -o short-iso', '2026-09-29T10:11:12+0200 node7 kernel: '],
  ['journalctl -o short-iso-precise', '2026-09-29T10:11:12.486600+02:00 node7 kernel: '],
  ['dmesg -T', '[Tue Sep 29 10:11:12 2026] '],
  ['dmesg -x', 'kern  :info  : [    0.486600] '],
  ['dmesg -x without time', 'daemon:warn  : '],
  ['dmesg -t', ''],
];

describe.each(PREFIXES)('saved with %s', (_, prefix) => {
  test('lines of the driver', () => {
    const report = compare(TEXTS.map((text) => prefix + driver(text)));
    expect(shown(report)).toEqual(TEXTS.map((text, i) => `agree ${i + 1}: ${text}`));
    expect(report).toMatchObject({ file: 'dmesg.txt', device: SMMU, ...ALL_AGREE, otherLines: 0, panic: null });
  });

  test('messages alone, the name of the driver cut off', () => {
    const report = compare(TEXTS.map((text) => prefix + text));
    expect(shown(report)).toEqual(TEXTS.map((text, i) => `agree ${i + 1}: ${text}`));
    expect(report.device).toBeNull();
  });
});

describe('the prefix of the adoption, which differs between trees', () => {
  const withPrefix = (prefix: string) => TEXTS.map((text) => text.replace('kdump: ', prefix));

  test.each(['kdump: ', 'kexec: ', ''])('"%s"', (prefix) => {
    const report = compare(withPrefix(prefix).map((text) => `[    0.1] ${driver(text)}`));
    expect(counts(report)).toEqual(ALL_AGREE);
    expect(
      report.lines.map(({ text }) => text),
      'shown as captured',
    ).toEqual(withPrefix(prefix));
  });

  test('predicted without one', () => {
    const predicted: StagedLogLine[] = [
      { stage: 'adopt', level: 'err', text: 'L1[3] bad l2 table base 0x0', ofSeries: true },
    ];
    expect(counts(compare([driver('kexec: L1[3] bad l2 table base 0x0')], { predicted }))).toMatchObject({ agree: 1 });
  });
});

describe('what is only on one side', () => {
  test('stands where it belongs', () => {
    const report = compare([
      driver('kdump: L1[5] unsupported span 3 (vs 9)'),
      driver(RETAINING),
      driver('Failed to register iommu'),
    ]);
    expect(shown(report)).toEqual([
      `missing: ${ADOPTING}`,
      'extra 1: kdump: L1[5] unsupported span 3 (vs 9)',
      `agree 2: ${RETAINING}`,
      `missing: ${REFUSED}`,
      'extra 3: Failed to register iommu',
    ]);
    expect(counts(report)).toEqual({ agree: 1, missing: 2, extra: 2 });
  });

  test('a line that comes twice is one too many', () => {
    expect(shown(compare([...TEXTS, REFUSED].map((text) => driver(text)))).at(-1)).toBe(`extra 4: ${REFUSED}`);
  });

  test('lines in another order agree but for one', () => {
    expect(counts(compare([RETAINING, ADOPTING, REFUSED].map((text) => driver(text))))).toEqual({
      agree: 2,
      missing: 1,
      extra: 1,
    });
  });

  test('an empty capture lacks everything', () => {
    expect(counts(compare(''))).toEqual({ agree: 0, missing: 3, extra: 0 });
  });

  test('a debug line that is not in the capture is hidden, as is usual; one that is agrees', () => {
    const predicted = [{ ...(PREDICTED[0] as StagedLogLine), level: 'debug' as const }, ...PREDICTED.slice(1)];
    const hidden = compare(
      [RETAINING, REFUSED].map((text) => driver(text)),
      { predicted },
    );
    expect(shown(hidden)[0]).toBe(`hidden: ${ADOPTING}`);
    expect(counts(hidden)).toEqual({ agree: 2, missing: 0, extra: 0 });
    expect(
      counts(
        compare(
          TEXTS.map((text) => driver(text)),
          { predicted },
        ),
      ),
    ).toEqual(ALL_AGREE);
  });
});

describe('what does not count', () => {
  test('the lines that every probe prints are counted apart', () => {
    const probe = [
      'option mask 0x0',
      'ias 44-bit, oas 44-bit (features 0x00008305)',
      'oas 44-bit (features 0x01008305)',
      'allocated 262144 entries for cmdq',
      'msi_domain absent - falling back to wired irqs',
      'no priq irq - PRI will be broken',
      'found companion CMDQV device: NVDA200C:00',
    ];
    const report = compare([...probe, ...TEXTS].map((text) => driver(text)));
    expect(report).toMatchObject({ ...ALL_AGREE, otherLines: 7 });
  });

  test('lines of others', () => {
    const others = ['pci 0000:00:01.0: Adding to iommu group 0', 'iommu: Default domain type: Translated', ''];
    expect(counts(compare([...others, ...TEXTS.map((text) => driver(text))]))).toEqual(ALL_AGREE);
  });

  test('carriage returns and spaces at the end of a line', () => {
    expect(counts(compare(TEXTS.map((text) => `[    0.1] ${driver(text)} \r`)))).toEqual(ALL_AGREE);
    expect(shown(compare(`${driver(ADOPTING)}\r\n${driver(RETAINING)}\r\n`)).slice(0, 2)).toEqual([
      `agree 1: ${ADOPTING}`,
      `agree 2: ${RETAINING}`,
    ]);
  });
});

describe('what is no difference', () => {
  const captured = (name: string) => readFileSync(new URL(`../../data/logs/${name}`, import.meta.url), 'utf8');
  const two = PREDICTED.slice(0, 2);

  test('events, time-outs and global errors are counted, and kept apart', () => {
    const report = compare(captured('kdump-with-events.txt'), { predicted: two });
    expect(report).toMatchObject({
      agree: 2,
      missing: 0,
      extra: 0,
      otherLines: 3,
      faultLines: 13,
      carriesSeries: true,
    });
    expect(report.faults).toEqual([
      { what: 'F_TRANSLATION', sid: 0x100, address: 0xffffb002n, count: 1, firstLine: 7, lastLine: 7 },
      { what: 'CMD_SYNC timeout', sid: null, address: null, count: 1, firstLine: 14, lastLine: 14 },
      { what: 'CMDQ error', sid: null, address: null, count: 1, firstLine: 16, lastLine: 16 },
      { what: 'global error', sid: null, address: null, count: 1, firstLine: 15, lastLine: 15 },
    ]);
  });

  test('in whichever order somebody cut them out', () => {
    expect(compare(captured('smmu-lines-only.txt'), { predicted: two })).toMatchObject({
      ...{ agree: 2, missing: 0, extra: 0, faultLines: 5 },
      faults: [{ what: 'F_TRANSLATION', sid: 0x100, count: 1 }],
    });
  });

  test('what firmware overrides', () => {
    expect(compare(captured('overrides.txt'), { predicted: two })).toMatchObject({
      ...{ agree: 2, missing: 0, extra: 0, otherLines: 1, faultLines: 0 },
    });
  });

  test.each([
    'option hisilicon,broken-prefetch-cmd',
    'failed to allocate MSIs - falling back to wired irqs',
    'no gerr irq - errors will not be reported!',
    'IRQ priq not found',
    '2-level strtab only covers 25/32 bits of SID',
    'IDR0.COHACC overridden by FW configuration (false)',
    'MMIO region too small ([mem 0x2b400000-0x2b40ffff])',
    'unknown output address size. Truncating to 48-bit',
  ])('%s', (text) => {
    expect(compare([text, ...TEXTS].map((line) => driver(line)))).toMatchObject({ ...ALL_AGREE, otherLines: 1 });
  });

  test('but a line of the start that is predicted counts', () => {
    const text = 'IDR0.COHACC overridden by FW configuration (false)';
    const predicted: StagedLogLine[] = [{ stage: 'gate', level: 'warn', text, ofSeries: false }, ...PREDICTED];
    expect(
      compare(
        [text, ...TEXTS].map((line) => driver(line)),
        { predicted },
      ),
    ).toMatchObject({ agree: 4, extra: 0 });
    expect(
      compare(
        TEXTS.map((line) => driver(line)),
        { predicted },
      ),
    ).toMatchObject({ agree: 3, missing: 1 });
  });

  test('a storm is one fault', () => {
    const record = ['event 0x10 received:', '0x0000010000000010', '0x0000020800000000', '0x1000', '0x0'];
    const words = record.map((text) => driver(text.replace(/^0x(?=.{1,4}$)/, '0x000000000000').padEnd(18, '0')));
    const lines = Array.from({ length: 2000 }, () => words).flat();
    const report = compare([...TEXTS.map((text) => driver(text)), ...lines]);
    expect(report).toMatchObject({ ...ALL_AGREE, faultLines: 10_000 });
    expect(report.faults).toMatchObject([{ what: 'F_TRANSLATION', count: 2000, firstLine: 4, lastLine: 9999 }]);
  });
});

describe('a kernel without the series', () => {
  const start = ['option mask 0x0', 'SMMU currently enabled! Resetting...'].map((text) => driver(text));

  test('is called that', () => {
    const text = readFileSync(new URL('../../data/logs/kdump-unpatched.txt', import.meta.url), 'utf8');
    expect(compare(text, { predicted: PREDICTED.slice(0, 2) })).toMatchObject({
      ...{ agree: 0, missing: 2, extra: 1, carriesSeries: false },
    });
  });

  test.each([
    ['with one line of it', [...start, driver(RETAINING)], PREDICTED, true],
    ['where nothing of it was predicted', start, [], null],
    [
      'where its only line is for debugging',
      start,
      [{ ...(PREDICTED[0] as StagedLogLine), level: 'debug' as const }],
      null,
    ],
    ['where the capture lacks the start', [driver('EVTQ overflow detected -- events lost')], PREDICTED, null],
    ['where it has no line of this SMMU', ['usb 1-1: hello'], PREDICTED, null],
  ])('%s: %s', (_, lines, predicted, carries) => {
    expect(compare(lines, { predicted }).carriesSeries).toBe(carries);
  });
});

test('a capture is read once, however many SMMUs ask', () => {
  const lines = Array.from({ length: 400 }, (_, i) => driver(RETAINING, `${i}.iommu`));
  let reads = 0;
  const capture = {
    file: 'dmesg.txt',
    get text() {
      reads += 1;
      return lines.join('\n');
    },
  };
  for (let i = 0; i < 400; i++) {
    const report = compareDmesg(capture, { name: `${i}.iommu`, alone: false }, PREDICTED.slice(1, 2), null);
    expect(report).toMatchObject({ agree: 1, missing: 0, extra: 0 });
  }
  expect(reads).toBe(1);
});

test('one line of 8 MB does not matter', () => {
  const long = `arm-smmu-v3 ${'a:'.repeat(1 << 22)}`;
  expect(counts(compare([long, ...TEXTS.map((text) => driver(text))]))).toEqual(ALL_AGREE);
});

describe('several boots in one capture', () => {
  const boot = '[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x413fd0c1]';

  test('the last is the kdump kernel', () => {
    const crashed = [boot, driver('kdump: falling back to full reset'), 'Kernel panic - not syncing: sysrq'];
    const report = compare([...crashed, boot, ...TEXTS.map((text) => driver(text))]);
    expect(shown(report)).toEqual(TEXTS.map((text, i) => `agree ${i + 5}: ${text}`));
    expect(report.panic).toBeNull();
  });

  test('one that ends with the first line of the next has nothing of it', () => {
    expect(counts(compare([...TEXTS.map((text) => driver(text)), boot]))).toEqual({ agree: 0, missing: 3, extra: 0 });
  });
});

describe('several SMMUs', () => {
  const other = 'arm-smmu-v3.1.auto';
  const both = [
    driver(ADOPTING),
    driver('kdump: falling back to full reset', other),
    driver(RETAINING),
    driver(REFUSED),
  ];

  test('each is compared with its own lines', () => {
    expect(counts(compare(both, { alone: false }))).toEqual(ALL_AGREE);
    expect(counts(compare(both, { name: other, alone: false }))).toEqual({ agree: 0, missing: 3, extra: 1 });
  });

  test('device tree names have colons and dots, and are told apart', () => {
    const lines = [driver(ADOPTING, '5000000000.iommu'), driver(RETAINING, '0000:00:1f.iommu')];
    expect(compare(lines, { name: '0000:00:1f.iommu', alone: false })).toMatchObject({
      agree: 1,
      missing: 2,
      extra: 0,
    });
  });

  test('an only SMMU may have another name in the snapshot', () => {
    const report = compare(
      TEXTS.map((text) => driver(text)),
      { name: 'smmu0' },
    );
    expect(report).toMatchObject({ device: SMMU, ...ALL_AGREE });
  });

  test('but not where the capture has two, or the snapshot', () => {
    const one = TEXTS.map((text) => driver(text));
    expect(compare(both, { name: 'smmu0' })).toMatchObject({ device: null, agree: 0, missing: 3 });
    expect(compare(one, { name: 'smmu0', alone: false })).toMatchObject({ device: null, agree: 0, missing: 3 });
  });
});

describe('the end of the kernel', () => {
  const panic: PanicReport = {
    ...{ where: 'arm_smmu_is_attach_deferred', inferred: false },
    ...{ address: 0x70000000, why: 'nothing-answers' },
  };
  const oops = (where: string) => [
    '[    0.442961] Internal error: synchronous external abort: 0000000096000010 [#1]  SMP',
    '[    0.445100] CPU: 0 UID: 0 PID: 1 Comm: swapper/0 Not tainted 7.2.13',
    `[    0.445997] pc : ${where}+0x54/0x9c`,
    '[    0.446100] lr : iommu_setup_default_domain+0x2a0/0x5c0',
    '[    0.454808] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b',
  ];

  test('as predicted', () => {
    expect(compare(oops(panic.where), { panic }).panic).toEqual({
      predicted: panic.where,
      found: panic.where,
      agrees: true,
    });
  });

  test('in another function of the driver, where the name that is predicted is inferred', () => {
    const inferred = { ...panic, inferred: true };
    const found = 'arm_smmu_device_probe';
    expect(compare(oops(found), { panic: inferred }).panic).toEqual({ predicted: panic.where, found, agrees: true });
    expect(compare(oops('nvme_reset_work'), { panic: inferred }).panic?.agrees).toBe(false);
  });

  test.each([
    ['in another function of the driver', oops('arm_smmu_device_probe'), 'arm_smmu_device_probe'],
    ['somewhere else in the kernel', oops('nvme_reset_work'), null],
    ['not at all', TEXTS.map((text) => driver(text)), null],
  ])('%s, where one is predicted', (_, lines, found) => {
    expect(compare(lines, { panic }).panic).toEqual({ predicted: panic.where, found, agrees: false });
  });

  test('in the driver, where none is predicted', () => {
    expect(compare(oops(panic.where)).panic).toEqual({ predicted: null, found: panic.where, agrees: false });
  });

  test('elsewhere in the kernel is another story', () => {
    expect(compare(oops('nvme_reset_work')).panic).toBeNull();
  });

  test('a pc line that belongs to no death is not one', () => {
    expect(compare(['[    0.1] pc : arm_smmu_device_probe+0x10/0x20'], { panic }).panic).toMatchObject({ found: null });
  });
});

test('what other trees of the driver print, and nobody knows, says nothing against the prediction', () => {
  const vendor = ['DVM enabled', 'ECMDQ control pages: 2', 'ignoring unknown CMDQ opcode 0x55'].map((text) =>
    driver(text),
  );
  const failure = driver('failed to allocate l2 stream table for SID 256');
  const report = compare([...vendor, ...TEXTS.map((text) => driver(text)), failure]);
  expect(report).toMatchObject({ agree: 3, missing: 0, extra: 1, otherLines: 2, faultLines: 1 });
});

describe('large captures are read once', () => {
  slowTest('100000 lines of the driver that nobody predicted', () => {
    const storm = Array.from({ length: 100_000 }, (_, i) => driver(`kdump: nobody predicted this: ${i}`));
    const report = compare([...TEXTS.map((text) => driver(text)), ...storm]);
    expect(report).toMatchObject({ agree: 3, missing: 0 });
    expect(report.extra).toBeGreaterThan(1000);
  });

  test('a storm in front of a predicted line does not hide it', () => {
    const storm = Array.from({ length: 3000 }, (_, i) => driver(`kdump: nobody predicted this: ${i}`));
    const report = compare([driver(ADOPTING), ...storm, driver(RETAINING), driver(REFUSED)]);
    expect(counts(report)).toEqual({ agree: 3, missing: 0, extra: 3000 });
  });

  slowTest('what is predicted of 1000 devices is looked for in 20000 lines', () => {
    const predicted = Array.from({ length: 1000 }, (_, i): StagedLogLine => {
      const text = `Aliasing StreamID 0x8 (from a${i}) unsupported, expect DMA to be broken`;
      return { stage: 'insert', level: 'warn', text, ofSeries: false, device: `b${i}` };
    });
    const noise = Array.from({ length: 20_000 }, (_, i) => `nobody: ${'words and '.repeat(150)}${i}`);
    const own = predicted.map(({ device, text }) => `pci ${device}: ${text}`);
    expect(counts(compare([...noise, ...own], { predicted }))).toEqual({ agree: 1000, missing: 0, extra: 0 });
  });

  slowTest('100000 lines that may be parts of others, or have them in front', () => {
    const parts = Array.from({ length: 20_000 }, (_, i) => [driver(`part ${i}`), 'of', 'another', 'line', 'perhaps']);
    const colons = Array.from({ length: 2000 }, () => driver('x: '.repeat(650)));
    const report = compare([...TEXTS.map((text) => driver(text)), ...parts.flat(), ...colons]);
    expect(report).toMatchObject({ ...ALL_AGREE, otherLines: 22_000 });
  });

  slowTest('100000 lines of others, and lines of a megabyte', () => {
    const noise = Array.from({ length: 100_000 }, (_, i) => `[    0.1] systemd[1]: unit ${i} started`);
    const long = ['a'.repeat(1 << 20), 'a :'.repeat(1 << 18), '['.repeat(1 << 20), 'arm-smmu-v3 '.repeat(1 << 17)];
    expect(compare([...noise, ...long, ...TEXTS.map((text) => driver(text))])).toMatchObject(ALL_AGREE);
    expect(compare([...noise, ...long, ...TEXTS])).toMatchObject({ missing: 0 });
  });
});

describe('in an inspection', () => {
  const machine = () => new Image().l1(L1, 0, 9, L2_BUS0).abortTable(L2_BUS0, 256);
  const differs = (text: string, revision = 'v6') =>
    inspectMachine(machine(), { revision, dmesg: { file: 'dmesg.txt', text } }).then(({ findings, smmu }) => ({
      report: smmu.dmesg,
      finding: findings.find(({ rule }) => rule === 'dmesg-differs')?.args ?? null,
    }));

  test('a log that agrees has no finding', async () => {
    const { report, finding } = await differs(`${driver(ADOPTING)}\n${driver(RETAINING)}\n`);
    expect(report).toMatchObject({ file: 'dmesg.txt', agree: 2, missing: 0, extra: 0 });
    expect(finding).toBeNull();
  });

  test('nor has one of v7, where the first message is for debugging', async () => {
    const { report, finding } = await differs(`${driver(RETAINING)}\n`, 'v7');
    expect(report?.lines[0]).toEqual({ status: 'hidden', text: ADOPTING, line: null });
    expect(finding).toBeNull();
  });

  test('one that differs has', async () => {
    expect((await differs(driver('kdump: falling back to full reset'))).finding).toEqual({
      file: 'dmesg.txt',
      agree: 0,
      missing: 2,
      unpredicted: 1,
      panicAgrees: true,
      withoutSeries: false,
    });
  });

  test('without a capture there is nothing to compare', async () => {
    expect((await inspectMachine(machine())).smmu.dmesg).toBeNull();
  });
});
