/** One set of records in every dressing: nothing is lost, changed or invented. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventGroup, KernelLog } from '../../src/log/facts.ts';
import { readLog as read } from '../support/log-reading.ts';
import { runs } from '../support/slow.ts';
import {
  DRESSINGS,
  type DriverLine,
  driverLines,
  type Printing,
  type WrittenEvent,
  wrapped,
} from '../support/writers/log-writer.ts';

const A = 'arm-smmu-v3.0.auto';
const B = '9050000.smmuv3';

/** Of two SMMUs, one of them each kind of record that has another form in clear. */
const EVENTS: readonly WrittenEvent[] = [
  { device: A, words: [0x0000_0100_0000_0010n, 0x0000_0208_0000_0000n, 0xffff_b002n, 0n] },
  { device: B, words: [0x0000_0009_0000_0002n, 0n, 0n, 0n] },
  { device: A, words: [0x0000_0200_0000_2813n, 0x0000_0282_0000_0000n, 0x9_0000_f040n, 0x9_0000_f000n] },
  { device: B, words: [0x0002_0600_0000_0003n, 0n, 0n, 0x4_2010_0000n] },
  { device: A, words: [0x0000_0180_0000_0007n, 0x0000_0008_0000_0000n, 0x1234_5000n, 0n] },
  { device: B, words: [0x0000_0011_0000_0010n, 0x0000_020a_8000_007fn, 0xffff_ffff_ffff_f000n, 0n] },
];

const summary = ({
  name,
  code,
  sid,
  ssid,
  address,
  write,
  privileged,
  stage,
  stalled,
  stag,
  complete,
  count,
}: EventGroup) => ({ name, code, sid, ssid, address, write, privileged, stage, stalled, stag, complete, count });
const nothing = { ssid: null, address: null, write: null, privileged: null, stage: null, stalled: null, stag: null };
const once = { complete: true, count: 1 };

const EXPECTED: Readonly<Record<string, readonly ReturnType<typeof summary>[]>> = {
  [A]: [
    {
      ...nothing,
      ...once,
      name: 'F_TRANSLATION',
      code: 16,
      sid: 0x100,
      address: 0xffffb002n,
      write: false,
      privileged: false,
      stage: 1,
      stalled: false,
    },
    {
      ...nothing,
      ...once,
      name: 'F_PERMISSION',
      code: 19,
      sid: 0x200,
      ssid: 2,
      address: 0x90000f040n,
      write: true,
      privileged: true,
      stage: 2,
      stalled: false,
    },
    { ...nothing, ...once, name: 'F_TRANSL_FORBIDDEN', code: 7, sid: 0x180, address: 0x12345000n, write: false },
  ],
  [B]: [
    { ...nothing, ...once, name: 'C_BAD_STREAMID', code: 2, sid: 9 },
    { ...nothing, ...once, name: 'F_STE_FETCH', code: 3, sid: 0x20600, address: 0x420100000n },
    {
      ...nothing,
      ...once,
      name: 'F_TRANSLATION',
      code: 16,
      sid: 0x11,
      address: 0xfffffffffffff000n,
      write: false,
      privileged: true,
      stage: 1,
      stalled: true,
      stag: 0x7f,
    },
  ],
};

const found = ({ smmus }: KernelLog) =>
  Object.fromEntries(smmus.map(({ name, events }) => [name, events.map(summary)]));

describe.each(Object.entries(DRESSINGS))('%s', (_, { timed, dress }) => {
  test.each<Printing>(['v5', 'v6.14'])('every record of %s, whole and once', (printing) => {
    const log = read(dress(driverLines(EVENTS, printing)));
    expect(found(log)).toEqual(EXPECTED);
    expect(log.passedOver, JSON.stringify(log.passedOverLines)).toBe(0);
    const [first] = log.smmus[0]?.events ?? [];
    expect(first?.firstTime).toBe(timed ? 446.3985 : null);
  });

  test('the lines in clear alone', () => {
    const log = read(dress(driverLines(EVENTS, 'decoded')));
    const unnamed = { ...nothing, ...once, name: 'UNKNOWN', code: null, sid: 0x180 };
    expect(found(log)).toEqual({ [A]: [...(EXPECTED[A] ?? []).slice(0, 2), unnamed], [B]: EXPECTED[B] });
    expect(log.passedOver, JSON.stringify(log.passedOverLines)).toBe(0);
  });
});

