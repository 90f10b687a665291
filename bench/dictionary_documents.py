#!/usr/bin/env python3
"""Prints the documents of the packed format's dictionary, one a line, made from the recorded
documents of a homeserver that scripts filled (scripts/bench --bytes): a few of each kind,
shortened, with other names, IDs and keys in place of the recorded ones. The most frequent documents
are last.

usage: dictionary_documents.py FOLDER > libs/transcode/dictionary_v1.jsonl
"""

import hashlib
import json
import pathlib
import re
import sys

# From the rarest to the most frequent. A number: so many items of each list and map stay.
DOCUMENTS = [
    ("pushrules.response", 7),
    ("versions.response", 99),
    ("capabilities.response", 9),
    ("create_room.request", 9),
    ("public_rooms.response", 1),
    ("devices.response", 1),
    ("keys_claim.response", 1),
    ("keys_upload.request", 1),
    ("keys_query_one.response", 2),
    ("register.request", 9),
    ("login.request", 9),
    ("login.response", 9),
    ("error_limit_exceeded.response", 9),
    ("error_forbidden.response", 9),
    ("error_unknown_token.response", 9),
    ("room_state.response", 9),
    ("members_small.response", 1),
    ("joined_members.response", 2),
    ("sliding_rooms_initial.request", 99),
    ("sliding_rooms_subscribe.request", 2),
    ("sliding_encryption_quiet.request", 9),
    ("sliding_rooms_initial.response", 1),
    ("sliding_rooms_typing.response", 1),
    ("sliding_rooms_encrypted_message.response", 1),
    ("sliding_rooms_plain_message.response", 1),
    ("sync_to_device.response", 1),
    ("sync_account_data.response", 1),
    ("sync_invite.response", 9),
    ("sync_edit.response", 2),
    ("sync_reaction.response", 1),
    ("send_reply.request", 9),
    ("send_edit.request", 9),
    ("send_reaction.request", 9),
    ("sync_empty.response", 9),
    ("sync_typing.response", 1),
    ("sync_receipt.response", 1),
    ("read_markers.request", 9),
    ("send_encrypted.request", 9),
    ("send_plain.request", 9),
    ("sync_message_with_member.response", 1),
    ("sync_own_message.response", 1),
    ("sync_encrypted_message.response", 1),
    ("sync_plain_message.response", 1),
]  # fmt: skip

SERVER = "matrix.org"
NAMES = ["alice", "bob", "carol", "dave"]
SENTENCES = [
    "Hello, how are you? I will be there at ten tomorrow, see you then. Thanks!",
    "Yes, I think that would be good. What about the other one?",
    "Just now. Please let me know when you have time for this.",
]
STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
URL = STANDARD[:62] + "-_"
BASE64_MIN = 22
BASE64_MAX = 43  # of a ciphertext so much stays
TEXTS = {"body", "formatted_body", "topic", "reason"}


def pick(text, choices):
    return choices[hashlib.sha256(text.encode()).digest()[0] % len(choices)]


def characters(text, alphabet, count):
    """`count` characters that are canonical base64 and depend on `text` only."""
    out = ""
    block = text.encode()
    while len(out) < count:
        block = hashlib.sha256(block).digest()
        out += "".join(alphabet[byte % len(alphabet)] for byte in block)
    out = out[:count]
    mask = {2: 0x30, 3: 0x3C}.get(count % 4, 0x3F)
    return out[:-1] + alphabet[alphabet.index(out[-1]) & mask]


def letters(text, count):
    return characters(text, URL[:52], count + count % 4)[:count]


def other_text(text, key):
    if key in TEXTS and not text.startswith("m."):
        return pick(text, SENTENCES)
    if key == "displayname":
        return pick(text, NAMES).capitalize()
    text = re.sub(r"@[^:/\s]+:[a-z.]+", lambda m: f"@{pick(m[0], NAMES)}:{SERVER}", text)
    text = re.sub(r"mxc://[^/]+/\w+", lambda m: f"mxc://{SERVER}/{letters(m[0], 24)}", text)
    text = text.replace("test.localhost", SERVER)
    if re.fullmatch(r"[$!][A-Za-z0-9_-]{43}", text):
        return text[0] + characters(text, URL, 43)
    is_base64 = len(text) % 4 != 1 and re.fullmatch(r"[A-Za-z0-9+/]+", text)
    if len(text) >= BASE64_MIN and is_base64:
        return characters(text, STANDARD, min(len(text), BASE64_MAX))
    return text


def shortened(items, most):
    """The first items; of events, the first of each type."""
    if not all(isinstance(item, dict) and "type" in item for item in items):
        return items[:most]
    by_type = {}
    for item in items:
        by_type.setdefault((item["type"], bool(item.get("content", {}).get("m.relates_to"))), item)
    return list(by_type.values())[: max(most, 1)]


def names_something(key):
    is_base64 = len(key) >= BASE64_MIN and "." not in key and "_" not in key
    return key[0] in "@!$" or ":" in key or is_base64


def other(value, most, key=""):
    if isinstance(value, dict):
        ids = [name for name in value if name and names_something(name)]
        gone = set(ids[most:])
        return {
            other_text(name, ""): other(inner, most, name)
            for name, inner in value.items()
            if name not in gone
        }
    if isinstance(value, list):
        return [other(item, most, key) for item in shortened(value, most)]
    return other_text(value, key) if isinstance(value, str) else value


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, most in DOCUMENTS:
        document = json.loads((folder / f"{name}.json").read_text())
        print(json.dumps(other(document, most), ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
