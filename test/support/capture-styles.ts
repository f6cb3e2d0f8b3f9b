/**
 * How tools print registers: one writer for each style, all from one true map of registers. Nothing here is taken from
 * the code that reads them. What a style shows is what it can: some have no room for page 1, some print names.
 */

export interface Truth {
  readonly base: number;
  /** 32-bit words by offset. */
  readonly words: ReadonlyMap<number, number>;
  /** Registers by name: offset, byte length, value. */
  readonly registers: readonly { name: string; offset: number; byteLength: number; value: bigint }[];
}

export interface Style {
  readonly name: string;
  readonly write: (truth: Truth) => string[];
  /** Every value is padded, or checked by something beside it, so that a lost digit can be seen. */
  readonly padded: boolean;
  /** Files of this style hold offsets from the base. */
  readonly lineEnd?: string;
}

const PAGE = 0x100;

const hex = (value: number | bigint, digits = 0) => value.toString(16).padStart(digits, '0');
const upper = (value: number | bigint, digits = 0) => hex(value, digits).toUpperCase();

function wordAt({ words }: Truth, offset: number): number {
  return words.get(offset) ?? 0;
}

function bytesOf(truth: Truth, offset: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => (wordAt(truth, (offset + i) & ~3) >>> (8 * ((offset + i) & 3))) & 0xff,
  );
}

function valuesOf(truth: Truth, offset: number, count: number, byteLength: number): string[] {
  return Array.from({ length: count / byteLength }, (_, i) =>
    bytesOf(truth, offset + i * byteLength, byteLength)
      .reverse()
      .map((byte) => hex(byte, 2))
      .join(''),
  );
}

function characters(truth: Truth, offset: number, count: number): string {
  return bytesOf(truth, offset, count)
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
    .join('');
}

interface RowParts {
  readonly address: number;
  readonly offset: number;
  /** Words as numbers, bytes in the order of memory, and as characters. */
  readonly words: (byteLength: number) => string[];
  readonly bytes: string[];
  readonly text: string;
}

/** Rows of a memory display. */
function display(row: (parts: RowParts) => string, rowBytes = 16): (truth: Truth) => string[] {
  return (truth) =>
    Array.from({ length: PAGE / rowBytes }, (_, i) => {
      const offset = i * rowBytes;
      return row({
        address: truth.base + offset,
        offset,
        words: (byteLength) => valuesOf(truth, offset, rowBytes, byteLength),
        bytes: bytesOf(truth, offset, rowBytes).map((byte) => hex(byte, 2)),
        text: characters(truth, offset, rowBytes),
      });
    });
}

/** One line, or two, for each 32-bit word that belongs to a register. */
function each(line: (address: number, word: number, offset: number) => string | string[]): (truth: Truth) => string[] {
  return ({ base, words }) => [...words].flatMap(([offset, word]) => line(base + offset, word, offset));
}

/** One line, or two, for each register. */
function named(
  line: (register: Truth['registers'][number], address: number) => string | string[],
): (truth: Truth) => string[] {
  return ({ base, registers }) => registers.flatMap((register) => line(register, base + register.offset));
}

const headed =
  (head: string | string[], body: (truth: Truth) => string[]) =>
  (truth: Truth): string[] =>
    [head, body(truth)].flat();

const prefixed =
  (prefix: (i: number) => string, body: (truth: Truth) => string[]) =>
  (truth: Truth): string[] =>
    body(truth).map((line, i) => `${prefix(i)}${line}`);

const mdl = display(({ address, words, text }) => `${hex(address, 8)}: ${words(4).join(' ')}  ${text}`);
const assignments = named(({ name, value }) => `${name} = 0x${hex(value)}`);
const clock = (i: number) => `12:13:${String(14 + Math.floor(i / 60)).padStart(2, '0')}.${String(100 + i)}`;

const style = (name: string, padded: boolean, write: (truth: Truth) => string[], lineEnd?: string): Style => ({
  name,
  write,
  padded,
  ...(lineEnd === undefined ? {} : { lineEnd }),
});

