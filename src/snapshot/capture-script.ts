/**
 * The script of `smmu-adopt regs capture`: reads the registers where they are and prints a snapshot. It has to run in an
 * initramfs, so it uses nothing but the shell's own commands and `devmem`. Every register is read by itself and with 32
 * bits, which every SMMU answers. `contrib/kdump/capture/smmu-registers.sh` is this script without SMMUs of its own.
 */

import { hex } from '../hex.ts';
import { CONTROL_REGISTERS } from '../smmu/registers/control-registers.ts';
import { ID_REGISTERS } from '../smmu/registers/id-registers.ts';
import { QUEUE_REGISTERS } from '../smmu/registers/queue-registers.ts';
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

/**
 * The script. It reads the SMMUs at `targets`, or those that its arguments name; with no targets its arguments have to
 * name some. `devmem` is the command with its leading arguments, if any: `busybox devmem`.
 */
export function captureScript(targets: readonly CaptureTarget[], devmem: string): string {
  const own = targets.map(
    ({ base, name }) => `  smmu ${hex(base)} ${shellQuote(name === undefined ? '' : nameKey(name))}\n`,
  );
  return (
    `${HEADER}\nown_devmem=${shellQuote(devmem)}\n${FUNCTIONS}registers() {\n${CAPTURED.map(readCommand).join('')}}\n\n` +
    (own.length === 0
      ? `${ARGUMENTS}${NEEDS_ARGUMENTS}${PRINTING}`
      : `${ARGUMENTS}${PRINTING}if [ $# -eq 0 ]; then\n${own.join('')}fi\n`) +
    FOOTER
  );
}

function readCommand({ name, offset, byteLength }: Register): string {
  const at = (distance: number) => `0x${(offset + distance).toString(16)}`;
  return byteLength === 8 ? `  read64 ${name} ${at(0)} ${at(4)}\n` : `  read32 ${name} ${at(0)}\n`;
}

function nameKey(name: string): string {
  return `"name": ${asciiJson(name)}, `;
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
#   sh capture.sh [MOMENT [BASE[=NAME] ...]] > regs.json
#
# MOMENT says when that is: ${CAPTURE_MOMENTS.join(', ')} (the default).
# BASE is the physical address of an SMMU's register page 0, NAME what the kernel log calls it; without any, those that
# the script was made for are read. SMMU_DEVMEM is another devmem to call, with its first arguments.
#
# Run it in the crashed system, or in the kdump initramfs before the arm-smmu-v3 driver probes: after that the
# registers may describe the kdump kernel's own table.
#
# It needs a shell and devmem. Where the kernel denies devmem a device that a driver has claimed, boot it with
# iomem=relaxed. An SMMU without power may stop the machine when it is read.
#
# A register that cannot be read is left out, and stderr says so. Exit status: 0 when the snapshot can be used, 1 when a
# register is missing that it cannot do without, 2 for arguments that are none.
set -euf
`;

const FUNCTIONS = `devmem=\${SMMU_DEVMEM:-$own_devmem}
status=0
between=

# MESSAGE
refuse() {
  printf '%s\\n' "capture: $1" >&2
  exit 2
}

# OFFSET -> address, and its value, or failure
get() {
  address=$(printf '0x%x' $((base + $1)))
  value=$($devmem "$address" 32) || return 1
  case $value in
    0x?????????*) return 1 ;;
    0x*) ;;
    *) return 1 ;;
  esac
  case \${value#0x} in
    '' | *[!0-9A-Fa-f]*) return 1 ;;
  esac
}

# NAME, of what get did not get
left_out() {
  printf '%s\\n' "capture: $1 at $address cannot be read; left out" >&2
  case $1 in
    STRTAB_BASE | STRTAB_BASE_CFG) status=1 ;;
  esac
}

# NAME VALUE
put() {
  printf '%s\\n        "%s": "%s"' "$comma" "$1" "$2"
  comma=,
}

# NAME OFFSET
read32() {
  if get "$2"; then put "$1" "$value"; else left_out "$1"; fi
}

# NAME OFFSET OFFSET: both halves or none
read64() {
  if ! get "$2"; then
    left_out "$1"
    return
  fi
  low=$value
  if ! get "$3"; then
    left_out "$1"
    return
  fi
  put "$1_LO" "$low"
  put "$1_HI" "$value"
}

# BASE KEYS
smmu() {
  base=$1
  printf '%s\\n    { %s"base": "%s",\\n      "registers": {' "$between" "$2" "$base"
  between=,
  comma=
  registers
  printf '\\n      } }'
}

# BASE[=NAME], which are checked before anything is printed
check() {
  case \${1%%=*} in
    0x | 0x*[!0-9A-Fa-f]* | 0x??????????????*) refuse 'BASE is an address like 0x9050000' ;;
    0x*) ;;
    *) refuse 'BASE is an address like 0x9050000' ;;
  esac
  case $1 in
    *=*[!A-Za-z0-9._:@+-]* | *=) refuse 'NAME is letters, digits and any of . _ : @ + -' ;;
  esac
}

# BASE[=NAME]
named() {
  case $1 in
    *=*) smmu "\${1%%=*}" "\\"name\\": \\"\${1#*=}\\", " ;;
    *) smmu "$1" '' ;;
  esac
}

`;

const ARGUMENTS = `captured=\${1:-unknown}
case $captured in
  ${CAPTURE_MOMENTS.join(' | ')}) ;;
  *) refuse 'MOMENT is one of ${CAPTURE_MOMENTS.join(', ')}' ;;
esac
if [ $# -gt 0 ]; then shift; fi
for target; do check "$target"; done
`;

const NEEDS_ARGUMENTS = `if [ $# -eq 0 ]; then refuse 'give MOMENT, and BASE or BASE=NAME of each SMMU'; fi
`;

const PRINTING = `
printf '{\\n  "version": 1,\\n  "source": "smmu-adopt capture script, devmem",\\n'
printf '  "captured": "%s",\\n  "smmus": [' "$captured"
for target; do named "$target"; done
`;

const FOOTER = `printf '\\n  ]\\n}\\n'
exit $status
`;
