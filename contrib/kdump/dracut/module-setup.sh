#!/bin/bash
# dracut module: the capture, in the image of the kdump kernel and in no other. Installed as 95smmu-capture.

# kdump-utils sets IN_KDUMP when it has its image built; into other images it comes only when asked for.
check() {
    [[ ${IN_KDUMP-} ]] || return 255
    return 0
}

depends() {
    return 0
}

# Everything is optional: an image without the capture is better than none.
# shellcheck disable=SC2154 # moddir and initdir are dracut's
install() {
    local file root=${SMMU_CAPTURE_ROOT-}
    inst_multiple -o sh cat date dmesg head hostname ip mkdir mv rm sleep sync timeout tr wc devmem busybox
    for file in "$root"/usr/lib/smmu-capture/*.sh "$root"/etc/smmu-capture.conf; do
        [[ -f $file ]] && inst_simple "$file" "${file#"$root"}"
    done
    inst_hook pre-udev 01 "$moddir/early.sh"
    # kdump.sh runs what is here when the vmcore is saved; unlike kdump_post, there is room for others too.
    inst_simple "$moddir/post.sh" /etc/kdump/post.d/95-smmu-capture.sh
    # The kdump kernel cannot tell where the memory of this one is.
    [[ -d $initdir/usr/lib/smmu-capture ]] && cat "$root/proc/iomem" > "$initdir/usr/lib/smmu-capture/iomem.txt"
    return 0
}
