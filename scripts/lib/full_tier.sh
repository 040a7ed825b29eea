# The optional libraries of the engine; needs common.sh.
# shellcheck shell=bash

# Compiling takes a C++ compiler and Python's headers.
ensure_compiler() {
  command -v g++ >/dev/null || apt_install g++ || say "no C++ compiler (g++)"
  .venv/bin/python -c 'import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").exists())' \
    || apt_install python3.14-dev || say "no headers of Python"
}

# All at once, or else one by one, saying which had to stay out.
install_full_tier() {
  ensure_compiler
  uv pip install --quiet -r requirements_full.txt && return
  local requirement
  grep -v '^#' requirements_full.txt | while read -r requirement; do
    uv pip install --quiet "$requirement" >/dev/null 2>&1 \
      || note "could not install $requirement: the engine does without it here"
  done
}
