"""A name server for one name, whose addresses change as the endpoints of a Service do."""

import random
import socket
import struct
import threading

_A, _IN = 1, 1
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_RESPONSE = 0x8400  # QR, AA (RFC 1035 section 4.1.1)
_RECURSION_DESIRED = 0x0100


class NameServer:
    """Answers A for `name` with `addresses` in no order, as CoreDNS does; anything else does not
    exist. What it is told holds from the next question on."""

    def __init__(self, name, addresses=(), ttl=5):
        self.name, self._ttl = name.rstrip(".").lower(), ttl
        self.silent = False  # as if the cluster's DNS were away
        self.questions = 0  # for the name's A
        self._lock = threading.Lock()
        self._addresses = list(addresses)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def target(self, port):
        """What a gRPC client dials to ask this server."""
        return f"dns://127.0.0.1:{self.port}/{self.name}:{port}"

    def set(self, addresses):
        with self._lock:
            self._addresses = list(addresses)

    def stop(self):
        self._stopping = True
        # Closing alone would not wake recvfrom().
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._socket.close()

    def _serve(self):
        while not self._stopping:
            query, client = self._socket.recvfrom(4096)
            if query and not self.silent:
                self._socket.sendto(self._answer(query), client)

    def _answer(self, query):
        (number, flags) = struct.unpack_from("!HH", query)
        labels, at = [], 12
        while size := query[at]:
            labels.append(query[at + 1 : at + 1 + size].decode("ascii").lower())
            at += 1 + size
        kind, _ = struct.unpack_from("!HH", query, at + 1)
        question = query[12 : at + 5]
        known = ".".join(labels) == self.name
        records = self._records() if known and kind == _A else []
        head = struct.pack(
            "!HHHHHH", number,
            _RESPONSE | (flags & _RECURSION_DESIRED) | (_NO_ERROR if known else _NO_SUCH_NAME),
            1, len(records), 0, 0,
        )  # fmt: skip
        return head + question + b"".join(records)

    def _records(self):
        with self._lock:
            self.questions += 1
            addresses = random.sample(self._addresses, len(self._addresses))
        pointer = 0xC00C  # the question's name
        return [
            struct.pack("!HHHIH", pointer, _A, _IN, self._ttl, 4) + socket.inet_aton(address)
            for address in addresses
        ]
