"""Plain HTTP on the port of --advertise: what passes unchanged and what is rewritten."""

import gzip
import hashlib
import json
import os
import re
import shutil
import ssl

import pytest
import requests

from harness.certificate import Certificate
from harness.homeservers import Synapse
from harness.matrix import Client
from harness.memory import peak_memory
from harness.process import run
from harness.upstream import raw_exchange, reply

pytestmark = [pytest.mark.lowband, pytest.mark.smoke]

KEY = "org.matrix.msc3079.low_bandwidth"


@pytest.fixture
def upstream(start_upstream):
    return start_upstream()


@pytest.fixture
def gateway_to(start_fallback):
    """A gateway that speaks plain HTTP in front of a scripted homeserver."""
    environment = {"LOWBAND_ALLOW_PATHS": "/"}  # its paths are no Matrix
    return lambda upstream, *flags: start_fallback(
        upstream.url, *flags, scheme="http", environment=environment
    )


def ask(gateway, request):
    return raw_exchange(gateway.port, request)


def test_everything_else_passes_to_the_byte(start_upstream, gateway_to):
    body = bytes(range(256)) * 64
    fields = b"X-One: a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: image/png\r\n"
    upstream = start_upstream(lambda request: reply(body, "207 Odd", fields))
    gateway = gateway_to(upstream)
    answer = ask(
        gateway,
        b"PROPFIND /_matrix/%41?x=%2f&y HTTP/1.1\r\nHost: me\r\nX-Thing: a%0d%0ab\r\n"
        b"Cookie: c\r\nAccept-Encoding: br\r\nConnection: close\r\n"
        b"Content-Length: 16384\r\n\r\n" + body,
    )
    assert answer.status == 207 and answer.body == body
    for line in fields.decode().strip().split("\r\n"):
        assert line in answer.head
    (request,) = upstream.requests
    assert request.line == "PROPFIND /_matrix/%41?x=%2f&y HTTP/1.1"
    assert request.body == body
    fields = dict(request.fields)
    assert re.fullmatch("[0-9a-f]{32}", fields.pop("X-Request-Id"))
    assert fields == {
        "Host": gateway.public.removeprefix("http://"),
        "X-Thing": "a%0d%0ab",
        "Cookie": "c",
        "Accept-Encoding": "br",
        "Content-Length": "16384",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "http",
    }


def test_compressed_bodies_are_left_alone(start_upstream, gateway_to):
    body = gzip.compress(b"x" * 100000)
    fields = b"Content-Encoding: gzip\r\nContent-Type: application/json\r\n"
    gateway = gateway_to(start_upstream(lambda request: reply(body, fields=fields)))
    answer = ask(
        gateway,
        b"GET /x HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
    )
    assert answer.body == body and "Content-Encoding: gzip" in answer.head


def test_chunks_both_ways(start_upstream, gateway_to):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    upstream = start_upstream(lambda request: chunked)
    answer = ask(
        gateway_to(upstream),
        b"PUT /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\none\r\n3;a=b\r\ntwo\r\n0\r\nTrailer: x\r\n\r\n",
    )
    assert "Transfer-Encoding: chunked" in answer.head
    assert answer.body == b"5\r\nhello\r\n0\r\n\r\n"
    assert upstream.requests[0].body == b"onetwo"


def test_head_ranges_and_conditions(start_upstream, gateway_to):
    def answer_to(request):
        if request.method == "HEAD":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: \"e\"\r\n\r\n"
        if request.field("if-none-match"):
            return b"HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n"
        return reply(b"bcd", "206 Partial Content", b"Content-Range: bytes 1-3/9\r\n")

    upstream = start_upstream(answer_to)
    gateway = gateway_to(upstream)
    close = b"Host: h\r\nConnection: close\r\n"
    head = ask(gateway, b"HEAD /x HTTP/1.1\r\n" + close + b"\r\n")
    assert "Content-Length: 1234" in head.head and head.body == b""
    part = ask(gateway, b"GET /x HTTP/1.1\r\nRange: bytes=1-3\r\n" + close + b"\r\n")
    assert (part.status, part.body) == (206, b"bcd") and "bytes 1-3/9" in part.head
    assert upstream.requests[1].field("range") == "bytes=1-3"
    same = ask(gateway, b"GET /x HTTP/1.1\r\nIf-None-Match: \"e\"\r\n" + close + b"\r\n")
    assert same.status == 304 and same.body == b""


