#!/bin/bash
# Downloads packages of a Debian suite for an architecture and unpacks them, without their dependencies:
#   debian-packages.sh SUITE ARCH DIRECTORY PACKAGE...
# The directory then says in var/lib/dpkg/status what it holds, as a Debian image does.
# Prints a line "PACKAGE VERSION SHA256" for each.
set -euo pipefail
suite=$1 apt_arch=$2 directory=$3
shift 3
for tool in apt-get dpkg-deb sha256sum; do
  command -v $tool >/dev/null || { echo "needs $tool: run this on Debian or a derivative of it" >&2; exit 1; }
done
state=$directory.apt
trap 'rm -rf "$state"' EXIT
. "$(dirname "$(readlink -f "$0")")/../debian.sh"

found=
for mirror in $(mirrors); do
  if apt_sources "$suite" "$mirror"; then found=$mirror; break; fi
done
[ -n "$found" ] || { echo "no $suite at this machine's mirrors" >&2; exit 1; }
(cd "$state/archives" && apt download "$@")
rm -rf "$directory"
mkdir -p "$directory"
for package in "$@"; do
  deb=$(echo "$state/archives/${package}"_*.deb)
  mkdir -p "$directory/var/lib/dpkg"
  { dpkg-deb --field "$deb"; echo; } >>"$directory/var/lib/dpkg/status"
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$directory" --keep-directory-symlink
  echo "$package $(dpkg-deb --field "$deb" Version) $(sha256sum "$deb" | cut -d' ' -f1)"
done
