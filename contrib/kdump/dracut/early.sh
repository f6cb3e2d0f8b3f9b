#!/bin/sh
# Hook pre-udev: before systemd-udevd and rd.driver.pre load any module. dracut sources it, so nothing may end the shell.
(sh /usr/lib/smmu-capture/smmu-capture.sh early </dev/null) || :
