"""What is not in the path table, and today's clients (matrix-js-sdk, matrix-rust-sdk) ask for: v1,
v3 and unstable routes. After those of rooms.py and accounts.py, in the same world."""

from differential.cases import Case

V1, V3, UNSTABLE = (f"/_matrix/client/{version}" for version in ("v1", "v3", "unstable"))
BACKUP = {
    "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2",
    "auth_data": {"public_key": "f" * 43, "signatures": {}},
}
SESSION = {
    "first_message_index": 1, "forwarded_count": 0, "is_verified": False,
    "session_data": {"ephemeral": "g" * 43, "ciphertext": "h" * 60, "mac": "i" * 11},
}  # fmt: skip


def _case(method, path, body=None, **more):
    if body is not None:
        more["body"] = body
    return Case(method, path, **more)


def _signed(usage, key):
    keys = {f"ed25519:{key}": key}
    return {"user_id": "{alice}", "usage": [usage], "keys": keys, "signatures": {}}


def keys():
    """Cross-signing and the backup of keys."""
    backup = f"{V3}/room_keys"
    version = (("version", "1"),)
    return [
        _case("POST", f"{V3}/keys/device_signing/upload", {
            "master_key": _signed("master", "j" * 43),
            "self_signing_key": _signed("self_signing", "k" * 43)}),
        _case("POST", f"{V3}/keys/device_signing/upload", {"master_key": {}}),
        _case("POST", "/_matrix/client/r0/keys/device_signing/upload", {}),
        _case("POST", f"{UNSTABLE}/keys/device_signing/upload", {}),
        _case("POST", f"{V3}/keys/signatures/upload", {"{alice}": {"DEVICE": {"x": 1}}}),
        _case("GET", f"{backup}/version", label="none"),
        _case("POST", f"{backup}/version", BACKUP),
        _case("GET", f"{backup}/version"),
        _case("GET", f"{backup}/version/1"),
        _case("GET", f"{backup}/version/9"),
        _case("PUT", f"{backup}/version/1", {**BACKUP, "version": "1"}),
        _case("PUT", f"{backup}/keys/{{room}}/{{session_id}}", SESSION, query=version),
        _case("GET", f"{backup}/keys/{{room}}/{{session_id}}", query=version),
        _case("GET", f"{backup}/keys/{{room}}", query=version),
        _case("GET", f"{backup}/keys", query=version),
        _case("GET", f"{backup}/keys"),
        _case("PUT", f"{backup}/keys", {"rooms": {"{room}": {"sessions": {"s": SESSION}}}},
              query=(("version", "9"),)),
        _case("PUT", f"{backup}/keys", {"rooms": {"{room}": {"sessions": {"s": SESSION}}}},
              query=version),
        _case("DELETE", f"{backup}/keys/{{room}}/s", query=version),
        _case("DELETE", f"{backup}/keys", query=version),
        _case("DELETE", f"{backup}/version/1"),
        _case("PUT", f"{UNSTABLE}/org.matrix.msc3814.v1/dehydrated_device", {
            "device_id": "DRY", "initial_device_display_name": "d",
            "device_data": {"algorithm": "m.test"}, "device_keys": {
                "user_id": "{alice}", "device_id": "DRY", "algorithms": [], "keys": {},
                "signatures": {}}}),
        _case("GET", f"{UNSTABLE}/org.matrix.msc3814.v1/dehydrated_device"),
        _case("POST", f"{UNSTABLE}/org.matrix.msc3814.v1/dehydrated_device/DRY/events", {}),
        _case("DELETE", f"{UNSTABLE}/org.matrix.msc3814.v1/dehydrated_device"),
        _case("GET", f"{UNSTABLE}/org.matrix.msc3814.v1/dehydrated_device", label="gone"),
    ]  # fmt: skip


