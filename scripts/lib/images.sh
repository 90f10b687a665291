# Builds the container images for the tests, from docker/Dockerfile and by buildah, without a
# registry: their base comes from the Debian mirror that this machine uses; sourced.
#
# Everything is kept in one folder of the cache, so that building again is quick: the base with the
# packages that a build takes, the layers, mbedTLS. The compiler's cache is the machine's own.
# shellcheck shell=bash

IMAGES_REQUIREMENTS=$LOWBAND_ROOT/tests/images/requirements.txt
# Its wheel has the schema of Compose files. Its program and dependencies are not installed.
IMAGES_COMPOSE_SCHEMA=docker-compose==1.29.2
# PROGRAM:TARGET
IMAGES=(
  lowband-edge:edge
  lowband-translator:translator
  lowband-cli:cli
  lowband-demo-homeserver:demo-homeserver
  lowband-prepare:prepare
)

# The tests' Python environment, named by a hash of its contents.
images_tools_dir() {
  local key
  key=$({
    cat "$IMAGES_REQUIREMENTS"
    printf '%s\n' "$IMAGES_COMPOSE_SCHEMA"
    "$(venv_interpreter)" --version
  } | sha256sum | cut -c1-12)
  printf '%s/images/tools-%s' "$LOWBAND_CACHE" "$key"
}

images_install_tools() {
  local dir=$1
  "$(venv_interpreter)" -m venv "$dir" &&
    "$dir/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
      --retries 5 -r "$IMAGES_REQUIREMENTS" &&
    "$dir/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
      --retries 5 --no-deps "$IMAGES_COMPOSE_SCHEMA"
}

setup_images() {
  local dir
  dir=$(images_tools_dir)
  if [ -f "$dir/.complete" ]; then
    say "images: $dir"
    return
  fi
  say "images: installing the tests' Python packages into $dir"
  rm -rf "$dir"
  quietly "$LOWBAND_CACHE/images/install.log" images_install_tools "$dir" ||
    die "the tools for the images' tests could not be installed"
  touch "$dir/.complete"
}

# This machine's sources of Debian itself, one a line, as the base shall have them.
images_sources() {
  local codename
  codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    "Created-By: Packages" "Origin: Debian" |
    awk -v name="$codename" '$3 ~ ("^" name "(-updates|-security)?$")' | sort -u
}

# The inputs of the base: the sources, and this machine's versions of the packages.
images_base_key() {
  {
    images_sources
    dpkg-query -W "${PACKAGES_BUILD[@]}" 2>/dev/null
  } | sha256sum | cut -c1-12
}

images_buildah() {
  local dir=$LOWBAND_CACHE/images/$IMAGES_KEY
  BUILDAH_ISOLATION=chroot STORAGE_DRIVER=$IMAGES_STORAGE \
    buildah --root "$dir/storage" --runroot "$dir/run" "$@"
}

# overlay if the machine supports it; vfs copies every layer, and always works.
images_storage_driver() {
  local work driver=vfs
  work=$(mktemp -d "$LOWBAND_CACHE/images/overlay.XXXXXX")
  mkdir "$work"/{lower,upper,work,merged}
  unshare -m mount -t overlay none "$work/merged" \
    -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/work" 2>/dev/null && driver=overlay
  rm -rf "$work"
  printf '%s' "$driver"
}

# Leaves the base in the storage as $IMAGES_BASE.
images_make_base() {
  local dir=$LOWBAND_CACHE/images/$IMAGES_KEY packages image options=()
  packages=$(IFS=, && printf '%s' "${PACKAGES_BUILD[*]}")
  # apt's settings for proxies and mirrors on this machine apply in the base too.
  apt-config dump | grep -E '^Acquire::(http|https|Check)' >"$dir/apt.conf" || true
  [ ! -s "$dir/apt.conf" ] || options=(--aptopt="$dir/apt.conf")
  mkdir -p "$dir/oci/blobs/sha256"
  say "base: $(images_sources | wc -l) sources, ${#PACKAGES_BUILD[@]} packages"
  # Without manuals and translations, as Debian's own slim image is.
  images_sources | mmdebstrap --quiet --mode=root --variant=apt --format=tar \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    "${options[@]}" --include="$packages" \
    "$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")" "$dir/base.tar" - || return
  say "base: importing"
  "$(venv_interpreter)" "$LOWBAND_ROOT/tests/images/oci_layout.py" "$dir/base.tar" "$dir/oci" ||
    return
  # The image is named after the path, and not every path is a valid name.
  image=$(cd "$dir" && images_buildah pull --quiet oci:oci:base) &&
    images_buildah tag "$image" "$IMAGES_BASE" &&
    rm -rf "$dir/oci" "$dir/base.tar"
}

