#!/bin/bash
# Unpacks Debian's chromium with all that it needs into a private root; nothing is installed on this machine.
#   ENGINE_HOME    the directory beside which it lives (default: /var/lib/bk-engine); here $ENGINE_HOME/chromium
#   DEBIAN_MIRROR  a Debian mirror's URI (default: from this machine's apt sources)
set -euo pipefail
home=${ENGINE_HOME:-/var/lib/bk-engine}
root=$home/chromium
[ "$(id -u)" = 0 ] || { echo "chromium: must be root" >&2; exit 1; }
mkdir -p "$home"
exec 9>"$home/chromium.lock"
flock -w 600 9
[ -e "$root/.ready" ] && exit 0

state=$root.apt
trap 'rm -rf "$state" "$root.new"' EXIT
. "$(dirname "$(readlink -f "$0")")/../../scripts/debian.sh"
found=
for mirror in $(mirrors); do
  if apt_sources trixie "$mirror" && apt install -y --download-only chromium >"$state/log" 2>&1; then found=$mirror; break; fi
done
[ -n "$found" ] || { echo "chromium: cannot be fetched from this machine's mirrors: $(tail -n 2 "$state/log")" >&2; exit 1; }

rm -rf "$root.new"
for d in bin sbin lib lib64; do mkdir -p "$root.new/usr/$d"; ln -s "usr/$d" "$root.new/$d"; done
for deb in "$state"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root.new" --keep-directory-symlink --exclude='./usr/share/doc' \
    --exclude='./usr/share/man' --exclude='./usr/share/locale' --exclude='./usr/share/icons'
done
mkdir -p "$root.new"/{proc,dev,tmp,root,etc}
echo 'root:x:0:0:root:/root:/bin/sh' >"$root.new/etc/passwd"
touch "$root.new/.ready"
rm -rf "$root"
mv "$root.new" "$root"
echo "chromium: $(du -sh "$root" | cut -f1) in $root" >&2
