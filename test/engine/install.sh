#!/bin/bash
# Unpacks Debian's docker engine (dockerd with BuildKit inside, containerd, runc, docker, buildx, compose)
# and Debian's docker-registry into a private root. Nothing is installed on this machine: no
# maintainer script runs, no package is configured, the machine's own libc and dpkg stay as they are.
#
#   install.sh            install if missing          install.sh --refresh   install anew
#
#   ENGINE_HOME    where it lives                       (default /var/lib/bk-engine)
#   ENGINE_SUITES  suites to try, first that works wins (default "forky trixie")
#   ENGINE_EXTRA   more packages for the engine's root (default: git for git sources, OpenSSH for tests of ssh)
#   DEBIAN_MIRROR  a Debian mirror's URI                (default: from this machine's apt sources)
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
home=${ENGINE_HOME:-/var/lib/bk-engine}
suites=${ENGINE_SUITES:-forky trixie}
packages="docker.io docker-registry containerd runc busybox-static base-files ${ENGINE_EXTRA:-git openssh-client openssh-server}"
clients="docker-cli docker-buildx docker-compose" # bookworm has the first inside docker.io, and not the others

say() { echo "install: $*" >&2; }
fail() { say "$*"; exit 1; }
[ "$(id -u)" = 0 ] || fail "must be root"
for tool in apt-get dpkg-deb tar flock timeout; do command -v $tool >/dev/null || fail "needs $tool"; done

mkdir -p "$home"
exec 9>"$home/install.lock"
flock -w 600 9 || fail "another install is running"

has() {
  [ "$(cat "$home/root/.engine-packages" 2>/dev/null)" = "$packages" ] || return 1
  [ -e "$home/root/usr/libexec/docker/cli-plugins/docker-compose" ] || grep -q '^bookworm:' "$home/root/.engine-ready"
}
up() { ENGINE_HOME=$home "$here/engine.sh" status 2>/dev/null; }
if [ "${1:-}" != --refresh ] && [ -e "$home/root/.engine-ready" ]; then
  if has; then say "already there: $(head -n 1 "$home/root/.engine-ready")"; exit 0; fi
  if up; then say "already there and up, with other packages than wanted now: stop the engine and install again"; exit 0; fi
  say "installing anew: other packages are wanted now"
fi
if up; then fail "stop the engine first"; fi

state=$home/apt
. "$here/../../scripts/debian.sh"

fetch() { # suite mirror
  apt_sources "$1" "$2" || { say "no $1 at this mirror: $(tail -n 1 "$state/log")"; return 1; }
  # the sysusers alternative keeps systemd itself out of forky's closure; trixie has no need of it
  apt install -y --download-only $packages $clients systemd-standalone-sysusers >"$state/log" 2>&1 ||
    apt install -y --download-only $packages $clients >"$state/log" 2>&1 ||
    apt install -y --download-only $packages >"$state/log" 2>&1 ||
    { say "$1 cannot be resolved or fetched: $(tail -n 2 "$state/log")"; return 1; }
}

got=
for suite in $suites; do
  while read -r mirror; do
    if fetch "$suite" "$mirror"; then got=$suite; break 2; fi
  done < <(mirrors)
done
[ -n "$got" ] || fail "no suite of: $suites"

new=$home/root.new
rm -rf "$new"
mkdir -p "$new"
unpack() { # one .deb, without what a daemon never reads
  dpkg-deb --fsys-tarfile "$1" | tar -x -C "$new" --keep-directory-symlink --exclude='./usr/share/doc' \
    --exclude='./usr/share/man' --exclude='./usr/share/locale' --exclude='./usr/share/info' --exclude='./usr/lib/systemd'
}
# one merged /usr whatever the suite's base-files says, so that the order of the rest does not matter
for d in bin sbin lib lib64; do mkdir -p "$new/usr/$d"; ln -s "usr/$d" "$new/$d"; done
for deb in "$state"/archives/*.deb; do unpack "$deb"; done

mkdir -p "$new"/{proc,sys,dev,run,root,tmp,etc/docker,var/lib/docker,var/lib/registry,var/log}
# git's scripts want a shell and its usual company
for applet in sh awk basename cat cut dirname env expr grep head ls mkdir printf rm sed sort tail test tr uname wc; do
  [ -e "$new/usr/bin/$applet" ] || [ -L "$new/usr/bin/$applet" ] || ln -s busybox "$new/usr/bin/$applet"
done
rm -rf "$new/var/run" # base-files' postinst would have made this link
ln -s ../run "$new/var/run"
chmod 1777 "$new/tmp"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$new/etc/hosts" # docker push and pull look localhost up
: >"$new/etc/resolv.conf"
printf 'root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n' >"$new/etc/passwd"
printf 'root:x:0:\ndocker:x:999:\n' >"$new/etc/group"

for probe in "usr/sbin/dockerd --version" "usr/sbin/runc --version" "usr/bin/containerd --version" \
  "usr/bin/docker-registry --version" "usr/bin/docker --version"; do
  timeout 60 chroot "$new" /${probe} >/dev/null || fail "does not run: $probe"
done
versions=
for package in docker.io docker-buildx docker-compose containerd runc docker-registry; do
  for deb in "$state/archives/${package}"_*.deb; do
    [ -e "$deb" ] && versions="$versions, $package $(basename "$deb" | cut -d_ -f2 | sed 's/%3a/:/')"
  done
done
echo "$packages" >"$new/.engine-packages"
echo "$got: ${versions#, }" >"$new/.engine-ready"

rm -rf "$home/root.old"
[ -e "$home/root" ] && mv "$home/root" "$home/root.old"
mv "$new" "$home/root"
mkdir -p "$home/bin" # the clients run on this machine's libc: they ask for glibc 2.34
ln -sfn ../root/usr/bin/docker "$home/bin/docker"
ln -sfn ../root/usr/libexec/docker/cli-plugins/docker-buildx "$home/bin/docker-buildx"
rm -rf "$home/root.old" "$state"
say "$(cat "$home/root/.engine-ready")"
say "$(du -sh "$home/root" | cut -f1) in $home/root"
