"""One exchange of `lowband request -v --dump`, explained byte by byte."""

import re

IP_AND_UDP = 28
RECORD_HEADER = 13
NONCE, TAG = 8, 16
CONTENT_TYPES = {23: "application data", 25: "with connection ID"}
OPTIONS = {
    6: "Observe", 11: "Uri-Path", 12: "Content-Format", 15: "Uri-Query", 17: "Accept",
    23: "Block2", 27: "Block1", 258: "No-Response", 4: "ETag", 2048: "HTTP status",
}  # fmt: skip
METHODS = {1: "GET", 2: "POST", 3: "PUT", 4: "DELETE", 5: "FETCH"}
TYPES = ("CON", "NON", "ACK", "RST")
TEXTS = (11, 15)


def read_dump(text):
    """[(sent, datagram, message)] of the datagrams with a message."""
    found, sent, datagram = [], False, b""
    for line in text.splitlines():
        if re.match(r"[<>] +[\d.]+ ms", line):
            sent = line[0] == ">"
        elif line.startswith("  datagram "):
            datagram = bytes.fromhex(line.split()[1])
        elif line.startswith("  message "):
            found.append((sent, datagram, bytes.fromhex(line.split()[1])))
    return found


def _connection_id_length(datagram):
    """The record does not say it: where the length of the rest of the datagram stands."""
    rest = len(datagram) - RECORD_HEADER
    return next(
        length for length in range(rest)
        if int.from_bytes(datagram[11 + length : 13 + length], "big") == rest - length
    )  # fmt: skip


def _rows_of_record(datagram, message):
    kind = datagram[0]
    connection_id = _connection_id_length(datagram)
    rows = [
        ("", IP_AND_UDP, "headers of IPv4 (20) and UDP (8)"),
        (datagram[:1].hex(), 1, f"DTLS record: {CONTENT_TYPES.get(kind, kind)}"),
        (datagram[1:3].hex(), 2, "DTLS 1.2"),
        (datagram[3:11].hex(), 8, "epoch (2) and number of the record (6)"),
    ]
    if connection_id:
        rows.append(
            (datagram[11 : 11 + connection_id].hex(), connection_id,
             "connection ID, by which the edge knows the session after a change of address")
        )  # fmt: skip
    at = 11 + connection_id
    rows.append((datagram[at : at + 2].hex(), 2, "length of the record"))
    rows.append((datagram[at + 2 : at + 10].hex(), NONCE, "explicit nonce of AES-128-GCM"))
    return rows


def _extended(message, at, nibble):
    """(value, next position) of a delta or length."""
    if nibble == 13:
        return message[at] + 13, at + 1
    if nibble == 14:
        return int.from_bytes(message[at : at + 2], "big") + 269, at + 2
    return nibble, at


def rows_of_message(message):
    """(hex, bytes, meaning) of each part of a CoAP message."""
    token = message[0] & 15
    code = f"{message[1] >> 5}.{message[1] & 31:02}"
    rows = [
        (message[:1].hex(), 1,
         f"CoAP: version 1, {TYPES[message[0] >> 4 & 3]}, token of {token} bytes"),
        (message[1:2].hex(), 1, METHODS.get(message[1], f"code {code}")),
        (message[2:4].hex(), 2, "message ID"),
    ]  # fmt: skip
    at, number = 4, 0
    if token:
        rows.append((message[at : at + token].hex(), token, "token, which names the request"))
        at += token
    while at < len(message) and message[at] != 0xFF:
        begin = at
        head = message[at]
        delta, at = _extended(message, at + 1, head >> 4)
        length, at = _extended(message, at, head & 15)
        number += delta
        rows.append((message[begin : at + length].hex(), at + length - begin,
                     _option_text(number, message[at : at + length])))  # fmt: skip
        at += length
    if at < len(message):
        rows.append(("ff", 1, "the payload begins"))
        rows.append((message[at + 1 :].hex(), len(message) - at - 1, "payload"))
    return rows


def _option_text(number, value):
    name = OPTIONS.get(number, f"option {number}")
    if number in TEXTS:
        return f"{name} `{value.decode()}`"
    return f"{name} {int.from_bytes(value, 'big')}"


def _short(text, most=40):
    return text if len(text) <= most else f"{text[:most]}…"


def explain(sent, datagram, message):
    """A table of all bytes of one packet."""
    rows = _rows_of_record(datagram, message) + rows_of_message(message)
    size = IP_AND_UDP + len(datagram)
    if datagram[0] == 25:
        rows.append(("", 1, "the record's real type, encrypted: 23"))
        padding = size - TAG - sum(one[1] for one in rows)
        if padding:
            rows.append(("", padding, "padding to a multiple of 16, encrypted (RFC 9146)"))
    rows.append(("", TAG, "tag of AES-128-GCM"))
    lines = [f"{'Phone to edge' if sent else 'Edge to phone'}, {size} bytes:", "",
             "| bytes | hexadecimal | what |", "|--:|---|---|"]  # fmt: skip
    lines += [
        f"| {count} | {f'`{_short(digits)}`' if digits else ''} | {meaning} |"
        for digits, count, meaning in rows
    ]
    return "\n".join(lines)


def explain_all(dump):
    """The tables of each packet in `dump`."""
    return "\n\n".join(explain(*one) for one in read_dump(dump))
