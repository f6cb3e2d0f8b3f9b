# shellcheck shell=sh disable=SC2154,SC2034,SC2100 # variables are shared with smmu-capture.sh and its other parts
# Which SMMUs there are, where, and whether they may be read: then they are. Part of smmu-capture.sh.

# -> ram: the kdump kernel's own memory, START-END each; named: lines of /proc/iomem that may be an SMMU's
read_iomem() {
  ram=
  named=
  while IFS= read -r line; do
    case $line in
      # What the unprivileged see of every address
      00000000-00000000\ :*) ;;
      [0-9a-f]*' : System RAM') ram="$ram ${line%% *}" ;;
      *' : arm-smmu-v3.'*)
        named="$named
$line"
        ;;
    esac
  done 2>/dev/null <"$root/proc/iomem"
}

# DEVICE: whether the driver would take it (its device tree and its platform names)
is_smmu() {
  while IFS= read -r line; do
    case $line in
      MODALIAS=platform:arm-smmu-v3 | OF_COMPATIBLE_[0-9]*=arm,smmu-v3) return 0 ;;
    esac
  done 2>/dev/null <"$1/uevent"
  return 1
}

# DEVICE -> base, or failure. A device of the device tree is called after its address, the others stand in /proc/iomem.
find_base() {
  name=${1##*/}
  base=
  if [ -e "$1/of_node" ]; then
    base=${name%%.*}
  else
    while IFS= read -r line; do
      case $line in
        *" : $name")
          base=${line%%-*}
          break
          ;;
      esac
    done <<-LINES
	$named
	LINES
  fi
  base=${base##*[ 	]}
  while :; do
    case $base in
      0?*) base=${base#0} ;;
      *) break ;;
    esac
  done
  case $base in
    '' | 0 | *[!0-9a-f]* | ??????????????*) return 1 ;;
  esac
  base=0x$base
}

# DEVICE: whether it may be read. What has no power may hang the bus, and the machine, for good.
has_power() {
  status=
  read -r status 2>/dev/null <"$1/power/runtime_status"
  case $status in
    # "unsupported" is what a device says whose driver, if any, leaves its power alone.
    '' | active | unsupported) ;;
    *)
      say "$name: its power is $status; not read"
      return 1
      ;;
  esac
  if [ ! -e "$1/driver" ] && [ -e "$1/of_node/power-domains" ]; then
    say "$name: nothing has turned on its power domain; not read"
    return 1
  fi
}

# ADDRESS -> value, or failure
get() {
  value=$($SMMU_DEVMEM "$1" 32 2>>"$state/devmem") || return 1
  case $value in
    0x*[!0-9A-Fa-f]* | 0x) return 1 ;;
    0x*) ;;
    *) return 1 ;;
  esac
}

# Whether the SMMU at $base answers, and says what no snapshot can do without
answers() {
  for offset in 0x0 0x80 0x84 0x88; do
    address=$(printf '0x%x' $((base + offset)))
    if ! get "$address"; then
      say "$name: $address cannot be read; not read"
      return 1
    fi
    case $offset$value in
      0x00x[Ff][Ff][Ff][Ff][Ff][Ff][Ff][Ff])
        say "$name: nothing answers at $address; not read"
        return 1
        ;;
    esac
  done
}

# Reads each SMMU that can be read
read_smmus() {
  found=0
  for device in "$root"/sys/bus/platform/devices/*; do
    is_smmu "$device" || continue
    found=$((found + 1))
    if [ "$found" -gt "$MAX_SMMUS" ]; then
      say "more than $MAX_SMMUS SMMUs; the rest is not read"
      return
    fi
    if ! find_base "$device"; then
      say "$name: its address is not known; not read"
      continue
    fi
    case $name in
      *[!A-Za-z0-9._:@+-]*)
        say "$name: no name for a snapshot; not read"
        continue
        ;;
    esac
    if [ "$mode" != force ]; then has_power "$device" || continue; fi
    answers || continue
    read_smmu "$base=$name"
  done
  if [ "$found" -eq 0 ]; then say "no SMMUv3 is known to this kernel"; fi
}
