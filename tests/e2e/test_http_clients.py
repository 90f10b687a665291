"""Clients that know nothing of CoAP, on the advertised HTTPS URL alone, beside one that does."""

import asyncio
import io
import uuid

import nio
import pytest
import requests

from harness.browser import Page, bundle
from harness.matrix import Client
from harness.nio_talk import log_in, say_hello_to_each_other

pytestmark = pytest.mark.lowband


async def converse(public_url, coap_url, name):
    """One user over HTTPS, one over CoAP."""
    config = nio.AsyncClientConfig(encryption_enabled=False)
    alice = nio.AsyncClient(public_url, f"{name}a", config=config, ssl=False)
    bob = nio.AsyncClient(coap_url, f"{name}b", config=config)
    try:
        await log_in(alice)
        await log_in(bob)
        found = await alice.discovery_info()
        assert isinstance(found, nio.DiscoveryInfoResponse), found
        assert found.homeserver_url.rstrip("/") == public_url
        await say_hello_to_each_other(alice, bob)
        data = bytes(range(256)) * 4096
        uploaded, _ = await alice.upload(io.BytesIO(data), "image/png", "p.png", filesize=len(data))
        assert isinstance(uploaded, nio.UploadResponse), uploaded
        media = uploaded.content_uri.removeprefix("mxc://")
        return data, media, alice.access_token
    finally:
        await alice.close()
        await bob.close()


def test_matrix_nio_over_https_beside_coap(synapse, start_fallback, start_client_proxy):
    gateway = start_fallback(synapse.url)
    proxy = start_client_proxy(gateway)
    name = f"nio{uuid.uuid4().hex[:8]}"
    talk = converse(gateway.public, proxy.url, name)
    data, media, token = asyncio.run(asyncio.wait_for(talk, 60))
    # matrix-nio asks for media without a token, which Synapse no longer answers.
    got = requests.get(
        f"{gateway.public}/_matrix/client/v1/media/download/{media}",
        headers={"Authorization": f"Bearer {token}"}, verify=False,
    )  # fmt: skip
    assert got.content == data
    over_coap = Client(proxy.url).call("GET", "/.well-known/matrix/client")
    over_https = requests.get(gateway.public + "/.well-known/matrix/client", verify=False).json()
    assert over_coap == over_https
    assert over_https["m.homeserver"]["base_url"] == gateway.public


def test_browser_with_matrix_js_sdk(synapse, start_fallback, tmp_path):
    """Every request of the page crosses origins: CORS must be intact."""
    gateway = start_fallback(synapse.url)
    name = f"web{uuid.uuid4().hex[:8]}"
    Client(synapse.url, "v3").register(name, "a secret")
    bundle(tmp_path)
    page = Page(tmp_path)
    told = page.run(
        tmp_path, {"homeserver": gateway.public, "user": name, "password": "a secret"}
    )
    assert "error" not in told, told["error"]
    result = told["result"]
    assert result["body"] == "Hello from a browser"
    assert result["baseUrl"] == gateway.public
    assert result["versions"]["org.matrix.msc3079.low_bandwidth"]["dtls"] == gateway.port
    sent = Client(synapse.url, "v3").login(name)
    event = sent.call("GET", f"rooms/{result['room']}/event/{result['event']}")
    assert event["content"]["body"] == "Hello from a browser"
