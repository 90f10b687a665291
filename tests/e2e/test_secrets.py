"""Tokens, passwords, messages and room names never get into a log, however much is logged."""

import pytest
import requests

from harness.matrix import Client, MatrixError
from harness.services import Services

pytestmark = pytest.mark.lowband

PASSWORD = "canary-password"
MESSAGE = "canary-message"


def converse(url, demo_homeserver):
    """Goes well and wrong in several ways; returns what must stay secret."""
    client = Client(url).register("canary-name", PASSWORD)
    room = client.create_room(name="canary-room")
    client.send(room, MESSAGE)
    client.sync()
    secrets = [client.token, PASSWORD, MESSAGE, "canary-room", room, "canary-name"]
    demo_homeserver.fault(path="/send/", status=500, body={"errcode": "X", "error": MESSAGE})
    demo_homeserver.fault(path="/sync", truncate=True, body={"error": MESSAGE * 10})
    for action in (lambda: client.send(room, MESSAGE), client.sync):
        with pytest.raises(MatrixError):
            action()
    client.token = "canary-token"
    with pytest.raises(MatrixError):
        client.call("GET", "account/whoami")
    return [*secrets, "canary-token"]


def test_nothing_secret_is_logged(start_gateway, start_client_proxy, demo_homeserver):
    gateway = start_gateway(demo_homeserver.url, environment={"LOWBAND_LOG_LEVEL": "trace"})
    secrets = converse(start_client_proxy(gateway).url, demo_homeserver)
    gateway.stop()
    log = gateway.process.log()
    assert "listening" in log
    assert [secret for secret in secrets if secret in log] == []


def test_nothing_secret_is_in_the_metrics(
    tmp_path, bin_dir, certificate, start_client_proxy, demo_homeserver
):
    services = Services(tmp_path, bin_dir, demo_homeserver.url, certificate)
    try:
        secrets = converse(start_client_proxy(services).url, demo_homeserver)
        for admin in (services.admin, services.translator_admin):
            metrics = requests.get(f"{admin}/metrics", timeout=5)
            assert metrics.ok and "lowband_" in metrics.text
            assert [secret for secret in secrets if secret in metrics.text] == []
            for path in ("healthz", "readyz"):
                assert requests.get(f"{admin}/{path}", timeout=5).ok
    finally:
        services.stop()
