/** What mails and logs do to a memory display. */

import { clock, display, hex, mdl, named, prefixed, type Style, style } from './writers.ts';

export const MAILS: readonly Style[] = [
  style(
    'quoted mail',
    true,
    prefixed(() => '> > ', mdl),
  ),
  style(
    'a serial log',
    true,
    prefixed((i) => `[2025-03-04 ${clock(i)}] `, mdl),
    '\r\n',
  ),
  style(
    'ISO stamps',
    true,
    prefixed((i) => `2025-03-04T${clock(i)}Z `, mdl),
  ),
  style(
    'syslog',
    true,
    prefixed((i) => `Mar  4 ${clock(i).slice(0, 8)} host kernel: [   12.3${String(i + 100)}] `, mdl),
  ),
  style(
    'journalctl',
    true,
    prefixed(
      (i) => `Mar 04 ${clock(i).slice(0, 8)} host kernel: `,
      named(({ name, byteLength, value }) => `${name} 0x${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'dmesg -T',
    true,
    prefixed((i) => `[Tue Mar  4 ${clock(i).slice(0, 8)} 2025] `, mdl),
  ),
  style(
    'ts',
    false,
    prefixed((i) => `Nov 29 12:13:${String(i % 60).padStart(2, '0')} `, mdl),
  ),
  style(
    'grabserial',
    false,
    prefixed((i) => `[${i}.003217 0.003000] `, mdl),
  ),
  style(
    'LAVA',
    false,
    display(
      ({ address, words }) =>
        `- {"dt": "2026-11-29T12:13:14.123456", "lvl": "target", "msg": "${hex(address, 8)}: ${words(4).join(' ')}"}`,
    ),
  ),
  style(
    'a logger',
    false,
    prefixed(() => '2026-11-29 12:13:14,123 INFO  [console] ', mdl),
  ),
  style(
    'cat -n',
    false,
    prefixed((i) => `${String(i + 1).padStart(6)}\t`, mdl),
  ),
];
