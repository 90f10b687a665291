"""What clients do wrong or seldom: no token and wrong ones, methods, paths, bodies, numbers. In a
world of its own, by version r0 where the path table has it and by v3."""

from differential.cases import Case, Raw

BASE = "/_matrix/client"


def nested(depth):
    return {"a": nested(depth - 1)} if depth > 1 else {}


def tokens(api):
    base = f"{BASE}/{api}"
    routes = (
        ("GET", "sync"), ("GET", "account/whoami"), ("PUT", "rooms/{room}/send/m.test/t"),
        ("POST", "createRoom"), ("GET", "nowhere"), ("GET", "devices"),
    )  # fmt: skip
    tried = [
        Case(method, f"{base}/{path}", body={} if method != "GET" else Case.body, token=token,
             label=f"of {token}")
        for method, path in routes
        for token in (None, "wrong", "syt_wrong_wrong_wrong")
    ]  # fmt: skip
    odd = ("", "with space", "ü", "a" * 1000, "Bearer {alice_token}")
    tried += [
        Case("GET", f"{base}/account/whoami", token=token, label=f"of {token[:30]!r}")
        for token in odd
    ]
    in_query = (("access_token", "{alice_token}"),)
    return [
        *tried,
        Case("GET", f"{base}/account/whoami"),
        Case("GET", f"{base}/account/whoami", token=None, query=in_query),
        Case("GET", f"{base}/account/whoami", token="wrong", query=in_query),
        Case("GET", f"{base}/account/whoami", query=(("access_token", "wrong"),)),
    ]


def methods(api):
    base = f"{BASE}/{api}"
    routes = (
        "versions", "login", "createRoom", "rooms/{room}/state", "rooms/{room}/send/m.test/m1",
        "joined_rooms", "profile/{bob}/displayname", "nowhere", "devices/DEVICE",
    )  # fmt: skip
    return [
        Case(method, f"{BASE}/versions" if path == "versions" else f"{base}/{path}", body=body)
        for path in routes
        for method, body in (
            ("GET", Case.body), ("POST", Case.body), ("PUT", Case.body), ("DELETE", Case.body),
            ("PATCH", {}), ("OPTIONS", Case.body), ("HEAD", Case.body), ("BREW", Case.body),
        )
        if not (path == "devices/DEVICE" and method == "DELETE")
    ]  # fmt: skip


def paths(api):
    base = f"{BASE}/{api}"
    odd = (
        "/", "/_matrix", "/_matrix/", "/_matrix/client", "/_matrix/client/", f"{base}/", base,
        f"{BASE}/v99/sync", f"{BASE}/r1/sync", f"{base}/joined_rooms/", f"{base}/joined_rooms",
        f"{base}//joined_rooms", f"{base}/./sync", f"{base}/../v3/sync", f"{base}/%2e%2e/sync",
        f"{base}/SYNC", f"/{base}/joined_rooms",
        f"{base}/sync%00", f"{base}/sync%0a", f"{base}/%ff%fe/sync", f"{base}/%E2%82/x",
        f"{base}/rooms//state", f"{base}/rooms/{{room}}/members",
        f"{base}/rooms/{{room}}/members/", f"{base}/rooms/%20/state",
        f"{base}/rooms/a%252Fb/state", f"{base}/profile/%40a",
        f"{base}/profile/@a%25b:c/displayname", f"{base}/profile/" + "x" * 255,
        f"{base}/profile/" + "x" * 300, f"{base}/rooms/" + "/".join("abcdefgh") + "/state",
        f"{base}/directory/room/%23a%2Fb:test.localhost",
        "/_synapse/admin/v1/server_version", "/_synapse/client/x", "/health", "/favicon.ico",
        "/_matrix/federation/v1/version", "/_matrix/static/", "/.well-known/core",
        "/.well-known/openid", "/1", "/W", "/é",
        f"{base}/rooms/{{room}}/event/%24a%2Fb%2Fc", f"{base}/rooms/!a%2Fb:c/joined_members",
    )  # fmt: skip
    return [Case("GET", path, unordered=("chunk",)) for path in odd]


def slashes(api):
    """In ids, where a client that splits decoded paths makes two segments of one."""
    base = f"{BASE}/{api}"
    return [
        Case("PUT", f"{base}/rooms/{{room}}/state/m.test/a%2Fb", body={"k": 1}),
        Case("GET", f"{base}/rooms/{{room}}/state/m.test/a%2Fb"),
        Case("PUT", f"{base}/rooms/{{room}}/send/m.test/x%2Fy", body={"k": 1}),
        Case("PUT", f"{base}/rooms/{{room}}/send/m.a%2Fb/x", body={"k": 1}),
        Case("PUT", f"{base}/devices/a%2Fb", body={}),
        Case("PUT", f"{base}/user/{{alice}}/account_data/a%2Fb", body={"k": 1}),
        Case("GET", f"{base}/user/{{alice}}/account_data/a%2Fb", follows=True),
        Case("GET", f"{base}/user/{{alice}}/filter/a%2Fb"),
    ]


