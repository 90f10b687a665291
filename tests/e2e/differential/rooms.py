"""Rooms: the routes of the path table that are about them, by any version of the API."""

from differential.cases import Case

MESSAGE = {"msgtype": "m.text", "body": "Grüße 👋 {nonce}"}
# What ids may hold, and what a careless gateway would take for something else.
ODD = "a b%2F?#é&=;:@+\\ü"


def beginning(api):
    """A room with Bob in it and a message of his."""
    base = f"/_matrix/client/{api}"
    bob = {"token": "{bob_token}", "straight": True}
    return [
        Case("POST", f"{base}/createRoom", body={"preset": "public_chat"},
             save={"room": "room_id"}),
        Case("POST", f"{base}/join/{{room}}", body={}, **bob),
        Case("PUT", f"{base}/rooms/{{room}}/send/m.room.message/b0", body=MESSAGE,
             save={"event": "event_id"}, **bob),
        Case("POST", f"{base}/join/{{room}}", body={}, token="{carol_token}", straight=True),
    ]  # fmt: skip


def rooms(api):
    base = f"/_matrix/client/{api}"
    room = f"{base}/rooms/{{room}}"

    def case(method, path, body=None, **more):
        if body is not None:
            more["body"] = body
        return Case(method, path, **more)

    def bob(method, path, body=None, **more):
        return case(method, path, body, token="{bob_token}", straight=True, **more)

    return [
        case("POST", f"{base}/createRoom", {
            "name": "Über {nonce}", "topic": "Wolken", "preset": "public_chat",
            "room_alias_name": "alias{nonce}", "visibility": "private",
            "initial_state": [{"type": "m.test", "state_key": "", "content": {"n": 1}}],
            "creation_content": {"m.federate": False}, "invite": ["{bob}"],
        }, save={"room": "room_id"}),  # fmt: skip
        case("POST", f"{base}/createRoom", {}, save={"other": "room_id"}),
        case("POST", f"{base}/createRoom", {"invite": ["nobody"]}),
        case("GET", f"{base}/directory/room/{{alias}}"),
        case("GET", f"{base}/directory/room/{{alias}}", token=None),
        case("PUT", f"{base}/directory/room/{{second_alias}}", {"room_id": "{room}"}),
        case("PUT", f"{base}/directory/room/{{second_alias}}", {"room_id": "{room}"},
             label="again"),
        case("DELETE", f"{base}/directory/room/{{second_alias}}"),
        case("GET", f"{base}/directory/room/{{second_alias}}", label="when it is gone"),
        case("GET", f"{base}/directory/list/room/{{room}}"),
        case("PUT", f"{base}/directory/list/room/{{room}}", {"visibility": "public"}),
        case("GET", f"{base}/joined_rooms", unordered=("joined_rooms",)),
        bob("POST", f"{base}/join/{{room}}", {}),
        case("GET", f"{room}/joined_members"),
        case("GET", f"{room}/members", unordered=("chunk",)),
        case("GET", f"{room}/members", query=(("membership", "join"), ("not_membership", "leave")),
             unordered=("chunk",)),
        case("GET", f"{room}/state", unordered=("",)),
        case("GET", f"{room}/state/m.room.topic/"),
        case("GET", f"{room}/state/m.room.topic", label="without a slash"),
        case("GET", f"{room}/state/m.room.member/{{bob}}"),
        case("GET", f"{room}/state/m.room.member/{{bob}}", query=(("format", "event"),)),
        case("GET", f"{room}/state/m.room.none/"),
        case("PUT", f"{room}/state/m.room.topic/", {"topic": "Second"}),
        case("PUT", f"{room}/state/m.test/{{odd}}", {"odd": "{odd}"}),
        case("GET", f"{room}/state/m.test/{{odd}}"),
        case("PUT", f"{room}/state/m.test/%2E%2E", {"dots": 2}),
        case("GET", f"{room}/state/m.test/%2E%2E"),
        case("PUT", f"{room}/state/m.test/a%2Fb", {"k": 1}),
        case("GET", f"{room}/state/m.test/a%2Fb"),
        case("PUT", f"{room}/send/m.room.message/t1", MESSAGE, save={"event": "event_id"}),
        case("PUT", f"{room}/send/m.room.message/t1", MESSAGE, label="again"),
        case("PUT", f"{room}/send/m.room.message/{{odd}}", MESSAGE, save={"second": "event_id"}),
        case("PUT", f"{room}/send/m.room.message/{{odd}}", MESSAGE, label="again"),
        case("PUT", f"{room}/send/m.numbers/t2", {
            "integers": [0, -1, 23, 24, 2**31, 2**53 - 1, 1 - 2**53], "1": "one", "": "empty",
            "nothing": None, "yes": True, "list": [[], {}, [{}]], "control": "\x01\t\n\x7f",
            "event_id": "$a", "errcode": 1, "body": "b", "m.relates_to": {},
        }, save={"numbers": "event_id"}),  # fmt: skip
        case("GET", f"{room}/event/{{numbers}}"),
        case("POST", f"{room}/send/m.room.message", MESSAGE, label="without a transaction"),
        case("GET", f"{room}/event/{{event}}"),
        case("GET", f"{room}/event/$none"),
        case("GET", f"{room}/context/{{event}}", query=(("limit", "3"),), unordered=("state",)),
        case("PUT", f"{room}/redact/{{second}}/r1", {"reason": "odd"}),
        case("PUT", f"{room}/redact/{{second}}/r1", {"reason": "odd"}, label="again"),
        case("GET", f"{room}/event/{{second}}", label="redacted"),
        case("PUT", f"{room}/redact/$none/r2", {}),
        case("GET", f"{room}/messages", query=(("dir", "b"), ("limit", "5"))),
        case("GET", f"{room}/messages", query=(
            ("dir", "f"), ("limit", "3"), ("filter", '{"types":["m.room.message"]}'))),
        case("GET", f"{room}/messages", query=(("dir", "sideways"),)),
        case("GET", f"{room}/messages", query=(("dir", "b"), ("from", "no token"))),
        bob("PUT", f"{room}/typing/{{bob}}", {"typing": True, "timeout": 300000}),
        case("PUT", f"{room}/typing/{{alice}}", {"typing": True, "timeout": 300000}),
        case("PUT", f"{room}/typing/{{bob}}", {"typing": True}, label="another's"),
        case("PUT", f"{room}/typing/{{alice}}", {}, label="without the member"),
        bob("PUT", f"{room}/send/m.room.message/b1", {"msgtype": "m.text", "body": "{alice}"},
            save={"from_bob": "event_id"}),
        case("POST", f"{room}/receipt/m.read/{{from_bob}}", {}),
        case("POST", f"{room}/receipt/m.read.private/{{from_bob}}", {"thread_id": "main"}),
        case("POST", f"{room}/receipt/m.unheard/{{from_bob}}", {}),
        case("POST", f"{room}/receipt/m.read/{{from_bob}}", label="without a body"),
        case("POST", f"{room}/read_markers", {"m.fully_read": "{event}", "m.read": "{event}"}),
        case("GET", f"{base}/user/{{alice}}/rooms/{{room}}/tags"),
        case("PUT", f"{base}/user/{{alice}}/rooms/{{room}}/tags/u.wörk", {"order": 0.25}),
        case("PUT", f"{base}/user/{{alice}}/rooms/{{room}}/tags/m.favourite", {"order": 1}),
        case("GET", f"{base}/user/{{alice}}/rooms/{{room}}/tags", label="with two"),
        case("DELETE", f"{base}/user/{{alice}}/rooms/{{room}}/tags/u.wörk"),
        case("PUT", f"{base}/user/{{alice}}/rooms/{{room}}/account_data/m.test",
             {"f": [0.5, 1e-9]}),
        case("GET", f"{base}/user/{{alice}}/rooms/{{room}}/account_data/m.test"),
        case("GET", f"{base}/user/{{bob}}/rooms/{{room}}/account_data/m.test"),
        case("POST", f"{room}/report/{{from_bob}}", {"score": -100, "reason": "a test"}),
        case("POST", f"{room}/report/{{from_bob}}", {"score": "low"}, label="no number"),
        case("GET", f"{base}/sync", query=(("timeout", "0"),), save={"since": "next_batch"}),
        bob("PUT", f"{room}/send/m.room.message/b2", MESSAGE),
        case("GET", f"{base}/sync", query=(("timeout", "0"), ("since", "{since}"))),
        case("GET", f"{base}/sync", query=(
            ("filter", '{"room":{"timeline":{"limit":1},"rooms":["{room}"]}}'),
            ("full_state", "true"), ("set_presence", "offline"), ("timeout", "0"))),
        case("GET", f"{base}/sync", query=(("timeout", "long"),)),
        case("GET", f"{base}/sync", query=(("since", "nonsense"), ("timeout", "0"))),
        case("GET", f"{base}/sync", query=(("filter", "99"), ("timeout", "0"))),
        case("GET", f"{base}/sync", query=(("filter", "{"), ("timeout", "0"))),
        case("GET", f"{base}/sync", query=(("timeout", "0"), ("timeout", "long"))),
        case("POST", f"{base}/search", {"search_categories": {"room_events": {
            "search_term": "{nonce}", "order_by": "recent", "filter": {"limit": 1}}}}),
        case("POST", f"{base}/search", {"search_categories": {"room_events": {}}}),
        case("GET", f"{base}/notifications", query=(("limit", "2"),)),
        case("POST", f"{room}/invite", {"user_id": "{carol}"}),
        case("POST", f"{room}/invite", {"user_id": "{bob}"}, label="who is there"),
        case("POST", f"{room}/invite", {}),
        case("POST", f"{room}/kick", {"user_id": "{bob}", "reason": "a test"}),
        case("POST", f"{room}/ban", {"user_id": "{bob}"}),
        case("POST", f"{room}/unban", {"user_id": "{bob}"}),
        case("POST", f"{room}/unban", {"user_id": "{bob}"}, label="again"),
        bob("POST", f"{base}/createRoom", {
            "preset": "public_chat", "room_alias_name": "bobs{nonce}"},
            save={"bobs_room": "room_id"}),
        case("POST", f"{base}/join/{{bobs_alias}}", {},
             query=(("server_name", "test.localhost"), ("server_name", "b"), ("via", "é&="))),
        case("POST", f"{base}/join/nowhere", {}),
        case("POST", f"{base}/join/%23none:test.localhost", {}),
        case("POST", f"{base}/rooms/{{bobs_room}}/join", {}),
        case("POST", f"{base}/rooms/!none:test.localhost/join", {}),
        bob("PUT", f"{base}/rooms/{{bobs_room}}/state/m.room.power_levels/", {
            "events_default": 100}),
        case("PUT", f"{base}/rooms/{{bobs_room}}/send/m.room.message/t9", MESSAGE,
             label="forbidden"),
        case("POST", f"{base}/rooms/{{bobs_room}}/leave", {"reason": "enough"}),
        case("POST", f"{base}/rooms/{{bobs_room}}/leave", {}, label="again"),
        case("POST", f"{base}/rooms/{{bobs_room}}/forget", {}),
        case("POST", f"{base}/rooms/{{room}}/forget", {}, label="while in it"),
        case("GET", f"{base}/rooms/{{bobs_room}}/state", label="when it is left"),
        case("GET", f"{base}/publicRooms", query=(("limit", "1"), ("server", "test.localhost")),
             token=None, label="none yet"),
        case("POST", f"{base}/publicRooms", {
            "limit": 3, "filter": {"generic_search_term": "nowhere"}}),
        case("POST", f"{base}/publicRooms", {"limit": "three"}),
    ]  # fmt: skip
