"""A name server for one name, as a headless Service is one: every replica's address."""

import socket
import struct
import threading

_TYPE_A = 1


class NameServer:
    """Answers every question for A with `addresses`, and all others with nothing (RFC 1035)."""

    def __init__(self, addresses):
        self.addresses = list(addresses)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                query, client = self._socket.recvfrom(4096)
            except OSError:  # stopped
                return
            self._socket.sendto(self._answer(query), client)

    def _answer(self, query):
        end = query.index(b"\0", 12) + 5  # the name, its type and its class
        kind = struct.unpack(">H", query[end - 4 : end - 2])[0]
        addresses = self.addresses if kind == _TYPE_A else []
        # A response, recursion available, no error; one question, and nothing of the OPT record.
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(addresses), 0, 0)
        # 0xc00c points at the name in the question.
        records = [
            struct.pack(">HHHIH", 0xC00C, _TYPE_A, 1, 1, 4) + socket.inet_aton(address)
            for address in addresses
        ]
        return head + query[12:end] + b"".join(records)

    def stop(self):
        self._socket.close()
