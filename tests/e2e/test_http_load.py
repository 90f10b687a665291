"""A thousand waiting HTTPS clients and five hundred CoAP clients on one edge."""

import asyncio
import json
import ssl

import pytest

from harness.matrix import Client
from harness.memory import peak_memory
from harness.process import run

pytestmark = pytest.mark.lowband

WAITING = 1000
# Handshakes of the client at once: all together would keep each of its turns busy for longer than
# an edge waits for a request, where the machine has much else to do.
CONNECTING = 64
SESSIONS = 500
# At the edge, of which some is there once: twenty thousand shall fit into 400 MB.
WAITING_KIB_MAX = 24


def coap_load(bin_dir, gateway, token):
    done = run(
        [bin_dir / "lowband", "load", "-k", "--json", "--sessions", SESSIONS, "--threads", 2,
         "--requests", 10000, "--warm-up", 500, "--token", token, "--operation", "versions",
         f"coaps://{gateway.address}"],
        120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


async def poll(port, target, token, ready, context, connecting):
    async with connecting:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        fields = f"Host: h\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        writer.write(f"GET {target} HTTP/1.1\r\n{fields}\r\n".encode())
        await writer.drain()
    ready()
    answer = await reader.read()
    writer.close()
    return answer


async def polls_around(gateway, token, since, during):
    """Runs `during` in a thread while all polls wait; their answers."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    asked, all_asked = 0, asyncio.Event()

    def ready():
        nonlocal asked
        asked += 1
        if asked == WAITING:
            all_asked.set()

    target = f"/_matrix/client/v3/sync?timeout=180000&since={since}"
    connecting = asyncio.Semaphore(CONNECTING)
    tasks = [
        asyncio.create_task(poll(gateway.port, target, token, ready, context, connecting))
        for _ in range(WAITING)
    ]
    await asyncio.wait_for(all_asked.wait(), 60)
    measured = await asyncio.to_thread(during)
    return measured, await asyncio.wait_for(asyncio.gather(*tasks), 90)


def test_long_polls_do_not_disturb_coap(bin_dir, start_demo_homeserver, start_fallback):
    homeserver = start_demo_homeserver("--threads", "2500")
    one_token = {"LOWBAND_UPSTREAM_MAX_POLLS": str(WAITING)}
    gateway = start_fallback(homeserver.url, environment=one_token)
    alice = Client(homeserver.url).register()
    room = alice.create_room()
    since = alice.sync()["next_batch"]
    alone = coap_load(bin_dir, gateway, alice.token)

    def held():
        return {name: 1024 * now for name, (_, now) in peak_memory(gateway).items()}

    before, grown = held(), {}

    def during():
        grown.update({name: (kib - before[name]) / WAITING for name, kib in held().items()})
        measured = coap_load(bin_dir, gateway, alice.token)
        alice.send(room, "wake up")
        return measured

    beside, answers = asyncio.run(polls_around(gateway, alice.token, since, during))
    good = sum(answer.startswith(b"HTTP/1.1 200") and b"wake up" in answer for answer in answers)
    for answer in [a for a in answers if b"wake up" not in a][:3]:
        print("not the answer:", answer[:300], answer[-100:])
    print(f"\nlong-polls answered: {good} of {WAITING}")
    print("KiB a waiting client:", {name: round(kib, 1) for name, kib in grown.items()})
    print(f"alone:  {json.dumps(alone)}\nbeside: {json.dumps(beside)}")
    assert good == WAITING
    (edge,) = (kib for name, kib in grown.items() if "edge" in name)
    assert 0 < edge <= WAITING_KIB_MAX
