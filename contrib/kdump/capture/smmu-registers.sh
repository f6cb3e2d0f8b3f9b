#!/bin/sh
# Reads the registers of SMMUv3s with devmem and prints them as a snapshot for smmu-adopt.
#
#   sh capture.sh [MOMENT [BASE[=NAME] ...]] > regs.json
#
# MOMENT says when that is: running, before-kdump-probe, after-kdump-probe, unknown (the default).
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

own_devmem='devmem'
devmem=${SMMU_DEVMEM:-$own_devmem}
status=0
between=

# MESSAGE
refuse() {
  printf '%s\n' "capture: $1" >&2
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
  case ${value#0x} in
    '' | *[!0-9A-Fa-f]*) return 1 ;;
  esac
}

# NAME, of what get did not get
left_out() {
  printf '%s\n' "capture: $1 at $address cannot be read; left out" >&2
  case $1 in
    STRTAB_BASE | STRTAB_BASE_CFG) status=1 ;;
  esac
}

# NAME VALUE
put() {
  printf '%s\n        "%s": "%s"' "$comma" "$1" "$2"
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
  printf '%s\n    { %s"base": "%s",\n      "registers": {' "$between" "$2" "$base"
  between=,
  comma=
  registers
  printf '\n      } }'
}

# BASE[=NAME], which are checked before anything is printed
check() {
  case ${1%%=*} in
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
    *=*) smmu "${1%%=*}" "\"name\": \"${1#*=}\", " ;;
    *) smmu "$1" '' ;;
  esac
}

registers() {
  read32 IDR0 0x0
  read32 IDR1 0x4
  read32 IDR2 0x8
  read32 IDR3 0xc
  read32 IDR4 0x10
  read32 IDR5 0x14
  read32 IIDR 0x18
  read32 AIDR 0x1c
  read32 CR0 0x20
  read32 CR0ACK 0x24
  read32 CR1 0x28
  read32 CR2 0x2c
  read32 STATUSR 0x40
  read32 GBPA 0x44
  read32 AGBPA 0x48
  read32 IRQ_CTRL 0x50
  read32 IRQ_CTRLACK 0x54
  read32 GERROR 0x60
  read32 GERRORN 0x64
  read64 GERROR_IRQ_CFG0 0x68 0x6c
  read32 GERROR_IRQ_CFG1 0x70
  read32 GERROR_IRQ_CFG2 0x74
  read64 STRTAB_BASE 0x80 0x84
  read32 STRTAB_BASE_CFG 0x88
  read64 CMDQ_BASE 0x90 0x94
  read32 CMDQ_PROD 0x98
  read32 CMDQ_CONS 0x9c
  read64 EVENTQ_BASE 0xa0 0xa4
  read64 EVENTQ_IRQ_CFG0 0xb0 0xb4
  read32 EVENTQ_IRQ_CFG1 0xb8
  read32 EVENTQ_IRQ_CFG2 0xbc
  read64 PRIQ_BASE 0xc0 0xc4
  read64 PRIQ_IRQ_CFG0 0xd0 0xd4
  read32 PRIQ_IRQ_CFG1 0xd8
  read32 PRIQ_IRQ_CFG2 0xdc
  read32 IDR6 0x190
  read32 EVENTQ_PROD 0x100a8
  read32 EVENTQ_CONS 0x100ac
  read32 PRIQ_PROD 0x100c8
  read32 PRIQ_CONS 0x100cc
}

captured=${1:-unknown}
case $captured in
  running | before-kdump-probe | after-kdump-probe | unknown) ;;
  *) refuse 'MOMENT is one of running, before-kdump-probe, after-kdump-probe, unknown' ;;
esac
if [ $# -gt 0 ]; then shift; fi
for target; do check "$target"; done
if [ $# -eq 0 ]; then refuse 'give MOMENT, and BASE or BASE=NAME of each SMMU'; fi

printf '{\n  "version": 1,\n  "source": "smmu-adopt capture script, devmem",\n'
printf '  "captured": "%s",\n  "smmus": [' "$captured"
for target; do named "$target"; done
printf '\n  ]\n}\n'
exit $status