# images_bud TARGET TAG OPTION…
images_bud() {
  local target=$1 tag=$2 dir=$LOWBAND_CACHE/images/$IMAGES_KEY ccache size
  shift 2
  ccache=$(ccache --get-config cache_dir) size=$(ccache --get-config max_size)
  mkdir -p "$dir/built" "$ccache"
  # The folder of mbedTLS has the same name inside: its headers are in the compiler's cache by it.
  images_buildah bud --layers --pull=never --format=docker --timestamp 0 \
    --build-arg "BASE=$IMAGES_BASE" --build-arg "LOWBAND_CACHE_DIR=$LOWBAND_CACHE" \
    --build-arg CCACHE_DIR=/var/cache/host-ccache --build-arg "CCACHE_MAXSIZE=$size" \
    --build-arg "REVISION=$(git -C "$LOWBAND_ROOT" rev-parse HEAD)" \
    --build-arg CREATED=1970-01-01T00:00:00Z --build-arg SOURCE=https://lowband.invalid/source \
    --build-arg "BASE_DIGEST=$IMAGES_DIGEST" \
    --volume "$dir/built:$LOWBAND_CACHE" --volume "$ccache:/var/cache/host-ccache" \
    "$@" --target "$target" --tag "$tag" -f docker/Dockerfile "$LOWBAND_ROOT"
}

# images_export TAG FOLDER [PART]: its configuration, and its file system or a folder of it.
images_export() {
  local tag=$1 folder=$2 part=${3:-} container mounted
  rm -rf "$folder"
  mkdir -p "$folder"
  images_buildah inspect --type image "$tag" >"$folder/image.json" &&
    container=$(images_buildah from --pull-never "$tag") &&
    mounted=$(images_buildah mount "$container") &&
    cp -a --reflink=auto "$mounted$part" "$folder/rootfs" &&
    images_buildah rm "$container" >/dev/null
}

# Builds every image and leaves it in build/images/NAME; the file systems of another build of all
# programs go to build/images/again/rootfs/PROGRAM.
images_build() {
  local out=$LOWBAND_ROOT/build/images image name target other
  if [ "$(id -u)" -ne 0 ]; then
    say "error: building and running images takes root: sudo scripts/test --suite images"
    return 1
  fi
  mkdir -p "$LOWBAND_CACHE/images" "$out"
  # Two at once: the second waits.
  exec 8>"$LOWBAND_CACHE/images/lock"
  flock 8
  images_tidy "$out"
  [ -n "$(images_sources)" ] || apt-get update -qq -o Acquire::Retries=3 || return
  IMAGES_KEY=$(images_base_key) IMAGES_STORAGE=$(images_storage_driver)
  IMAGES_BASE=localhost/lowband-base:latest
  for other in "$LOWBAND_CACHE"/images/base-*; do
    [ "${other##*/}" = "base-$IMAGES_KEY" ] || images_discard "$other"
  done
  IMAGES_KEY=base-$IMAGES_KEY
  mkdir -p "$LOWBAND_CACHE/images/$IMAGES_KEY"
  if ! images_buildah inspect --type image "$IMAGES_BASE" >/dev/null 2>&1; then
    images_discard "$LOWBAND_CACHE/images/$IMAGES_KEY/storage"
    images_timed "the base" images_make_base || return
  fi
  IMAGES_DIGEST=$(images_buildah images --format '{{.Digest}}' "$IMAGES_BASE" | head -n1)
  for image in "${IMAGES[@]}"; do
    name=${image%%:*} target=${image#*:}
    images_timed "$name" images_bud "$target" "localhost/$name" || return
    images_export "localhost/$name" "$out/$name" || return
  done
  # Once more without the layers: objects come from ccache, everything after them is done again.
  images_timed "all of it again" images_bud build localhost/lowband-again --no-cache &&
    images_export localhost/lowband-again "$out/again" /rootfs || return
  images_buildah rmi localhost/lowband-again >/dev/null
  images_buildah rmi --prune >/dev/null 2>&1 || true
}

# images_tidy FOLDER: removes the leftovers of killed tests.
images_tidy() {
  local space
  rm -rf --one-file-system "$1"/run-*
  ip netns list | sed -n 's/^\(lowband-images-[^ ]*\).*/\1/p' | while read -r space; do
    ip netns del "$space"
  done
}

# images_discard FOLDER: a stopped build leaves its file systems mounted.
images_discard() {
  local mounted
  awk -v folder="$1/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mounted; do umount "$mounted"; done
  # Never into a file system that is still mounted: it may be the machine's own.
  rm -rf --one-file-system "$1"
}

# images_timed WHAT COMMAND…
images_timed() {
  local what=$1 started=$SECONDS
  shift
  say "=== $what"
  "$@" || return
  say "=== $what took $((SECONDS - started)) s"
}
