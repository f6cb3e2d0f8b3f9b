/** Who wrote a line: messages of the kernel that programs quote are no further ones, and none is lost that may be its own. */

import { describe, expect, test } from 'vitest';
import { captureLines } from '../../src/inspect/log/capture-lines.ts';
import type { KernelLog } from '../../src/log/facts.ts';
import { readLog } from '../support/log-reading.ts';
import { DRESSINGS, type DriverLine, driverLines } from '../support/writers/log-writer.ts';

const DEVICE = 'arm-smmu-v3.0.auto';
const HEADER = `arm-smmu-v3 ${DEVICE}: event 0x10 received:`;
const MESSAGE = `arm-smmu-v3 ${DEVICE}: EVTQ overflow detected -- events lost`;
const KERNELS = `Nov 12 03:04:05 node7 kernel: [  446.397497] ${MESSAGE}`;

/** Overflows that were counted, and lines that were said not to be used. */
const counts = ({ smmus, passedOver }: KernelLog) => [smmus[0]?.lost.overflows ?? 0, passedOver];
const inCapture = (text: string) => captureLines({ text, file: 'a.txt' }).byDevice.get(DEVICE)?.length ?? 0;

const entry = (fields: Readonly<Record<string, string>>) => JSON.stringify(fields);
const lines = (fields: Readonly<Record<string, string>>, indent = '') =>
  Object.entries(fields)
    .map(([key, value]) => `${indent}${key}=${value}\n`)
    .join('');

const QUOTED: readonly (readonly [string, string])[] = [
  ['syslog', `Nov 12 03:04:05 node7 collectd[123]: kernel: ${MESSAGE}`],
  ['syslog, and the message alone', `Nov 12 03:04:05 node7 collectd[123]: ${MESSAGE}`],
  ['syslog with the time of the kernel', `Nov 12 03:04:05 node7 healthd[9]: saw kernel: [  446.397497] ${MESSAGE}`],
  ['syslog without the process', `Nov 12 03:04:05 node7 collectd: kernel: ${MESSAGE}`],
  ['syslog through grep', `/var/log/messages:17:Nov  2 03:04:05 node7 collectd[123]: kernel: ${MESSAGE}`],
  ['syslogd of busybox', `Sep 29 10:11:12 node7 daemon.warn collectd[7]: ${MESSAGE}`],
  ['journalctl -o short-iso', `2026-09-29T10:11:12+0200 node7 collectd[123]: kernel: ${MESSAGE}`],
  ['journalctl -o short-full', `Tue 2026-09-29 10:11:12 CEST node7 collectd[123]: ${MESSAGE}`],
  ['journalctl -o with-unit', `Tue 2026-09-29 10:11:12 CEST node7 collectd.service[123]: ${MESSAGE}`],
  ['journalctl -o short-monotonic', `[  446.397497] node7 collectd[123]: ${MESSAGE}`],
  ['journalctl -o short-unix', `1759133472.123456 node7 collectd[123]: ${MESSAGE}`],
  ['what a program wrote to /dev/kmsg', `[  446.397497] collectd[123]: kernel: ${MESSAGE}`],
  ['dmesg -x, of that', `daemon:warn  : [  446.397497][  T123] collectd[123]: ${MESSAGE}`],
  ['syslog with the facility of a program', `<28>Nov 12 03:04:05 node7 collectd[123]: ${MESSAGE}`],
  ['journalctl -o short-full, a zone without a name', `Tue 2026-09-29 10:11:12 +03 node7 collectd[123]: ${MESSAGE}`],
  ['journalctl where months have other names', `11\u6708 12 03:04:05 node7 collectd[123]: kernel: ${MESSAGE}`],
  ['logread of OpenWrt', `Tue Sep 29 10:11:12 2026 user.notice collectd: ${MESSAGE}`],
  ['what a program wrote to /dev/kmsg, in a syslog', `Nov 12 03:04:05 node7 kernel: [    4.1] collectd[1]: ${MESSAGE}`],
  [
    'the same in a journal',
    entry({ _TRANSPORT: 'kernel', SYSLOG_FACILITY: '3', SYSLOG_IDENTIFIER: 'collectd', MESSAGE }),
  ],
  ['the same in /dev/kmsg', `28,800,446397497,-;collectd[123]: ${MESSAGE}`],
  ['/dev/kmsg, without a name', `12,800,446397497,-;${MESSAGE}`],
  ['dmesg -x, without a name', `user  :warn  : [  446.397497] ${MESSAGE}`],
  ['RFC 5424 in a mail', `> <28>1 2026-09-29T10:11:12.123Z node7 collectd 123 - - kernel: ${MESSAGE}`],
  ['RFC 5424 without its number', `1 2026-09-29T10:11:12.123Z node7 collectd 123 - - ${MESSAGE}`],
  ['RFC 5424', `<28>1 2026-09-29T10:11:12.123Z node7 collectd 123 - [meta sequenceId="1"] kernel: ${MESSAGE}`],
  ['RFC 5424 without a process', `<14>1 2026-09-29T10:11:12.123Z node7 collectd - - - ${MESSAGE}`],
  ['journalctl -o json', entry({ _TRANSPORT: 'syslog', SYSLOG_IDENTIFIER: 'collectd', MESSAGE: `kernel: ${MESSAGE}` })],
  ['journalctl -o json, the transport behind', entry({ MESSAGE, _TRANSPORT: 'stdout' })],
  ['a syslog in JSON', entry({ message: `kernel: ${MESSAGE}`, programname: 'collectd' })],
  [
    'journalctl -o export',
    lines({ __CURSOR: 's=1', _TRANSPORT: 'journal', SYSLOG_IDENTIFIER: 'collectd', MESSAGE, _PID: '123' }),
  ],
  [
    'journalctl -o export, the transport behind',
    lines({ __CURSOR: 's=1', PRIORITY: '3', MESSAGE, _TRANSPORT: 'stdout' }),
  ],
  [
    'journalctl -o verbose',
    `Tue 2026-09-29 10:11:12.123456 CEST [s=8c;i=1]\n${lines({ PRIORITY: '3', MESSAGE, SYSLOG_IDENTIFIER: 'collectd' }, '    ')}`,
  ],
  ['journalctl -o json-pretty', JSON.stringify({ MESSAGE, SYSLOG_IDENTIFIER: 'collectd' }, null, '\t')],
];

