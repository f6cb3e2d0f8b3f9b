/** Kernels, emulators, hypervisors. */

import { clock, display, each, headed, hex, named, prefixed, type Style, style } from './writers.ts';

export const KERNELS: readonly Style[] = [
  style(
    'QEMU xp /1xw',
    true,
    each((a, w) => [`(qemu) xp /1xw 0x${hex(a)}`, `${hex(a, 16)}: 0x${hex(w, 8)}`]),
    '\r\n',
  ),
  style(
    'QEMU xp rows',
    true,
    headed(
      '(qemu) xp /64xw 0x2b400000',
      display(
        ({ address, words }) =>
          `${hex(address, 16)}: ${words(4)
            .map((w) => `0x${w}`)
            .join(' ')}`,
      ),
    ),
  ),
  style(
    'QEMU trace',
    false,
    each((_, w, offset) => `smmu_read_mmio addr: 0x${hex(offset)} val:0x${hex(w)} size: 0x4(0)`),
  ),
  style(
    'debugfs regset32',
    true,
    each((_, w, offset) => `REG_${hex(offset, 3)} = 0x${hex(w, 8)}`),
  ),
  style(
    'debugfs regset32 by name',
    true,
    named(({ name, byteLength, value }) => `${name} = 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'debugfs regmap',
    true,
    each((_, w, offset) => `${hex(offset, 3)}: ${hex(w, 8)}`),
  ),
  style(
    'print_hex_dump',
    true,
    prefixed(
      (i) => `[   12.3456${String(i).padStart(2, '0')}] SMMU: `,
      display(({ offset, words }) => `${hex(offset, 8)}: ${words(4).join(' ')}`),
    ),
  ),
  style(
    'print_hex_dump, bytes',
    true,
    prefixed(
      (i) => `[   12.3456${String(i).padStart(2, '0')}] smmu regs: `,
      display(({ offset, bytes, text }) => `${hex(offset, 8)}: ${bytes.join(' ')}  ${text}`),
    ),
  ),
  style(
    'printk of the driver',
    true,
    prefixed(
      (i) => `[   12.34${String(i + 1000)}][   T31] arm-smmu-v3 2b400000.iommu: `,
      named(({ name, byteLength, value }) => `${name}: 0x${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'Xen',
    true,
    prefixed(
      () => '(XEN) ',
      named(({ name, byteLength, value }) => `smmu: ${name}: ${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'pKVM',
    false,
    prefixed(
      (i) => `[    1.0000${String(i).padStart(2, '0')}] kvm [1]: `,
      named(({ name, value }) => `SMMUV3_${name}\t0x${hex(value)}`),
    ),
  ),
  style(
    'logcat',
    true,
    prefixed(
      (i) => `03-04 ${clock(i)}  1234  1234 I smmu: `,
      each((a, w) => `0x${hex(a)} = 0x${hex(w, 8)}`),
    ),
  ),
  style(
    'readl',
    true,
    each((a, w) => `readl(0x${hex(a)}) = 0x${hex(w, 8)}`),
  ),
  style(
    'kdb mdp',
    true,
    display(({ address, words, text }) => `phys 0x${hex(address, 16)} ${words(8).join(' ')}   ${text}`),
  ),
  style(
    'Xen by the path',
    false,
    named(({ name, offset, value }, a) => `(XEN) SMMUv3: /soc/iommu@${hex(a - offset)}: ${name} = 0x${hex(value)}`),
  ),
];
