"""Accounts, devices, keys and push rules: the rest of the path table, by any version of the API."""

from differential.cases import Case

ONE_TIME_KEY = {"key": "a" * 43, "signatures": {"{alice}": {"ed25519:DEVICE": "b" * 86}}}


def register(api):
    """Who takes part, with a session each."""
    path = f"/_matrix/client/{api}/register"

    def body(name, device):
        return {
            "username": f"{name}{{nonce}}", "password": "a secret ü", "device_id": device,
            "initial_device_display_name": "Gerät", "auth": {"type": "m.login.dummy"},
        }  # fmt: skip

    return [
        Case("POST", path, body={"username": "alice{nonce}", "password": "a secret ü"}, token=None,
             label="flows first"),
        Case("POST", path, body=body("alice", "DEVICE"), token=None,
             save={"alice_token": "access_token"}),
        Case("POST", path, body=body("alice", "DEVICE"), token=None, label="again"),
        Case("POST", path, body=body("ünicode", "D"), token=None),
        Case("POST", path, body={"auth": {"type": "m.none"}}, token=None),
        Case("POST", path, query=(("kind", "guest"),), body={}, token=None),
        Case("GET", path, token=None),
        Case("POST", path, body=body("bob", "BOBS"), token=None, straight=True,
             save={"bob_token": "access_token"}),
        Case("POST", path, body=body("carol", "CAROLS"), token=None, straight=True,
             save={"carol_token": "access_token"}),
    ]  # fmt: skip


