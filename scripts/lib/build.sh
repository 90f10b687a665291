# Configures and builds; sourced after common.sh by scripts/test, scripts/demo and scripts/bench.
# shellcheck shell=bash

# Paths below the tree count as relative, so that another clone of it compiles from the same cache.
export CCACHE_BASEDIR=$LOWBAND_ROOT CCACHE_NOHASHDIR=1

# A compiler needs about a gigabyte for gRPC's headers.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  printf '%s' $((cores < memory ? cores : memory))
}

# build_programs TARGET…: builds programs of the release preset into build/release/bin. A configured
# folder is used unchanged; a new one is configured without tests, so that only the packages of
# `scripts/setup --for demo` are needed.
build_programs() {
  local dir=$LOWBAND_ROOT/build/release logs=$LOWBAND_ROOT/build/logs
  if [ ! -f "$dir/build.ninja" ]; then
    (cd "$LOWBAND_ROOT" && quietly "$logs/release-configure.log" \
      cmake --preset release -DLOWBAND_TESTS=OFF -DLOWBAND_BENCH=OFF) || return
  fi
  quietly "$logs/release-build.log" \
    cmake --build "$dir" --parallel "$(build_jobs)" --target "$@"
}
