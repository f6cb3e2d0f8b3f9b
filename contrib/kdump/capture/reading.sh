# shellcheck shell=sh disable=SC2154,SC2034,SC2100 # variables are shared with smmu-capture.sh and its other parts
# Reads the registers, and says when that was. Part of smmu-capture.sh.

# -> driver: absent, idle (there, but bound to no SMMU), bound
find_driver() {
  driver=absent
  if [ -d "$root/sys/bus/platform/drivers/arm-smmu-v3" ]; then driver=idle; fi
  for device in "$root"/sys/bus/platform/drivers/arm-smmu-v3/*; do
    # Its devices have one, its module and what is written to bind them have none.
    if [ -e "$device/modalias" ]; then driver=bound; fi
  done
}

# -> SMMU_DEVMEM, or failure
find_devmem() {
  if command -v devmem >/dev/null 2>&1; then
    SMMU_DEVMEM=devmem
  else
    case " $(busybox --list 2>/dev/null | tr '\n' ' ') " in
      *' devmem '*) SMMU_DEVMEM='busybox devmem' ;;
      *) return 1 ;;
    esac
  fi
  if timeout "$ONE_READ_SECONDS" sh -c : 2>/dev/null; then
    SMMU_DEVMEM="timeout $ONE_READ_SECONDS $SMMU_DEVMEM"
  else
    say 'there is no timeout; a read that hangs ends the capture'
  fi
  export SMMU_DEVMEM
}

# BEFORE AFTER, the driver's states around the reading -> captured, source
find_moment() {
  captured=unknown
  case $1$2 in
    absentabsent)
      captured=before-kdump-probe
      source='read before the driver of the kdump kernel probed'
      ;;
    boundbound)
      captured=after-kdump-probe
      source='read after the driver of the kdump kernel probed'
      ;;
    idleidle) source='read when the driver of the kdump kernel had no SMMU: its probe failed, or was to come' ;;
    *) source='read while the driver of the kdump kernel probed' ;;
  esac
  if [ "$captured" = after-kdump-probe ]; then
    module=
    while read -r word _; do
      if [ "$word" = arm_smmu_v3 ]; then module=yes; fi
    done 2>/dev/null <"$root/proc/modules"
    if [ -n "$module" ]; then
      source="$source: its module was loaded before this could run"
    else
      source="$source: it is built in, and nothing runs before it"
    fi
  fi
}

# -> "kdump": the memory that the kdump kernel runs in, as lines of the snapshot
kdump_lines() {
  [ -n "$ram" ] || return
  between=
  printf '  "kdump": { "systemRam": ['
  for range in $ram; do
    printf '%s { "start": "0x%s", "end": "0x%s" }' "$between" "${range%-*}" "${range#*-}"
    between=,
  done
  printf ' ] },\n'
}

# -> one SMMU's lines of what smmu-registers.sh printed for it alone, without the end of the last
smmu_lines() {
  inside=
  while IFS= read -r line; do
    case $line in
      '  "smmus": [') inside=yes ;;
      '  ]') inside= ;;
      *) if [ -n "$inside" ]; then printf '\n%s' "$line"; fi ;;
    esac
  done <"$state/registers"
}

# Makes regs.json of the SMMUs that were read so far
write_snapshot() {
  {
    printf '{\n  "version": 1,\n  "source": "smmu-adopt kdump capture: %s",\n  "captured": "%s",\n' "$source" "$captured"
    kdump_lines
    printf '  "smmus": [%s\n  ]\n}\n' "$smmus"
  } >"$state/regs.part" && mv "$state/regs.part" "$state/regs.json"
}

# BASE=NAME. Each is in the snapshot before the next is read: one that hangs must not take along those before it.
read_smmu() {
  readable=yes
  if ! sh "$here/smmu-registers.sh" unknown "$1" >"$state/registers" 2>>"$state/devmem"; then
    say "$name: a register that is needed could not be read; not in the snapshot"
    return
  fi
  smmus="$smmus${smmus:+,}$(smmu_lines)"
  find_driver
  find_moment "$before" "$driver"
  write_snapshot || say 'the snapshot could not be written'
}

read_registers() {
  if ! find_devmem; then
    say 'there is no devmem here; no register is read'
    return
  fi
  read_iomem
  find_driver
  before=$driver
  readable=
  smmus=
  read_smmus
  if [ -n "$smmus" ]; then
    say "registers: $source"
  elif [ -n "$readable" ]; then
    say 'a register that is needed could not be read; there is no snapshot'
  elif [ "$before" != absent ]; then
    say 'where a driver has claimed an SMMU, the kernel may deny it to devmem: see iomem=relaxed'
  fi
}

# Once: what was read first is nearest to the crash
read_once() {
  if [ "$mode" = files ]; then
    say 'no register is read: mode is files'
    return
  fi
  if [ -e "$state/tried" ]; then return; fi
  printf '' >"$state/tried"
  within "$READ_SECONDS" read_registers
  if [ $? -eq 124 ]; then
    kept='there is no snapshot'
    if [ -e "$state/regs.json" ]; then kept='the snapshot has the SMMUs that were read by then'; fi
    say "reading the registers took longer than $READ_SECONDS s; $kept"
  fi
  if [ -s "$state/devmem" ]; then
    while IFS= read -r line; do say "devmem: $line"; done <"$state/devmem"
  fi
}
