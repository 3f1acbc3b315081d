#!/bin/bash
# Unpacks Debian's Go and Python with all that they need into a private root; nothing is installed on this machine.
#   ENGINE_HOME    the directory beside which it lives (default: /var/lib/bk-engine); here $ENGINE_HOME/tools
#   DEBIAN_MIRROR  a Debian mirror's URI (default: from this machine's apt sources)
# Prints the root.
set -euo pipefail
home=${ENGINE_HOME:-/var/lib/bk-engine}
root=$home/tools
[ "$(id -u)" = 0 ] || { echo "tools: must be root" >&2; exit 1; }
mkdir -p "$home"
exec 9>"$home/tools.lock"
flock -w 600 9
[ ! -e "$root/.ready" ] || { echo "$root"; exit 0; }

state=$root.apt
trap 'rm -rf "$state" "$root.new"' EXIT
. "$(dirname "$(readlink -f "$0")")/../../scripts/debian.sh"
found=
for mirror in $(mirrors); do
  if apt_sources trixie "$mirror" &&
    apt install -y --download-only golang-go python3-minimal libpython3-stdlib busybox-static >"$state/log" 2>&1; then found=$mirror; break; fi
done
[ -n "$found" ] || { echo "tools: cannot be fetched from this machine's mirrors: $(tail -n 2 "$state/log")" >&2; exit 1; }

rm -rf "$root.new"
for d in bin sbin lib lib64; do mkdir -p "$root.new/usr/$d"; ln -s "usr/$d" "$root.new/$d"; done
for deb in "$state"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root.new" --keep-directory-symlink --exclude='./usr/share/doc' \
    --exclude='./usr/share/man' --exclude='./usr/share/locale' --exclude='./usr/share/go-*/test' --exclude='./usr/share/go-*/api'
done
for applet in $("$root.new/usr/bin/busybox" --list); do
  [ -e "$root.new/usr/bin/$applet" ] || [ -L "$root.new/usr/bin/$applet" ] || ln -s busybox "$root.new/usr/bin/$applet"
done
mkdir -p "$root.new"/{proc,sys,dev,tmp,root,etc}
chmod 1777 "$root.new/tmp"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root.new/etc/passwd"
echo 'root:x:0:' >"$root.new/etc/group"
ln -s python3 "$root.new/usr/bin/python"
touch "$root.new/.ready"
rm -rf "$root"
mv "$root.new" "$root"
echo "tools: $(du -sh "$root" | cut -f1) in $root" >&2
echo "$root"
