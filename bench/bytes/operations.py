"""What a client does in a day, and what each of it costs on the wire."""

import json
import statistics
import subprocess
import time
import urllib.parse

from catalogue import POLLED
from element import ENCRYPTION, LAZY_FILTER, ROOM_LIST, SLIDING
from stacks import Asker

# News come this long after a poll began: later than any delayed acknowledgement.
NEWS_AFTER_SECONDS = 1.5
POLL_MS = 30_000
# A quiet poll, shorter than Element's of 30 s; the bytes are the same but for a digit.
QUIET_POLL_MS = 3_000
POLLS_AN_HOUR = 3_600_000 // POLL_MS
# `lowband sync` pings after 60 s of silence; the measured pings come sooner.
PINGS_AN_HOUR = 60
MEASURED_KEEPALIVE_SECONDS = 2
MEASURED_PINGS = 3

TEXT = {"msgtype": "m.text", "body": "See you at the station at half past six.", "m.mentions": {}}


class Client:
    """One of the columns. `api`: the version of the client-server API in its paths."""

    def __init__(self, name, command, api):
        self.name, self.command, self.api = name, command, api
        self.observe = None  # the command that observes /sync, given keepalive and filter

    def path(self, path):
        return path if path.startswith("/") else f"/_matrix/client/{self.api}/{path}"


def columns(servers, token, numbers):
    """HTTP/1.1, HTTP/2, and Lowband with each Content-Format."""
    out = [
        Client("HTTP/1.1", servers.http(1, token), "v3"),
        Client("HTTP/2", servers.http(2, token), "v3"),
    ]
    for number in numbers:
        name = {60: "Lowband CBOR", 11060: "Lowband deflate", 65079: "Lowband packed"}[number]
        # MSC3079's codes stand for paths of r0.
        client = Client(name, servers.request(number, token), "r0")
        client.observe = lambda filter_id, keepalive, number=number: servers.sync(
            number, token, filter_id, keepalive
        )
        out.append(client)
    return out


