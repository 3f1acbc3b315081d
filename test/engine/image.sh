#!/bin/bash
# Makes images for the engine out of what this machine has, and pushes them to the engine's registry.
# Needs the engine up. With the containerd image store, the same content has the same digest every time.
#
#   image.sh base [NAME]               Debian's static busybox          (test/base:1)
#   image.sh node [NAME]               this machine's node, its libraries and busybox (test/node:1)
#   image.sh frontend BINARY [NAME]    a static gateway frontend        (test/frontend:1)
#   image.sh dir DIR [NAME]            DIR/Dockerfile as it is          (test/dir:1)
# Prints the image's name with its digest.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
home=${ENGINE_HOME:-/var/lib/bk-engine}
[ -n "${DOCKER_HOST:-}${BUILDKIT_HOST:-}" ] || eval "$("$here/engine.sh" env)"
: "${ENGINE_REGISTRY:=localhost:5000}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

busybox() { # into a root
  mkdir -p "$1"/{bin,etc,tmp,root,proc,sys,dev}
  chmod 1777 "$1/tmp"
  local busybox
  busybox=$(ls "$home"{,/*}/root/usr/bin/busybox 2>/dev/null | head -n 1 || true) # of this engine, or of any
  [ -n "$busybox" ] || busybox=$(type -P busybox) || { echo "needs a static busybox" >&2; exit 1; }
  cp "$busybox" "$1/bin/busybox"
  for applet in $("$1/bin/busybox" --list); do [ -e "$1/bin/$applet" ] || ln -s busybox "$1/bin/$applet"; done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
}
push() { # NAME DIR
  local name=$ENGINE_REGISTRY/$1 limit="timeout ${IMAGE_TIMEOUT:-300}"
  if [ -z "${DOCKER_HOST:-}" ]; then # a bare buildkitd
    SOURCE_DATE_EPOCH=0 $limit node "$here/../../src/cli.ts" build --progress=none --metadata-file="$work/metadata.json" \
      --provenance=false -o "type=image,name=$name,oci-mediatypes=true,rewrite-timestamp=true,push=true" "$2"
    echo "$name@$(node -p 'require(process.argv[1])["containerimage.digest"]' "$work/metadata.json")"
    return
  fi
  if ! docker buildx version >/dev/null 2>&1; then # bookworm's docker has none
    DOCKER_BUILDKIT=1 $limit docker build -q -t "$name" "$2" >/dev/null
    $limit docker push -q "$name" >/dev/null
    docker image inspect -f '{{index .RepoDigests 0}}' "$name"
    return
  fi
  local build="$limit docker buildx build --quiet --provenance=false --build-arg SOURCE_DATE_EPOCH=0"
  # dockerd's image exporter has no rewrite-timestamp, its tar exporter has: by way of a tar the digest
  # depends on the content alone. Without the containerd image store there is no such exporter.
  if $build -o "type=docker,name=$name,oci-mediatypes=true,rewrite-timestamp=true,dest=$work/image.tar" "$2" >/dev/null 2>"$work/log"; then
    $limit docker load -q -i "$work/image.tar" >/dev/null
  elif grep -q "not supported for the docker driver" "$work/log"; then
    $build -o "type=docker,name=$name" "$2" >/dev/null
  else
    cat "$work/log" >&2
    exit 1
  fi
  $limit docker push -q "$name" >/dev/null
  docker image inspect -f '{{index .RepoDigests 0}}' "$name"
}

mkdir -p "$work/c/root"
case ${1:-} in
base)
  busybox "$work/c/root"
  printf 'FROM scratch\nCOPY root /\nENV PATH=/bin\nCMD ["/bin/sh"]\n' >"$work/c/Dockerfile"
  push "${2:-test/base:1}" "$work/c"
  ;;
node)
  busybox "$work/c/root"
  node=$(node -p process.execPath)
  cp "$node" "$work/c/root/bin/node"
  for lib in $(ldd "$node" | grep -oE '/[^ ]+'); do
    mkdir -p "$work/c/root$(dirname "$lib")"
    cp -L "$lib" "$work/c/root$lib"
  done
  printf 'FROM scratch\nCOPY root /\nENV PATH=/bin\nCMD ["/bin/node"]\n' >"$work/c/Dockerfile"
  push "${2:-test/node:1}" "$work/c"
  ;;
frontend)
  mkdir "$work/c/root/bin"
  cp "$2" "$work/c/root/bin/frontend"
  cat >"$work/c/Dockerfile" <<'D'
FROM scratch
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd,tsfront.lock"
COPY root /
ENTRYPOINT ["/bin/frontend"]
D
  push "${3:-test/frontend:1}" "$work/c"
  ;;
dir) push "${3:-test/dir:1}" "$2" ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 1 ;;
esac