describe.each(QUOTED)('quoted by a program: %s', (_, quoted) => {
  test.each([1, 7, 1 << 16])('is not the message again, in pieces of %i bytes', (pieceLength) => {
    const text = `${KERNELS}\n\n${quoted}\n\n${KERNELS}\n`;
    expect(counts(readLog(text, pieceLength))).toEqual([2, 1]);
  });

  test('alone, it is said not to be used', () => {
    expect(counts(readLog(`${quoted}\n`))).toEqual([0, 1]);
  });

  test('is no line of the kernel for --dmesg', () => {
    expect(inCapture(`${KERNELS}\n\n${quoted}\n\n${KERNELS}\n`)).toBe(2);
  });
});

test.each<readonly [string, string]>([
  ['a console that a program passes on as it is', `Nov 12 03:04:05 relay conserver[8]: [  446.397497] ${MESSAGE}`],
  ['a machine that a program names', `Nov 12 03:04:05 relay conserver[8]: node7: [  446.397497] ${MESSAGE}`],
  ['a console with dates', `Nov 12 03:04:05 relay conserver[8]: [Tue Sep 29 10:11:12 2026] ${MESSAGE}`],
  ['a console with its own stamps', `Nov 12 03:04:05 relay dockerd[8]: 2026-09-29T10:11:12Z [  446.397497] ${MESSAGE}`],
  ['netconsole that a program passes on', `Nov 12 03:04:05 relay netconsd[8]: 6.12.0,3,800,446397497,-;${MESSAGE}`],
  ['a syslog that a program passes on', `Nov 12 03:04:05 relay logger[8]: Nov 12 03:04:05 node7 kernel: ${MESSAGE}`],
  ['a console in RFC 5424', `<14>1 2026-09-29T10:11:12.123Z relay conserver 8 - - [  446.397497] ${MESSAGE}`],
  ['the same, where data is left out', `<14>1 2026-09-29T10:11:12Z relay conserver 8 x [12446.397497] ${MESSAGE}`],
  ['a number, a time and words in front', `1 2026-09-29T10:11:12Z stdout F a b [12446.397497] ${MESSAGE}`],
  ['the same with data', `<14>1 2026-09-29T10:11:12Z relay conserver 8 - [a b="1"][c d="2"] [  446.397497] ${MESSAGE}`],
  ['a console in an entry', lines({ SYSLOG_IDENTIFIER: 'conserver', MESSAGE: `[  446.397497] ${MESSAGE}`, _PID: '8' })],
  ['a console in JSON', entry({ ident: 'conserver', message: `[  446.397497] ${MESSAGE}` })],
  ['logread of OpenWrt', `Tue Sep 29 10:11:12 2026 kern.err kernel: [  446.397497] ${MESSAGE}`],
  ['another machine, it may be', `Nov 12 03:04:05 relay node7: ${MESSAGE}`],
  ['the message behind a time', `Nov 12 03:04:05 ${MESSAGE}`],
  ['the message behind a time and a host', `2026-09-29 10:11:12 node7 ${MESSAGE}`],
  ['a syslog that calls the kernel otherwise', `Nov 12 03:04:05 node7 vmunix: ${MESSAGE}`],
  ['a kernel with a process', `Nov 12 03:04:05 node7 kernel[0]: ${MESSAGE}`],
  ['a machine in front of the kernel', `Nov 12 03:04:05 node7: kernel: ${MESSAGE}`],
  ['a host called as a program', `Nov 12 03:04:05 collectd kernel: ${MESSAGE}`],
  ['the facility of the kernel', `<3>1 2026-09-29T10:11:12.123Z node7 klog 1 - - ${MESSAGE}`],
  ['the facility of the kernel in an older syslog', `<3>Nov 12 03:04:05 node7 klogd[1]: ${MESSAGE}`],
  ['RFC 5424 without a program', `<14>1 2026-09-29T10:11:12.123Z node7 - - - - ${MESSAGE}`],
  ['the transport of the kernel', entry({ _TRANSPORT: 'kernel', SYSLOG_IDENTIFIER: 'odd', MESSAGE })],
  ['a facility in JSON', entry({ _TRANSPORT: 'syslog', SYSLOG_FACILITY: '0', SYSLOG_IDENTIFIER: 'klog', MESSAGE })],
  ['a tag in JSON', entry({ message: MESSAGE, syslogtag: 'kernel:' })],
  ['JSON that does not say', entry({ log: MESSAGE, stream: 'stderr', program: 'collectd' })],
  ['an entry that does not say', lines({ __CURSOR: 's=1', PRIORITY: '3', MESSAGE })],
  [
    'the entry behind one of a program',
    `${lines({ SYSLOG_IDENTIFIER: 'collectd', _PID: '1' })}\n${lines({ __CURSOR: 's=1', MESSAGE })}`,
  ],
  ['fields of two entries with nothing between them', `MESSAGE=a\n_TRANSPORT=stdout\nMESSAGE=${MESSAGE}\n_PID=1`],
  ['the same, the fields behind', `MESSAGE=${MESSAGE}\n_TRANSPORT=stdout\nMESSAGE=a`],
  ['the entry in front of one of a program', `${lines({ MESSAGE })}\n${lines({ SYSLOG_IDENTIFIER: 'collectd' })}`],
])('counts: %s', (_, line) => {
  for (const pieceLength of [1, 1 << 16]) expect(counts(readLog(`${line}\n`, pieceLength))).toEqual([1, 0]);
  expect(inCapture(line)).toBe(1);
});

