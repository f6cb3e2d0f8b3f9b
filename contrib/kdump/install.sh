#!/bin/sh
# Puts the capture where kdump finds it.
#
#   sh install.sh dracut        Fedora, RHEL and their kin (kdump-utils, dracut)
#   sh install.sh kdump-tools   Debian, Ubuntu (kdump-tools, initramfs-tools)
#
# DESTDIR=FOLDER installs below FOLDER. It only copies, and says what to run then.
set -eu

here=$(dirname "$0")

# MODE FILE PATH
copy() {
  mkdir -p "${DESTDIR:-}${3%/*}"
  cp "$2" "${DESTDIR:-}$3"
  chmod "$1" "${DESTDIR:-}$3"
}

case ${1:-} in
  dracut)
    module=/usr/lib/dracut/modules.d/95smmu-capture
    for file in "$here"/dracut/*.sh; do copy 755 "$file" "$module/${file##*/}"; done
    then='kdumpctl rebuild && kdumpctl restart'
    ;;
  kdump-tools)
    copy 755 "$here/kdump-tools/initramfs-hook" /etc/initramfs-tools/hooks/smmu-capture
    copy 755 "$here/kdump-tools/init-top" /etc/initramfs-tools/scripts/init-top/smmu-capture
    copy 644 "$here/kdump-tools/smmu-capture.service" /etc/systemd/system/smmu-capture.service
    # shellcheck disable=SC2016 # for the user's shell to expand
    then='systemctl enable --now smmu-capture && rm -f /var/lib/kdump/initrd.img-$(uname -r) &&
  kdump-config unload && kdump-config load'
    ;;
  *)
    echo 'install.sh dracut, or install.sh kdump-tools?' >&2
    exit 2
    ;;
esac
for file in "$here"/capture/*.sh "$here/README.md"; do copy 644 "$file" "/usr/lib/smmu-capture/${file##*/}"; done
printf '%s\n' 'Installed. For the kdump kernel to have it:' "  $then"
