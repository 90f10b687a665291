"""A Synapse with users, rooms and a history, made by a script; and the client that talks to it."""

import hashlib
import hmac
import pathlib
import sys

import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "e2e"))

from harness.homeservers import Synapse  # noqa: E402
from harness.matrix import Client, MatrixError  # noqa: E402

from content import (  # noqa: E402
    ROOM_NAMES, Content, CrossSigning, Device, backed_up_session, backup_version, compact,
)  # fmt: skip

SERVER = "test.localhost"
SECRET = "for-the-tests-only"  # of the harness's configuration
# A real client's settings. The harness's are enough but for what some documents need.
MORE = """
turn_uris: ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:5349"]
turn_shared_secret: for-the-tests-only
turn_user_lifetime: 86400000
room_list_publication_rules: [{action: allow}]
rc_room_creation: {per_second: 10000, burst_count: 10000}
rc_joins_per_room: {per_second: 10000, burst_count: 10000}
user_directory: {enabled: true, search_all_users: true}
"""

ANDROID = "Element X/25.11.0 (Google Pixel 8; Android 15; AP4A.250105.002; Sdk 25.11.0)"


class Person(Client):
    """A user with a device and keys."""

    def __init__(self, url, content, name):
        super().__init__(url, prefix="v3")
        self.name = name
        self._content = content
        self.device = None
        self._transactions = 0

    def raw(self, method, path, body=None, query=None, token=True):
        """The response as it is, whatever its status. `path` as in call()."""
        if not path.startswith("/"):
            path = f"/_matrix/client/{self.prefix}/{path}"
        headers = {"User-Agent": ANDROID}
        if token and self.token:
            headers["Authorization"] = f"Bearer {self.token if token is True else token}"
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = compact(body)
        return self._http.request(
            method, self.url + path, data=data, params=query, headers=headers, timeout=60
        )

    def join_in(self, number):
        """Registers, with keys and a profile."""
        device_id = self._content.letters(10)
        self._adopt(
            self.call(
                "POST",
                "register",
                {
                    "username": self.name,
                    "password": "a secret",
                    "auth": {"type": "m.login.dummy"},
                    "device_id": device_id,
                    "initial_device_display_name": "Element X Android",
                },
            )
        )
        self.device = Device(self._content, self.user, device_id)
        self.call(
            "POST",
            "keys/upload",
            {
                "device_keys": self.device.keys(),
                "one_time_keys": self.device.one_time_keys(5),
                "fallback_keys": self.device.fallback_key(),
            },
        )
        self.put_profile("displayname", self._content.person())
        if number % 4:
            self.put_profile("avatar_url", self._content.mxc(SERVER))
        return self

    def put_profile(self, field, value):
        self.call("PUT", f"profile/{self.user}/{field}", {field: value})

    def transaction(self):
        """As matrix-rust-sdk makes them: 32 hexadecimal digits."""
        return self._content.octets(16).hex()

    def put_event(self, room, kind, content):
        return self.call("PUT", f"rooms/{room}/send/{kind}/{self.transaction()}", content)[
            "event_id"
        ]

    def say(self, room):
        return self.put_event(room, "m.room.message", self._content.text_message())

    def say_encrypted(self, room, size=None):
        content = self._content.megolm_message(self.device, size)
        return self.put_event(room, "m.room.encrypted", content)

    def to_device(self, other):
        messages = {
            other.user: {other.device.id: self._content.olm_message(self.device, other.device)}
        }
        path = f"sendToDevice/m.room.encrypted/{self.transaction()}"
        self.call("PUT", path, {"messages": messages})

    def read(self, room, event_id):
        self.call("POST", f"rooms/{room}/receipt/m.read/{event_id}", {})

    def typing(self, room, on=True):
        body = {"typing": True, "timeout": 30_000} if on else {"typing": False}
        self.call("PUT", f"rooms/{room}/typing/{self.user}", body)


class Room:
    """`members`: those who have joined, its maker first."""

    def __init__(self, room_id, name, encrypted, members):
        self.id, self.name, self.encrypted, self.members = room_id, name, encrypted, members
        self.events = []  # (sender, event id, content or None)


