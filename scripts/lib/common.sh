# Common parts of all scripts; sourced, never run. Sets LOWBAND_ROOT and LOWBAND_CACHE.
# shellcheck shell=bash

LOWBAND_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Outside the tree, so that `git clean` does not cost another download.
LOWBAND_CACHE=${LOWBAND_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/lowband}

say() { printf '%s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root; without sudo it fails.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs a command with its output in a log file that is shown only when the command fails.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 || {
    local status=$?
    tail -n 40 "$log" >&2
    printf 'error: failed: %s\n(whole output: %s)\n' "$*" "$log" >&2
    return "$status"
  }
}
