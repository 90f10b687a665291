# Builds mbedTLS 3.6 with the project's configuration into the cache; sourced by scripts/setup.
#
# Debian 12 ships 2.28, which has no connection IDs. The source comes from a newer suite of the
# same Debian mirror, by a private apt configuration, so that apt's signatures verify it and the
# machine does not change. The original tarball is used: Debian's patches remove the Everest code.
# shellcheck shell=bash

MBEDTLS_OLDEST=3.6.6    # the oldest that is accepted
MBEDTLS_GOOD=3.6.7      # new enough to stop looking: has the fixes of July 2026
MBEDTLS_DIR="$LOWBAND_ROOT/cmake/mbedtls"

# The name of a build: a hash of its inputs. cmake/LowbandMbedTLS.cmake computes it too, and so
# notices a library that was built differently.
mbedtls_hash() {
  (cd "$MBEDTLS_DIR" && LC_ALL=C && cat cflags everest.cmake lowband_mbedtls_config.h ./*.patch) |
    sha256sum | cut -c1-12
}

# version_between A LOW HIGH: LOW <= A < HIGH.
version_between() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ] && [ "$1" != "$3" ] &&
    [ "$(printf '%s\n%s\n' "$1" "$3" | sort -V | head -n1)" = "$1" ]
}

mbedtls_installed() {
  local dir found=
  for dir in "$LOWBAND_CACHE"/mbedtls/*-"$(mbedtls_hash)"; do
    [ -f "$dir/lib/libmbedtls.a" ] && found=$dir
  done
  printf '%s' "$found"
}

# Prints "URIs|keyring" of every entry of apt's sources that serves this Debian's main archive.
debian_mirrors() {
  local codename=$1 file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    awk -v suite="$codename" '$1 ~ /^deb(-src)?$/ {
      key = ""; rest = $0
      if (match(rest, /\[[^]]*\]/)) {
        options = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, 1, RSTART - 1) substr(rest, RSTART + RLENGTH)
        if (match(options, /signed-by=[^] ]*/)) key = substr(options, RSTART + 10, RLENGTH - 10)
      }
      n = split(rest, word, " ")
      if (word[3] ~ ("^(" suite "|stable|testing|unstable)$"))
        for (i = 4; i <= n; i++) if (word[i] == "main") print word[2] "|" key
    }' "$file"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    awk -v suite="$codename" '
      function flush(   i, n, word, has) {
        n = split(suites, word, " "); has = 0
        for (i = 1; i <= n; i++)
          if (word[i] ~ ("^(" suite "|stable|testing|unstable)$")) has = 1
        if (has && (" " components " ") ~ / main / && enabled != "no") print uris "|" key
        uris = suites = components = key = enabled = ""
      }
      /^#/ { next }
      /^[ \t]*$/ { flush(); next }
      {
        name = tolower($1); value = $0; sub(/^[^:]*:[ \t]*/, "", value)
        if (name == "uris:") uris = value
        if (name == "suites:") suites = value
        if (name == "components:") components = value
        if (name == "signed-by:") key = value
        if (name == "enabled:") enabled = tolower(value)
      }
      END { flush() }' "$file"
  done
}

# Downloads the newest acceptable original tarball into directory $1.
mbedtls_download() {
  local work=$1 codename mirrors suite version best_version= best_suite=
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  mirrors=$(debian_mirrors "$codename")
  [ -n "$mirrors" ] || die "found no Debian mirror in /etc/apt; get mbedTLS $MBEDTLS_GOOD or newer \
(3.6.x) yourself and set LOWBAND_MBEDTLS_SOURCE to its folder or tarball"
  for suite in forky sid trixie; do
    mbedtls_apt_lists "$work" "$suite" "$mirrors"
    version=$(mbedtls_versions "$work/$suite" | sed 's/[-+~].*//' | sort -V | tail -n1)
    if [ -z "$version" ] || ! version_between "$version" "$MBEDTLS_OLDEST" 4; then
      continue
    fi
    if [ -z "$best_version" ] || version_between "$best_version" 0 "$version"; then
      best_version=$version best_suite=$suite
    fi
    version_between "$version" "$MBEDTLS_GOOD" 4 && break
  done
  [ -n "$best_version" ] || die "no Debian suite on this mirror has mbedTLS $MBEDTLS_OLDEST to \
3.6.x, or it cannot be reached: $(cat "$work"/*.log | tail -n1)
set LOWBAND_MBEDTLS_SOURCE to a folder or tarball of it"
  say "  mbedTLS $best_version from Debian $best_suite"
  version_between "$best_version" "$MBEDTLS_GOOD" 4 ||
    say "  note: $MBEDTLS_GOOD has security fixes that this one lacks, and no suite offered it: $(
      cat "$work"/*.log | tail -n1)"
  version=$(mbedtls_versions "$work/$best_suite" | grep "^$best_version[-+~]" | sort -V | tail -n1)
  (cd "$work" && quietly "$work/source.log" mbedtls_apt "$work/$best_suite" \
    apt-get source --download-only --only-source -q "mbedtls=$version") ||
    die "cannot download mbedTLS"
}

# Runs an apt command with the private configuration of directory $1.
mbedtls_apt() {
  local apt=$1
  shift
  "$@" -o Dir::State="$apt/state" -o Dir::State::status=/var/lib/dpkg/status \
    -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist=/dev/null \
    -o Dir::Etc::sourceparts="$apt/parts" -o APT::Sandbox::User="$(id -un)"
}

# Prints the versions of the source package in directory $1; none is no failure.
mbedtls_versions() {
  mbedtls_apt "$1" apt-cache showsrc mbedtls 2>/dev/null | sed -n 's/^Version: *//p' || true
}