class World:
    """16 rooms. `people`: the number of users besides the one whose phone is measured; `big`: the
    members of a big room; `history`: the messages of a room."""

    def __init__(self, folder, seed=1, people=56, big=50, history=30, certificate=None):
        self.content = Content(seed)
        self.synapse = Synapse(folder, more=MORE)
        self.url = self.synapse.url
        self._big, self._history = big, history
        self.me = Person(self.url, self.content, "amira.haddad").join_in(1)
        self.people = [
            Person(self.url, self.content, self._name(number)).join_in(number)
            for number in range(people)
        ]
        self._secure_me()
        self.rooms = [self._make_room(number) for number in range(len(ROOM_NAMES))]
        self._account_data()
        for room in self.rooms:
            self._talk(room)

    def stop(self):
        self.synapse.stop()

    def admin(self):
        """A client of an administrator."""
        client = Person(self.url, self.content, "administrator")
        path = "/_synapse/admin/v1/register"
        nonce = client.call("GET", path)["nonce"]
        parts = [nonce, "administrator", "a secret", "admin"]
        mac = hmac.new(SECRET.encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
        request = {"nonce": nonce, "username": parts[1], "password": parts[2], "admin": True}
        client._adopt(client.call("POST", path, {**request, "mac": mac}))
        return client

    def _name(self, number):
        letters = self.content.letters(self.content.number(4, 10), "abcdefghijklmnoprstuvwz")
        return f"{letters}{number}" if number % 3 else f"{letters}.{number}"

    def _secure_me(self):
        me = self.me
        self.cross_signing = CrossSigning(self.content, me.user)
        me.call("POST", "keys/device_signing/upload", self.cross_signing.upload())
        me.call("POST", "keys/signatures/upload", self.cross_signing.signatures(me.device))
        me.call("POST", "keys/upload", {"one_time_keys": me.device.one_time_keys(45)})
        for person in self.people[:20]:
            keys = CrossSigning(self.content, person.user)
            person.call("POST", "keys/device_signing/upload", keys.upload())
            person.call("POST", "keys/signatures/upload", keys.signatures(person.device))
        self.backup = me.call("POST", "room_keys/version", backup_version(self.content))["version"]

    def _make_room(self, number):
        big = number % 4 == 3
        direct = number % 4 == 0
        encrypted = number % 2 == 0 or number == 7
        count = self._big if big else 2 if direct else self.content.number(3, 12)
        first = self.content.number(0, len(self.people) - 1)
        others = [self.people[(first + k) % len(self.people)] for k in range(count - 1)]
        owner = self.me if number % 3 else others[0]
        state = []
        if encrypted:
            state.append(
                {"type": "m.room.encryption", "state_key": "",
                 "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            )  # fmt: skip
        if number % 3 != 2:
            state.append(
                {"type": "m.room.avatar", "state_key": "",
                 "content": {"url": self.content.mxc(SERVER)}}
            )  # fmt: skip
        invited = [one for one in [self.me, *others] if one is not owner]
        options = {
            "name": ROOM_NAMES[number],
            "preset": "trusted_private_chat" if direct else "private_chat" if encrypted and not big
            else "public_chat",
            "is_direct": direct,
            "visibility": "public" if big else "private",
            "initial_state": state,
            # A large room is public: its members come without an invitation.
            "invite": [] if big else [one.user for one in invited],
        }  # fmt: skip
        if not direct:
            options["topic"] = self.content.sentence(5, 20)
        if big:
            options["room_alias_name"] = f"room{number}"
        room = Room(owner.create_room(**options), ROOM_NAMES[number], encrypted, [owner])
        for one in invited:
            one.call("POST", f"join/{room.id}", {})
            room.members.append(one)
        if number % 5 == 1:
            levels = owner.call("GET", f"rooms/{room.id}/state/m.room.power_levels")
            levels["users"].update({one.user: 50 for one in invited[:3]})
            owner.call("PUT", f"rooms/{room.id}/state/m.room.power_levels", levels)
        return room

    def _account_data(self):
        me = self.me
        direct = {}
        for room in self.rooms[::4]:
            other = next(one for one in room.members if one is not me)
            direct.setdefault(other.user, []).append(room.id)
        self.direct = direct
        base = f"user/{me.user}"
        me.call("PUT", f"{base}/account_data/m.direct", direct)
        me.call(
            "PUT", f"{base}/account_data/im.vector.analytics",
            {"pseudonymousAnalyticsOptIn": False},
        )  # fmt: skip
        me.call(
            "PUT", f"{base}/account_data/io.element.recent_emoji",
            {"recent_emoji": [["👍", 12], ["🎉", 4], ["❤️", 3]]},
        )  # fmt: skip
        me.call(
            "PUT", f"{base}/account_data/m.secret_storage.default_key",
            {"key": self.content.letters(32)},
        )  # fmt: skip
        me.call(
            "PUT", f"{base}/account_data/m.ignored_user_list",
            {"ignored_users": {f"@spammer{k}:example.org": {} for k in range(3)}},
        )  # fmt: skip
        me.call("PUT", f"{base}/rooms/{self.rooms[0].id}/tags/m.favourite", {"order": 0.25})
        for room in self.rooms[1:6]:
            path = f"pushrules/global/room/{room.id}"
            me.call("PUT", path, {"actions": ["dont_notify"]})
        sessions = {
            room.id: {
                "sessions": {
                    self._session_id(): backed_up_session(self.content)
                    for _ in range(3 + self.content.number(0, 4))
                }
            }
            for room in self.rooms
            if room.encrypted
        }
        self.backed_up = sessions
        me.call("PUT", "room_keys/keys", {"rooms": sessions}, {"version": self.backup})

    def _session_id(self):
        return self.content.key()

    def _talk(self, room):
        """The history of a room: messages, and in plain rooms what relates to them."""
        content = self.content
        for _ in range(self._history):
            person = content.choice(room.members)
            if room.encrypted:
                room.events.append((person, person.say_encrypted(room.id), None))
                continue
            earlier = [one for one in room.events if one[2]]
            if earlier and content.chance(0.35):
                sender, event_id, message = content.choice(earlier[-8:])
                kind = content.choice(["reply", "reaction", "edit", "reaction"])
                if kind == "reply":
                    answer = content.reply(message, event_id, sender.user)
                    person.put_event(room.id, "m.room.message", answer)
                elif kind == "edit":
                    sender.put_event(room.id, "m.room.message", content.edit(event_id))
                else:
                    self._react(person, room, event_id)
                continue
            message = content.text_message()
            event_id = person.put_event(room.id, "m.room.message", message)
            room.events.append((person, event_id, message))
        for person in room.members[:6]:
            person.read(room.id, room.events[-1][1])
        if not room.encrypted and len(room.events) > 3:
            sender, event_id, _ = room.events[2]
            path = f"rooms/{room.id}/redact/{event_id}/{sender.transaction()}"
            sender.call("PUT", path, {"reason": "typo"})

    def _react(self, person, room, event_id):
        try:
            person.put_event(room.id, "m.reaction", self.content.reaction(event_id))
        except MatrixError as error:  # the same reaction twice
            if error.status != 400:
                raise


__all__ = ["World", "Person", "Room", "MatrixError", "requests"]
