"""What the gateway means to do otherwise than the homeserver: for each key of the table in
docs/protocol.md, how it changes the homeserver's answer into the client's."""

import dataclasses
import re

from differential.cases import Case, Raw
from differential.ways import Answer

JSON = "application/json"
LOW_BANDWIDTH = "org.matrix.msc3079.low_bandwidth"
LINKS = b'</_matrix/client/versions>;ct="60 50",</_matrix/client/r0/sync>;ct="60 50";obs'
UNRECOGNIZED = {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}


@dataclasses.dataclass
class Context:
    """Of one case by one way: `answers` are the homeserver's own, by the case's text."""

    way: str
    case: Case
    request: object
    public: str
    answers: dict
    changed: list = dataclasses.field(default_factory=list)  # keys of the rules that did

    @property
    def path(self):
        return self.request.path

    def as_if(self, text):
        """The homeserver's answer to another case of the act."""
        return self.answers[text]


def error(status, errcode, text):
    return Answer(status, JSON, {"errcode": errcode, "error": text})


def versions(context, answer):
    body = answer.body
    if context.path == "/_matrix/client/versions" and isinstance(body, dict) and "versions" in body:
        port = int(context.public.rsplit(":", 1)[1])
        told = {
            "dtls": port,
            "cbor_enum_version": 1,
            "coap_enum_version": 1,
            "packed_65079": "8ce69d82",
        }
        return dataclasses.replace(answer, body={**body, LOW_BANDWIDTH: told})
    return None


def base_url(context, answer):
    ours = {"m.homeserver": {"base_url": context.public}}
    if context.path == "/.well-known/matrix/client" and answer.status == 200:
        return dataclasses.replace(answer, body={**answer.body, **ours})
    if isinstance(answer.body, dict) and "well_known" in answer.body:
        return dataclasses.replace(answer, body={**answer.body, "well_known": ours})
    return None


def media(context, answer):
    on_the_way = re.match(r"/_matrix/(media/|client/\w+/media/)", context.path)
    if on_the_way and not context.path.endswith("/config"):
        text = "media is not served over CoAP: use HTTP for uploads and downloads"
        return error(404, "M_UNRECOGNIZED", text)
    return None


def other_paths(context, answer):
    allowed = (
        r"/+_matrix/(client|key|media)(/.*)?|/\.well-known/(matrix/.*|core)|/[1W]"
        r"|/_synapse/client/.*"
    )
    if re.fullmatch(allowed, context.path):
        return None
    return error(404, "M_UNRECOGNIZED", "no Matrix client API has this path")


def paths_over_tcp(context, answer):
    if re.match(r"/+_matrix/|/\.well-known/matrix/|/_synapse/client/", context.path):
        return None
    return error(404, "M_UNRECOGNIZED", "this path is not passed on to the homeserver")


def path_code(context, answer):
    if context.path == "/1":
        return context.as_if("GET /_matrix/client/r0/login")
    if context.path == "/W":
        return error(400, "M_MISSING_PARAM", "path W needs {userId}")
    return None


def discovery(context, answer):
    if context.path != "/.well-known/core":
        return None
    if context.way == "json":
        text = "/.well-known/core exists only in format 40 (link-format)"
        return error(406, "M_UNRECOGNIZED", text)
    return Answer(200, "application/link-format", LINKS)


def leading_slashes(context, answer):
    if context.path == "//_matrix/client/r0/joined_rooms":
        return context.as_if("GET /_matrix/client/r0/joined_rooms")
    return None


def push_rules(context, answer):
    if context.path.endswith("/pushrules"):
        return context.as_if(f"GET {context.path}/")
    return None


def bad_segments(context, answer):
    if not context.path.startswith("/_matrix/"):
        return None
    segments = context.request.segments
    if context.way == "go":
        segments = [segment for segment in segments if segment]
    whys = [_why(segment, n + 1 == len(segments)) for n, segment in enumerate(segments)]
    if not any(whys):
        return None
    number, why = next((n, why) for n, why in enumerate(whys, 1) if why)
    if why == "is empty" and context.way == "enums" and number == 5:
        return error(400, "M_MISSING_PARAM", "path B needs {roomId}")
    return error(400, "M_INVALID_PARAM", f"path segment {number} {why}")


def _why(segment, last):
    try:
        text = segment.decode()
    except ValueError:
        return "is not UTF-8"
    if not text and not last:
        return "is empty"
    if re.search(r"[\x00-\x1f\x7f]", text):
        return "has a control character"
    return "is or holds a dot segment" if text in (".", "..") and not last else None


def long_segments(context, answer):
    if any(len(segment) > 255 for segment in context.request.segments):
        return error(402, "M_UNRECOGNIZED", "CoAP option 11 is over 255 bytes")
    return None


def error_pages(context, answer):
    if isinstance(answer.body, bytes) and answer.status >= 400:
        text = f"HTTP {answer.status} without a Matrix error, perhaps from a proxy"
        return error(answer.status, "M_UNRECOGNIZED", text)
    return None


def pages(context, answer):
    if isinstance(answer.body, bytes) and answer.type.startswith("text/") and answer.status < 400:
        return dataclasses.replace(answer, type="application/octet-stream")
    return None


def empty_tokens(context, answer):
    if context.request.token == "":
        return error(401, "M_MISSING_TOKEN", "Missing access token")
    return None


