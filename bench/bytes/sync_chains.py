"""Chains of consecutive syncs with one message each: what a session's earlier bodies are worth."""

from element import LAZY_FILTER, ROOM_LIST, SLIDING

CHAIN = 60


def chain(world, folder, content, count=CHAIN):
    """Consecutive syncs with one message each: a third in one plain room, a third in one encrypted
    room, a third in all rooms in turn."""
    folder.mkdir()
    me = world.me
    use = me.call("POST", f"user/{me.user}/filter", LAZY_FILTER)["filter_id"]
    query = {"filter": use, "timeout": 0}
    since = me.call("GET", "sync", query=query)["next_batch"]
    for number in range(count):
        say_something(world, content, number, count)
        query = {"filter": use, "timeout": 10_000, "since": since}
        response = me.raw("GET", "sync", query=query)
        response.raise_for_status()
        since = response.json()["next_batch"]
        (folder / f"{number:03}.json").write_bytes(response.content)


def sliding_chain(world, folder, content, count=CHAIN):
    """The same on the room list of sliding sync."""
    folder.mkdir()
    me = world.me
    body = {**ROOM_LIST, "conn_id": "chain"}
    body["lists"] = {"all_rooms": {**ROOM_LIST["lists"]["all_rooms"], "ranges": [[0, 99]]}}
    pos = me.raw("POST", SLIDING, body, {"timeout": 0}).json()["pos"]
    pos = me.raw("POST", SLIDING, body, {"timeout": 0, "pos": pos}).json()["pos"]
    for number in range(count):
        say_something(world, content, number, count)
        response = me.raw("POST", SLIDING, body, {"timeout": 10_000, "pos": pos})
        response.raise_for_status()
        pos = response.json()["pos"]
        (folder / f"{number:03}.json").write_bytes(response.content)


def say_something(world, content, number, count):
    """The message number `number` of `count` of a chain."""
    plain = next(one for one in world.rooms if not one.encrypted)
    encrypted = next(one for one in world.rooms if one.encrypted and len(one.members) > 2)
    part = 3 * number // count
    room = (plain, encrypted, content.choice(world.rooms))[part]
    sender = content.choice([one for one in room.members if one is not world.me])
    if room.encrypted:
        sender.say_encrypted(room.id)
    else:
        sender.say(room.id)