def queries(api):
    base = f"{BASE}/{api}"
    messages = f"{base}/rooms/{{room}}/messages"
    return [
        Case("GET", messages, query=(("dir", "b"), ("dir", "f"), ("limit", "1"), ("limit", "2"))),
        Case("GET", messages, query=(("dir", ""), ("limit", ""))),
        Case("GET", messages, query=(("dir", "b"), ("limit", "99999999999999999999"))),
        Case("GET", messages, query=(("dir", "b"), ("limit", "-1"))),
        Case("GET", messages, query=(("dir", "b"), ("limit", "1"), ("filter", "{{"))),
        Case("GET", messages, query=(("dir", "b"), ("limit", "1"), ("unknown", "a&b=c#d?e/f%+ü"))),
        Case("GET", messages, query=(("dir", "b"), ("limit", "1"), ("é&", "="), ("", "x"))),
        Case("GET", messages, query=(
            ("dir", "b"), ("limit", "1"), ("filter", '{"types":["x' + "é" * 300 + '"]}'))),
        Case("GET", f"{base}/profile/{{alice}}/displayname", query=tuple(
            (f"q{n}", str(n)) for n in range(9))),
        Case("GET", f"{base}/sync", query=(("timeout", "-1"), ("since", ""))),
    ]  # fmt: skip


# Beside JSON's text stands what a client of CBOR would send instead; None: nothing is like it.
MALFORMED = (
    Raw(b"{", b"\xa1"), Raw(b'{"a":', b"\xa1\x61a"), Raw(b"nonsense", b"nonsense"),
    Raw(b'{"a":1}x', b"\xa1\x61a\x01x"), Raw(b'{"a":"\xff"}', b"\xa1\x61a\x61\xff"),
    Raw(b'{"a":NaN}', b"\xa1\x61a\xf9\x7e\x00"), Raw(b'{"a":Infinity}', b"\xa1\x61a\xf9\x7c\x00"),
    Raw(b"   ", None), Raw(b"{1:2}", None), Raw(b'{"a":1,"a":2}', b"\xa2\x61a\x01\x61a\x02"),
    Raw(b'\xef\xbb\xbf{"a":1}', None), Raw(b'{"s":"\\ud800"}', None),
    {"n": 2**64 + 1}, {"n": -(2**64) - 1},
)  # fmt: skip
ODD = (
    None, [], [1, 2], "text", 7, True, {}, {"a": None}, {"ключ 🔑": "значение 🙂"},
    {"nul": "\x00", "del": "\x7f", "bidi": "\u202e", "bom": "\ufeff"},
    {"n": 2**53}, {"n": -(2**53)}, {"n": 2**63}, {"n": 2**64 - 1}, {"n": -(2**64)}, {"n": 1.5},
    {"n": 1.0}, {"n": -0.0}, {"n": 1e20}, {"n": 1e300}, {"n": 1e-300}, {"n": 0.1},
    {"1": 1, "104": 2, "105": 3, "-1": 4}, {"": {"": {"": 0}}}, {"s": "x" * 70000},
    {"l": list(range(3000))}, {f"k{n}": n for n in range(600)},
    *map(nested, (20, 30, 33, 120, 128, 129)),
)  # fmt: skip


def bodies(api):
    """Account data takes any object and gives it back; events take canonical JSON only."""
    base = f"{BASE}/{api}"
    cases = []
    for n, body in enumerate((*MALFORMED, *ODD)):
        data = f"{base}/user/{{alice}}/account_data/m.body{n}"
        event = f"{base}/rooms/{{room}}/send/m.body/b{n}"
        cases.append(Case("PUT", data, body=body, label=_short(body)))
        cases.append(Case("GET", data, label=_short(body), follows=True))
        cases.append(Case("PUT", event, body=body, label=_short(body)))
    return [
        *cases,
        Case("PUT", f"{base}/user/{{alice}}/account_data/m.none", label="without a body"),
        Case("PUT", f"{base}/rooms/{{room}}/send/m.none/none", label="without a body"),
        Case("POST", f"{base}/createRoom", label="without a body"),
        Case("POST", f"{base}/createRoom", body=Raw(b"{", b"\xa1")),
        Case("POST", f"{base}/rooms/{{room}}/invite", label="without a body"),
        Case("POST", f"{base}/login", body=Raw(b"{", b"\xa1"), token=None),
        Case("GET", f"{base}/joined_rooms", body={"of": "a GET"}),
        Case("DELETE", f"{base}/devices/NONE", body=[], label="of a DELETE"),
    ]


def told(api):
    """What others wrote straight to the homeserver and not every client can read."""
    base = f"{BASE}/{api}"
    surrogate = Raw(b'{"s":"\\ud800","t":"\\ud83d\\ude42"}')
    cases = []
    for n, body in enumerate((surrogate, {"n": 2**64 + 1}, nested(60), nested(200))):
        data = f"{base}/user/{{alice}}/account_data/m.told{n}"
        cases.append(Case("PUT", data, body=body, straight=True, label=_short(body)))
        cases.append(Case("GET", data, label=_short(body)))
    event = f"{base}/rooms/{{room}}/send/m.deep/deep"
    return [
        *cases,
        Case("PUT", event, body=nested(60), token="{bob_token}", straight=True,
             save={"deep": "event_id"}),
        Case("GET", f"{base}/rooms/{{room}}/event/{{deep}}", label="60 deep"),
    ]  # fmt: skip


def _short(body):
    text = str(body.json if isinstance(body, Raw) else body)
    return text if len(text) < 50 else f"{text[:20]}… of {len(text)}"
