#!/bin/sh
# Saves beside a vmcore what smmu-adopt wants to know of the SMMUs, from inside the kdump kernel. README.md says how it
# gets there.
#
#   smmu-capture.sh early        in the initramfs, before any module is loaded: reads the registers if no driver has yet
#   smmu-capture.sh dumped [STATUS]  kdump-utils, when the vmcore is saved: reads them if that is not done, saves all
#                                beside it. STATUS is not 0 where the vmcore could not be saved
#   smmu-capture.sh kdump-tools  kdump-tools, while the vmcore is being saved: likewise; in the ordinary system it keeps
#                                a copy of /proc/iomem for that day
#
# The vmcore comes first: nothing here waits without a limit, writes without one, or overwrites, and the exit status is 0
# whatever happens. So there is no `set -e`, and what may end a shell (arithmetic on text, a redirected `:`) runs in a
# subshell. SMMU_CAPTURE_ROOT stands in front of every path, for tests.

# shellcheck disable=SC2317 # `within` calls what nothing seems to call

root=${SMMU_CAPTURE_ROOT:-}
case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac
state=$root/run/smmu-capture
PATH=${PATH:+$PATH:}$root/usr/sbin:$root/usr/bin:$root/sbin:$root/bin

READ_SECONDS=${SMMU_CAPTURE_READ_SECONDS:-60}
SAVE_SECONDS=${SMMU_CAPTURE_SAVE_SECONDS:-60}
WAIT_SECONDS=${SMMU_CAPTURE_WAIT_SECONDS:-3600}
ONE_READ_SECONDS=2
MAX_SMMUS=128
MAX_BYTES=4194304
MAX_LOG_LINES=3000

# MESSAGE, to the log that is saved and to the journal
say() {
  printf '%s\n' "smmu-capture: $1" >&2
  printf '%s\n' "$1" >>"$state/smmu-capture.log"
}

# SECONDS COMMAND...: what runs longer is killed, and not waited for: a process that hangs in the kernel does not die
within() {
  tenths=$(($1 * 10))
  shift
  "$@" &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    if [ "$tenths" -le 0 ] || ! tick; then
      kill -9 "$child" 2>/dev/null
      return 124
    fi
  done
  wait "$child"
}

# A tenth of a second, or a second where sleep knows no less
tick() {
  if sleep 0.1 2>/dev/null; then
    tenths=$((tenths - 1))
  else
    tenths=$((tenths - 10))
    sleep 1
  fi
}

# -> mode: on, files (reads no register), force (reads also what may have no power), off; the command line decides last
find_mode() {
  mode=on
  while IFS='=' read -r key value; do
    if [ "$key" = mode ]; then mode=$value; fi
  done 2>/dev/null <"$root/etc/smmu-capture.conf"
  test_id=
  words=
  read -r words 2>/dev/null <"$root/proc/cmdline"
  set -f
  for word in $words; do
    case $word in
      smmu_capture=*) mode=${word#*=} ;;
      kdump_test_id=*/*) ;;
      kdump_test_id=*) test_id=${word#*=} ;;
    esac
  done
  set +f
  case $mode in
    on | files | force | off) ;;
    *)
      say "mode is not on, files, force or off; no register is read"
      mode=files
      ;;
  esac
}

early() {
  find_driver
  if [ "$driver" = absent ]; then
    read_once
  else
    say 'the driver is here already; the registers are read when the vmcore is saved'
  fi
}

# Whether what kdump.conf has kdump.sh do next, when this is over, may still save the vmcore
may_be_saved_yet() {
  action=
  while read -r key value _; do
    case $key in
      failure_action | default) action=$value ;;
    esac
  done 2>/dev/null <"$root/etc/kdump.conf"
  case $action in
    dump_to_rootfs | shell) return 0 ;;
    *) return 1 ;;
  esac
}

# STATUS of saving the vmcore
dumped() {
  if [ "$1" != 0 ] && may_be_saved_yet; then
    say "the vmcore is not saved, but may be yet: failure_action is $action; no register is read"
  else
    read_once
  fi
  (find_kdump_utils_folder && printf '%s\n' "$folder" >"$state/folder")
  folder=
  read -r folder 2>/dev/null <"$state/folder"
  if [ -n "$folder" ]; then
    save_in_time
  else
    say 'there is no folder of this vmcore; what was read is printed instead'
    cat "$state/regs.json" 2>/dev/null
  fi
}

# SSH and FTP leave nothing on this machine to lie beside, so one folder for the last crash is what there is.
kdump_tools() {
  coredir=$root${KDUMP_COREDIR:-/var/crash}
  read_once
  if [ -n "${SSH:-}${FTP:-}" ] && [ -z "${NFS:-}" ]; then
    folder=$coredir/smmu-capture
    say "kdump-tools saves elsewhere; saved to $folder of this machine"
    mkdir -p "$folder"
    for name in regs.json dmesg-kdump.txt iort.bin dtb iomem.txt smmu-capture.log; do rm -f "$folder/$name"; done
  else
    within "$WAIT_SECONDS" wait_for_folder
    folder=
    read -r folder 2>/dev/null <"$state/folder"
    if [ -z "$folder" ]; then
      say "no folder of this vmcore came below $coredir; nothing is saved"
      return
    fi
  fi
  save_in_time
}

keep_iomem() {
  mkdir -p "$root/var/lib/smmu-capture"
  kept=$root/var/lib/smmu-capture/iomem.txt
  head -c "$MAX_BYTES" "$root/proc/iomem" >"$kept.part" && mv "$kept.part" "$kept"
}

# seconds or minutes, whichever the stamps in the names of folders have -> started, and what the commands need
start() {
  if ! mkdir -p "$state" || ! printf '' >>"$state/smmu-capture.log"; then
    printf '%s\n' "smmu-capture: $state cannot be written; nothing is done" >&2
    return 1
  fi
  find_mode
  if [ "$mode" = off ]; then return 1; fi
  if [ ! -e "$state/$1" ]; then
    case $1 in
      seconds) date +%Y%m%d%H%M%S ;;
      minutes) date +%Y%m%d%H%M ;;
    esac >"$state/$1" 2>/dev/null
  fi
  started=
  read -r started 2>/dev/null <"$state/$1"
  case $started in
    '' | *[!0-9]*) started=0 ;;
  esac
}

main() {
  umask 077
  if [ ! -e "$root/proc/vmcore" ]; then
    if [ "$1" = kdump-tools ]; then keep_iomem; fi
    return
  fi
  # shellcheck source=SCRIPTDIR/smmus.sh
  . "$here/smmus.sh"
  # shellcheck source=SCRIPTDIR/reading.sh
  . "$here/reading.sh"
  # shellcheck source=SCRIPTDIR/folders.sh
  . "$here/folders.sh"
  # shellcheck source=SCRIPTDIR/saving.sh
  . "$here/saving.sh"
  case $1 in
    early) start seconds && early ;;
    dumped) start seconds && dumped "$2" ;;
    kdump-tools) start minutes && kdump_tools ;;
    *) printf '%s\n' 'smmu-capture: early, dumped or kdump-tools?' >&2 ;;
  esac
}

(main "${1:-}" "${2:-0}")
exit 0
