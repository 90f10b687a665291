#!/usr/bin/env python3
"""A Matrix client over HTTPS that keeps one connection, as Element's does: HTTP/1.1 or HTTP/2 with
TLS 1.3 and gzip. Reads METHOD PATH [BODY] lines and prints a line of JSON for each answer, like
`lowband request --batch -`. Run by scripts/bench --bytes."""

import argparse
import json
import socket
import ssl
import sys
import zlib

import h2.config
import h2.connection
import h2.events
import h2.settings
import h2.utilities

# hyper and OkHttp index the Authorization header, so that it costs a byte after the first request;
# this library would send it whole each time.
h2.utilities._SECURE_HEADERS = frozenset()

# Windows of reqwest, with which an answer needs few updates.
STREAM_WINDOW, CONNECTION_WINDOW = 2 << 20, 5 << 20


def headers_of(options, body):
    """Besides those of the version of HTTP."""
    headers = [("accept", "*/*"), ("accept-encoding", "gzip"), ("user-agent", options.user_agent)]
    if options.token:
        headers.append(("authorization", f"Bearer {options.token}"))
    if body:
        headers += [("content-type", "application/json"), ("content-length", str(len(body)))]
    return headers


def gunzip(headers, body):
    return zlib.decompress(body, 47) if headers.get("content-encoding") == "gzip" else body


class Http1:
    def __init__(self, connection, options):
        self._connection, self._options = connection, options
        self._stream = connection.makefile("rb")

    def ask(self, method, path, body):
        """(status, header fields, body as it was on the wire)"""
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._options.host}"]
        lines += [f"{name}: {value}" for name, value in headers_of(self._options, body)]
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        status = int(self._stream.readline().split()[1])
        headers = {}
        while line := self._stream.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        if "content-length" in headers:
            return status, headers, self._stream.read(int(headers["content-length"]))
        return status, headers, self._chunks()

    def _chunks(self):
        whole = b""
        while size := int(self._stream.readline(), 16):
            whole += self._stream.read(size)
            self._stream.readline()
        self._stream.readline()
        return whole


class Http2:
    def __init__(self, connection, options):
        self._connection, self._options = connection, options
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW - 65_535)
        self._send()

    def _send(self):
        if data := self._h2.data_to_send():
            self._connection.sendall(data)

    def ask(self, method, path, body):
        stream = self._h2.get_next_available_stream_id()
        fields = [
            (":method", method), (":scheme", "https"), (":authority", self._options.host),
            (":path", path), *headers_of(self._options, body),
        ]  # fmt: skip
        self._h2.send_headers(stream, fields, end_stream=not body)
        if body:
            self._send_body(stream, body)
        self._send()
        headers, whole = {}, b""
        while True:
            data = self._connection.recv(65_536)
            if not data:
                raise SystemExit("error: the server closed the connection")
            for event in self._h2.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    headers = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    whole += event.data
                    self._h2.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                elif isinstance(event, h2.events.StreamEnded):
                    self._send()
                    return int(headers[":status"]), headers, whole
                elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    raise SystemExit(f"error: {event}")
            self._send()

    def _send_body(self, stream, body):
        while body:
            room = min(
                self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size
            )
            if room == 0:
                self._send()
                self._h2.receive_data(self._connection.recv(65_536))
                continue
            self._h2.send_data(stream, body[:room], end_stream=len(body) <= room)
            body = body[room:]


def connect(options):
    context = ssl.create_default_context(cafile=options.ca)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["h2"] if options.http == 2 else ["http/1.1"])
    plain = socket.create_connection((options.address, options.port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname=options.host)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--http", type=int, choices=(1, 2), required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="matrix.example.org", help="name of the server")
    parser.add_argument("--ca", required=True, help="the server's certificate")
    parser.add_argument("--token", default="")
    parser.add_argument("--user-agent", default="")
    options = parser.parse_args()
    client = (Http2 if options.http == 2 else Http1)(connect(options), options)
    for line in sys.stdin:
        method, path, *body = line.rstrip("\n").split(" ", 2)
        status, headers, whole = client.ask(method, path, body[0].encode() if body else b"")
        answer = {"status": status, "body_bytes": len(whole)}
        answer["body"] = json.loads(gunzip(headers, whole) or b"null")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
