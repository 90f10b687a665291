"""CBOR as a client of MSC3079 says and hears it, made and read by nothing of Lowband's own."""

import pathlib
import struct

_ROWS = pathlib.Path(__file__).parent.parent / "gopeers" / "wire" / "cbor_keys_v1.tsv"
NUMBERS = {
    name: int(number)
    for number, name in (row.split("\t") for row in _ROWS.read_text().splitlines()[1:])
}
NAMES = {number: name for name, number in NUMBERS.items()}
STRINGS = {}  # key table 0


class Malformed(Exception):
    """Not what a client may be sent."""


def _head(major, argument):
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 24:
            return bytes([major << 5 | argument])
        if argument < 1 << 8 * size:
            return bytes([major << 5 | code]) + argument.to_bytes(size, "big")
    raise ValueError(f"{argument} does not fit into CBOR")


def write(value, numbers=NUMBERS):
    """Floats stay floats, of nine bytes; integers may have 64 bits and their sign."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return _head(3, len(data)) + data
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(write(item, numbers) for item in value)
    items = (
        write(numbers.get(key, key), numbers) + write(item, numbers) for key, item in value.items()
    )
    return _head(5, len(value)) + b"".join(items)


def read(data, numbers=NUMBERS):
    reader = _Reader(data, NAMES if numbers is NUMBERS else {})
    value = reader.item()
    if reader.at != len(data):
        raise Malformed(f"{len(data) - reader.at} bytes behind the document")
    return value


class _Reader:
    def __init__(self, data, names):
        self.data, self.names, self.at = data, names, 0

    def take(self, size):
        taken = self.data[self.at : self.at + size]
        if len(taken) < size:
            raise Malformed("cut off")
        self.at += size
        return taken

    def item(self):
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if low > 27:
            raise Malformed(f"an indefinite or reserved length: {first:#x}")
        argument = low if low < 24 else int.from_bytes(self.take(1 << low - 24), "big")
        if major < 2:
            return argument if major == 0 else -1 - argument
        if major == 3:
            return self.take(argument).decode()
        if major == 4:
            return [self.item() for _ in range(argument)]
        if major == 5:
            return self.entries(argument)
        if major == 7:
            return self.simple(low, argument)
        raise Malformed("a byte string or a tag, which no JSON becomes")

    def entries(self, count):
        out = {}
        for _ in range(count):
            key = self.item()
            if isinstance(key, int):
                if key not in self.names:
                    raise Malformed(f"key {key} is not of the table")
                key = self.names[key]
            elif self.names and key in NUMBERS:
                raise Malformed(f"the key {key} is of the table and stands as text")
            if key in out:
                raise Malformed(f"the key {key} twice")
            out[key] = self.item()
        return out

    def simple(self, low, argument):
        sizes = {25: "e", 26: "f", 27: "d"}
        if low in sizes:
            return struct.unpack(">" + sizes[low], argument.to_bytes(1 << low - 24, "big"))[0]
        known = {20: False, 21: True, 22: None}
        if low not in known:
            raise Malformed(f"the simple value {argument}")
        return known[low]
