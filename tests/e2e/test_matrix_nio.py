"""A real client library, matrix-nio, that does not know that its homeserver is behind CoAP."""

import asyncio
import uuid

import nio

PASSWORD = "a secret"


async def logged_in(url, name):
    config = nio.AsyncClientConfig(encryption_enabled=False)
    client = nio.AsyncClient(url, name, config=config)
    answer = await client.register(name, PASSWORD)
    assert isinstance(answer, nio.RegisterResponse), answer
    await client.logout()
    answer = await client.login(PASSWORD)
    assert isinstance(answer, nio.LoginResponse), answer
    return client


async def converse(first_url, second_url):
    alice = await logged_in(first_url, f"nio{uuid.uuid4().hex[:8]}")
    bob = await logged_in(second_url, f"nio{uuid.uuid4().hex[:8]}")
    try:
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
        assert {user for user in alice.rooms[room.room_id].users} == {alice.user_id, bob.user_id}
    finally:
        await alice.close()
        await bob.close()


def test_two_clients_talk(gateway, start_client_proxy):
    urls = [start_client_proxy(gateway).url for _ in range(2)]
    asyncio.run(asyncio.wait_for(converse(*urls), 60))
