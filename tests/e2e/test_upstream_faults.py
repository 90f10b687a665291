"""What a deployed client sees when the homeserver does not simply say 200."""

import pytest

from harness.matrix import Client, MatrixError
from harness.process import free_port

pytestmark = pytest.mark.lowband

WHOAMI = "account/whoami"
ERROR = {"errcode": "ORG.EXAMPLE", "error": "As the homeserver says"}


@pytest.fixture
def client(start_gateway, start_client_proxy, demo_homeserver):
    return Client(start_client_proxy(start_gateway(demo_homeserver.url)).url).register()


def refusal(client, method="GET", path=WHOAMI, body=None):
    with pytest.raises(MatrixError) as caught:
        client.call(method, path, body)
    return caught.value


@pytest.mark.parametrize(
    ("status", "seen"),
    [(400, 400), (401, 401), (403, 403), (404, 404), (405, 405), (413, 413), (500, 500),
     (502, 502), (504, 504), (409, 400), (429, 400), (410, 400), (501, 502), (503, 502)],
)  # fmt: skip
def test_errors_keep_their_body(client, demo_homeserver, status, seen):
    """Codes that deployed clients do not know are folded into those they know."""
    demo_homeserver.fault(path="/whoami", status=status, body=ERROR)
    error = refusal(client)
    assert (error.status, error.body) == (seen, ERROR)


@pytest.mark.parametrize("status", [201, 202])
def test_success_is_success(client, demo_homeserver, status):
    demo_homeserver.fault(path="/whoami", status=status, body={"done": True})
    assert client.call("GET", WHOAMI) == {"done": True}


def test_rate_limit_tells_when_to_come_back(
    start_gateway, start_client_proxy, start_demo_homeserver
):
    homeserver = start_demo_homeserver("--rate-limit", "1")
    client = Client(start_client_proxy(start_gateway(homeserver.url)).url).register()
    client.call("GET", WHOAMI)
    error = refusal(client)
    assert error.body["errcode"] == "M_LIMIT_EXCEEDED"
    assert 0 < error.body["retry_after_ms"] <= 1000


def test_an_answer_that_breaks_off(client, demo_homeserver):
    demo_homeserver.fault(path="/whoami", truncate=True)
    error = refusal(client)
    assert error.status == 502
    assert "errcode" in error.body and error.body["errcode"] != "PROXY"
    assert client.call("GET", WHOAMI)["user_id"] == client.user


def test_a_slow_answer_still_arrives(client, demo_homeserver):
    """Later than any answer that could ride on the acknowledgement."""
    demo_homeserver.fault(path="/whoami", delay_ms=4000)
    assert client.call("GET", WHOAMI)["user_id"] == client.user


def test_a_homeserver_that_comes_back(
    start_gateway, start_client_proxy, start_demo_homeserver
):
    port = free_port()
    gateway = start_gateway(f"http://127.0.0.1:{port}")
    client = Client(start_client_proxy(gateway).url)
    error = refusal(client, path="/_matrix/client/versions")
    assert error.status == 502
    assert "errcode" in error.body and error.body["errcode"] != "PROXY"
    start_demo_homeserver(port=port)
    assert client.call("GET", "/_matrix/client/versions")["versions"]


def test_delete_and_unknown_endpoints(client):
    error = refusal(client, "DELETE", "devices/none")
    assert (error.status, error.body["errcode"]) == (404, "M_UNRECOGNIZED")