def events():
    """Relations, threads, spaces, time, delayed events and sliding sync."""
    room = f"{V1}/rooms/{{room}}"
    thread = {"rel_type": "m.thread", "event_id": "{event}"}
    subscription = (
        f"{UNSTABLE}/io.element.msc4306/rooms/{{room}}/thread/{{event}}/subscription"
    )
    delayed = f"{UNSTABLE}/org.matrix.msc4140/delayed_events"
    sliding = {"lists": {"all": {"ranges": [[0, 9]], "timeline_limit": 1, "required_state": [
        ["m.room.create", ""], ["m.room.member", "$LAZY"]]}}, "conn_id": "c", "extensions": {
            "to_device": {"enabled": True}, "e2ee": {"enabled": True},
            "receipts": {"enabled": True, "rooms": ["*"]}}}  # fmt: skip
    sync = f"{UNSTABLE}/org.matrix.simplified_msc3575/sync"
    return [
        _case("PUT", f"{V3}/rooms/{{room}}/send/m.room.message/th1", {
            "msgtype": "m.text", "body": "in a thread", "m.relates_to": thread}),
        _case("PUT", f"{V3}/rooms/{{room}}/send/m.reaction/re1", {"m.relates_to": {
            "rel_type": "m.annotation", "event_id": "{event}", "key": "👍"}}),
        _case("GET", f"{room}/relations/{{event}}"),
        _case("GET", f"{room}/relations/{{event}}/m.annotation", query=(("limit", "1"),)),
        _case("GET", f"{room}/relations/{{event}}/m.thread/m.room.message",
              query=(("dir", "f"), ("recurse", "true"))),
        _case("GET", f"{room}/relations/$none/m.thread"),
        _case("GET", f"{room}/threads", query=(("include", "all"),)),
        _case("GET", f"{V1}/rooms/{{room}}/hierarchy", query=(("max_depth", "1"),)),
        _case("GET", f"{V1}/rooms/!none:test.localhost/hierarchy"),
        _case("GET", f"{V1}/rooms/{{room}}/timestamp_to_event", query=(("ts", "1"), ("dir", "f"))),
        _case("GET", f"{V1}/rooms/{{room}}/timestamp_to_event", query=(("ts", "1"), ("dir", "b"))),
        _case("GET", f"{V1}/room_summary/{{room}}"),
        _case("GET", f"{UNSTABLE}/im.nheko.summary/rooms/{{room}}/summary"),
        _case("GET", f"{V3}/rooms/{{room}}/aliases"),
        _case("GET", f"{V3}/rooms/{{room}}/initialSync", query=(("limit", "3"),)),
        _case("GET", f"{V3}/rooms/{{room}}/members", query=(("at", "{since}"),),
              unordered=("chunk",)),
        _case("GET", f"{V3}/sync", query=(("timeout", "0"), ("since", "{since}"), (
            "org.matrix.msc4222.use_state_after", "true"))),
        _case("POST", f"{V3}/rooms/{{room}}/report", {"reason": "r"}),
        _case("POST", f"{V3}/users/{{bob}}/report", {"reason": "r"}),
        _case("POST", f"{V3}/knock/{{bobs_alias}}", {"reason": "k"}, query=(
            ("server_name", "a"), ("via", "b"))),
        _case("POST", f"{V3}/rooms/{{other}}/upgrade", {"new_version": "9"},
              save={"new_room": "replacement_room"}),
        _case("POST", f"{V3}/rooms/{{other}}/upgrade", {"new_version": "none"}),
        _case("GET", f"{V3}/events", query=(("timeout", "0"), ("room_id", "{room}"))),
        _case("PUT", f"{V3}/rooms/{{room}}/send/m.test/de1", {"d": 1},
              query=(("org.matrix.msc4140.delay", "600000"),), save={"delay": "delay_id"}),
        _case("GET", delayed),
        _case("POST", f"{delayed}/{{delay}}", {"action": "restart"}),
        _case("POST", f"{delayed}/{{delay}}/restart", {}),
        _case("POST", f"{delayed}/{{delay}}/cancel", {}),
        _case("PUT", f"{V3}/rooms/{{room}}/state/m.test/late", {"late": True},
              query=(("org.matrix.msc4140.delay", "600000"),), save={"later": "delay_id"}),
        _case("POST", f"{delayed}/{{later}}/send", {}),
        _case("GET", f"{V3}/rooms/{{room}}/state/m.test/late"),
        _case("POST", f"{delayed}/{{delay}}", {"action": "jump"}),
        _case("POST", sync, sliding, query=(("timeout", "0"),), save={"pos": "pos"}),
        _case("POST", sync, sliding, query=(("timeout", "0"), ("pos", "{pos}"))),
        _case("POST", sync, sliding, query=(("timeout", "0"), ("pos", "9/none"))),
        _case("POST", "/_matrix/client/v4/sync", sliding),
        _case("PUT", subscription, {"automatic": "{event}"}),
        _case("GET", subscription),
        _case("DELETE", subscription),
        _case("GET", f"{UNSTABLE}/io.element.msc4308/thread_subscriptions",
              query=(("limit", "1"), ("dir", "b"))),
    ]  # fmt: skip