def token_text(context, answer):
    token = context.request.token
    if token and not re.fullmatch(r"(Bearer )?[!-~]+", token):
        text = "the access token has invalid characters or length"
        return error(401, "M_UNKNOWN_TOKEN", text)
    return None


def scheme_in_token(context, answer):
    if (context.request.token or "").startswith("Bearer "):
        return context.as_if("GET /_matrix/client/r0/account/whoami")
    return None


def query_token(context, answer):
    query = dict(context.request.query)
    if "access_token" not in query or context.request.token is None:
        return None
    wrong = context.as_if("GET /_matrix/client/r0/account/whoami of wrong")
    right = context.as_if("GET /_matrix/client/r0/account/whoami")
    return wrong if query["access_token"] == "wrong" else right


def cbor_errors(context, answer):
    """Of a body that is malformed, whatever the homeserver says of JSON as malformed."""
    body = context.case.body
    if not isinstance(body, Raw) or answer.body.get("errcode") != "M_NOT_JSON":
        return None
    errcode = "M_BAD_JSON" if b"N" in body.json or b"I" in body.json else "M_NOT_JSON"
    text = r"the CBOR body cannot become JSON: [\w -]+ at byte \d+"
    return error(400, errcode, re.compile(text, re.IGNORECASE))


def duplicate_keys(context, answer):
    if isinstance(context.case.body, Raw) and context.case.body.json == b'{"a":1,"a":2}':
        text = "the CBOR body cannot become JSON: duplicate key at byte 4"
        return error(400, "M_BAD_JSON", text)
    return None


def integral_floats(context, answer):
    body = context.case.body
    number = body.get("n") if isinstance(body, dict) else None
    if "/send/" in context.path and isinstance(number, float) and number in (0, 1):
        return Answer(200, JSON, {"event_id": "<event>"})
    return None


def depth(value):
    if isinstance(value, (list, dict)):
        items = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, items), default=0)
    return 0


def nesting_sent(context, answer):
    if depth(context.case.body) > 128:
        text = "the CBOR body cannot become JSON: nesting too deep at byte 384"
        return error(400, "M_BAD_JSON", text)
    return None


def nesting_told(context, answer):
    most = 128 if context.way == "strings" else 32
    body = answer.body
    if not isinstance(body, dict) or depth(body) <= most:
        return None
    if "event_id" in body:
        marker = {"content": {}, "org.lowband.unrepresentable": "too_deep"}
        return dataclasses.replace(answer, body={**body, **marker})
    return dataclasses.replace(answer, body=_cut(body, most))


def _cut(value, most):
    if isinstance(value, (list, dict)) and most == 0:
        return None
    if isinstance(value, dict):
        return {key: _cut(item, most - 1) for key, item in value.items()}
    return value


def surrogates(context, answer):
    """A client of Go replaces them itself, so that the homeserver takes what it sends."""
    body = context.case.body
    if "/send/" in context.path and isinstance(body, Raw) and b"ud800" in body.json:
        return Answer(200, JSON, {"event_id": "<event>"})
    text = answer.body.get("s") if isinstance(answer.body, dict) else None
    if isinstance(text, str) and "\ud800" in text:
        body = {**answer.body, "s": text.replace("\ud800", "\ufffd")}
        return dataclasses.replace(answer, body=body)
    return None


def large_integers(context, answer):
    number = answer.body.get("n") if isinstance(answer.body, dict) else None
    if not isinstance(number, int) or -(2**53) <= number <= 2**53:
        return None
    if context.way != "go" and -(2**64) <= number < 2**64:
        return None
    return dataclasses.replace(answer, body={**answer.body, "n": float(number)})


def folded_statuses(context, answer):
    known = {400, 401, 403, 404, 405, 413, 500, 502, 504}
    if answer.status < 400 or answer.status in known:
        return None
    return dataclasses.replace(answer, status=400 if answer.status < 500 else 502)


def slashes(context, answer):
    """The client splits the decoded path, keeps two slashes in one segment and drops the last."""
    path = context.case.path
    if path.endswith("/") and f"GET {path.rstrip('/')}" in context.answers:
        return context.as_if(f"GET {path.rstrip('/')}")
    if "//" in path[1:] or re.search("/(send|devices|account_data|filter)/.*%2F", path):
        return Answer(404, JSON, UNRECOGNIZED)
    return None


def go_reading(context, answer):
    """After the others: what it cannot read as CBOR."""
    if isinstance(answer.body, bytes) and answer.status < 400:
        body = {"errcode": "PROXY", "error": "failed to forward request to homeserver"}
        return Answer(502, JSON, body)
    return None


# In the order in which they apply.
RULES = {
    "versions": versions,
    "base-url": base_url,
    "path-code": path_code,
    "core": discovery,
    "leading-slashes": leading_slashes,
    "push-rules": push_rules,
    "slashes": slashes,
    "other-paths": other_paths,
    "paths-over-tcp": paths_over_tcp,
    "media": media,
    "path-segments": bad_segments,
    "long-segments": long_segments,
    "error-pages": error_pages,
    "pages": pages,
    "empty-token": empty_tokens,
    "token-text": token_text,
    "token-scheme": scheme_in_token,
    "query-token": query_token,
    "body-errors": cbor_errors,
    "duplicate-keys": duplicate_keys,
    "integral-floats": integral_floats,
    "nesting-sent": nesting_sent,
    "nesting-told": nesting_told,
    "surrogates": surrogates,
    "large-integers": large_integers,
    "statuses": folded_statuses,
    "no-cbor": go_reading,
}
