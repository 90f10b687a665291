"""A UDP relay before a gateway: counts what passes and can lose, repeat and delay some of it."""

import dataclasses
import heapq
import itertools
import random
import selectors
import socket
import threading
import time

IP_AND_UDP = 28  # bytes of headers a datagram, IPv4


@dataclasses.dataclass
class Count:
    datagrams: int = 0
    payload: int = 0

    @property
    def wire(self):
        return self.payload + IP_AND_UDP * self.datagrams


@dataclasses.dataclass
class Weather:
    """Chances, each of [0, 1], for every datagram by itself."""

    loss: float = 0
    repeat: float = 0
    reorder: float = 0  # late by up to `delay`, so that later ones overtake it
    delay: float = 0.05  # seconds


class Relay:
    """Clients send to `address`; each has a socket of its own towards the server, like a NAT."""

    def __init__(self, server_port, weather=None, seed=1):
        self._server = ("127.0.0.1", server_port)
        self._weather = weather or Weather()
        self._random = random.Random(seed)
        self._front = self._open()
        self._front.bind(("127.0.0.1", 0))
        self.port = self._front.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.up, self.down, self.lost = Count(), Count(), Count()
        self._outsides = {}  # client's address → socket towards the server
        self._late = []  # heap of (when, tie-breaker, socket, data, address)
        self._order = itertools.count()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ, None)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @staticmethod
    def _open():
        endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        endpoint.setblocking(False)
        return endpoint

    def take_counts(self):
        """(up, down) since the last call."""
        counts = (self.up, self.down)
        self.up, self.down = Count(), Count()
        return counts

    def stop(self):
        self._stopping = True
        self._thread.join(5)
        for outside in self._outsides.values():
            outside.close()
        self._front.close()

    def _run(self):
        while not self._stopping:
            wait = 0.1
            if self._late:
                wait = min(wait, max(0, self._late[0][0] - time.monotonic()))
            for key, _ in self._selector.select(wait):
                self._drain(key.fileobj, key.data)
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, endpoint, data, address = heapq.heappop(self._late)
                endpoint.sendto(data, address)

    def _drain(self, endpoint, client):
        while True:
            try:
                data, source = endpoint.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:  # the gateway is down for the moment
                continue
            if client is None:
                self._pass(self._outside(source), data, self._server, self.up)
            else:
                self._pass(self._front, data, client, self.down)

    def _outside(self, client):
        if client not in self._outsides:
            outside = self._open()
            self._outsides[client] = outside
            self._selector.register(outside, selectors.EVENT_READ, client)
        return self._outsides[client]

    def _pass(self, endpoint, data, address, count):
        count.datagrams += 1
        count.payload += len(data)
        chance, weather = self._random.random, self._weather
        if chance() < weather.loss:
            self.lost.datagrams += 1
            return
        for _ in range(2 if chance() < weather.repeat else 1):
            if chance() < weather.reorder:
                when = time.monotonic() + chance() * weather.delay
                heapq.heappush(self._late, (when, next(self._order), endpoint, data, address))
            else:
                endpoint.sendto(data, address)
