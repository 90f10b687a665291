"""libcoap's own client, an implementation of CoAP and DTLS that is neither ours nor Go's."""

import json

import pytest

from harness.process import run

pytestmark = pytest.mark.smoke

PROGRAM = "coap-client-openssl"


def request(gateway, path, *flags, folder):
    """The answer's body (bytes)."""
    output = folder / "body"
    command = [PROGRAM, "-B", "20", "-o", output, *flags]
    trust = ["-R", gateway.certificate.cert]
    done = run([*command, *trust, f"coaps://{gateway.address}{path}"])
    assert done.returncode == 0, done.stderr.decode()
    assert output.exists(), f"no answer\n{done.stdout.decode()}{done.stderr.decode()}"
    return output.read_bytes()


# The gateway that Lowband replaces answers each block with another order of keys.
@pytest.mark.lowband
def test_versions_by_enum_path(gateway, peers, tmp_path):
    body = request(gateway, "/0", "-m", "get", folder=tmp_path)
    assert "r0.6.1" in json.loads(peers.to_json(body))["versions"]


@pytest.mark.lowband
def test_versions_by_literal_path(gateway, peers, tmp_path):
    body = request(gateway, "/_matrix/client/versions", "-m", "get", folder=tmp_path)
    assert "r0.6.1" in json.loads(peers.to_json(body))["versions"]


@pytest.mark.lowband
def test_answers_in_json_when_asked(gateway, tmp_path):
    body = request(gateway, "/0", "-m", "get", "-A", "application/json", folder=tmp_path)
    assert "r0.6.1" in json.loads(body)["versions"]


def test_post_with_cbor(gateway, peers, tmp_path):
    """Registers, which takes a body up and brings one down."""
    name = f"libcoap{gateway.port}"
    body = tmp_path / "request"
    register = {"auth": {"type": "m.login.dummy"}, "username": name, "password": "barbarbar"}
    body.write_bytes(peers.to_cbor(json.dumps(register)))
    answer = request(
        gateway, "/4", "-m", "post", "-t", "application/cbor", "-f", body, folder=tmp_path
    )
    assert json.loads(peers.to_json(answer))["user_id"].startswith(f"@{name}:")
