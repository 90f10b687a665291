#!/usr/bin/env python3
"""Records what clients send to Synapse and what it answers: about a hundred bodies, large and
small, each as NAME.request.json or NAME.response.json with its exact bytes, and chains of
consecutive syncs. For comparing sizes and for building dictionaries: no real user's
data is in them. Alone:

  python bench/bytes/documents.py --output DIR [--seed N] [--quick]"""

import argparse
import json
import pathlib
import shutil
import tempfile

from content import Content, Device, backed_up_session, backup_version, compact
from element import ENCRYPTION, LAZY_FILTER, ROOM_LIST, ROOM_STATE, SLIDING
from sync_chains import CHAIN, chain, sliding_chain
from world import World


class Recorder:
    """Writes bodies into `folder`, and what they were into its index.json."""

    def __init__(self, folder):
        self.folder = folder
        self.index = []

    def keep(self, name, person, method, path, body=None, query=None, status=200, **more):
        """Makes the request, records both bodies and returns the answer's document."""
        response = person.raw(method, path, body, query, **more)
        if response.status_code != status:
            raise SystemExit(f"error: {name}: {response.status_code} {response.text[:300]}")
        self.write(name, body, response)
        self.index.append(
            {"name": name, "method": method, "path": path, "query": query, "status": status}
        )
        return response.json()

    def write(self, name, body, response):
        if body is not None:
            (self.folder / f"{name}.request.json").write_bytes(compact(body))
        (self.folder / f"{name}.response.json").write_bytes(response.content)

    def finish(self):
        (self.folder / "index.json").write_text(json.dumps(self.index, indent=1) + "\n")


