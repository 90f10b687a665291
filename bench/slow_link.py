"""A slow and lossy link before a gateway, on loopback: a queue, a rate, a distance and a loss in
each direction. One link carries one client; all share one event loop in a thread of its own."""

import asyncio
import dataclasses
import random
import socket
import threading
import time

IP_AND_UDP = 28  # bytes of headers a datagram, IPv4
QUEUE_MAX = 100  # datagrams that wait for their turn; more are lost
# First records of datagrams: ChangeCipherSpec and handshake; application data, without and with a
# connection ID. Others are alerts.
HANDSHAKE_RECORDS = (20, 22)
DATA_RECORDS = (23, 25)
BLOCK_BYTES = 500  # a datagram of more carries a block


@dataclasses.dataclass(frozen=True)
class Weather:
    """Equal in both directions. A rate of 0 means no limit."""

    bits_per_second: float = 0
    round_trip: float = 0  # seconds of delay, besides the transmission time
    loss: float = 0  # [0, 1], independently for each datagram


class Line:
    """One direction. Lost datagrams also take their time on the line."""

    def __init__(self, loop, weather, seed):
        self._loop, self._weather = loop, weather
        self._random = random.Random(seed)
        self._free_at = 0
        self._waiting = 0
        # Bytes that were sent into the line, with their headers.
        self.handshake = self.data = 0

    def put(self, datagram, deliver):
        size = len(datagram) + IP_AND_UDP
        if datagram[0] in HANDSHAKE_RECORDS:
            self.handshake += size
        else:
            self.data += size
        if self._waiting >= QUEUE_MAX:
            return
        self._waiting += 1
        self._free_at = max(self._free_at, self._loop.time())
        if self._weather.bits_per_second:
            self._free_at += 8 * size / self._weather.bits_per_second
        self._loop.call_at(self._free_at, self._leave, self._free_at, deliver)

    def busy(self):
        return self._waiting > 0

    def _leave(self, when, deliver):
        self._waiting -= 1
        if self._random.random() >= self._weather.loss:
            self._loop.call_at(when + self._weather.round_trip / 2, deliver)


class Link:
    """A client sends to `port`; each of its sockets maps to one towards the server, as by a NAT."""

    def __init__(self, loop, server_port, weather, seed):
        self._loop, self._server = loop, ("127.0.0.1", server_port)
        self.up, self.down = Line(loop, weather, 2 * seed), Line(loop, weather, 2 * seed + 1)
        # Of time.monotonic(): the client's first datagram, its first with data, the last block.
        self.began = self.first_data = self.last_block = None
        self._last = 0  # datagram of either side
        self._outsides = {}  # client's address → socket towards the server
        self._front = self._open(self._from_client)
        self._front.bind(("127.0.0.1", 0))
        self.port = self._front.getsockname()[1]

    def _open(self, received):
        endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        endpoint.setblocking(False)
        self._loop.add_reader(endpoint, self._drain, endpoint, received)
        return endpoint

    def close(self):
        for endpoint in (self._front, *self._outsides.values()):
            self._loop.remove_reader(endpoint)
            endpoint.close()

    def wait_until_quiet(self, seconds, at_most):
        """True if neither side sent for so long, and no datagram is in transit."""
        end = time.monotonic() + at_most
        while time.monotonic() < min(end, self._last + seconds) or (
            time.monotonic() < end and (self.up.busy() or self.down.busy())
        ):
            time.sleep(0.2)

    @staticmethod
    def _drain(endpoint, received):
        try:
            while True:
                datagram, source = endpoint.recvfrom(65536)
                if datagram:
                    received(datagram, source)
        except OSError:  # nothing more, or the other end is gone
            pass

    @staticmethod
    def _send(endpoint, datagram, address):
        try:
            endpoint.sendto(datagram, address)
        except OSError:  # the other end is gone, or this one
            pass

    def _from_client(self, datagram, client):
        self._last = now = time.monotonic()
        self.began = self.began or now
        if datagram[0] in DATA_RECORDS:
            self.first_data = self.first_data or now
        if client not in self._outsides:
            self._outsides[client] = self._open(
                lambda answer, _: self._from_server(answer, client))  # fmt: skip
        outside = self._outsides[client]
        self.up.put(datagram, lambda: self._send(outside, datagram, self._server))

    def _from_server(self, datagram, client):
        self._last = time.monotonic()
        if len(datagram) > BLOCK_BYTES:
            self.last_block = self._last
        self.down.put(datagram, lambda: self._send(self._front, datagram, client))


class Links:
    """Makes links, from any thread."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def _call(self, function, *arguments):
        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def open(self, server_port, weather, seed=1):
        return self._call(Link, self._loop, server_port, weather, seed)

    def close(self, link):
        self._call(link.close)
