#!/usr/bin/env python3
"""The tables of scripts/bench --bytes: pure functions of figures and of captured bytes."""

import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "bytes"))

import exchange  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
from catalogue import DAY, NAMES  # noqa: E402

COLUMNS = ("HTTP/1.1", "HTTP/2", "Lowband CBOR")
# PUT, message ID 0x1234, no token, Uri-Path "9" and "abc", Content-Format 60, payload a0.
MESSAGE = bytes.fromhex("40031234" "b139" "03616263" "113c" "ffa0")


def figures(**ours):
    out = {column: dict.fromkeys(NAMES, 1000) for column in COLUMNS}
    out["Lowband CBOR"].update(ours)
    return out


def record(message, connection_id=b"", padding=0):
    """A DTLS record around it, as long as a real one."""
    kind, hidden = (b"\x19", 1 + padding) if connection_id else (b"\x17", 0)
    header = kind + b"\xfe\xfd" + bytes(8) + connection_id
    encrypted = bytes(8 + len(message) + hidden + 16)
    return header + len(encrypted).to_bytes(2, "big") + encrypted


class Operations(unittest.TestCase):
    def test_more_than_http2_is_bold_and_named(self):
        made = report.operations_table(figures(send_plain=1001, typing=999))
        self.assertIn("| send | 1,000 | 1,000 | **1,001** | 1.00 | ≤230 | no |", made)
        self.assertIn("| typing | 1,000 | 1,000 | 999 | 1.00 | ≤190 | no |", made)
        self.assertEqual(report.above_text(figures(send_plain=1001)), "* Lowband CBOR: 1: send")
        self.assertEqual(report.above_text(figures()), "* Lowband CBOR: none")

    def test_without_a_goal_http2_is_the_goal(self):
        made = report.operations_table(figures(members=1000, versions=1001))
        self.assertIn("| members, 50 | 1,000 | 1,000 | 1,000 | 1.00 | ≤1,000 | yes |", made)
        self.assertIn("| versions | 1,000 | 1,000 | **1,001** | 1.00 | ≤1,000 | no |", made)

    def test_day_is_the_sum_of_its_operations(self):
        totals = report.day_totals(figures(push_plain=0))
        everything = 1000 * sum(DAY.values())
        self.assertEqual(totals["HTTP/2"], everything)
        self.assertEqual(totals["Lowband CBOR"], everything - 1000 * DAY["push_plain"])


class Exchange(unittest.TestCase):
    def test_every_part_of_a_message(self):
        parts = [(size, meaning) for _, size, meaning in exchange.rows_of_message(MESSAGE)]
        self.assertEqual(
            parts,
            [
                (1, "CoAP: version 1, CON, token of 0 bytes"), (1, "PUT"), (2, "message ID"),
                (2, "Uri-Path `9`"), (4, "Uri-Path `abc`"), (2, "Content-Format 60"),
                (1, "the payload begins"), (1, "payload"),
            ],
        )  # fmt: skip

    def test_long_options(self):
        # Delta 258 = 13 + 245; length 20 = 13 + 7.
        long = bytes.fromhex("40011234" + "d1f51a")
        self.assertEqual(exchange.rows_of_message(long)[-1][1:], (3, "No-Response 26"))
        path = bytes.fromhex("40011234" + "bd07") + b"a" * 20
        self.assertEqual(exchange.rows_of_message(path)[-1][1:], (22, f"Uri-Path `{'a' * 20}`"))

    def test_the_bytes_of_a_packet_add_up(self):
        for connection_id, padding in ((b"", 0), (b"\x01" * 8, 0), (b"\x01" * 8, 13)):
            datagram = record(MESSAGE, connection_id, padding)
            made = exchange.explain(True, datagram, MESSAGE)
            counts = [int(line.split("|")[1]) for line in made.splitlines()[4:]]
            self.assertEqual(sum(counts), 28 + len(datagram))
            self.assertTrue(made.startswith(f"Phone to edge, {28 + len(datagram)} bytes:"))
            named = "| 8 | `0101010101010101` | connection ID" in made
            self.assertEqual(named, bool(connection_id))
            self.assertEqual("| 13 |  | padding" in made, padding == 13)

    def test_dump_of_lowband_request(self):
        text = (
            "* connected\n>      1.0 ms   200 B  ClientHello\n  datagram 16fefd00\n"
            ">      2.0 ms    60 B  CON PUT\n  datagram 17fe\n  message 4003\n"
            "<      3.0 ms    60 B  ACK 2.05\n  datagram 17ff\n  message 6045\n"
        )
        self.assertEqual(
            exchange.read_dump(text),
            [(True, b"\x17\xfe", b"\x40\x03"), (False, b"\x17\xff", b"\x60\x45")],
        )


class Page(unittest.TestCase):
    def test_only_the_sections_change(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text("a\n<!-- one -->\nold\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\n")
            report.put(page, {"one": r"new \1", "two": "more"})
            self.assertEqual(
                page.read_text(),
                "a\n<!-- one -->\nnew \\1\n<!-- end -->\nb\n<!-- two -->\nmore\n<!-- end -->\n",
            )
            with self.assertRaises(SystemExit):
                report.put(page, {"three": ""})

    def test_plot_is_xml_with_a_bar_for_each_figure(self):
        root = xml.etree.ElementTree.fromstring(plot.draw(figures(), NAMES))
        bars = [one for one in root if one.tag.endswith("rect")]
        self.assertEqual(len(bars), 1 + len(COLUMNS) + len(COLUMNS) * len(NAMES))


if __name__ == "__main__":
    unittest.main()
