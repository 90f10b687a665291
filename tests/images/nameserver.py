"""A nameserver for the tests' network: nameserver.py ADDRESS FILE. The file is read at each
question and has an object of names, each with the list of its IPv4 addresses."""

import json
import pathlib
import socket
import struct
import sys

TYPE_A = 1


def name_in(question):
    labels, at = [], 0
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels).lower(), at + 1


def answer(packet, names):
    number, count = packet[:2], struct.unpack(">H", packet[4:6])[0]
    assert count == 1
    name, length = name_in(packet[12:])
    question = packet[12 : 12 + length + 4]
    kind = struct.unpack(">H", question[length : length + 2])[0]
    addresses = names.get(name, []) if kind == TYPE_A else []
    flags = 0x8580 if name in names else 0x8583  # authoritative; no such name
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", TYPE_A, 1, 1, 4) + socket.inet_aton(address)
        for address in addresses
    )
    return number + struct.pack(">HHHHH", flags, 1, len(addresses), 0, 0) + question + records


def main(address, path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        print("listening", flush=True)
        while True:
            packet, peer = server.recvfrom(512)
            names = json.loads(pathlib.Path(path).read_text())
            server.sendto(answer(packet, names), peer)


main(sys.argv[1], sys.argv[2])