def test_websockets_are_refused(upstream, gateway_to):
    answer = ask(
        gateway_to(upstream),
        b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    )
    assert answer.status == 501 and upstream.requests == []


def test_only_paths_of_clients_pass(start_upstream, start_fallback):
    upstream = start_upstream()
    gateway = start_fallback(upstream.url, scheme="http")
    for path in ("/", "/_synapse/admin/v1/server_version", "/_matrix/%2e%2e/_synapse/admin/x"):
        request = f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        answer = ask(gateway, request.encode())
        assert answer.status == 404 and b"M_UNRECOGNIZED" in answer.raw, path
    assert upstream.requests == []
    for path in ("/_matrix/client/versions", "/_synapse/client/pick_idp"):
        assert requests.get(gateway.public + path).status_code == 200
    more = start_fallback(
        upstream.url, scheme="http", environment={"LOWBAND_ALLOW_PATHS": "/_synapse/admin/"}
    )
    assert requests.get(more.public + "/_synapse/admin/v1/server_version").status_code == 200
    assert requests.get(more.public + "/_synapse/client/pick_idp").status_code == 404


def test_only_the_homeserver_is_reachable(upstream, gateway_to, start_upstream):
    other = start_upstream()
    gateway = gateway_to(upstream)
    authority = other.url.removeprefix("http://").encode()
    for request in (
        b"GET " + other.url.encode() + b"/a HTTP/1.1\r\nHost: " + authority,
        b"GET /a HTTP/1.1\r\nHost: " + authority,
        b"GET /a HTTP/1.1\r\nHost: h\r\nX-Forwarded-Host: " + authority,
        b"GET //" + authority + b"/a HTTP/1.1\r\nHost: h",
    ):
        assert ask(gateway, request + b"\r\nConnection: close\r\n\r\n").status == 200
    assert ask(gateway, b"CONNECT " + authority + b" HTTP/1.1\r\nHost: h\r\n\r\n").status == 405
    assert other.requests == []
    targets = [request.target for request in upstream.requests]
    assert targets == ["/a", "/a", "/a", f"//{authority.decode()}/a"]
    hosts = {request.field("host") for request in upstream.requests}
    assert hosts == {gateway.public.removeprefix("http://")}


OLD = {"m.homeserver": {"base_url": "http://old"}}
DOCUMENTS = {
    "/.well-known/matrix/client": {**OLD, "x": 1},
    "/_matrix/client/v3/login": {"user_id": "@a:b", "well_known": OLD},
    "/_matrix/client/versions": {"versions": ["v1.11"]},
    "/_matrix/client/v3/profile/a": {"well_known": OLD},
}


@pytest.mark.parametrize("compressed", [False, True])
def test_documents_are_rewritten(start_upstream, gateway_to, compressed):
    def answer_to(request):
        body = json.dumps(DOCUMENTS[request.target]).encode()
        fields = b"Content-Type: application/json\r\n"
        if compressed:
            return reply(gzip.compress(body), fields=fields + b"Content-Encoding: gzip\r\n")
        return reply(body, fields=fields)

    gateway = gateway_to(start_upstream(answer_to))
    got = {
        path: requests.request("POST" if "login" in path else "GET", gateway.public + path).json()
        for path in DOCUMENTS
    }
    well_known, login, versions, other = DOCUMENTS
    assert got[well_known] == {"m.homeserver": {"base_url": gateway.public}, "x": 1}
    assert got[login]["well_known"]["m.homeserver"]["base_url"] == gateway.public
    assert got[versions][KEY]["dtls"] == gateway.port
    assert got[other] == DOCUMENTS[other]


def test_trusted_proxy_in_front(upstream, gateway_to, tmp_path):
    config = tmp_path / "edge.toml"
    config.write_text("trust-forwarded-for = true\n")
    gateway = gateway_to(upstream, "--edge-config", config)
    fields = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    requests.get(gateway.public + "/_matrix/x", headers=fields)
    assert upstream.requests[0].field("x-forwarded-for") == "192.0.2.7, 127.0.0.1"
    assert upstream.requests[0].field("x-forwarded-proto") == "https"


