"""Two matrix-nio clients in conversation."""

import asyncio

import nio

PASSWORD = "a secret"


async def log_in(client):
    answer = await client.register(client.user, PASSWORD)
    assert isinstance(answer, nio.RegisterResponse), answer
    await client.logout()
    answer = await client.login(PASSWORD)
    assert isinstance(answer, nio.LoginResponse), answer


async def say_hello_to_each_other(alice, bob):
    """In a room of their own; each waits in /sync for what the other says. The room's id."""
    room = await alice.room_create(name="Low bandwidth", invite=[bob.user_id])
    assert isinstance(room, nio.RoomCreateResponse), room
    joined = await bob.join(room.room_id)
    assert isinstance(joined, nio.JoinResponse), joined
    for sender, receiver, text in [(alice, bob, "Hello Bob"), (bob, alice, "Hello Alice")]:
        await receiver.sync(timeout=0)
        waiting = asyncio.create_task(receiver.sync(timeout=20_000))
        content = {"msgtype": "m.text", "body": text}
        sent = await sender.room_send(room.room_id, "m.room.message", content)
        assert isinstance(sent, nio.RoomSendResponse), sent
        got = await waiting
        assert isinstance(got, nio.SyncResponse), got
        events = got.rooms.join[room.room_id].timeline.events
        assert [event.body for event in events] == [text]
    return room.room_id
