"""The certificates that Helm makes are kept, renewed and rotated, all under one authority."""

import base64
import copy
import subprocess
import time

import pytest
import yaml

from chart import CHART, HELMS, LOADER, helm
from cluster import cluster

VALUES = [
    "--set", "homeserver.url=http://synapse:8008", "--set", "tls.existingSecret=lowband-tls",
]  # fmt: skip
NAMES = ["lowband-grpc-ca", "lowband-grpc-edge", "lowband-grpc-translator"]


def render(major, *more):
    result = helm(major, "template", "lowband", CHART, "-n", "matrix", *VALUES, *more)
    assert result.returncode == 0, result.stderr
    found = [o for o in yaml.load_all(result.stdout, LOADER) if o and o["kind"] == "Secret"]
    assert [o["metadata"]["name"] for o in found] == NAMES
    return {o["metadata"]["name"]: o for o in found}


def upgrade(major, folder, installed, *more):
    """The result of an upgrade of a cluster with `installed`."""
    installed = copy.deepcopy(installed)
    for secret in installed.values():
        notes = secret["metadata"].setdefault("annotations", {})
        notes["meta.helm.sh/release-name"] = "lowband"
        notes["meta.helm.sh/release-namespace"] = "matrix"
    with cluster(folder, installed) as config:
        arguments = ("--dry-run=server", "--disable-openapi-validation", "--kubeconfig", config)
        return render(major, *arguments, *more)


def data(secrets):
    return {name: secret["data"] for name, secret in secrets.items()}


def assert_signed_by(secrets, folder, authority):
    for name in NAMES[1:]:
        (folder / "ca").write_bytes(base64.b64decode(authority["data"]["tls.crt"]))
        (folder / "leaf").write_bytes(base64.b64decode(secrets[name]["data"]["tls.crt"]))
        result = subprocess.run(
            ["openssl", "verify", "-CAfile", folder / "ca", folder / "leaf"], capture_output=True
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("major", HELMS)
def test_an_upgrade_keeps_all_of_them(major, tmp_path):
    installed = render(major)
    assert data(upgrade(major, tmp_path, installed)) == data(installed)


@pytest.mark.parametrize("major", HELMS)
def test_rotation_renews_under_the_same_authority(major, tmp_path):
    installed = render(major)
    rotated = upgrade(major, tmp_path, installed, "--set-string", "grpc.tls.generated.rotation=2")
    assert rotated[NAMES[0]]["data"] == installed[NAMES[0]]["data"]
    for name in NAMES[1:]:
        assert rotated[name]["data"]["tls.crt"] != installed[name]["data"]["tls.crt"]
    assert_signed_by(rotated, tmp_path, installed[NAMES[0]])
    again = upgrade(major, tmp_path, rotated, "--set-string", "grpc.tls.generated.rotation=2")
    assert data(again) == data(rotated)


@pytest.mark.parametrize("major", HELMS)
@pytest.mark.parametrize("days, renewed", [(540, False), (555, True)])
def test_the_second_half_of_their_life_renews_them(major, tmp_path, days, renewed):
    installed = render(major)
    for name in NAMES[1:]:
        issued = str(int(time.time()) - days * 86400)
        installed[name]["metadata"]["annotations"]["lowband/issued"] = issued
    after = upgrade(major, tmp_path, installed)
    assert (data(after) != data(installed)) == renewed
    assert after[NAMES[0]]["data"] == installed[NAMES[0]]["data"]
    assert_signed_by(after, tmp_path, installed[NAMES[0]])


def test_a_lost_authority_makes_all_of_them_new(tmp_path):
    installed = render("helm4")
    authority = installed.pop(NAMES[0])
    after = upgrade("helm4", tmp_path, installed)
    assert after[NAMES[0]]["data"] != authority["data"]
    assert_signed_by(after, tmp_path, after[NAMES[0]])