def test_homeserver_away(gateway_to, start_upstream):
    upstream = start_upstream()
    gateway = gateway_to(upstream)
    upstream.stop()
    answer = requests.get(gateway.public + "/_matrix/client/v3/sync")
    assert answer.status_code == 502
    assert answer.json()["errcode"] == "M_UNKNOWN"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_remote_homeserver_is_verified(start_upstream, start_fallback, certificate, tmp_path):
    """Another machine's homeserver: by its own name in Host and SNI, and by nobody else's word."""
    upstream = start_upstream(certificate=certificate)
    url = f"https://localhost:{upstream.port}"
    config = tmp_path / "translator.toml"
    # One that is on loopback goes by our name otherwise.
    config.write_text(f'upstream-ca = "{certificate.cert}"\nupstream-host = "keep"\n')
    trusting = start_fallback(url, "--translator-config", config, scheme="http")
    assert requests.get(trusting.public + "/_matrix/x").status_code == 200
    assert upstream.names == ["localhost"]
    assert upstream.requests[0].field("host") == f"localhost:{upstream.port}"
    # The system's roots have not signed it.
    upstream.forget()
    refusing = start_fallback(url, scheme="http")
    answer = requests.get(refusing.public + "/_matrix/x")
    assert answer.status_code == 502 and "certificate" in answer.json()["error"]
    assert upstream.requests == []


def test_renewed_certificate_is_served(start_upstream, start_fallback, tmp_path):
    served = Certificate(tmp_path, "served")
    gateway = start_fallback(start_upstream().url, certificate=served)
    before = ssl.get_server_certificate(("127.0.0.1", gateway.port))
    renewed = Certificate(tmp_path, "renewed")
    shutil.copy(renewed.key, served.key)
    shutil.copy(renewed.cert, served.cert)
    gateway.process.wait_until(
        lambda: ssl.get_server_certificate(("127.0.0.1", gateway.port)) != before,
        15, "the renewed certificate over TCP",
    )  # fmt: skip
    assert requests.get(gateway.public + "/_matrix/x", verify=renewed.cert).status_code == 200


@pytest.fixture(scope="module")
def tls_synapse(tmp_path_factory, certificate):
    """Synapse behind HTTPS, with a certificate that nobody trusts of himself."""
    server = Synapse(tmp_path_factory.mktemp("tls-synapse"), certificate)
    yield server
    server.stop()


@pytest.fixture
def media_gateway(tls_synapse, start_fallback, certificate, tmp_path):
    config = tmp_path / "translator.toml"
    config.write_text(f'upstream-ca = "{certificate.cert}"\n')
    return start_fallback(tls_synapse.url, "--translator-config", config)


def curl(certificate, *arguments):
    command = ["curl", "--silent", "--show-error", "--fail", "--cacert", certificate.cert]
    done = run([*command, *arguments], 300)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("megabytes", [50, 200])
def test_large_files_through_curl(media_gateway, tls_synapse, certificate, tmp_path, megabytes):
    """Synapse over https with a private CA; the proxy holds next to nothing of a transfer."""
    alice = Client(media_gateway.public)
    alice._http.verify = certificate.cert
    alice.register()
    original = tmp_path / "original"
    original.write_bytes(os.urandom(1 << 20) * megabytes)
    authorization = f"Authorization: Bearer {alice.token}"
    copy = tmp_path / "copy"

    def up_and_down(path):
        uploaded = json.loads(
            curl(
                certificate, "-H", authorization, "-H", "Content-Type: application/octet-stream",
                "-T", path, "-X", "POST",
                f"{media_gateway.public}/_matrix/media/v3/upload?filename=f",
            )  # fmt: skip
        )
        media = uploaded["content_uri"].removeprefix("mxc://")
        url = f"{media_gateway.public}/_matrix/client/v1/media/download/{media}"
        curl(certificate, "-H", authorization, "-o", copy, url)
        return url

    # What is there once, however large the file: buffers, a thread's heap, TLS.
    small = tmp_path / "small"
    small.write_bytes(os.urandom(1 << 20))
    up_and_down(small)
    before = peak_memory(media_gateway)
    url = up_and_down(original)
    after = peak_memory(media_gateway)

    def checksum(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert checksum(copy) == checksum(original)
    print(f"\n{megabytes} MiB up and down; memory in MiB before, after, peak:")
    for name in before:
        print(f"  {name}: {before[name][1]:.1f} {after[name][1]:.1f} {after[name][0]:.1f}")
        assert after[name][0] - before[name][1] < 4, "held, not streamed"
    part = curl(certificate, "-H", authorization, "-r", "0-99", url)
    assert part in (original.read_bytes()[:100], original.read_bytes()), "Synapse may ignore ranges"
