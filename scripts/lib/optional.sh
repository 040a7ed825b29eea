# What is used where it can be had, and not missed elsewhere; needs common.sh.
# shellcheck shell=bash

# Some of it is compiled, which takes a C++ compiler and Python's headers.
ensure_compiler() {
  command -v g++ >/dev/null || apt_install g++ || say "no C++ compiler (g++)"
  .venv/bin/python -c 'import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").exists())' \
    || apt_install python3.14-dev || say "no headers of Python"
}

# install_optional FILE CONSEQUENCE: all at once, or else one by one, saying what had to stay out.
install_optional() {
  uv pip install --quiet -r "$1" 2>/dev/null && return
  local requirement
  grep -v '^#' "$1" | while read -r requirement; do
    uv pip install --quiet "$requirement" 2>"$CACHE/install.log" \
      || note "could not install $requirement: $2 ($(grep -m1 -E '^ *(error|cause):' "$CACHE/install.log"))"
  done
}
