# Installs the Debian packages that are missing; sourced by scripts/setup.
# shellcheck shell=bash

# Packages for building and running the programs.
PACKAGES_BUILD=(
  g++ cmake ninja-build pkg-config ccache git patch ca-certificates bzip2 xz-utils
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
  libcoap3-dev libcpp-httplib-dev libcurl4-openssl-dev libdeflate-dev libidn2-dev libssl-dev openssl
  libzstd-dev
  nlohmann-json3-dev libsimdjson-dev prometheus-cpp-dev
  libcli11-dev libspdlog-dev libexpected-dev
)
# Further packages for the tests: libcoap's own client, OpenSSL's and a browser as peers, clang
# for fuzzing and lint, builders of container images. The Go compiler (the deployed clients are Go
# programs) is added below.
PACKAGES_TEST=(
  chromium clang clang-format clang-tidy libgtest-dev libgmock-dev libbenchmark-dev
  zlib1g-dev libcoap3-bin python3-venv curl procps
  buildah mmdebstrap iproute2
)
# For `scripts/bench --bytes`: what Lowband is compared with, and the counters. Debian also starts
# nginx's service, which the benchmark does not use.
PACKAGES_BENCH=(nginx-light nftables)

packages_missing() {
  # dpkg-query's status is not a failure: it is 1 as soon as one package is unknown to it.
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}|${binary:Package}\n' "$@" 2>/dev/null |
    sed -n 's/^ii *|\([^:]*\).*/\1/p') || true
  for package in "$@"; do
    grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
  done
}

packages_install() {
  local missing=()
  mapfile -t missing < <(packages_missing "$@")
  if [ ${#missing[@]} -eq 0 ]; then
    say "packages: all $# present"
    return
  fi
  say "packages: installing ${missing[*]}"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "installing needs root and there is no sudo; as root: apt-get install ${missing[*]}"
  fi
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
  local log
  log=$(mktemp)
  if ! as_root "${install[@]}" "${missing[@]}" </dev/null >"$log" 2>&1; then
    # The usual reason is a package list that is absent or names versions that are gone.
    say "packages: refreshing the package lists"
    as_root apt-get update -qq -o Acquire::Retries=3 </dev/null >>"$log" 2>&1 || true
    as_root "${install[@]}" "${missing[@]}" </dev/null >>"$log" 2>&1 || {
      tail -n 20 "$log" >&2
      die "apt-get could not install: ${missing[*]}"
    }
  fi
  rm -f "$log"
}

setup_packages() {
  local wanted=("${PACKAGES_BUILD[@]}")
  [ "$1" = build ] || wanted+=("${PACKAGES_TEST[@]}")
  [ "$1" != bench ] || wanted+=("${PACKAGES_BENCH[@]}")
  if [ "$1" != build ] && ! go_is_usable; then
    wanted+=(golang-go)
  fi
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "packages: this is not Debian; install what these packages hold yourself:"
    printf '  %s\n' "${wanted[@]}"
    return
  fi
  packages_install "${wanted[@]}"
  if [ "$1" != build ]; then
    # The sanitizer and fuzzer runtimes come in a package that is named after clang's version.
    packages_install "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
  fi
}

# A Go compiler on PATH that is new enough for the Go peers.
go_is_usable() {
  local version
  command -v go >/dev/null || return 1
  version=$(go env GOVERSION 2>/dev/null)
  [ "$(printf '%s\n' go1.18 "$version" | sort -V | head -n1)" = go1.18 ]
}
