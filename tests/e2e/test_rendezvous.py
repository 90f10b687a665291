"""The rendezvous of two devices (MSC4108) over CoAP, with Synapse's own versions and conditions."""

import json
import re
from urllib.parse import urlsplit

import pytest

from harness.homeservers import Synapse
from harness.process import run

pytestmark = pytest.mark.lowband

# Synapse has it only where accounts are kept elsewhere; nobody logs in here.
CONFIG = """
enable_registration: false
matrix_authentication_service: {enabled: true, endpoint: "http://127.0.0.1:9/", secret: "x"}
experimental_features: {msc4108_enabled: true}
"""
START = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous"
TEXT = ["-H", "Content-Type: text/plain"]


@pytest.fixture(scope="module")
def synapse(tmp_path_factory):
    server = Synapse(tmp_path_factory.mktemp("rendezvous-synapse"), more=CONFIG)
    yield server
    server.stop()


@pytest.fixture
def ask(bin_dir, start_gateway, synapse):
    """ask(path, *flags) -> (first line, options, body)"""
    gateway = start_gateway(synapse.url)

    def ask(path, *flags):
        done = run([bin_dir / "lowband", "request", "-k", "-i", "--compact", *flags,
                    gateway.url(path)])  # fmt: skip
        head, _, body = done.stdout.decode().partition("\n\n")
        code, *lines = head.splitlines()
        return code, dict(line.split(": ", 1) for line in lines), body

    return ask


def test_two_devices_meet(ask):
    code, options, body = ask(START, "-X", "POST", *TEXT, "-d", "hello")
    assert (code, options["HTTP-Status"]) == ("CoAP 2.05 Content", "201"), body
    assert 1 <= int(options["Max-Age"]) <= 60
    first = options["ETag"]
    assert re.fullmatch("0x[0-9a-f]{16}", first)
    path = urlsplit(json.loads(body)["url"]).path

    code, options, body = ask(path)
    assert (code, options["ETag"], body) == ("CoAP 2.05 Content", first, "hello")
    assert options["Content-Format"] == "text/plain (0)"
    code, options, body = ask(path, "-H", f"If-None-Match: {first}")
    assert (code, options["ETag"], body) == ("CoAP 2.03 Valid", first, "")

    # Base64 of a size that needs two blocks, and what looks like JSON or CBOR but is text.
    for text in ("x" * 2000, '{"a":1}'):
        code, options, _ = ask(path)
        code, options, body = ask(
            path, "-X", "PUT", *TEXT, "-d", text, "-H", f"If-Match: {options['ETag']}"
        )
        assert (code, options["HTTP-Status"]) == ("CoAP 2.05 Content", "202"), body
        assert ask(path)[2] == text

    code, options, body = ask(path, "-X", "PUT", *TEXT, "-d", "late", "-H", f"If-Match: {first}")
    assert (code, options["HTTP-Status"]) == ("CoAP 4.00 Bad Request", "412")
    assert "M_CONCURRENT_WRITE" in body
    assert options["ETag"] == ask(path)[1]["ETag"] != first

    assert ask(path, "-X", "DELETE")[0].startswith("CoAP 2.05")
    assert ask(path)[0] == "CoAP 4.04 Not Found"


def test_nobody_begins_with_nothing_in_hand(ask):
    code, options, body = ask(START, "-X", "POST", *TEXT)
    assert options.get("HTTP-Status") == "201", (code, body)
    code, options, text = ask(urlsplit(json.loads(body)["url"]).path)
    assert (code, options["Content-Format"], text) == ("CoAP 2.05 Content", "text/plain (0)", "")