def accounts(api):
    base = f"/_matrix/client/{api}"
    user = f"{base}/user/{{alice}}"
    profile = f"{base}/profile"
    rules = f"{base}/pushrules"
    login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "{alice}"}}

    def case(method, path, body=None, **more):
        if body is not None:
            more["body"] = body
        return Case(method, path, **more)

    return [
        case("GET", "/_matrix/client/versions"),
        case("GET", "/_matrix/client/versions", token=None, label="by nobody"),
        case("GET", f"{base}/capabilities"),
        case("GET", f"{base}/login", token=None),
        case("POST", f"{base}/login", {**login, "password": "a secret ü", "device_id": "OTHER"},
             token=None, save={"other_token": "access_token"}),
        case("POST", f"{base}/login", {**login, "password": "wrong"}, token=None, label="wrong"),
        case("POST", f"{base}/login", {"type": "m.login.none"}, token=None),
        case("POST", f"{base}/login", {}, token=None),
        case("GET", f"{base}/account/whoami"),
        case("GET", f"{base}/devices", unordered=("devices",)),
        case("GET", f"{base}/devices/OTHER"),
        case("GET", f"{base}/devices/NONE"),
        case("PUT", f"{base}/devices/OTHER", {"display_name": "Das andere Gerät"}),
        case("PUT", f"{base}/devices/NONE", {"display_name": "x"}),
        case("DELETE", f"{base}/devices/OTHER", {}),
        case("DELETE", f"{base}/devices/OTHER", label="without a body"),
        case("POST", f"{base}/delete_devices", {"devices": ["OTHER"]}),
        case("POST", f"{base}/delete_devices", {"devices": ["OTHER"], "auth": {
            **login, "password": "wrong", "session": "none"}}),
        case("GET", f"{base}/account/whoami", token="{other_token}", label="still there"),
        case("POST", f"{base}/logout", {}, token="{other_token}"),
        case("GET", f"{base}/account/whoami", token="{other_token}", label="logged out"),
        case("POST", f"{base}/logout", token="{other_token}", label="logged out, without a body"),
        case("POST", f"{user}/filter", {
            "room": {"timeline": {"limit": 1}}, "event_fields": ["type"]},
            save={"filter": "filter_id"}),
        case("GET", f"{user}/filter/{{filter}}"),
        case("GET", f"{user}/filter/99"),
        case("GET", f"{user}/filter/none"),
        case("POST", f"{user}/filter", {"room": {"timeline": {"limit": "one"}}}),
        case("POST", f"{base}/user/{{bob}}/filter", {}),
        case("GET", f"{base}/sync", query=(("filter", "{filter}"), ("timeout", "0"))),
        # Of somebody in no room: in those it would be seen some time later.
        case("PUT", f"{profile}/{{carol}}/displayname", {"displayname": "Cärol 🙂"},
             token="{carol_token}"),
        case("GET", f"{profile}/{{carol}}/displayname"),
        case("GET", f"{profile}/{{bob}}/displayname", token=None),
        case("PUT", f"{profile}/{{bob}}/displayname", {"displayname": "x"}),
        case("PUT", f"{profile}/{{carol}}/avatar_url", {"avatar_url": "mxc://test.localhost/a"},
             token="{carol_token}"),
        case("GET", f"{profile}/{{carol}}/avatar_url"),
        case("GET", f"{profile}/{{bob}}/avatar_url"),
        case("GET", f"{profile}/{{carol}}"),
        case("GET", f"{profile}/@none:test.localhost"),
        case("GET", f"{profile}/none"),
        case("GET", f"{base}/voip/turnServer"),
        case("PUT", f"{base}/presence/{{alice}}/status", {"presence": "online", "status_msg": "ü"}),
        case("GET", f"{base}/presence/{{alice}}/status"),
        case("PUT", f"{base}/presence/{{alice}}/status", {"presence": "offline"}, label="too soon"),
        case("PUT", f"{user}/account_data/m.direct", {"{bob}": ["!a:b"], "ключ": {"n": [1, 2]}}),
        case("GET", f"{user}/account_data/m.direct"),
        case("GET", f"{user}/account_data/m.none"),
        case("PUT", f"{user}/account_data/m.empty", {}),
        case("GET", f"{user}/account_data/m.empty"),
        case("PUT", f"{user}/account_data/{{odd}}", {"odd": 1}),
        case("GET", f"{user}/account_data/{{odd}}"),
        case("PUT", f"{user}/account_data/m.fully_read", {}),
        case("POST", f"{base}/user_directory/search", {"search_term": "nobody here", "limit": 1}),
        case("POST", f"{base}/user_directory/search", {}),
        case("POST", f"{base}/keys/upload", {"device_keys": {
            "user_id": "{alice}", "device_id": "DEVICE", "algorithms": ["m.olm.v1"],
            "keys": {"curve25519:DEVICE": "c" * 43, "ed25519:DEVICE": "d" * 43},
            "signatures": {"{alice}": {"ed25519:DEVICE": "e" * 86}}},
            "one_time_keys": {"signed_curve25519:AAAAAQ": ONE_TIME_KEY}}),
        case("POST", f"{base}/keys/upload", {}),
        case("POST", f"{base}/keys/upload", {"one_time_keys": {"signed_curve25519:AAAAAQ": {
            "key": "z" * 43}}}, label="another of that name"),
        case("POST", f"{base}/keys/query", {"device_keys": {"{alice}": [], "{bob}": []}}),
        case("POST", f"{base}/keys/query", {"device_keys": ["{alice}"]}),
        case("POST", f"{base}/keys/claim", {"one_time_keys": {
            "{alice}": {"DEVICE": "signed_curve25519"}}, "timeout": 1000}),
        case("POST", f"{base}/keys/claim", {"one_time_keys": {
            "{alice}": {"DEVICE": "signed_curve25519"}}}, label="when it is taken"),
        case("GET", f"{base}/sync", query=(("timeout", "0"),), save={"before": "next_batch"}),
        case("GET", f"{base}/keys/changes", query=(("from", "{before}"), ("to", "{before}"))),
        case("GET", f"{base}/keys/changes"),
        case("PUT", f"{base}/sendToDevice/m.test/s1", {"messages": {"{alice}": {"*": {"n": 1}}}}),
        case("PUT", f"{base}/sendToDevice/m.test/s1", {"messages": {"{alice}": {"*": {"n": 2}}}},
             label="again"),
        case("PUT", f"{base}/sendToDevice/m.test/s2", {}),
        case("GET", f"{base}/sync", query=(("timeout", "0"), ("since", "{before}"))),
        case("GET", f"{base}/pushers"),
        case("POST", f"{base}/pushers/set", {
            "app_id": "a.b", "pushkey": "key", "kind": "http", "lang": "de",
            "app_display_name": "App", "device_display_name": "D", "profile_tag": "t",
            "data": {"url": "https://push.example.org/_matrix/push/v1/notify", "format": "x"}}),
        case("GET", f"{base}/pushers", label="with one"),
        case("POST", f"{base}/pushers/set", {"app_id": "a.b", "pushkey": "key", "kind": None}),
        case("POST", f"{base}/pushers/set", {"kind": "http"}),
        case("GET", f"{rules}/"),
        case("GET", rules, label="without a slash"),
        case("GET", f"{rules}/global/"),
        case("GET", f"{rules}/global/override/"),
        case("GET", f"{rules}/global/override/.m.rule.master"),
        case("GET", f"{rules}/global/override/.m.rule.master/enabled"),
        case("PUT", f"{rules}/global/override/.m.rule.master/enabled", {"enabled": False}),
        case("PUT", f"{rules}/global/content/a%2Fb", {"pattern": "a/b", "actions": ["notify"]}),
        case("PUT", f"{rules}/global/content/plain", {"pattern": "x", "actions": ["notify"]},
             query=(("before", "{none}"),)),
        case("PUT", f"{rules}/global/content/plain", {"pattern": "x", "actions": ["notify", {
            "set_tweak": "sound", "value": "default"}]}),
        case("GET", f"{rules}/global/content/plain"),
        case("GET", f"{rules}/global/content/plain/actions"),
        case("PUT", f"{rules}/global/content/plain/actions", {"actions": []}),
        case("DELETE", f"{rules}/global/content/plain"),
        case("DELETE", f"{rules}/global/content/plain", label="again"),
        case("GET", f"{rules}/nowhere/"),
    ]  # fmt: skip
