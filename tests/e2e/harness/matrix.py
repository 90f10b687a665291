"""A Matrix client as small as the tests need, over plain HTTP: straight to a homeserver, or through
a client-proxy and so over CoAP."""

import itertools
import uuid

import requests

_transactions = itertools.count()


class MatrixError(Exception):
    def __init__(self, response):
        super().__init__(f"{response.status_code} {response.text[:500]}")
        self.status = response.status_code
        try:
            self.body = response.json()
        except ValueError:
            self.body = {}


class Client:
    """One user's client. `prefix` is the version of the API in the paths."""

    def __init__(self, url, prefix="r0", token=None):
        self.url = url
        self.prefix = prefix
        self.token = token
        self.user = None
        self._http = requests.Session()
        self._http.trust_env = False

    def call(self, method, path, body=None, query=None, seconds=120):
        """`path` is below /_matrix/client/{prefix}/ unless it starts with a slash."""
        if not path.startswith("/"):
            path = f"/_matrix/client/{self.prefix}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        response = self._http.request(
            method, self.url + path, json=body, params=query, headers=headers, timeout=seconds
        )
        if not response.ok:
            raise MatrixError(response)
        return response.json()

    def register(self, name=None, password="a secret"):
        """Registers and stays logged in. Names are unique across the tests by default."""
        name = name or f"user{uuid.uuid4().hex[:12]}"
        request = {"username": name, "password": password, "auth": {"type": "m.login.dummy"}}
        self._adopt(self.call("POST", "register", request))
        return self

    def login(self, user, password="a secret"):
        identifier = {"type": "m.id.user", "user": user}
        request = {"type": "m.login.password", "identifier": identifier, "password": password}
        self._adopt(self.call("POST", "login", request))
        return self

    def _adopt(self, answer):
        self.token = answer["access_token"]
        self.user = answer["user_id"]

    def create_room(self, **options):
        return self.call("POST", "createRoom", options)["room_id"]

    def send(self, room, text, transaction=None):
        transaction = transaction or f"t{next(_transactions)}"
        content = {"msgtype": "m.text", "body": text}
        path = f"rooms/{room}/send/m.room.message/{transaction}"
        return self.call("PUT", path, content)["event_id"]

    def sync(self, since=None, timeout=0, **query):
        query["timeout"] = timeout
        if since:
            query["since"] = since
        return self.call("GET", "sync", query=query)


def messages(sync, room):
    """The texts in `room` that a /sync answer brings."""
    timeline = sync.get("rooms", {}).get("join", {}).get(room, {}).get("timeline", {})
    return [
        event["content"]["body"]
        for event in timeline.get("events", [])
        if event["type"] == "m.room.message"
    ]
