# Prometheus and promtool for the tests, from Debian's package; sourced. Not installed: the
# package would start a server on the machine.
# shellcheck shell=bash

PROMETHEUS_BIN=$LOWBAND_CACHE/prometheus/usr/bin

setup_prometheus() {
  local dir=$LOWBAND_CACHE/prometheus download log
  if [ -x "$PROMETHEUS_BIN/promtool" ] && [ -x "$PROMETHEUS_BIN/prometheus" ]; then
    say "prometheus: $dir"
    return
  fi
  say "prometheus: unpacking Debian's package into $dir"
  log=$LOWBAND_CACHE/prometheus.log
  download=$(mktemp -d)
  # apt-get may drop its privileges for the download, and must still be able to write there.
  chmod 755 "$download"
  (cd "$download" && quietly "$log" apt-get download -qq -o Acquire::Retries=3 prometheus) ||
    (cd "$download" && as_root apt-get update -qq >>"$log" 2>&1 &&
      quietly "$log" apt-get download -qq -o Acquire::Retries=3 prometheus) ||
    die "apt-get could not download the package prometheus"
  rm -rf "$dir"
  quietly "$log" dpkg-deb -x "$download"/prometheus_*.deb "$dir" ||
    die "the package prometheus could not be unpacked"
  rm -rf "$download"
}
