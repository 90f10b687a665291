"""How a client finds out that there is a low-bandwidth gateway, and what it advertises."""

import pytest

from harness.matrix import Client, MatrixError

KEY = "org.matrix.msc3079.low_bandwidth"


@pytest.mark.lowband
def test_versions_tell_of_low_bandwidth(client_proxy, gateway, synapse):
    straight = Client(synapse.url).call("GET", "/_matrix/client/versions")
    through = Client(client_proxy.url).call("GET", "/_matrix/client/versions")
    assert through.pop(KEY) == {
        "dtls": gateway.port,
        "cbor_enum_version": 1,
        "coap_enum_version": 1,
        "packed_65079": "8ce69d82",
    }
    assert through == straight, "nothing else changes"


def test_well_known(client_proxy, synapse):
    """Without --advertise the document comes through as it is."""
    document = Client(client_proxy.url).call("GET", "/.well-known/matrix/client")
    assert document == Client(synapse.url).call("GET", "/.well-known/matrix/client")
    assert document["m.homeserver"]["base_url"].startswith(synapse.url)


@pytest.mark.lowband
def test_missing_well_known(start_gateway, start_client_proxy, demo_homeserver):
    demo_homeserver.fault(path="/.well-known/", status=404, body={"detail": "not a Matrix error"})
    proxy = start_client_proxy(start_gateway(demo_homeserver.url))
    with pytest.raises(MatrixError) as missing:
        Client(proxy.url).call("GET", "/.well-known/matrix/client")
    assert missing.value.status == 404