test('messages of a journal that were picked out of it are all there', () => {
  const picked = `    MESSAGE=${MESSAGE}\n`.repeat(3);
  for (const pieceLength of [1, 1 << 16]) expect(counts(readLog(picked, pieceLength))).toEqual([3, 0]);
});

test('a console that a program passes on is not the message again, where the kernel of the log has spoken', () => {
  const relayed = `Nov 12 03:04:06 node7 conserver[8]: [  446.397497] ${MESSAGE}`;
  expect(counts(readLog(`${KERNELS}\n${relayed}\n`))).toEqual([1, 1]);
});

test('a line of a program between those of an event does not break it', () => {
  const [header, ...words] = driverLines(
    [{ device: DEVICE, words: [0x0000_0100_0000_0010n, 0x0000_0208_0000_0000n, 0xffff_b002n, 0n] }],
    'v5',
  ) as [DriverLine, ...DriverLine[]];
  const dress = DRESSINGS['syslog']?.dress ?? (() => '');
  const quoted = `Nov 12 03:04:05 node7 collectd[123]: kernel: ${HEADER}\n`;
  const { smmus, passedOver } = readLog(dress([header]) + quoted + dress(words));
  expect(smmus[0]?.events.map(({ sid, count, complete }) => [sid, count, complete])).toEqual([[0x100, 1, true]]);
  expect(passedOver).toBe(1);
});

test('what a syslog counts of a program is of the program, too', () => {
  const quoted = `Nov 12 03:04:05 node7 collectd[123]: kernel: ${MESSAGE}`;
  const log = `${KERNELS}\n${quoted}\nNov 12 03:04:06 node7 last message repeated 3 times\n${KERNELS}\n`;
  expect(readLog(log).smmus[0]?.lost.overflows).toBe(2);
});

test('a program that runs tells that the kernel has come so far', () => {
  const { lines: kept } = captureLines({ text: `Nov 12 03:04:05 node7 systemd[1]: Started ${MESSAGE}\n`, file: 'a' });
  expect(kept.map(({ text }) => text)).toEqual(['systemd[1]']);
});
