"""Requests that two readers might read differently: refused here, and never seen by the homeserver.

Each case ends with a second request for /smuggled that a careless proxy would pass on."""

import re

import pytest

from harness.gateway import Gateway
from harness.process import free_port
from harness.upstream import Upstream, raw_exchange

pytestmark = pytest.mark.lowband

SECOND = b"GET /smuggled HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def get(*fields, line=b"GET /x HTTP/1.1", host=b"Host: h\r\n"):
    return line + b"\r\n" + host + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def post(*fields, body=b"", line=b"POST /x HTTP/1.1"):
    return get(*fields, line=line) + body


CL5 = b"Content-Length: 5"
CHUNKED = b"Transfer-Encoding: chunked"


def chunks(body):
    return post(CHUNKED, body=body)


# name: (request, status)
CASES = {
    # Two lengths.
    "both lengths": (post(CL5, CHUNKED, body=b"0\r\n\r\n"), 400),
    "both lengths, other order": (post(CHUNKED, CL5, body=b"0\r\n\r\n"), 400),
    "two content lengths": (post(CL5, b"Content-Length: 6", body=b"hello"), 400),
    "one content length twice": (post(CL5, CL5, body=b"hello"), 400),
    "list of content lengths": (post(b"Content-Length: 5, 5", body=b"hello"), 400),
    "signed content length": (post(b"Content-Length: +5", body=b"hello"), 400),
    "negative content length": (post(b"Content-Length: -1"), 400),
    "hexadecimal content length": (post(b"Content-Length: 0x5", body=b"hello"), 400),
    "content length with a space inside": (post(b"Content-Length: 1 0", body=b"hello"), 400),
    "empty content length": (post(b"Content-Length:"), 400),
    "enormous content length": (post(b"Content-Length: 99999999999999999999"), 400),
    "content length beyond the limit": (post(b"Content-Length: 999999999999"), 413),
    # Transfer codings.
    "unknown coding": (post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 400),
    "coding before chunked": (post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    "chunked twice": (post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), 400),
    "two transfer encodings": (post(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), 400),
    "transfer encoding with a vertical tab": (post(b"Transfer-Encoding: \x0bchunked"), 400),
    "quoted transfer encoding": (post(b'Transfer-Encoding: "chunked"'), 400),
    "transfer encoding with HTTP/1.0": (post(CHUNKED, line=b"POST /x HTTP/1.0"), 400),
    "empty transfer encoding": (post(b"Transfer-Encoding:"), 400),
    # Chunks.
    "chunk size with a sign": (chunks(b"+5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk size with 0x": (chunks(b"0x5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk size behind a space": (chunks(b" 5\r\nhello\r\n0\r\n\r\n"), 400),
    "empty chunk size": (chunks(b"\r\nhello\r\n0\r\n\r\n"), 400),
    "enormous chunk size": (chunks(b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk line that ends in LF": (chunks(b"5\nhello\r\n0\r\n\r\n"), 400),
    "chunk without its end": (chunks(b"5\r\nhelloX0\r\n\r\n"), 400),
    "chunk whose end is LF": (chunks(b"5\r\nhello\n0\r\n\r\n"), 400),
    "chunk extension with a bare CR": (chunks(b"5;a\rb\r\nhello\r\n0\r\n\r\n"), 400),
    "endless chunk extension": (chunks(b"5;" + b"a" * 9000 + b"\r\nhello\r\n0\r\n\r\n"), 400),
    "malformed trailer": (chunks(b"0\r\nno colon\r\n\r\n"), 400),
    # Line ends.
    "LF alone": (b"GET /x HTTP/1.1\nHost: h\n\n", 400),
    "LF within the fields": (b"GET /x HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400),
    "bare CR in a value": (get(b"X: a\rb"), 400),
    "NUL in a value": (get(b"X: a\0b"), 400),
    "folded field": (get(b"X: a", b" b"), 400),
    "folded first field": (b"GET /x HTTP/1.1\r\n Host: h\r\n\r\n", 400),
    "space before the colon": (get(b"X : a"), 400),
    "no name": (get(b": a"), 400),
    "no colon": (get(b"X"), 400),
    "control character in a name": (get(b"X\x01Y: a"), 400),
    # Request line.
    "two spaces": (get(line=b"GET  /x HTTP/1.1"), 400),
    "tab": (get(line=b"GET\t/x\tHTTP/1.1"), 400),
    "space in the target": (get(line=b"GET /x y HTTP/1.1"), 400),
    "fragment": (get(line=b"GET /x#y HTTP/1.1"), 400),
    "raw bytes in the target": (get(line=b"GET /\xc3\xa9 HTTP/1.1"), 400),
    "no slash": (get(line=b"GET x HTTP/1.1"), 400),
    "asterisk": (get(line=b"OPTIONS * HTTP/1.1"), 400),
    "HTTP/0.9": (b"GET /x\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.2": (get(line=b"GET /x HTTP/1.2"), 505),
    "lower-case version": (get(line=b"GET /x http/1.1"), 400),
    "CONNECT": (get(line=b"CONNECT h:1 HTTP/1.1"), 405),
    "TRACE": (get(line=b"TRACE /x HTTP/1.1"), 405),
    "absolute form with a user": (get(line=b"GET http://u@h/x HTTP/1.1"), 400),
    # Host.
    "no host": (get(host=b""), 400),
    "two hosts": (get(b"Host: other"), 400),
    "host with a path": (get(host=b"Host: h/x\r\n"), 400),
    "host with a user": (get(host=b"Host: u@h\r\n"), 400),
    # Size, upgrades, expectations.
    "one enormous field": (get(b"X: " + b"a" * 40000), 431),
    "many fields": (get(*[b"X: a"] * 200), 431),
    "enormous target": (get(line=b"GET /" + b"a" * 20000 + b" HTTP/1.1"), 414),
    "websocket": (get(b"Connection: Upgrade", b"Upgrade: websocket"), 501),
    "unknown expectation": (post(CL5, b"Expect: a-miracle", body=b"hello"), 417),
    "body of a HEAD request": (post(CL5, body=b"hello", line=b"HEAD /x HTTP/1.1"), 400),
}


@pytest.fixture(scope="module")
def gateway_and_upstream(tmp_path_factory, proxy_program, certificate):
    upstream = Upstream()
    port = free_port()
    gateway = Gateway(
        tmp_path_factory.mktemp("smuggling"), proxy_program, upstream.url, certificate,
        "--advertise", f"http://127.0.0.1:{port}", port=port,
        environment={"LOWBAND_ALLOW_PATHS": "/"},
    )  # fmt: skip
    yield gateway, upstream
    gateway.stop()
    upstream.stop()


@pytest.fixture
def setup(gateway_and_upstream):
    gateway, upstream = gateway_and_upstream
    upstream.forget()
    return gateway, upstream


@pytest.mark.parametrize("name", CASES)
def test_refused(setup, name):
    gateway, upstream = setup
    request, status = CASES[name]
    answer = raw_exchange(gateway.port, request + SECOND)
    assert answer.status == status, answer.raw[:300]
    assert "Connection: close" in answer.head
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", answer.raw)) == 1, "one answer, and then nothing"
    assert upstream.connections == 0, [seen.line for seen in upstream.requests]


def test_the_list_is_long_enough():
    assert len(CASES) >= 40


def test_a_good_request_passes(setup):
    gateway, upstream = setup
    answer = raw_exchange(gateway.port, SECOND)
    assert answer.status == 200 and len(upstream.requests) == 1