def accounts():
    profile, carol = f"{V3}/profile/{{carol}}", {"token": "{carol_token}"}
    return [
        _case("GET", f"{V1}/auth_metadata", token=None),
        _case("GET", f"{UNSTABLE}/org.matrix.msc2965/auth_metadata", token=None),
        _case("GET", f"{UNSTABLE}/org.matrix.msc2965/auth_issuer", token=None),
        _case("POST", f"{V1}/login/get_token", {}, save={"login_token": "login_token"}),
        _case("POST", f"{V3}/login", {
            "type": "m.login.token", "token": "{login_token}", "device_id": "THIRD"}, token=None),
        _case("POST", f"{V3}/login", {"type": "m.login.token", "token": "{login_token}"},
              token=None, label="again"),
        _case("POST", f"{V3}/refresh", {"refresh_token": "none"}, token=None),
        _case("POST", f"{V3}/login", {
            "type": "m.login.password", "identifier": {"type": "m.id.user", "user": "{alice}"},
            "password": "a secret ü", "device_id": "SECOND", "refresh_token": True},
            token=None, save={"second_token": "access_token", "refresh": "refresh_token"}),
        _case("POST", f"{V3}/refresh", {"refresh_token": "{refresh}"}, token=None,
              save={"second_token": "access_token"}),
        _case("GET", f"{V3}/account/whoami", token="{second_token}"),
        _case("GET", f"{V3}/register/available", query=(("username", "alice{nonce}"),), token=None),
        _case("GET", f"{V1}/register/m.login.registration_token/validity",
              query=(("token", "t"),), token=None),
        _case("GET", f"{V3}/account/3pid"),
        _case("POST", f"{V3}/account/3pid/add", {"sid": "s", "client_secret": "c"}),
        _case("POST", f"{V3}/account/password", {"new_password": "another"}),
        _case("POST", f"{V3}/account/deactivate", {}),
        _case("POST", f"{V3}/account/password/email/requestToken", {
            "email": "a@example.org", "client_secret": "c", "send_attempt": 1}, token=None),
        *(
            _case("POST", f"{V3}/{path}/requestToken", {
                "client_secret": "c", "send_attempt": 1, "email": "b@example.org", "country": "DE",
                "phone_number": "1"}, token=None)
            for path in ("register/email", "register/msisdn", "account/3pid/email",
                         "account/3pid/msisdn", "account/password/msisdn")
        ),
        _case("POST", f"{V3}/account/3pid/unbind", {"medium": "email", "address": "a@b.c"}),
        _case("GET", f"{V3}/password_policy", token=None),
        _case("POST", f"{V3}/user/{{alice}}/openid/request_token", {}),
        _case("GET", f"{V3}/thirdparty/protocols"),
        _case("GET", f"{V3}/thirdparty/protocol/irc"),
        _case("GET", f"{V3}/thirdparty/location/irc", query=(("search", "x"),)),
        _case("GET", f"{V3}/thirdparty/user/irc", query=(("nick", "é"), ("nick", "b"))),
        _case("PUT", f"{profile}/m.tz", {"m.tz": "Europe/Berlin"}, **carol),
        _case("PUT", f"{profile}/org.example.odd", {"org.example.odd": [None, 1, "ü"]}, **carol),
        _case("GET", f"{profile}/m.tz"),
        _case("DELETE", f"{profile}/m.tz", **carol),
        _case("GET", f"{profile}/m.tz", label="gone"),
        _case("GET", f"{UNSTABLE}/uk.half-shot.msc2666/user/mutual_rooms",
              query=(("user_id", "{bob}"),), unordered=("joined",)),
        _case("GET", f"{V1}/mutual_rooms", query=(("user_id", "{bob}"),)),
        _case("DELETE", f"{UNSTABLE}/org.matrix.msc3391/user/{{alice}}/account_data/m.direct"),
        _case("GET", f"{UNSTABLE}/uk.half-shot.msc2666/user/mutual_rooms/{{bob}}"),
        _case("GET", f"{UNSTABLE}/org.matrix.msc4143/rtc/transports"),
        _case("GET", f"{UNSTABLE}/org.matrix.msc1763/retention/configuration"),
        _case("GET", f"{V1}/media/config"),
        _case("GET", "/_matrix/media/v3/config"),
        _case("GET", "/_matrix/media/r0/config", token=None),
        _case("GET", f"{V1}/media/download/test.localhost/none"),
        _case("GET", "/_matrix/media/v3/download/test.localhost/none", token=None),
        _case("POST", "/_matrix/media/v1/create", {}),
        _case("POST", "/_matrix/media/v3/upload", {"not": "a picture"},
              query=(("filename", "f"),)),
        _case("POST", f"{UNSTABLE}/org.matrix.msc4108/rendezvous", {}, token=None),
        _case("GET", f"{V3}/login/sso/redirect", query=(("redirectUrl", "https://a.example/?b=c"),),
              token=None),
        _case("GET", f"{V3}/auth/m.login.terms/fallback/web", query=(("session", "none"),),
              token=None),
        _case("GET", "/.well-known/matrix/client", token=None),
        _case("GET", "/.well-known/matrix/server", token=None),
        _case("GET", "/.well-known/matrix/support", token=None),
        _case("GET", "/_matrix/key/v2/server", token=None),
        _case("POST", f"{V3}/logout/all", {}),
        _case("GET", f"{V3}/account/whoami", token="{second_token}", label="all are out"),
    ]  # fmt: skip
