# shellcheck shell=sh disable=SC2154,SC2034,SC2100 # variables are shared with smmu-capture.sh and its other parts
# Where the vmcore is: neither kdump-utils nor kdump-tools tells. Part of smmu-capture.sh.

# STAMP, digits and other characters -> digits
digits_of() {
  digits=
  rest=$1
  while [ -n "$rest" ]; do
    case $rest in
      [0-9]*) digits=$digits${rest%"${rest#?}"} ;;
    esac
    rest=${rest#?}
  done
}

# HOST, in front of a folder's name: on a shared target there are the folders of other machines too
is_own() {
  case $1 in
    '' | 127.0.0.1) return 0 ;;
  esac
  if [ "$1" = "$(hostname 2>/dev/null)" ]; then return 0; fi
  addresses=$(ip -o addr show 2>/dev/null) || return 0
  case $addresses in
    *" $1/"*) return 0 ;;
  esac
  return 1
}

# FOLDER STAMP HOST -> folder, best: the newest since this kernel started. Names tell, not times: a server's clock differs.
consider() {
  [ -d "$1" ] || return
  digits_of "$2"
  if [ "$digits" -ge "$started" ] && [ "$digits" -gt "$best" ] && is_own "$3"; then
    best=$digits
    folder=$1
  fi
}

# kdump-utils: PATH/HOST-YYYY-MM-DD-HH:MM:SS below the mount point of the target, which it tells nobody -> folder
find_kdump_utils_folder() {
  path=/var/crash
  elsewhere=
  folder=
  best=0
  while read -r key value _; do
    case $key in
      path) path=$value ;;
      ssh | raw) elsewhere=$key ;;
    esac
  done 2>/dev/null <"$root/etc/kdump.conf"
  if [ -n "$elsewhere" ]; then say "kdump saves to $elsewhere, where nothing can be put beside the vmcore"; fi
  while read -r _ mount _; do
    # What `kdumpctl test` saves has no time in its name.
    if [ -n "$test_id" ] && [ -d "$root${mount%/}/${path#/}/kdump-test-$test_id" ]; then
      folder=$root${mount%/}/${path#/}/kdump-test-$test_id
      return
    fi
    for candidate in "$root${mount%/}/${path#/}"/*-????-??-??-??:??:??; do
      host=${candidate##*/}
      host=${host%-????-??-??-??:??:??}
      for file in "$candidate"/vmcore*; do
        if [ -e "$file" ]; then consider "$candidate" "${candidate##*/"$host"-}" "$host"; fi
      done
    done
  done 2>/dev/null <"$root/proc/mounts"
}

# kdump-tools: KDUMP_COREDIR/[HOST-]YYYYMMDDHHMM -> folder
find_kdump_tools_folder() {
  folder=
  best=0
  for candidate in "$coredir"/*; do
    host=${candidate##*/}
    stamp=${host##*-}
    case $stamp in
      *[!0-9]*) continue ;;
      ????????????) ;;
      *) continue ;;
    esac
    host=${host%"$stamp"}
    consider "$candidate" "$stamp" "${host%-}"
  done
}

wait_for_folder() {
  while :; do
    find_kdump_tools_folder
    if [ -n "$folder" ]; then
      printf '%s\n' "$folder" >"$state/folder"
      return
    fi
    # A small dump takes no second, and then kdump-tools reboots.
    sleep 0.2 2>/dev/null || sleep 1 || return
  done
}