/** What else the driver prints, with a tab in front of what stands below another message. */
const OTHERS: readonly (readonly [device: string, body: string])[] = [
  [A, 'ias 48-bit, oas 48-bit (features 0x00351fef)'],
  [A, 'allocated 65536 entries for cmdq'],
  [A, '2-level strtab only covers 17/24 bits of SID'],
  [A, 'msi_domain absent - falling back to wired irqs'],
  [A, "kdump: adopting crashed kernel's stream table"],
  [A, 'SMMU currently enabled! Resetting...'],
  [B, 'CMDQ error (cons 0x01000010): Illegal command'],
  [B, 'skipping command in error state:'],
  [B, '\t0x0000010000000004'],
  [B, '\t0x0000000000000000'],
  [B, 'CMD_SYNC timeout at 0x0100b1b7 [hwprod 0x0100b1b8, hwcons 0x0100b1b7]'],
  [A, 'unexpected global error reported (0x00000001), this could be serious'],
  [A, 'unexpected PRI request received:'],
  [A, '\tsid 0x00000100.0x00001: [2L] unprivileged R access at iova 0x00000000ffff0000'],
  [A, 'EVTQ overflow detected -- events lost'],
];
const OTHER_LINES = OTHERS.map(([device, body], i): DriverLine => ({ device, body, time: 1_000_000 + i }));

describe.each(Object.entries(DRESSINGS))('%s', (dressing, { dress }) => {
  /** Without where and when. */
  const facts = (log: KernelLog) =>
    JSON.parse(
      JSON.stringify(log.smmus, (key, value) =>
        /^(?:first|last)(?:Line|Time|Stamp)$|^host$/.test(key)
          ? undefined
          : typeof value === 'bigint'
            ? `${value}`
            : value,
      ),
    );
  const plain = (DRESSINGS['printk time'] as (typeof DRESSINGS)[string]).dress;

  test('every other message, without what stands behind it', () => {
    const [found, expected] = [read(dress(OTHER_LINES)), facts(read(plain(OTHER_LINES)))];
    // Where a sentence ends that was broken, or that another program goes on with, nobody can tell.
    const hasSentences = !/^(?:lines broken|quoted-printable|a screen|the output of a program behind)/.test(dressing);
    for (const smmu of hasSentences ? [] : expected) {
      smmu.adoption = smmu.adoption.map(() => expect.any(String));
      if (smmu.boot !== null) smmu.boot.lines = smmu.boot.lines.map(() => expect.any(String));
    }
    expect(facts(found)).toEqual(expected);
    expect(found.passedOver, JSON.stringify(found.passedOverLines)).toBe(0);
  });
});

/** What other drivers print between them. */
const FOREIGN = [
  { device: 'virtio_blk virtio1', body: '[vda] 16777216 512-byte logical blocks' },
  { device: 'hns3 0000:bd:00.0', body: 'reset done, word 0x0000000000000010' },
  { device: 'pcieport 0000:00:01.0', body: 'AER: Multiple Uncorrectable (Fatal) error received: 0000:00:01.0' },
  { device: 'nvme nvme0', body: 'I/O 512 QID 3 timeout, aborting' },
];

describe('however the lines are mixed', () => {
  const parts = fc.record({
    dressing: fc.constantFrom(...Object.keys(DRESSINGS)),
    printing: fc.constantFrom<Printing>('v5', 'v6.14'),
    /** Which SMMU goes on, or which other driver prints, line by line. */
    turns: fc.array(fc.nat(5), { minLength: 200, maxLength: 200 }),
    pieceLength: fc.integer({ min: 1, max: 300 }),
  });

  /** Each SMMU's lines stay in order; those of others come between. */
  function mixed(lines: readonly DriverLine[], turns: readonly number[]): DriverLine[] {
    const queues = [A, B].map((device) => lines.filter((line) => line.device === device));
    const order = turns.flatMap((turn, i): DriverLine[] => {
      const [next] = turn < 4 ? (queues[turn % 2]?.splice(0, 1) ?? []) : [];
      if (next !== undefined) return [next];
      const { device, body } = FOREIGN[(turn + i) % FOREIGN.length] as (typeof FOREIGN)[number];
      return [{ device, body, time: 1000 * i, foreign: true }];
    });
    return [...order, ...queues.flat()];
  }

  test('each SMMU keeps its own, whatever the pieces in which the log is read', () => {
    fc.assert(
      fc.property(parts, ({ dressing, printing, turns, pieceLength }) => {
        const { dress } = DRESSINGS[dressing] as (typeof DRESSINGS)[string];
        const log = read(dress(mixed(driverLines(EVENTS, printing), turns)), pieceLength);
        const [a, b] = [A, B].map((device) => log.smmus.find(({ name }) => name === device)?.events.map(summary));
        expect({ a, b }).toEqual({ a: EXPECTED[A], b: EXPECTED[B] });
        expect(log.smmus.length).toBe(2);
        expect(log.passedOver).toBe(0);
      }),
      { seed: 20261, numRuns: runs(150, 3) },
    );
  });
});

