# The Python environment of the end-to-end tests: Synapse and a Matrix client; sourced.
# shellcheck shell=bash

VENV_REQUIREMENTS="$LOWBAND_ROOT/tests/e2e/requirements.txt"

venv_interpreter() {
  # The system's interpreter, whose venv module setup installs, and not the first one on PATH.
  if [ -x /usr/bin/python3 ]; then printf /usr/bin/python3; else command -v python3; fi
}

# Its folder, named by a hash of the requirements: other requirements make another environment.
venv_dir() {
  local key
  key=$({
    cat "$VENV_REQUIREMENTS"
    "$(venv_interpreter)" --version
  } | sha256sum | cut -c1-12)
  printf '%s/venv/%s' "$LOWBAND_CACHE" "$key"
}

setup_venv() {
  local dir log
  if [ ! -f "$VENV_REQUIREMENTS" ]; then
    return
  fi
  dir=$(venv_dir)
  if [ -f "$dir/.complete" ]; then
    say "python: $dir"
    return
  fi
  say "python: installing tests/e2e/requirements.txt into $dir"
  log=$LOWBAND_CACHE/venv/install.log
  rm -rf "$dir"
  quietly "$log" "$(venv_interpreter)" -m venv "$dir" || die "cannot make a Python environment"
  quietly "$log" "$dir/bin/python" -m pip install --quiet --no-input \
    --disable-pip-version-check --retries 5 -r "$VENV_REQUIREMENTS" ||
    die "pip could not install tests/e2e/requirements.txt (is the package index reachable?)"
  touch "$dir/.complete"
}
