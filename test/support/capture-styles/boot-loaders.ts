/** Boot loaders and firmware. */

import { display, each, headed, hex, mdl, named, prefixed, type Style, split, style, upper } from './writers.ts';

export const BOOT_LOADERS: readonly Style[] = [
  style(
    'U-Boot md.b, old',
    true,
    headed(
      '=> md.b 2b400000 100',
      display(({ address, bytes, text }) => `${hex(address, 8)}: ${bytes.join(' ')}    ${text}`),
    ),
  ),
  style(
    'U-Boot md.b',
    true,
    display(({ address, bytes, text }) => `${hex(address, 8)}: ${bytes.join(' ')}  ${text}`),
  ),
  style(
    'U-Boot md.w',
    true,
    headed(
      '=> md.w 2b400000 80',
      display(({ address, words, text }) => `${hex(address, 8)}: ${words(2).join(' ')}  ${text}`),
    ),
  ),
  style('U-Boot md.l', true, headed('=> md.l 2b400000 40', mdl)),
  style(
    'U-Boot md.l, old',
    true,
    display(({ address, words, text }) => `${hex(address, 8)}: ${words(4).join(' ')}    ${text}`),
  ),
  style(
    'U-Boot md.q',
    true,
    headed(
      'u-boot=> md.q 2b400000 20',
      display(({ address, words, text }) => `${hex(address, 8)}: ${words(8).join(' ')}  ${text}`),
    ),
  ),
  style(
    'barebox md',
    true,
    headed(
      'barebox@board:/ md -l 0x2b400000+0x100',
      display(({ address, words, text }) => `${hex(address, 8)}: ${words(4).join(' ')}                ${text}`),
    ),
  ),
  style(
    'UEFI mm',
    true,
    each((a, w) => [`Shell> mm ${upper(a)} -w 4 -MMIO -n`, `MMIO  0x${upper(a, 16)} : 0x${upper(w, 8)}`]),
  ),
  style(
    'UEFI dmem',
    true,
    headed(
      ['Shell> dmem 2B400000 100 -MMIO', 'Memory Mapped IO Address 000000002B400000 100 Bytes'],
      display(({ address, bytes, text }) => `  ${upper(address)}: ${split(bytes, ' ', '-').toUpperCase()}  *${text}*`),
    ),
  ),
  style(
    'TF-A',
    true,
    prefixed(
      () => 'NOTICE:  ',
      named(({ name, byteLength, value }) => `SMMU_${name} = 0x${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'TF-A crash',
    true,
    named(({ name, byteLength, value }) => `${name.toLowerCase().padEnd(15)}= 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'UEFI mm, asking',
    true,
    each((a, w) => `MMIO  0x${upper(a, 16)} : 0x${upper(w, 8)} > `),
  ),
];
