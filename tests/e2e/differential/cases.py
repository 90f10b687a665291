"""What is asked: requests in a homeserver's words, with the names of a world in them."""

import dataclasses
import re
import string
import typing
import urllib.parse

NOTHING = object()  # no body, as opposed to the body null


@dataclasses.dataclass(frozen=True)
class Raw:
    """A body that no JSON value stands for: its text, and how a client of CBOR would say it."""

    json: bytes
    cbor: bytes | None = None  # None: nothing is like it


@dataclasses.dataclass(frozen=True)
class Case:
    """One request. In `path`, `query` and `body` a {name} is the world's value of that name; in the
    path it is percent-encoded, all else there stands as it is sent."""

    method: str
    path: str
    query: tuple = ()
    body: typing.Any = NOTHING
    token: str | None = "{alice_token}"
    save: dict = dataclasses.field(default_factory=dict)  # name: member of the answer's body
    straight: bool = False  # the other side of a conversation: asked of the homeserver itself
    follows: bool = False  # asked only where the case before it succeeded
    unordered: tuple = ()  # members of the answer whose items come in any order
    label: str = ""

    def __str__(self):
        query = "&".join("=".join(pair) for pair in self.query)
        return f"{self.method} {self.path}{'?' * bool(query)}{query} {self.label}".rstrip()


@dataclasses.dataclass(frozen=True)
class Request:
    """A case in one world."""

    method: str
    path: str  # percent-encoded, without the query
    query: tuple  # pairs of text
    body: typing.Any
    token: str | None

    @property
    def target(self):
        if not self.query:
            return self.path
        return f"{self.path}?{urllib.parse.urlencode(self.query, quote_via=urllib.parse.quote)}"

    @property
    def segments(self):
        """Decoded, as options of CoAP hold them (RFC 7252 section 6.4)."""
        return [urllib.parse.unquote_to_bytes(part) for part in self.path[1:].split("/")]


class World:
    """The names of one run of the cases: given ones, and what answers brought. No two worlds have a
    user or room in common, so that each way finds the homeserver in the same state."""

    def __init__(self, nonce, **names):
        self.nonce = nonce
        self.names = {**names, "nonce": nonce}
        self.saved = {}

    def fill(self, template, encode=lambda text: text):
        def value(match):
            name = match.group(1)
            found = self.saved.get(name, self.names.get(name))
            return match.group(0) if found is None else encode(str(found))

        return re.sub(r"\{(\w+)\}", value, template)

    def fill_all(self, value):
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, list):
            return [self.fill_all(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(key): self.fill_all(item) for key, item in value.items()}
        return value

    def request(self, case):
        path = self.fill(case.path, lambda text: urllib.parse.quote(text, safe=""))
        return Request(
            case.method,
            urllib.parse.quote(path, safe=string.punctuation),
            tuple((name, self.fill(value)) for name, value in case.query),
            self.fill_all(case.body),
            case.token and self.fill(case.token),
        )

    def save(self, case, answer):
        for name, member in case.save.items():
            value = answer.body
            for step in member.split("."):
                if isinstance(value, dict) and step == "*":
                    value = next(iter(value.values()), None)
                else:
                    value = value.get(step) if isinstance(value, dict) else None
            if value is not None:
                self.saved[name] = value
