"""The ways to the homeserver: straight, over TCP through the edge, over CoAP in each manner that a
client may choose, and through the deployed Go client."""

import dataclasses
import http.client
import json
import pathlib
import ssl
import subprocess
import typing

from differential import cbor
from differential.cases import NOTHING, Raw, Request

_ROWS = pathlib.Path(__file__).parent.parent / "gopeers" / "wire" / "coap_paths_v1.tsv"
PATHS = [
    (code, path[1:].split("/"))  # the path of push rules ends in a slash
    for code, path in (row.split("\t") for row in _ROWS.read_text().splitlines()[1:])
]
URI_PATH, CONTENT_FORMAT, URI_QUERY, ACCEPT = 11, 12, 15, 17
TOKEN, KEY_TABLE, STATUS = 256, 257, 2048
JSON, CBOR = 50, 60
TYPES = {
    JSON: "application/json", CBOR: "application/json", 42: "application/octet-stream",
    40: "application/link-format",
}  # fmt: skip
METHODS = {"GET": 1, "POST": 2, "PUT": 3, "DELETE": 4}
SECONDS = 60


@dataclasses.dataclass
class Answer:
    status: int
    type: str | None  # the media type; CBOR made of JSON counts as JSON
    body: typing.Any  # JSON's value, or bytes if it is none
    fields: dict | None = None  # of HTTP


def json_text(request):
    """The body as JSON's text."""
    if request.body is NOTHING:
        return b""
    return request.body.json if isinstance(request.body, Raw) else json.dumps(request.body).encode()


def read_json(data):
    try:
        return json.loads(data) if data else data
    except ValueError:
        return data


class Http:
    """One connection to `url`, kept alive. Targets go out as they are."""

    def __init__(self, name, url):
        self.name = name
        self._secure = url.startswith("https")
        self._authority = url.split("://")[1]
        self._connection = None

    def can(self, request):
        return True

    def _connect(self):
        if self._secure:
            trusting = ssl._create_unverified_context()
            return http.client.HTTPSConnection(self._authority, timeout=SECONDS, context=trusting)
        return http.client.HTTPConnection(self._authority, timeout=SECONDS)

    def ask(self, request):
        self._connection = self._connection or self._connect()
        headers = {"Authorization": f"Bearer {request.token}"} if request.token is not None else {}
        body = json_text(request)
        if body:
            headers["Content-Type"] = "application/json"
        connection = self._connection
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        if body or request.method in ("POST", "PUT"):
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        data = response.read()
        if response.will_close:
            connection.close()
            self._connection = None
        kind = response.headers.get("Content-Type")
        fields = {}
        for name, value in response.headers.items():
            fields.setdefault(name.lower(), []).append(value)
        return Answer(response.status, kind, read_json(data), fields)

    def stop(self):
        if self._connection:
            self._connection.close()


class Coap:
    """One session, in the manner of `name`; every request names its token, be it none."""

    def __init__(self, name, program, port, folds=False, numbers=cbor.NUMBERS, json_only=False):
        self.name, self._folds, self._numbers, self._json = name, folds, numbers, json_only
        self._command, self._asker = [program, "--server", str(port)], None

    def can(self, request):
        try:
            return request.method in METHODS and self._body(request) is not None
        except ValueError:  # an integer of more than 64 bits
            return False

    def _segments(self, request):
        segments = request.segments
        return fold(segments) if self._folds else segments

    def _body(self, request):
        if request.body is NOTHING:
            return b""
        if self._json:
            return json_text(request)
        if isinstance(request.body, Raw):
            return request.body.cbor
        return cbor.write(request.body, self._numbers)

    def ask(self, request):
        options = [(URI_PATH, segment) for segment in self._segments(request)]
        options += [(URI_QUERY, "=".join(pair).encode()) for pair in request.query]
        options.append((TOKEN, (request.token or "").encode()))
        body = self._body(request)
        if body:
            options.append((CONTENT_FORMAT, bytes([JSON if self._json else CBOR])))
        if self._json:
            options.append((ACCEPT, bytes([JSON])))
        if self._numbers is cbor.STRINGS:
            options.append((KEY_TABLE, b""))
        told = {
            "method": METHODS[request.method],
            "options": [(number, value.hex()) for number, value in options],
            "body": body.hex(),
        }
        self._asker = self._asker or subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._asker.stdin.write(json.dumps(told) + "\n")
        return self._read(json.loads(self._asker.stdout.readline()))

    def _read(self, told):
        assert "failed" not in told, told
        options = {number: bytes.fromhex(value) for number, value in told["options"]}
        code = told["code"]
        status = int.from_bytes(options.get(STATUS, b""), "big")
        if not status:
            status = 200 if code == 0x45 else (code >> 5) * 100 + (code & 31)
        label = options.get(CONTENT_FORMAT)
        label = None if label is None else int.from_bytes(label, "big")
        assert label in (40, 42, JSON if self._json else CBOR), f"Content-Format {label}"
        body = bytes.fromhex(told["body"])
        if label == CBOR:
            body = cbor.read(body, self._numbers)
        elif label == JSON:
            body = json.loads(body)
        return Answer(status, TYPES.get(label), body)

    def stop(self):
        if self._asker:
            self._asker.stdin.close()
            self._asker.wait(SECONDS)
            self._asker.stdout.close()


def fold(segments):
    """The shortest form of a path: its code and the values of its placeholders."""
    for code, template in PATHS:
        pairs = list(zip(template, segments))
        if len(template) != len(segments):
            continue
        if all(part.startswith("{") or part.encode() == segment for part, segment in pairs):
            return [code.encode(), *(value for part, value in pairs if part.startswith("{"))]
    return segments


class Go(Http):
    """The deployed client. It sends a token when that changes, as all of them do, and waits with a
    request whose token it takes for known; a token that ends is known to nobody."""

    def __init__(self, name, proxy):
        super().__init__(name, proxy.url)
        self._last = None

    def can(self, request):
        if request.method not in METHODS or any(len(part) > 255 for part in request.segments):
            return False  # it falls over longer ones
        if request.token == "":
            return False  # which it takes for the token "Bearer"
        try:
            text = json_text(request).decode()
            return text == "" or json.loads(text, parse_constant=_refuse) is not NOTHING
        except ValueError:
            return False  # it refuses the body itself

    def ask(self, request):
        if self._last == request.token and (request.token is None or self._refused):
            super().ask(Request("GET", "/_matrix/client/versions", (), NOTHING, "of nobody"))
        answer = super().ask(request)
        self._last, self._refused = request.token, answer.status == 401
        answer.fields = answer.type = None  # its own: it says JSON of everything
        return answer


def _refuse(constant):
    raise ValueError(constant)