# Fetches the source index of one suite into directory $1/$2. Success is judged by its contents,
# since a third party's archive among the sources lacks Debian's suites.
mbedtls_apt_lists() {
  local apt=$1/$2 suite=$2 uris key
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
  while IFS='|' read -r uris key; do
    # Debian's own keyring knows the keys of newer suites; a mirror's file may not name one.
    [ -n "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
    printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' \
      "$uris" "$suite" "$key" >>"$apt/parts/debian.sources"
  done <<<"$3"
  mbedtls_apt "$apt" apt-get -qq -o Acquire::Retries=3 update >"$1/$suite.log" 2>&1 || true
}

# Prints the version of the source folder $1, which messages call $2; dies when it cannot be used.
mbedtls_version() {
  local version
  version=$(sed -n 's/^#define MBEDTLS_VERSION_STRING  *"\([^"]*\)".*/\1/p' \
    "$1/include/mbedtls/build_info.h" 2>/dev/null) || true
  if [ -z "$version" ] || ! version_between "$version" "$MBEDTLS_OLDEST" 4; then
    die "$2 is not mbedTLS $MBEDTLS_OLDEST to 3.6.x (found: ${version:-nothing})"
  fi
  [ -d "$1/3rdparty/everest" ] || die "$2 lacks 3rdparty/everest (use the original source)"
  printf '%s' "$version"
}

mbedtls_build() {
  local source=$1 work=$2 version name target change
  version=$(mbedtls_version "$source" "mbedTLS's source")
  name=$version-$(mbedtls_hash)
  target=$LOWBAND_CACHE/mbedtls/$name
  cp "$MBEDTLS_DIR/lowband_mbedtls_config.h" "$source/include/mbedtls/mbedtls_config.h"
  for change in "$MBEDTLS_DIR"/*.patch; do
    quietly "$work/patch.log" patch -d "$source" -p1 --forward --no-backup-if-mismatch \
      -i "$change" || die "cannot apply $change to mbedTLS $version"
  done
  say "  building mbedTLS $version"
  quietly "$work/configure.log" cmake -S "$source" -B "$work/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="$(cat "$MBEDTLS_DIR/cflags")" \
    -DCMAKE_PROJECT_INCLUDE="$MBEDTLS_DIR/everest.cmake" \
    -DENABLE_TESTING=OFF -DENABLE_PROGRAMS=OFF -DMBEDTLS_FATAL_WARNINGS=OFF \
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_PREFIX="$work/install" ||
    die "cannot configure mbedTLS"
  quietly "$work/build.log" cmake --build "$work/build" --target install ||
    die "cannot build mbedTLS"
  printf '%s\n' "${LOWBAND_MBEDTLS_SOURCE:-debian}" >"$work/install/source"
  # A rename is the last step, so the cache never holds half a library.
  mkdir -p "$LOWBAND_CACHE/mbedtls"
  rm -rf "$target"
  mv -T "$work/install" "$target"
  say "  installed in $target"
}

setup_mbedtls() {
  local found work
  mkdir -p "$LOWBAND_CACHE"
  # Two set-ups at once: the second waits, and finds the first one's build.
  exec 9>"$LOWBAND_CACHE/mbedtls.lock"
  flock 9
  found=$(mbedtls_installed)
  if [ -n "$found" ] && [ "$(cat "$found/source")" = "${LOWBAND_MBEDTLS_SOURCE:-debian}" ]; then
    say "mbedTLS: $found"
    return
  fi
  say "mbedTLS: not built yet from this source with this configuration"
  # Beside its destination, so that the last step is a rename within one file system.
  work=$(mktemp -d "$LOWBAND_CACHE/mbedtls-work.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  mkdir "$work/source"
  if [ -d "${LOWBAND_MBEDTLS_SOURCE:-}" ]; then
    mbedtls_version "$LOWBAND_MBEDTLS_SOURCE" "LOWBAND_MBEDTLS_SOURCE" >/dev/null
    cp -a "$LOWBAND_MBEDTLS_SOURCE/." "$work/source"
  elif [ -n "${LOWBAND_MBEDTLS_SOURCE:-}" ]; then
    [ -f "$LOWBAND_MBEDTLS_SOURCE" ] ||
      die "LOWBAND_MBEDTLS_SOURCE=$LOWBAND_MBEDTLS_SOURCE does not exist"
    tar -xf "$LOWBAND_MBEDTLS_SOURCE" -C "$work/source" --strip-components=1 ||
      die "cannot unpack $LOWBAND_MBEDTLS_SOURCE"
  else
    mbedtls_download "$work"
    tar -xf "$work"/mbedtls_*.orig.tar.* -C "$work/source" --strip-components=1 ||
      die "cannot unpack the source of mbedTLS"
  fi
  mbedtls_build "$work/source" "$work"
  rm -rf "$work"
  trap - EXIT
}