describe('lines that a mail program broke', () => {
  const printed = (printing: Printing) =>
    (DRESSINGS['printk time'] as (typeof DRESSINGS)[string]).dress(driverLines(EVENTS, printing)).trimEnd().split('\n');
  const widths = fc.integer({ min: 30, max: 110 });
  const quotes = fc.constantFrom('', '> ', '> > ', '>> ');
  const printings = fc.constantFrom<Printing>('v5', 'v6.14');

  test('at blanks: every record, whole and once', () => {
    fc.assert(
      fc.property(widths, quotes, printings, (width, quote, printing) => {
        const log = read(
          printed(printing)
            .map((line) => `${wrapped(line, width, quote)}\n`)
            .join(''),
        );
        expect(found(log)).toEqual(EXPECTED);
        expect(log.passedOver).toBe(0);
      }),
      { seed: 20262, numRuns: runs(150, 3) },
    );
  });

  // Where a name or the last number of a line is cut in two, what it was is not always to be told.
  test('anywhere: nothing that is not there', () => {
    const all = Object.values(EXPECTED).flat();
    const known = (key: 'sid' | 'ssid' | 'address') => new Set<unknown>([null, ...all.map((event) => event[key])]);
    const [sids, ssids, addresses] = [known('sid'), known('ssid'), known('address')];
    fc.assert(
      fc.property(widths, quotes, printings, (width, quote, printing) => {
        const parts = printed(printing).flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
        for (const { name, events } of read(parts.map((part) => `${quote}${part}\n`).join('')).smmus) {
          expect([A, B, null]).toContain(name);
          for (const { sid, ssid, address } of events) {
            expect([sids.has(sid), ssids.has(ssid), addresses.has(address)]).toEqual([true, true, true]);
          }
        }
      }),
      { seed: 20263, numRuns: runs(150, 3) },
    );
  });
});

describe('the machine', () => {
  const hostOf = (prefix: string) => read(`${prefix}arm-smmu-v3 ${A}: CMDQ timeout\n`).smmus.map(({ host }) => host);

  test.each([
    ['Sep 29 10:11:12 node7 kern.err kernel: ', 'node7'],
    ['Sep 29 10:11:12 (none) kern.err kernel: ', null],
    ['Tue 2026-09-29 10:11:12 CEST node7 kernel: ', 'node7'],
    ['09-29 10:11:12.345     0     0 E kernel  : ', null],
  ])('of %s', (prefix, host) => expect(hostOf(prefix)).toEqual([host]));
});

test.each([
  ['09-29 10:11:12.345     0     0 E kernel  : ', '09-29 10:11:12.345'],
  ['[Tue Sep 29 10:11:12 UTC 2026] ', 'Tue Sep 29 10:11:12 UTC 2026'],
])('the time of day of %s', (prefix, stamp) => {
  const [error] = read(`${prefix}arm-smmu-v3 ${A}: CMDQ timeout\n`).smmus[0]?.commandErrors ?? [];
  expect(error?.firstStamp).toBe(stamp);
});

