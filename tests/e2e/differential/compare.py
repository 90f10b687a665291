"""What two answers have in common: what must differ from world to world is replaced by its name."""

import dataclasses
import json
import re

# Members that a world alone decides on. Where they serve to ask on, the cases do that.
NAMED = {
    **dict.fromkeys(("age", "bump_stamp", "delayed_since_ts", "expires_in_ms", "last_seen_ts",
                     "origin_server_ts", "received_ts", "retry_after_ms", "running_since", "ts",
                     "unused_expires_at"), "<time>"),
    **dict.fromkeys(("access_token", "delay_id", "login_token", "refresh_token", "session"),
                    "<secret>"),
    **dict.fromkeys(("end", "next_batch", "next_token", "pos", "prev_batch", "start"),
                    "<position>"),
}  # fmt: skip
# Lists whose order the homeserver leaves to chance: the name of what they are in, and their own.
UNORDERED = {
    ("", "changed"), ("", "room_ids"), ("content", "user_ids"), ("device_lists", "changed"),
    ("state", "events"), ("state_after", "events"), ("org.matrix.msc4222.state_after", "events"),
}  # fmt: skip
IDS = (
    (re.compile(r"\$[A-Za-z0-9_-]{43}"), "<event>"),
    (re.compile(r"![A-Za-z0-9_-]{43}|![A-Za-z]{18}:test\.localhost"), "<room>"),
    (re.compile(r"syt_\w+"), "<token>"),
    (re.compile(r"mxc://test\.localhost/[A-Za-z]{24}"), "<media>"),
)  # fmt: skip
# Of HTTP's fields these belong to a connection or a moment.
UNCOMPARED = {"date", "content-length", "connection", "keep-alive", "transfer-encoding"}


@dataclasses.dataclass
class Difference:
    way: str
    case: str
    where: str
    expected: object
    got: object

    def __str__(self):
        shown = (json.dumps(value, default=repr)[:300]
                 for value in (self.expected, self.got))  # fmt: skip
        return f"{self.way}: {self.case}: {self.where}: " + " became ".join(shown)


def normalise(value, world, name="", within=""):
    if name in NAMED and kind(value) in (str, float):
        return NAMED[name]
    if isinstance(value, str):
        return _text(value, world)
    if isinstance(value, list):
        items = [normalise(item, world, "", name) for item in value]
        return ordered(items) if (within, name) in UNORDERED else items
    if isinstance(value, dict):
        return {_text(key, world): normalise(item, world, key, name) for key, item in value.items()}
    return value


def _text(text, world):
    for name, value in world.saved.items():
        if isinstance(value, str) and len(value) > 5:
            text = text.replace(value, f"<{name}>")
    for pattern, name in IDS:
        text = pattern.sub(name, text)
    return text.replace(world.nonce, "<nonce>")  # last, as an id may hold it by chance


def ordered(items):
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def in_order(body, members):
    """`body` with the items of those members sorted; "" is the whole."""
    if "" in members and isinstance(body, list):
        return ordered(body)
    if not isinstance(body, dict):
        return body
    return {key: ordered(item) if key in members else item for key, item in body.items()}


def differences(way, case, expected, got):
    """Of two normalised answers."""
    def found(where, one, other):
        return Difference(way, case, where, one, other)

    if expected.status != got.status:
        yield found("status", expected.status, got.status)
    if got.type is not None and expected.type != got.type:
        yield found("type", expected.type, got.type)
    if expected.fields is not None and got.fields is not None:
        for name in sorted({*expected.fields, *got.fields} - UNCOMPARED):
            one, other = expected.fields.get(name), got.fields.get(name)
            if one != other:
                yield found(f"field {name}", one, other)
    for where, one, other in _values("body", expected.body, got.body):
        yield found(where, one, other)


def kind(value):
    """Of JSON: 1 and 1.0 are one number, 1 and true are not."""
    if isinstance(value, bool) or value is None:
        return type(value)
    return float if isinstance(value, (int, float)) else type(value)


def _values(where, expected, got):
    if isinstance(expected, re.Pattern):
        if not (isinstance(got, str) and expected.fullmatch(got)):
            yield where, expected.pattern, got
    elif kind(expected) is not kind(got):
        yield where, expected, got
    elif isinstance(expected, dict):
        for key in sorted({*expected, *got}):
            if key in expected and key in got:
                yield from _values(f"{where}.{key}", expected[key], got[key])
            else:
                absent = "(absent)"
                yield f"{where}.{key}", expected.get(key, absent), got.get(key, absent)
    elif isinstance(expected, list) and len(expected) == len(got):
        for i, (one, other) in enumerate(zip(expected, got)):
            yield from _values(f"{where}[{i}]", one, other)
    elif expected != (float(got) if isinstance(expected, float) else got):
        yield where, expected, got
