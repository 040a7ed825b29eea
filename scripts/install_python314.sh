#!/usr/bin/env bash
# Unpack Debian's own CPython 3.14, with the C library it was built for, below PREFIX.
# The packages of the machine stay as they are. The last resort of scripts/setup: for a
# machine that has no Python 3.14 and reaches Debian's mirror, but not uv's downloads.
# usage: install_python314.sh PREFIX      needs apt-get, dpkg, and patchelf on PATH
set -euo pipefail
prefix=${1:?usage: install_python314.sh PREFIX}
packages=(
  python3.14 python3.14-minimal libpython3.14-minimal libpython3.14-stdlib
  python3.14-dev libpython3.14-dev
  # What the interpreter, its modules and compiled wheels are linked to.
  libc6 libgcc-s1 libstdc++6 libgomp1 libexpat1 libssl3t64 libsqlite3-0 libffi8
  liblzma5 libbz2-1.0 libncursesw6 libtinfo6 libreadline8t64 libuuid1 libzstd1
  zlib1g libdb5.3t64
)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,debs}

# apt-get with lists and a source of its own, from the mirror that this machine's apt uses.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -E '/debian/?$' | sort -u | head -1)
[ -n "$mirror" ] || { echo "apt knows no mirror of Debian" >&2; exit 1; }
apt() {
  apt-get -qq -oDir::Etc::sourcelist="$work/sources.list" -oDir::Etc::sourceparts=/nonexistent \
    -oDir::State::Lists="$work/lists" -oDir::Cache="$work/cache" -oAPT::Sandbox::User=root "$@"
}
# Debian's unstable release has the newest 3.14; testing has it when unstable moved on.
for suite in sid testing; do
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
  apt update && (cd "$work/debs" && apt download "${packages[@]}") && break
done

rm -rf "$prefix"
mkdir -p "$prefix"
for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$prefix"; done
multiarch=$(dpkg --print-architecture | sed 's/amd64/x86_64-linux-gnu/; s/arm64/aarch64-linux-gnu/')
libraries=$prefix/usr/lib/$multiarch
patchelf --set-interpreter "$(echo "$libraries"/ld-linux-*.so.*)" --force-rpath --set-rpath "$libraries" \
  "$prefix/usr/bin/python3.14"
# Debian keeps this header where only its own compiler looks.
cp "$prefix/usr/include/$multiarch/python3.14/pyconfig.h" "$prefix/usr/include/python3.14/pyconfig.h"
"$prefix/usr/bin/python3.14" -c '
import bz2, ctypes, lzma, sqlite3, ssl, sys, uuid, zlib
assert sys.version_info >= (3, 14, 2), sys.version'