class Session:
    """Records all kinds of documents of `world`, in the order of a client's life."""

    def __init__(self, world, folder):
        self.world, self.folder = world, folder
        self.content = Content(99)
        self.recorder = Recorder(folder)
        self.me = world.me
        self.keep = self.recorder.keep
        rooms = world.rooms
        self.big = next(room for room in rooms if len(room.members) == max(
            len(one.members) for one in rooms) and not room.encrypted)  # fmt: skip
        self.plain = next(room for room in rooms if not room.encrypted and room is not self.big)
        self.encrypted = next(
            room for room in rooms if room.encrypted and len(room.members) > 2
        )  # fmt: skip

    def other(self, room, number=0):
        """A member of `room` that is not the measured user."""
        others = [one for one in room.members if one is not self.me]
        return others[number % len(others)]

    def record(self):
        self._discovery()
        self._accounts()
        self._syncs()
        self._sliding()
        self._reading()
        self._sending()
        self._keys()
        self._settings()
        self._errors()
        chain(self.world, self.folder / "chain", self.content)
        sliding_chain(self.world, self.folder / "chain-sliding", self.content)
        self.recorder.finish()

    def _discovery(self):
        me, keep = self.me, self.keep
        keep("versions", me, "GET", "/_matrix/client/versions")
        keep("login_flows", me, "GET", "login", token=False)
        keep("capabilities", me, "GET", "capabilities")
        keep("whoami", me, "GET", "account/whoami")
        keep("media_config", me, "GET", "/_matrix/client/v1/media/config")
        keep("turn_server", me, "GET", "voip/turnServer")

    def _accounts(self):
        me, keep = self.me, self.keep
        login = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": me.user},
            "password": "a secret",
            "initial_device_display_name": "Element X Android",
        }
        keep("login", me, "POST", "login", login, token=False)
        register = {
            "username": "newcomer", "password": "a secret",
            "initial_device_display_name": "Element X Android",
        }  # fmt: skip
        flows = keep("register_flows", me, "POST", "register", register, status=401, token=False)
        auth = {"type": "m.login.dummy", "session": flows["session"]}
        keep("register", me, "POST", "register", {**register, "auth": auth}, token=False)

    def _filter(self):
        """The id of the lazy filter."""
        path = f"user/{self.me.user}/filter"
        return self.keep("filter", self.me, "POST", path, LAZY_FILTER)["filter_id"]

    def _syncs(self):
        me, keep = self.me, self.keep
        use = self._filter()
        since = keep("sync_initial", me, "GET", "sync", query={"filter": use, "timeout": 0})
        since = since["next_batch"]

        def sync(name):
            nonlocal since
            query = {"filter": use, "timeout": 0 if name == "sync_empty" else 10_000,
                     "since": since}  # fmt: skip
            since = keep(name, me, "GET", "sync", query=query)["next_batch"]

        sync("sync_empty")
        self.other(self.plain).say(self.plain.id)
        sync("sync_message_with_member")
        self.other(self.plain).say(self.plain.id)
        sync("sync_plain_message")
        self.other(self.encrypted).say_encrypted(self.encrypted.id)
        sync("sync_encrypted_message_with_member")
        self.other(self.encrypted).say_encrypted(self.encrypted.id)
        sync("sync_encrypted_message")
        for number in range(5):
            self.other(self.big, number).say(self.big.id)
        sync("sync_five_messages")
        self.other(self.plain).typing(self.plain.id)
        sync("sync_typing")
        self.other(self.plain).typing(self.plain.id, False)
        sync("sync_typing_ends")
        last = self.me.say(self.plain.id)
        sync("sync_own_message")
        self.other(self.plain, 1).read(self.plain.id, last)
        sync("sync_receipt")
        self.other(self.plain).typing(self.plain.id)
        event_id = self.other(self.big).say(self.big.id)
        self.other(self.big, 1).read(self.big.id, event_id)
        sync("sync_typing_and_receipt")
        self.other(self.encrypted).to_device(me)
        sync("sync_to_device")
        for number in range(3):
            self.other(self.encrypted).say_encrypted(self.encrypted.id)
            self.other(self.big, number).to_device(me)
        sync("sync_to_device_and_messages")
        writer, event_id, _ = self.plain.events[0]
        self.other(self.plain).put_event(
            self.plain.id, "m.reaction",
            {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": "🚲"}},
        )  # fmt: skip
        sync("sync_reaction")
        writer.put_event(self.plain.id, "m.room.message", self.content.edit(event_id))
        sync("sync_edit")
        host = self.world.people[-1]
        invited = host.create_room(
            name="Sailing", topic="Boats", preset="private_chat", invite=[me.user]
        )
        sync("sync_invite")
        keep("join", me, "POST", f"join/{invited}", {})
        sync("sync_join")
        keep("leave", me, "POST", f"rooms/{invited}/leave", {})
        sync("sync_leave")
        other = self.other(self.plain)
        other.put_profile("displayname", "Nobody Special")
        sync("sync_member_change")
        me.call("PUT", f"user/{me.user}/account_data/im.vector.setting", {"theme": "dark"})
        sync("sync_account_data")
        self._new_device(other)
        sync("sync_device_list")

    def _new_device(self, person):
        """Another device of `person`: device lists change."""
        device = Device(self.content, person.user, self.content.letters(10))
        answer = person.raw(
            "POST", "login",
            {"type": "m.login.password", "password": "a secret", "device_id": device.id,
             "identifier": {"type": "m.id.user", "user": person.user}}, token=False,
        ).json()  # fmt: skip
        body = {"device_keys": device.keys(), "one_time_keys": device.one_time_keys(5)}
        person.raw("POST", "keys/upload", body, token=answer["access_token"]).raise_for_status()

    def _sliding(self):
        lists = Sliding(self, ROOM_LIST)
        keys = Sliding(self, ENCRYPTION)
        lists.ask("sliding_rooms_initial", 0)
        keys.ask("sliding_encryption_initial", 0)
        lists.grow()
        lists.ask("sliding_rooms_grow", 0)
        lists.ask("sliding_rooms_quiet", 0)
        keys.ask("sliding_encryption_quiet", 0)
        self.other(self.plain).say(self.plain.id)
        lists.ask("sliding_rooms_plain_message", 10_000)
        self.other(self.encrypted).say_encrypted(self.encrypted.id)
        lists.ask("sliding_rooms_encrypted_message", 10_000)
        self.other(self.plain, 1).typing(self.plain.id)
        lists.ask("sliding_rooms_typing", 10_000)
        last = self.me.say(self.plain.id)
        lists.ask("sliding_rooms_own_message", 10_000)
        self.other(self.plain, 1).read(self.plain.id, last)
        lists.ask("sliding_rooms_receipt", 10_000)
        self.other(self.encrypted).to_device(self.me)
        keys.ask("sliding_encryption_to_device", 10_000)
        lists.subscribe(self.big.id)
        lists.ask("sliding_rooms_subscribe", 0)
        self.other(self.big).say(self.big.id)
        lists.ask("sliding_rooms_subscribed_message", 10_000)

    def _reading(self):
        me, keep, big, plain = self.me, self.keep, self.big, self.plain
        room = f"rooms/{big.id}"
        filter_text = json.dumps({"lazy_load_members": True}, separators=(",", ":"))
        page = {"dir": "b", "limit": 10, "filter": filter_text}
        keep("messages_10", me, "GET", f"{room}/messages", query=page)
        keep("messages_50", me, "GET", f"{room}/messages", query={**page, "limit": 50})
        keep("messages_50_encrypted", me, "GET", f"rooms/{self.encrypted.id}/messages",
             query={**page, "limit": 50})  # fmt: skip
        keep("members", me, "GET", f"{room}/members", query={"not_membership": "leave"})
        keep("members_small", me, "GET", f"rooms/{plain.id}/members")
        keep("joined_members", me, "GET", f"{room}/joined_members")
        keep("room_state", me, "GET", f"rooms/{plain.id}/state")
        keep("room_state_big", me, "GET", f"{room}/state")
        keep("state_name", me, "GET", f"rooms/{plain.id}/state/m.room.name")
        keep("state_power_levels", me, "GET", f"{room}/state/m.room.power_levels")
        keep("joined_rooms", me, "GET", "joined_rooms")
        event_id = plain.events[len(plain.events) // 2][1]
        keep("event", me, "GET", f"rooms/{plain.id}/event/{event_id}")
        keep("context", me, "GET", f"rooms/{plain.id}/context/{event_id}",
             query={"limit": 20, "filter": filter_text})  # fmt: skip
        first = plain.events[0][1]
        keep("relations", me, "GET", f"/_matrix/client/v1/rooms/{plain.id}/relations/{first}",
             query={"limit": 50, "dir": "b"})  # fmt: skip
        keep("threads", me, "GET", f"/_matrix/client/v1/rooms/{plain.id}/threads")
        keep("hierarchy", me, "GET", f"/_matrix/client/v1/rooms/{plain.id}/hierarchy")
        keep("public_rooms", me, "POST", "publicRooms",
             {"limit": 20, "filter": {"generic_search_term": ""}})  # fmt: skip
        search = {
            "search_categories": {
                "room_events": {
                    "search_term": "meeting", "order_by": "recent",
                    "event_context": {"before_limit": 1, "after_limit": 1,
                                      "include_profile": True},
                    "filter": {"limit": 10},
                }
            }
        }  # fmt: skip
        keep("search", me, "POST", "search", search)
        keep("user_directory", me, "POST", "user_directory/search",
             {"search_term": "a", "limit": 20})  # fmt: skip
        keep("profile", me, "GET", f"profile/{self.other(big).user}")
        keep("notifications", me, "GET", "notifications", query={"limit": 20})
        keep("devices", me, "GET", "devices")

    def _sending(self):
        me, keep = self.me, self.keep
        plain = f"rooms/{self.plain.id}"
        message = self.content.text_message()
        path = f"{plain}/send/m.room.message/{me.transaction()}"
        sent = keep("send_plain", me, "PUT", path, message)["event_id"]
        keep("send_encrypted", me, "PUT",
             f"rooms/{self.encrypted.id}/send/m.room.encrypted/{me.transaction()}",
             self.content.megolm_message(me.device))  # fmt: skip
        keep("send_reply", me, "PUT", f"{plain}/send/m.room.message/{me.transaction()}",
             self.content.reply(message, sent, me.user))  # fmt: skip
        keep("send_edit", me, "PUT", f"{plain}/send/m.room.message/{me.transaction()}",
             self.content.edit(sent))  # fmt: skip
        keep("send_reaction", me, "PUT", f"{plain}/send/m.reaction/{me.transaction()}",
             self.content.reaction(sent))  # fmt: skip
        keep("typing", me, "PUT", f"{plain}/typing/{me.user}",
             {"typing": True, "timeout": 30_000})  # fmt: skip
        keep("receipt", me, "POST", f"{plain}/receipt/m.read/{sent}", {"thread_id": "main"})
        keep("read_markers", me, "POST", f"{plain}/read_markers",
             {"m.fully_read": sent, "m.read": sent})  # fmt: skip
        keep("redact", me, "PUT", f"{plain}/redact/{sent}/{me.transaction()}",
             {"reason": "sent to the wrong room"})  # fmt: skip
        room = {
            "name": "Sledging", "topic": "When there is snow", "preset": "private_chat",
            "visibility": "private", "is_direct": False,
            "invite": [one.user for one in self.world.people[:3]],
            "initial_state": [
                {"type": "m.room.encryption", "state_key": "",
                 "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            ],
        }  # fmt: skip
        made = keep("create_room", me, "POST", "createRoom", room)["room_id"]
        keep("invite", me, "POST", f"rooms/{made}/invite", {"user_id": self.world.people[5].user})
        keep("state_put", me, "PUT", f"rooms/{made}/state/m.room.topic/",
             {"topic": "When there is snow, else not"})  # fmt: skip

    def _keys(self):
        me, keep, world = self.me, self.keep, self.world
        users = [one.user for one in self.big.members]
        keep("keys_upload", me, "POST", "keys/upload",
             {"one_time_keys": me.device.one_time_keys(25),
              "fallback_keys": me.device.fallback_key()})  # fmt: skip
        device = Device(self.content, me.user, me.device.id)
        keep("keys_upload_one", me, "POST", "keys/upload",
             {"one_time_keys": me.device.one_time_keys(1)})  # fmt: skip
        # The body that a new device sends; recorded only, since this device has its keys.
        first = {"device_keys": device.keys(), "one_time_keys": device.one_time_keys(50),
                 "fallback_keys": device.fallback_key()}  # fmt: skip
        (self.folder / "keys_upload_first.request.json").write_bytes(compact(first))
        one = self.other(self.plain).user
        keep("keys_query_one", me, "POST", "keys/query", {"device_keys": {one: []},
                                                          "timeout": 10_000})  # fmt: skip
        keep("keys_query_50", me, "POST", "keys/query",
             {"device_keys": {user: [] for user in users}, "timeout": 10_000})  # fmt: skip
        keep("keys_claim", me, "POST", "keys/claim",
             {"one_time_keys": {
                 member.user: {member.device.id: "signed_curve25519"}
                 for member in self.encrypted.members if member is not me},
              "timeout": 10_000})  # fmt: skip
        token = me.call("GET", "sync", query={"timeout": 0})["next_batch"]
        self._new_device(self.other(self.big))
        later = me.call("GET", "sync", query={"timeout": 0})["next_batch"]
        keep("keys_changes", me, "GET", "keys/changes", query={"from": token, "to": later})
        messages = {
            member.user: {member.device.id: self.content.olm_message(me.device, member.device)}
            for member in self.encrypted.members
            if member is not me
        }
        keep("send_to_device", me, "PUT",
             f"sendToDevice/m.room.encrypted/{me.transaction()}",
             {"messages": messages})  # fmt: skip
        keep("signatures_upload", me, "POST", "keys/signatures/upload",
             world.cross_signing.signatures(me.device))  # fmt: skip
        (self.folder / "device_signing_upload.request.json").write_bytes(
            compact(world.cross_signing.upload())
        )
        self._backup()

    def _backup(self):
        me, keep, world = self.me, self.keep, self.world
        version = {"version": world.backup}
        keep("room_keys_version", me, "GET", "room_keys/version")
        room = world.rooms[0].id
        session = self.content.key()
        keep("room_keys_put_one", me, "PUT", "room_keys/keys",
             {"rooms": {room: {"sessions": {session: backed_up_session(self.content)}}}},
             version)  # fmt: skip
        many = {
            one.id: {"sessions": {
                self.content.key(): backed_up_session(self.content) for _ in range(12)}}
            for one in world.rooms if one.encrypted
        }  # fmt: skip
        keep("room_keys_put_many", me, "PUT", "room_keys/keys", {"rooms": many}, version)
        keep("room_keys_get_room", me, "GET", f"room_keys/keys/{room}", query=version)
        keep("room_keys_get_all", me, "GET", "room_keys/keys", query=version)
        other = self.other(self.plain)
        keep("room_keys_make", other, "POST", "room_keys/version", backup_version(self.content))

    def _settings(self):
        me, keep = self.me, self.keep
        keep("pushrules", me, "GET", "pushrules/")
        keep("pushrule_put", me, "PUT", f"pushrules/global/room/{self.big.id}",
             {"actions": ["dont_notify"]})  # fmt: skip
        base = f"user/{me.user}/account_data"
        keep("account_data_put", me, "PUT", f"{base}/m.direct", self.world.direct)
        keep("account_data_get", me, "GET", f"{base}/m.direct")
        pusher = {
            "pushkey": self.content.letters(140, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN0123456"),
            "kind": "http", "app_id": "io.element.android.x",
            "app_display_name": "Element X Android", "device_display_name": "Pixel 8",
            "profile_tag": "", "lang": "en",
            "data": {"url": "https://push.example.org/_matrix/push/v1/notify",
                     "format": "event_id_only"}, "append": False,
        }  # fmt: skip
        keep("pusher_set", me, "POST", "pushers/set", pusher)
        keep("pushers", me, "GET", "pushers")
        keep("profile_put", me, "PUT", f"profile/{me.user}/displayname",
             {"displayname": "Amira Haddad"})  # fmt: skip
        keep("presence_put", me, "PUT", f"presence/{me.user}/status", {"presence": "online"})

    def _errors(self):
        me, keep = self.me, self.keep
        stranger = self.world.people[-1]
        secret = stranger.create_room(name="Not yours", preset="private_chat")
        keep("error_forbidden", me, "GET", f"rooms/{secret}/messages",
             query={"dir": "b"}, status=403)  # fmt: skip
        keep("error_unknown_token", me, "GET", "account/whoami", status=401,
             token="syt_bm9ib2R5_aaaaaaaaaaaaaaaaaaaa_1aaaaa")  # fmt: skip
        keep("error_missing_token", me, "GET", "account/whoami", status=401, token=False)
        keep("error_not_found", me, "GET", f"rooms/{self.plain.id}/state/org.example.none",
             status=404)  # fmt: skip
        keep("error_unrecognized", me, "GET", "/_matrix/client/v3/nothing/here", status=404)
        keep("error_bad_json", me, "POST", "createRoom", {"preset": 5}, status=400)
        admin = self.world.admin()
        limited = self.other(self.plain)
        override = f"/_synapse/admin/v1/users/{limited.user}/override_ratelimit"
        admin.call("POST", override, {"messages_per_second": 1, "burst_count": 1})
        path = f"rooms/{self.plain.id}/send/m.room.message"
        for _ in range(50):  # until it is too fast
            message = self.content.text_message()
            response = limited.raw("PUT", f"{path}/{limited.transaction()}", message)
            if response.status_code == 429:
                self.recorder.write("error_limit_exceeded", None, response)
                break
        admin.call("DELETE", override)


class Sliding:
    """One connection of sliding sync."""

    def __init__(self, session, body):
        self._session = session
        self._body = json.loads(json.dumps(body))
        self._pos = None

    def grow(self):
        """All rooms, as Element X does after its first answer."""
        self._body["lists"]["all_rooms"]["ranges"] = [[0, 99]]

    def subscribe(self, room):
        self._body["room_subscriptions"] = {
            room: {"required_state": ROOM_STATE, "timeline_limit": 20}
        }

    def ask(self, name, timeout):
        query = {"timeout": timeout}
        if self._pos:
            query["pos"] = self._pos
        keep = self._session.keep
        answer = keep(name, self._session.me, "POST", SLIDING, self._body, query)
        self._pos = answer["pos"]
        to_device = answer.get("extensions", {}).get("to_device")
        if to_device:
            self._body["extensions"]["to_device"]["since"] = to_device["next_batch"]


def size_arguments(quick):
    """How large a world is: of --quick, or for real figures."""
    return {"people": 6, "big": 6, "history": 4} if quick else {}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder; replaced")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a small world")
    options = parser.parse_args()
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder, options.seed, **size_arguments(options.quick))
        try:
            Session(world, options.output).record()
        finally:
            world.stop()
    done = len(list(options.output.glob("*.json"))) - 1
    (options.output / "DONE").write_text(f"{done} bodies, {CHAIN} syncs in each chain\n")
    print(f"{done} bodies in {options.output}")


if __name__ == "__main__":
    main()
