/** Debuggers and probes. */

import { display, each, headed, hex, type Style, split, style, upper } from './writers.ts';

export const DEBUGGERS: readonly Style[] = [
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
  style(
    'Arm DS of a core',
    true,
    each((a, w) => `EL1N:0x${upper(a, 16)} 0x${upper(w, 8)}`),
  ),
];