class Measurement:
    """All operations of one client. `session`: whose rooms and users (documents.Session)."""

    def __init__(self, session, network, client, runs):
        self._session, self._network, self._client, self._runs = session, network, client, runs
        self._me, self._content = session.me, session.content
        path = f"user/{self._me.user}/filter"
        self._filter = self._me.call("POST", path, LAZY_FILTER)["filter_id"]
        self._asker = None
        self._last = None
        self.figures = {}  # name → bytes with IP headers, both ways

    # In this order: all clients make one phase before any makes the next, so that all read the
    # same rooms.
    PHASES = ("_connect", "_reads", "_syncs", "_writes", "_sliding", "_push")

    def run(self, phase):
        getattr(self, phase)()

    def _push(self):
        self._asker.stop()
        if self._client.observe:
            self._observes()
        else:
            self.figures.update({one: self.figures[other] for one, other in POLLED.items()})

    def _ask(self, method, path, body=None):
        return self._asker.ask(method, self._client.path(path), body)

    def _measure(self, name, action, prepare=lambda: None, runs=None):
        """The median of the runs; what `prepare` does and returns is not counted."""
        sizes = []
        for _ in range(runs or self._runs):
            prepared = prepare()
            given = () if prepared is None else (prepared,)
            up, down, _ = self._network.measure(lambda given=given: action(*given))
            sizes.append(up + down)
        self.figures[name] = round(statistics.median(sizes))

    def _connect(self):
        def connect():
            self._asker = Asker(self._network, self._client.command)
            self._ask("GET", "/_matrix/client/versions")

        self._measure("connect", connect, runs=1)
        self._ask("GET", "account/whoami")
        self._get("versions", "/_matrix/client/versions")
        self.figures["connect"] -= self.figures["versions"]

    def _get(self, name, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        self._measure(name, lambda: self._ask("GET", path))

    def _reads(self):
        session = self._session
        big, plain = session.big.id, session.plain.id
        lazy = json.dumps({"lazy_load_members": True}, separators=(",", ":"))
        page = {"dir": "b", "filter": lazy}
        self._get("sync_initial", "sync", filter=self._filter, timeout=0)
        self._get("messages_10", f"rooms/{big}/messages", **page, limit=10)
        self._get("messages_50", f"rooms/{big}/messages", **page, limit=50)
        room = session.encrypted.id
        self._get("messages_50_encrypted", f"rooms/{room}/messages", **page, limit=50)
        self._get("members", f"rooms/{big}/members", not_membership="leave")
        self._get("room_state", f"rooms/{plain}/state")
        self._get("profile", f"profile/{session.other(session.big).user}")
        self._get("pushrules", "pushrules/")
        users = {member.user: [] for member in session.big.members}
        query = {"device_keys": users, "timeout": 10_000}
        self._measure("keys_query", lambda: self._ask("POST", "keys/query", query))

    def _since(self):
        """Now. Not by an initial sync each time, after which memberships would come again."""
        query = {"filter": self._filter, "timeout": 0}
        if self._last:
            query["since"] = self._last
        self._last = self._me.call("GET", "sync", query=query)["next_batch"]
        return self._last

    def _poll(self, since, say):
        query = {"filter": self._filter, "timeout": POLL_MS, "since": since}
        path = self._client.path("sync?" + urllib.parse.urlencode(query))
        self._asker.begin("GET", path)
        time.sleep(NEWS_AFTER_SECONDS)
        say()
        self._asker.end()

    # Measured messages have one length, since their costs are compared.

    def _say_plain(self):
        room = self._session.plain
        return self._session.other(room).put_event(room.id, "m.room.message", TEXT)

    def _say_encrypted(self):
        room = self._session.encrypted
        return self._session.other(room).say_encrypted(room.id, size=240)

    def _syncs(self):
        for name, say in (("plain", self._say_plain), ("encrypted", self._say_encrypted)):
            self._poll(self._since(), say)  # the sender's membership comes once
            self._measure(
                f"sync_{name}", lambda since, say=say: self._poll(since, say), self._since
            )
        query = {"filter": self._filter, "timeout": QUIET_POLL_MS}

        def quiet(since):
            self._ask("GET", "sync?" + urllib.parse.urlencode({**query, "since": since}))

        quiet(self._since())
        self._measure("idle", quiet, self._since)
        self.figures["idle"] *= POLLS_AN_HOUR

    def _writes(self):
        me, content = self._me, self._content
        plain, encrypted = self._session.plain, self._session.encrypted

        def send(room, kind, event):
            self._ask("PUT", f"rooms/{room.id}/send/{kind}/{me.transaction()}", event)

        self._measure("send_plain", lambda: send(plain, "m.room.message", TEXT))
        self._measure(
            "send_encrypted",
            lambda: send(encrypted, "m.room.encrypted", content.megolm_message(me.device, 240)),
        )
        typing = {"typing": True, "timeout": 30_000}
        path = f"rooms/{plain.id}/typing/{me.user}"
        self._measure("typing", lambda: self._ask("PUT", path, typing))
        self._measure(
            "receipt",
            lambda event: self._ask(
                "POST", f"rooms/{plain.id}/receipt/m.read/{event}", {"thread_id": "main"}
            ),
            self._say_plain,
        )
        self._measure(
            "keys_upload",
            lambda keys: self._ask("POST", "keys/upload", keys),
            lambda: {"one_time_keys": me.device.one_time_keys(25)},
        )
        others = [member for member in encrypted.members if member is not me]
        self._measure(
            "to_device",
            lambda messages: self._ask(
                "PUT", f"sendToDevice/m.room.encrypted/{me.transaction()}", {"messages": messages}
            ),
            lambda: {
                other.user: {other.device.id: content.olm_message(me.device, other.device)}
                for other in others
            },
        )

    def _sliding(self):
        lists = self._sliding_connection(ROOM_LIST)
        keys = self._sliding_connection(ENCRYPTION)
        lists.ask(0)
        keys.ask(0)
        lists.body["lists"]["all_rooms"]["ranges"] = [[0, 99]]
        for _ in range(2):
            lists.ask(0)
            keys.ask(0)
        lists.news(self._say_plain)
        self._measure("sliding_plain", lambda: lists.news(self._say_plain))
        lists.ask(0)
        keys.ask(0)
        polls = 0
        for one in (lists, keys):
            self._measure("idle_sliding", lambda one=one: one.ask(QUIET_POLL_MS))
            polls += self.figures["idle_sliding"]
        self.figures["idle_sliding"] = polls * POLLS_AN_HOUR

    def _sliding_connection(self, body):
        body = json.loads(json.dumps(body))
        body["conn_id"] += f"-{self._client.name}".replace(" ", "-").replace("/", "")[:4]
        return Sliding(self._asker, body)

    def _observes(self):
        command = self._client.observe(self._filter, MEASURED_KEEPALIVE_SECONDS)
        observer = Observer(self._network, command)
        try:
            self._observe(observer)
        finally:
            observer.stop()

    def _observe(self, observer):
        for name, say in (("plain", self._say_plain), ("encrypted", self._say_encrypted)):
            observer.wait_for(say())
            sizes = []
            for _ in range(self._runs):
                # Pings come too: the news must not have one beside them.
                before = self._after_a_ping()
                observer.wait_for(say())
                time.sleep(0.3)
                sizes.append(self._grown(before))
            self.figures[f"push_{name}"] = round(statistics.median(sizes))
        before = self._after_a_ping()
        for _ in range(MEASURED_PINGS):
            after = self._after_a_ping()
        ping = (sum(after[:2]) - sum(before[:2])) / MEASURED_PINGS
        self.figures["idle"] = round(ping * PINGS_AN_HOUR)

    def _grown(self, before):
        return sum(self._network.counters()[:2]) - sum(before[:2])

    def _after_a_ping(self):
        """The counters just after some traffic."""
        before = now = self._network.counters()
        while now == before:
            time.sleep(0.1)
            now = self._network.counters()
        time.sleep(0.2)
        return self._network.counters()


class Sliding:
    """One connection of sliding sync."""

    def __init__(self, asker, body):
        self._asker, self.body, self._pos = asker, body, None

    def _path(self, timeout):
        query = {"timeout": timeout} | ({"pos": self._pos} if self._pos else {})
        return f"{SLIDING}?{urllib.parse.urlencode(query)}"

    def ask(self, timeout):
        self._take(self._asker.ask("POST", self._path(timeout), self.body))

    def news(self, say):
        self._asker.begin("POST", self._path(POLL_MS), self.body)
        time.sleep(NEWS_AFTER_SECONDS)
        say()
        self._take(self._asker.end())

    def _take(self, answer):
        self._pos = answer["body"]["pos"]
        to_device = answer["body"].get("extensions", {}).get("to_device")
        if to_device:
            self.body["extensions"]["to_device"]["since"] = to_device["next_batch"]


class Observer:
    """`lowband sync` in the namespace."""

    def __init__(self, network, command):
        self._popen = subprocess.Popen(
            network.inside(*command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def wait_for(self, event_id):
        """Reads until the event has come."""
        for line in self._popen.stdout:
            if event_id in line:
                return
        raise SystemExit(f"error: {self._popen.args} ended")

    def stop(self):
        self._popen.terminate()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
