"""A real client library, matrix-nio, that does not know that its homeserver is behind CoAP."""

import asyncio
import uuid

import nio

from harness.nio_talk import log_in, say_hello_to_each_other


async def converse(first_url, second_url):
    config = nio.AsyncClientConfig(encryption_enabled=False)
    alice, bob = (
        nio.AsyncClient(url, f"nio{uuid.uuid4().hex[:8]}", config=config)
        for url in (first_url, second_url)
    )
    try:
        await log_in(alice)
        await log_in(bob)
        room = await say_hello_to_each_other(alice, bob)
        assert set(alice.rooms[room].users) == {alice.user_id, bob.user_id}
    finally:
        await alice.close()
        await bob.close()


def test_two_clients_talk(gateway, start_client_proxy):
    urls = [start_client_proxy(gateway).url for _ in range(2)]
    asyncio.run(asyncio.wait_for(converse(*urls), 60))
