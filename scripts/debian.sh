# Sourced: fetches Debian packages without touching what is installed here. Expects $state, a directory of its own.

# DEBIAN_MIRROR, which may be a snapshot of an earlier day; or else the mirrors this machine's own apt uses (deb822 and
# one-line sources), without security archives.
mirrors() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then echo "$DEBIAN_MIRROR"; return; fi
  {
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs:[[:space:]]*//p' | tr -s ' \t' '\n'
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+)[[:space:]].*/\2/p'
  } | sed 's,/*$,,' | awk 'NF && !/security/ && !seen[$0]++'
}

# apt against its own sources, lists, cache and an empty dpkg status: it resolves the whole closure
# and can change nothing outside "$state". Proxy, TLS and auth settings of the machine still apply.
apt() {
  timeout "${APT_TIMEOUT:-600}" apt-get -qq ${apt_arch:+-o APT::Architecture=$apt_arch -o APT::Architectures=$apt_arch} \
    -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" \
    -o Dir::Cache="$state/cache" -o Dir::Cache::archives="$state/archives" \
    -o APT::Install-Recommends=0 -o APT::Install-Suggests=0 -o Acquire::Languages=none \
    -o APT::Keep-Downloaded-Packages=true -o DPkg::Post-Invoke= -o APT::Sandbox::User=root \
    ${DEBIAN_MIRROR:+-o Acquire::Check-Valid-Until=false} \
    -o Acquire::Retries=3 -o Acquire::http::Timeout=60 -o Acquire::https::Timeout=60 "$@"
}

apt_sources() { # suite mirror: an empty state that knows the suite's packages
  rm -rf "$state"
  mkdir -p "$state"/{lists,archives,cache}/partial
  : >"$state/status"
  local ring=/usr/share/keyrings/debian-archive-keyring.gpg by=
  [ -e $ring ] && by="[signed-by=$ring] "
  echo "deb ${by}$2 $1 main" >"$state/sources.list"
  apt update -o APT::Update::Error-Mode=any 2>"$state/log"
}
