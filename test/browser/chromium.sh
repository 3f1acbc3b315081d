#!/bin/sh
# Runs the chromium that install.sh unpacked, without a network. It sees /tmp of this machine; playwright speaks to it
# through the descriptors 3 and 4.
root=${ENGINE_HOME:-/var/lib/bk-engine}/chromium
exec unshare --mount --pid --fork --kill-child --net sh -c '
  mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && mount --rbind /tmp "$0/tmp" || exit 1
  exec chroot "$0" /usr/lib/chromium/chromium "$@"' "$root" "$@"
