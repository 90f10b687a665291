"""A homeserver that keeps the very bytes of its requests and answers with the very bytes it is
told to: for what must pass unchanged, and for what must never arrive."""

import re
import socket
import ssl
import threading


class Upstream:
    """`answer(request)` gives the bytes of the answer; None closes the connection without one. With
    a certificate it speaks TLS, and keeps the names that clients asked for (SNI)."""

    def __init__(self, answer=None, certificate=None):
        self.forget()
        self.names = []
        self._answer = answer or (lambda request: reply(b"{}"))
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate.cert, certificate.key)
            self._tls.sni_callback = lambda _, name, __: self.names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        self.requests, self.connections = [], 0

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        self.connections += 1
        if self._tls:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:  # the client did not like the certificate
                return
        stream = connection.makefile("rb")
        with connection, stream:
            while request := Request.read(stream, connection):
                self.requests.append(request)
                answer = self._answer(request)
                if answer is None:
                    return
                connection.sendall(answer)

    def stop(self):
        if self._listener.fileno() < 0:
            return
        # Closing alone would not wake accept(), and the kernel would go on taking connections.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Request:
    @classmethod
    def read(cls, stream, connection):
        line = stream.readline()
        if not line:
            return None
        self = cls()
        self.line = line.rstrip(b"\r\n").decode("latin-1")
        self.method, self.target, _ = self.line.split(" ")
        self.fields = []
        while (field := stream.readline()) not in (b"\r\n", b""):
            name, _, value = field.rstrip(b"\r\n").decode("latin-1").partition(":")
            self.fields.append((name, value.strip()))
        if self.field("expect"):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.field("transfer-encoding") == "chunked":
            self.body = b""
            while size := int(stream.readline().split(b";")[0], 16):
                self.body += stream.read(size)
                stream.readline()
            while stream.readline() not in (b"\r\n", b""):
                pass
        else:
            self.body = stream.read(int(self.field("content-length") or 0))
        return self

    def field(self, name):
        """The value of the first field of that name, in lower case; None without one."""
        return next((value for one, value in self.fields if one.lower() == name), None)


def reply(body, status="200 OK", fields=b"Content-Type: application/json\r\n"):
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + fields + b"\r\n" + body


class RawAnswer:
    """One answer as it came over a raw connection."""

    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
        self.status = int(found.group(1)) if found else None
        self.head = head.decode("latin-1")


def raw_exchange(port, request, seconds=20):
    """Sends bytes on a connection of their own; what comes until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        raw = b""
        try:
            while piece := connection.recv(65536):
                raw += piece
        except ConnectionResetError:
            pass
    return RawAnswer(raw)
