# shellcheck shell=sh disable=SC2154,SC2034,SC2100 # variables are shared with smmu-capture.sh and its other parts
# Puts files beside the vmcore. Part of smmu-capture.sh.

# NAME SOURCE: whole, or not at all
put() {
  if [ ! -s "$2" ]; then
    say "$1: ${2#"$root"} is not there, or empty; not saved"
    return
  fi
  if [ -e "$folder/$1" ]; then
    say "$1 is there already; left as it is"
    return
  fi
  size=$(head -c $((MAX_BYTES + 1)) "$2" 2>/dev/null | wc -c)
  case $size in
    '' | *[!0-9]*) size=0 ;;
  esac
  if [ "$size" -eq 0 ] || [ "$size" -gt "$MAX_BYTES" ]; then
    say "$1 cannot be read, or is longer than $MAX_BYTES bytes; not saved"
    return
  fi
  part=$folder/.smmu-capture.part
  rm -f "$part" 2>/dev/null
  if head -c "$size" "$2" 2>/dev/null >"$part" && [ "$(wc -c <"$part")" -eq "$size" ] && mv "$part" "$folder/$1"; then
    return
  fi
  rm -f "$part" 2>/dev/null
  say "$1 could not be saved"
}

# RANGE of the kdump kernel's memory: whether COPY of /proc/iomem sets it aside for that
is_set_aside() {
  while read -r range colon words; do
    if [ "$colon$words" = ':Crash kernel' ] &&
      [ "$((0x${1%-*}))" -ge "$((0x${range%-*}))" ] && [ "$((0x${1#*-}))" -le "$((0x${range#*-}))" ]; then
      return 0
    fi
  done <"$2"
  return 1
}

# The crashed kernel's /proc/iomem, from a copy made when it ran. This kernel's own says of nearly all memory that there
# is none. A copy of another boot is known by another place for the kdump kernel.
put_iomem() {
  read_iomem
  copies=0
  for copy in "$here/iomem.txt" "$root/var/lib/smmu-capture/iomem.txt"; do
    [ -s "$copy" ] || continue
    copies=$((copies + 1))
    other=$ram
    if [ -n "$ram" ]; then
      other=
      for own in $ram; do
        is_set_aside "$own" "$copy" || other=$own
      done
    fi
    if [ -z "$other" ] && [ -n "$ram" ]; then
      put iomem.txt "$copy"
      return
    fi
    say "$copy is of a boot with another crashkernel reservation; not saved"
  done
  if [ "$copies" -eq 0 ]; then say "iomem.txt: there is no copy of the crashed kernel's /proc/iomem; not saved"; fi
}

log_iomem() {
  lines=0
  while IFS= read -r line && [ "$lines" -lt "$MAX_LOG_LINES" ]; do
    printf '%s\n' "kdump kernel's /proc/iomem: $line"
    lines=$((lines + 1))
  done 2>/dev/null <"$root/proc/iomem" >>"$state/smmu-capture.log"
  if [ "$lines" -eq 0 ]; then say "the kdump kernel's /proc/iomem cannot be read"; fi
}

save() {
  # Why there is none is said where they are read.
  if [ -e "$state/regs.json" ]; then put regs.json "$state/regs.json"; fi
  # What the driver of this kernel said. kdump-tools saves the crashed kernel's log alone.
  dmesg 2>/dev/null | head -c "$MAX_BYTES" >"$state/dmesg"
  put dmesg-kdump.txt "$state/dmesg"
  if [ -e "$root/sys/firmware/acpi/tables/IORT" ]; then
    put iort.bin "$root/sys/firmware/acpi/tables/IORT"
  else
    put dtb "$root/sys/firmware/fdt"
  fi
  (put_iomem)
  log_iomem
  put smmu-capture.log "$state/smmu-capture.log"
  sync
}

save_in_time() {
  if within "$SAVE_SECONDS" save; then return; fi
  say "saving to $folder took longer than $SAVE_SECONDS s, or failed"
}
