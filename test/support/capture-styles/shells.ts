/** Shells, /dev/mem and tools that dump files. */

import { display, each, hex, named, pairs, type Style, split, style, upper } from './writers.ts';

export const SHELLS: readonly Style[] = [
  style(
    'busybox devmem',
    true,
    each((a, w) => [`/ # devmem 0x${hex(a)} 32`, `0x${upper(w, 8)}`]),
  ),
  style(
    'devmem with set -x',
    true,
    each((a, w) => [`+ devmem 0x${hex(a)} 32`, `0x${upper(w, 8)}`]),
  ),
  style(
    'devmem of a user',
    true,
    each((a, w) => [`root@board:~# devmem 0x${hex(a)}`, `0x${upper(w, 8)}`]),
  ),
  style(
    'devmem 64',
    true,
    named(({ byteLength, value }, a) => [
      `# devmem 0x${hex(a)} ${8 * byteLength}`,
      `0x${upper(value, 2 * byteLength)}`,
    ]),
  ),
  style(
    'devmem2',
    false,
    each((a, w) => [
      `# devmem2 0x${hex(a)} w`,
      '/dev/mem opened.',
      'Memory mapped at address 0xffff8f2d1000.',
      `Value at address 0x${upper(a)} (0xffff8f2d1000): 0x${upper(w)}`,
    ]),
  ),
  style(
    'a loop of devmem',
    true,
    each((a, w) => `0x${hex(a)}: 0x${upper(w, 8)}`),
  ),
  style(
    'a loop of echo',
    true,
    each((a, w) => `0x${hex(a)} 0x${upper(w, 8)}`),
  ),
  style(
    'xxd',
    true,
    display(({ offset, bytes, text }) => `${hex(offset, 8)}: ${pairs(bytes, 2).join(' ')}  ${text}`),
  ),
  style(
    'xxd -g1',
    true,
    display(({ offset, bytes, text }) => `${hex(offset, 8)}: ${bytes.join(' ')}  ${text}`),
  ),
  style(
    'xxd -g4',
    true,
    display(({ offset, bytes, text }) => `${hex(offset, 8)}: ${pairs(bytes, 4).join(' ')}  ${text}`),
  ),
  style(
    'xxd -e',
    true,
    display(({ offset, words, text }) => `${hex(offset, 8)}: ${words(4).join(' ')}  ${text}`),
  ),
  style(
    'hexdump',
    true,
    display(({ offset, words }) => `${hex(offset, 7)} ${words(2).join(' ')}`),
  ),
  style(
    'hexdump -C',
    true,
    display(({ offset, bytes, text }) => `${hex(offset, 8)}  ${split(bytes, ' ', '  ')}  |${text}|`),
  ),
  style(
    'hexdump -C of /dev/mem',
    true,
    display(({ address, bytes, text }) => `${hex(address, 8)}  ${split(bytes, ' ', '  ')}  |${text}|`),
  ),
  style(
    'od -t x4',
    true,
    display(({ offset, words }) => `${offset.toString(8).padStart(7, '0')} ${words(4).join(' ')}`),
  ),
  style(
    'od -A x -t x4',
    true,
    display(({ offset, words }) => `${hex(offset, 6)} ${words(4).join(' ')}`),
  ),
  style(
    'od -A x -t x8',
    true,
    display(({ offset, words }) => `${hex(offset, 6)} ${words(8).join(' ')}`),
  ),
  style(
    'od -A d -t x4',
    true,
    display(({ offset, words }) => `${String(offset).padStart(7, '0')} ${words(4).join(' ')}`),
  ),
  style(
    'od -A x -t x1z',
    true,
    display(({ address, bytes, text }) => `${hex(address)} ${bytes.join(' ')}  >${text}<`),
  ),
  style(
    'io',
    true,
    each((a, w) => `${hex(a, 8)}:  ${hex(w, 8)}`),
  ),
  style(
    'io rows',
    true,
    display(({ address, words }) => `${hex(address, 8)}:  ${words(4).join(' ')}`),
  ),
  style(
    'memtool md',
    true,
    display(({ address, words, text }) => `${hex(address, 8)}: ${words(4).join(' ')}                ${text}`),
  ),
  style(
    'peek',
    true,
    each((a, w) => [`$ peek 0x${hex(a)}`, `0x${hex(w, 8)}`]),
  ),
  style(
    'peek with =',
    true,
    each((a, w) => `[0x${hex(a)}] = 0x${hex(w, 8)}`),
  ),
  style(
    'a loop of printf',
    true,
    each((_, w, offset) => `${hex(offset, 3)} 0x${upper(w, 8)}`),
  ),
  style(
    'od -A x -t x4 -w4',
    true,
    display(({ offset, words }) => `${hex(offset, 6)} ${words(4).join('')}`, 4),
  ),
  style(
    'devmem and arithmetic',
    true,
    each((a, w, offset) => [`# devmem $((0x${hex(a - offset)} + 0x${hex(offset)})) 32`, `0x${upper(w, 8)}`]),
  ),
];