/** Some 80 ways; a name says the tool and the unit. */
export const STYLES: readonly Style[] = [
  // Shells and /dev/mem.
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
  // Boot loaders and firmware.
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
  // Debuggers and probes.
  style(
    'gdb x/xw',
    true,
    display(
      ({ address, words }) =>
        `0x${hex(address)}:\t${words(4)
          .map((w) => `0x${w}`)
          .join('\t')}`,
    ),
  ),
  style(
    'gdb x/xg',
    true,
    display(
      ({ address, words }) =>
        `0x${hex(address)}:\t${words(8)
          .map((w) => `0x${w}`)
          .join('\t')}`,
    ),
  ),
  style(
    'gdb x/xb',
    true,
    display(({ address, bytes }) => `0x${hex(address)}:\t${bytes.map((w) => `0x${w}`).join('\t')}`, 8),
  ),
  style(
    'gdb p/x',
    false,
    each((a, w) => [`(gdb) p/x *(unsigned int *)0x${hex(a)}`, `$1 = 0x${hex(w)}`]),
  ),
  style(
    'gdb p',
    false,
    each((a, w) => [`(gdb) p *(unsigned int *)0x${hex(a)}`, `$1 = ${w}`]),
  ),
  style(
    'crash rd -32',
    true,
    headed(
      'crash> rd -p -32 2b400000 64',
      display(({ address, words, text }) => `        ${hex(address)}:  ${words(4).join(' ')}   ${text}`),
    ),
  ),
  style(
    'crash rd -64',
    true,
    headed(
      'crash> rd -p 2b400000 32',
      display(({ address, words, text }) => `        ${hex(address)}:  ${words(8).join(' ')}   ${text}`),
    ),
  ),
  style(
    'drgn',
    false,
    each((a, w) => [`>>> hex(prog.read_u32(0x${hex(a)}, True))`, `'0x${hex(w)}'`]),
  ),
  style(
    'drgn in decimal',
    false,
    each((a, w) => [`>>> prog.read_u32(0x${hex(a)}, True)`, String(w)]),
  ),
  style(
    'lldb memory read',
    true,
    headed(
      '(lldb) memory read -c 256 0x2b400000',
      display(({ address, bytes, text }) => `0x${hex(address)}: ${bytes.join(' ')}  ${text}`),
    ),
  ),
  style(
    'lldb memory read -fx',
    true,
    display(
      ({ address, words }) =>
        `0x${hex(address)}: ${words(4)
          .map((w) => `0x${w}`)
          .join(' ')}`,
    ),
  ),
  style(
    'WinDbg !dd',
    true,
    headed(
      '0: kd> !dd 2b400000',
      display(({ address, words }) => `#${hex(address, 8)} ${words(4).join(' ')}`),
    ),
  ),
  style(
    'WinDbg dd',
    true,
    display(({ address, words }) => `00000000\`${hex(address, 8)}  ${words(4).join(' ')}`),
  ),
  style(
    'WinDbg dq',
    true,
    display(
      ({ address, words }) =>
        `00000000\`${hex(address, 8)}  ${words(8)
          .map((w) => `${w.slice(0, 8)}\`${w.slice(8)}`)
          .join(' ')}`,
    ),
  ),
  style(
    'WinDbg db',
    true,
    display(({ address, bytes, text }) => `00000000\`${hex(address, 8)}  ${split(bytes, ' ', '-')}  ${text}`),
  ),
  style(
    'openocd mdw',
    true,
    headed(
      '> mdw phys 0x2b400000 64',
      display(({ address, words }) => `0x${hex(address, 8)}: ${words(4).join(' ')} `, 32),
    ),
  ),
  style(
    'openocd mdd',
    true,
    display(({ address, words }) => `0x${hex(address, 8)}: ${words(8).join(' ')} `, 32),
  ),
  style(
    'openocd mdh',
    true,
    display(({ address, words }) => `0x${hex(address, 8)}: ${words(2).join(' ')} `, 32),
  ),
  style(
    'openocd mdb',
    true,
    display(({ address, bytes }) => `0x${hex(address, 8)}: ${bytes.join(' ')} `, 32),
  ),
  style(
    'J-Link mem32',
    true,
    headed(
      'J-Link>mem32 0x2B400000 40',
      display(({ address, words }) => `${upper(address)} = ${words(4).join(' ').toUpperCase()} `),
    ),
  ),
  style(
    'J-Link mem8',
    true,
    display(({ address, bytes, text }) => `${upper(address)} = ${bytes.join(' ').toUpperCase()}  ${text}`),
  ),
  style(
    'TRACE32',
    true,
    headed(
      '    address|________0________4________8________C_0123456789ABCDEF',
      display(
        ({ address, offset, words, text }) =>
          `  NSD:${upper(address, 8)}|${offset === 0 ? '>' : ' '}${words(4).join(' ').toUpperCase()} ${text}`,
      ),
    ),
  ),
  style(
    'DS-5',
    true,
    display(
      ({ address, words }) =>
        `NP:0x${upper(address, 16)}: ${words(4)
          .map((w) => `0x${w.toUpperCase()}`)
          .join(' ')}`,
    ),
  ),
  // Kernels, emulators, hypervisors.
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
  // Lists.
  style('names', false, assignments),
  style(
    'names and addresses',
    true,
    named(({ name, byteLength, value }, a) => `${name} (0x${hex(a)}): 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'addresses and names',
    true,
    named(({ name, byteLength, value }, a) => `0x${hex(a)} SMMU_${name} 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'offsets in brackets',
    true,
    named(({ name, offset, byteLength, value }) => `${name} [0x${hex(offset, 3)}] = 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'offsets with a plus',
    true,
    each((_, w, offset) => `+0x${hex(offset, 3)} 0x${hex(w, 8)}`),
  ),
  style('three pairs on a line', false, (truth) =>
    pairs(
      assignments(truth).map((line) => line.replaceAll(' ', '')),
      3,
      ' ',
    ),
  ),
  style('pairs with colons and commas', true, (truth) =>
    pairs(named(({ name, byteLength, value }) => `SMMU_${name}: 0x${hex(value, 2 * byteLength)}`)(truth), 4, ', '),
  ),
  style('pairs on one line', false, (truth) => [assignments(truth).join('; ')]),
  style(
    'both bases',
    false,
    named(({ name, value }) => `${name}: ${value} (0x${hex(value)})`),
  ),
  style(
    'halves',
    true,
    named(({ name, byteLength, value }) =>
      byteLength === 4
        ? `${name}: 0x${hex(value, 8)}`
        : [`${name}_LO: 0x${hex(BigInt.asUintN(32, value), 8)}`, `${name}_HI: 0x${hex(value >> 32n, 8)}`],
    ),
  ),
  style(
    'a parted value',
    true,
    named(({ name, byteLength, value }) => `${name}: 0x${hex(value, 2 * byteLength).replace(/(?=.{8}$)(?<=.)/, '_')}`),
  ),
  style(
    'CSV',
    true,
    headed(
      'name,offset,value',
      named(({ name, offset, byteLength, value }) => `${name},0x${hex(offset)},0x${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'CSV of offsets',
    true,
    headed(
      'offset,value',
      each((_, w, offset) => `0x${hex(offset, 3)},0x${hex(w, 8)}`),
    ),
  ),
  style(
    'CSV, decimal',
    false,
    headed(
      'name;value',
      named(({ name, value }) => `${name};${value}`),
    ),
  ),
  style(
    'a Markdown table',
    true,
    headed(
      ['| Register | Value |', '| --- | --- |'],
      named(({ name, byteLength, value }) => `| ${name} | 0x${hex(value, 2 * byteLength)} |`),
    ),
  ),
  style(
    'YAML',
    true,
    headed(
      'smmu:',
      named(({ name, byteLength, value }) => `  ${name}: 0x${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'YAML, decimal',
    false,
    named(({ name, value }) => `${name}: ${value}`),
  ),
  style(
    'TOML',
    true,
    headed(
      '[registers]',
      named(({ name, value }) => `${name} = "0x${hex(value, 8)}"`),
    ),
  ),
  style('a Python dictionary', false, (truth) => [
    `{${named(({ name, value }) => `'${name}': 0x${hex(value)}`)(truth).join(', ')}}`,
  ]),
  // JSON.
  style('JSON by name', false, (truth) => json(named(({ name, value }) => `"${name}": "0x${hex(value)}"`)(truth))),
  style('JSON by name, numbers', false, (truth) => json(named(({ name, value }) => `"${name}": ${value}`)(truth))),
  style('JSON by name, padded text', true, (truth) =>
    json(named(({ name, byteLength, value }) => `"${name}": "${hex(value, 2 * byteLength)}"`)(truth)),
  ),
  style('JSON by name, decimal text', false, (truth) =>
    json(named(({ name, value }) => `"${name}": "${value}"`)(truth)),
  ),
  style('JSON by offset', false, (truth) => json(each((_, w, offset) => `"0x${hex(offset)}": ${w}`)(truth))),
  style('JSON by decimal offset', false, (truth) => json(each((_, w, offset) => `"${offset}": ${w}`)(truth))),
  style('JSON rows', false, (truth) => [
    '[',
    named(({ name, offset, value }, _a) => `{"name": "${name}", "offset": ${offset}, "value": "0x${hex(value)}"}`)(
      truth,
    ).join(',\n'),
    ']',
  ]),
  style(
    'JSON lines',
    false,
    each((a, w) => `{"addr": "0x${hex(a)}", "val": ${w}}`),
  ),
  // What mails and logs do to them.
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
];

function pairs(parts: readonly string[], count: number, separator = ''): string[] {
  return Array.from({ length: Math.ceil(parts.length / count) }, (_, i) =>
    parts.slice(i * count, (i + 1) * count).join(separator),
  );
}

/** Bytes with another separator in the middle. */
function split(bytes: readonly string[], separator: string, middle: string): string {
  const half = bytes.length / 2;
  return `${bytes.slice(0, half).join(separator)}${middle}${bytes.slice(half).join(separator)}`;
}

function json(members: readonly string[]): string[] {
  return ['{', ...members.map((member, i) => `  ${member}${i < members.length - 1 ? ',' : ''}`), '}'];
}