describe('lines that a syslog has counted', () => {
  const FRONT = 'Nov 12 03:04:05 node7 kernel: ';
  const line = (body: string) => `${FRONT}arm-smmu-v3 ${A}: ${body}\n`;
  const TIMEOUT = 'CMD_SYNC timeout at 0x0100b1b7 [hwprod 0x0100b1b8, hwcons 0x0100b1b7]';
  const repeated = (times: number, body: string) =>
    `${FRONT}message repeated ${times} times: [ arm-smmu-v3 ${A}: ${body}]\n`;
  const last = (times: number) => `Nov 12 03:04:35 node7 last message repeated ${times} times\n`;

  test('with their text, words of a record too', () => {
    const log = read(
      line('event 0x02 received:') +
        line('#0110x0000000900000002') +
        line('#0110x0000000000000000') +
        repeated(2, '#0110x0000000000000000') +
        line(TIMEOUT) +
        repeated(7, TIMEOUT),
    );
    const [smmu] = log.smmus;
    expect(smmu?.events.map(({ sid, complete, count }) => [sid, complete, count])).toEqual([[9, true, 1]]);
    expect(smmu?.commandErrors.map(({ count }) => count)).toEqual([8]);
    expect([log.smmuLines, log.passedOver]).toEqual([6, 0]);
  });

  test('as the last one, more than once, and not where another line stands between', () => {
    const log = read(
      [
        line(TIMEOUT),
        last(3),
        last(4).replace('repeated', 'buffered'),
        line('EVTQ overflow detected -- events lost'),
        FRONT,
        '\n',
        last(9),
      ].join(''),
    );
    expect(log.smmus[0]?.commandErrors.map(({ count }) => count)).toEqual([8]);
    expect(log.smmus[0]?.lost.overflows).toBe(1);
  });

  test('any number of times, within bounds', () => {
    const log = read(line(TIMEOUT) + last(4_000_000_000).repeat(2));
    expect(log.smmus[0]?.commandErrors.map(({ count }) => count)).toEqual([1 + 2 ** 16]);
  });
});

test('a line of nothing but backslashes takes no longer than another', () => {
  const log = read(`arm-smmu-v3 ${A}: ${'\\'.repeat(60_000)}\n`.repeat(20));
  expect(log.passedOver).toBe(20);
});

describe('a log of several machines', () => {
  const on = (host: string, lines: readonly DriverLine[]) =>
    lines.map(({ device, body }) => `Nov 12 03:04:05 ${host} kernel: arm-smmu-v3 ${device}: ${body}\n`);
  const mine = EVENTS.filter(({ device }) => device === A);
  const [one, other] = [mine.slice(0, 1), mine.slice(2)].map((events) => driverLines(events, 'v5'));

  test('keeps records apart that interleave, of SMMUs with the same name', () => {
    const [first, second] = [on('node7', one ?? []), on('node9', other ?? [])];
    const log = read(first.map((line, i) => line + (second[i] ?? '')).join(''));
    expect(log.smmus.map(({ name, host, events }) => [name, host, events.map(summary)])).toEqual([
      [A, 'node7', [EXPECTED[A]?.[0]]],
      [A, 'node9', [EXPECTED[A]?.[2]]],
    ]);
  });

  test('a machine that has no name yet is the same as later', () => {
    const log = read([...on('localhost', one ?? []), ...on('node7', other ?? [])].join(''));
    expect(log.smmus.map(({ name, host, events }) => [name, host, events.length])).toEqual([[A, 'node7', 2]]);
  });

  /** The fields of systemd.journal-fields(7), before the message or behind it. */
  const journal = (host: string, lines: readonly DriverLine[], order: 1 | -1) =>
    lines.map(({ device, body }, i) => {
      const fields = [
        ['_HOSTNAME', host],
        ['__REALTIME_TIMESTAMP', String(1_762_916_645_000_000 + i)],
        ['_SOURCE_MONOTONIC_TIMESTAMP', String(12_345_678 + i)],
        ['MESSAGE', `arm-smmu-v3 ${device}: ${body}`],
      ];
      return `${JSON.stringify(Object.fromEntries(order === 1 ? fields : fields.reverse()))}\n`;
    });

  test.each([1, -1] as const)('is told apart by the fields of a journal in JSON, in the order %i', (order) => {
    const [first, second] = [journal('node7', one ?? [], order), journal('node9', other ?? [], order)];
    const log = read(first.map((line, i) => line + (second[i] ?? '')).join(''));
    expect(log.smmus.map(({ name, host, events }) => [name, host, events.map(summary)])).toEqual([
      [A, 'node7', [EXPECTED[A]?.[0]]],
      [A, 'node9', [EXPECTED[A]?.[2]]],
    ]);
    expect(log.smmus[0]?.events[0]).toMatchObject({ firstTime: 12.345678 });
  });

  test('without the clock of the kernel a journal in JSON gives the time of day', () => {
    const log = read(
      journal('localhost', one ?? [], 1)
        .join('')
        .replaceAll('_SOURCE_MONOTONIC', 'ANOTHER'),
    );
    expect(log.smmus.map(({ host }) => host)).toEqual([null]);
    const [{ firstTime, firstStamp } = {}] = log.smmus[0]?.events ?? [];
    expect({ firstTime, firstStamp }).toEqual({ firstTime: null, firstStamp: '2025-11-12T03:04:05.000Z' });
  });
});
