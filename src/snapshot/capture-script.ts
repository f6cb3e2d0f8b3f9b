/**
 * The script of `smmu-adopt regs capture`: reads the registers where they are and prints a snapshot. It has to run in an
 * initramfs, so it uses nothing but the shell's own commands and `devmem`. Every register is read by itself and with 32
 * bits, which every SMMU answers.
 */

import { CONTROL_REGISTERS } from '../smmu/control-registers.ts';
import { ID_REGISTERS } from '../smmu/id-registers.ts';
import { QUEUE_REGISTERS } from '../smmu/queue-registers.ts';
import type { Register } from '../smmu/rows.ts';
import { CAPTURE_MOMENTS } from './snapshot.ts';

export interface CaptureTarget {
  readonly base: number;
  readonly name?: string | undefined;
}

/** What an adopted table depends on, and what tells how far the crashed kernel had come. */
const CAPTURED: readonly Register[] = [...ID_REGISTERS, ...CONTROL_REGISTERS, ...QUEUE_REGISTERS].sort(
  (a, b) => a.offset - b.offset,
);

/** `devmem` is the command with its leading arguments, if any: `busybox devmem`. */
export function captureScript(targets: readonly CaptureTarget[], devmem: string): string {
  const smmus = targets.flatMap(({ base, name }, i) => [
    '',
    `smmu ${shellQuote(smmuKeys(base, name))} ${shellQuote(i === 0 ? '' : ',')}`,
    ...CAPTURED.map((register) => readCommand(register, base)),
    'end',
  ]);
  return `${HEADER}\ndevmem=${shellQuote(devmem)}\n${FUNCTIONS}${smmus.join('\n')}\n\n${FOOTER}`;
}

function readCommand({ name, offset, byteLength }: Register, base: number): string {
  const address = (distance: number) => `0x${(base + offset + distance).toString(16)}`;
  return byteLength === 8 ? `read64 ${name} ${address(0)} ${address(4)}` : `read32 ${name} ${address(0)}`;
}

function smmuKeys(base: number, name: string | undefined): string {
  const at = `"base": "0x${base.toString(16)}"`;
  return name === undefined ? at : `"name": ${asciiJson(name)}, ${at}`;
}

/** JSON of printable ASCII alone: no shell, terminal or locale can take it for anything else. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One word of a shell command, whatever it holds. Text with a NUL cannot be one and never gets here. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const HEADER = `#!/bin/sh
# Reads the registers of SMMUv3s with devmem and prints them as a snapshot for smmu-adopt.
#
#   sh capture.sh [MOMENT] > regs.json
#
# MOMENT says when that is: ${CAPTURE_MOMENTS.join(', ')} (the default).
# Run it in the crashed system, or in the kdump initramfs before the arm-smmu-v3 driver probes: after that the
# registers may describe the kdump kernel's own table.
#
# It needs a shell and devmem. Where the kernel denies devmem a device that a driver has claimed, boot it with
# iomem=relaxed. An SMMU without power may stop the machine when it is read.
#
# A register that cannot be read is left out, and stderr says so. Exit status: 0 when the snapshot can be used, 1 when a
# register is missing that it cannot do without, 2 for a MOMENT that is none.
set -euf
`;

const FUNCTIONS = `captured=\${1:-unknown}
case $captured in
  ${CAPTURE_MOMENTS.join(' | ')}) ;;
  *)
    printf '%s\\n' "capture: MOMENT is one of ${CAPTURE_MOMENTS.join(', ')}" >&2
    exit 2
    ;;
esac
status=0

# ADDRESS -> value, or failure
get() {
  value=$($devmem "$1" 32) || return 1
  case $value in
    0x?????????*) return 1 ;;
    0x*) ;;
    *) return 1 ;;
  esac
  case \${value#0x} in
    '' | *[!0-9A-Fa-f]*) return 1 ;;
  esac
}

# NAME ADDRESS
left_out() {
  printf '%s\\n' "capture: $1 at $2 cannot be read; left out" >&2
  case $1 in
    STRTAB_BASE | STRTAB_BASE_CFG) status=1 ;;
  esac
}

# NAME VALUE
put() {
  printf '%s\\n        "%s": "%s"' "$comma" "$1" "$2"
  comma=,
}

# NAME ADDRESS
read32() {
  if get "$2"; then put "$1" "$value"; else left_out "$1" "$2"; fi
}

# NAME ADDRESS ADDRESS: both halves or none
read64() {
  if ! get "$2"; then
    left_out "$1" "$2"
    return
  fi
  low=$value
  if ! get "$3"; then
    left_out "$1" "$3"
    return
  fi
  put "$1_LO" "$low"
  put "$1_HI" "$value"
}

# KEYS COMMA
smmu() {
  printf '%s\\n    { %s,\\n      "registers": {' "$2" "$1"
  comma=
}

end() {
  printf '\\n      } }'
}

printf '{\\n  "version": 1,\\n  "source": "smmu-adopt capture script, devmem",\\n'
printf '  "captured": "%s",\\n  "smmus": [' "$captured"
`;

const FOOTER = `printf '\\n  ]\\n}\\n'
exit $status
`;
