"""Made-up names, texts, keys and ciphertexts, of the lengths and the alphabet that real ones have.
All come from a seed: two runs with one seed make the same."""

import base64
import hashlib
import json
import random

import nacl.signing

FIRST_NAMES = (
    "Amira Bastien Chloé Dmitri Elif Farid Greta Hiroshi Ingrid João Katarzyna Lars Mei Noor Olga "
    "Pavel Qiang Rosa Søren Tomás Ulrike Viktor Wanjiru Xenia Yusuf Zoë Anders Beatriz Cédric Dana"
).split()
LAST_NAMES = (
    "Andersson Bauer Costa Dubois Eriksen Fischer García Haddad Ivanova Jensen Kowalski Lindqvist "
    "Müller Nakamura Okafor Petrov Quispe Rossi Schmidt Tanaka Ueda Virtanen Weber Xu Yilmaz Zhang"
).split()
WORDS = (
    "the a to of and in is it that for on you was with as we can this have not are be but they at "
    "from will what there an all would about if so out up just like when some time know new then "
    "could now than first also people way even because here good need think see same still work "
    "train station meeting tomorrow morning coffee release branch server phone battery weekend "
    "photo kitchen garden ticket budget review draft customer update version problem answer "
    "question number house street music dinner bread cheese bicycle mountain weather rain snow "
    "sunday monday thursday evening minutes hours yesterday almost never always maybe probably "
    "really thanks sorry please okay great sure nice wait late early ready broken fixed running"
).split()
ROOM_NAMES = (
    "Family", "Climbing on Thursdays", "Release planning", "Support, second line", "Flat 4B",
    "Book club", "Infrastructure", "Lunch", "Matrix on slow links", "Choir: altos and tenors",
    "Parents of class 3b", "On call", "Design review", "Announcements", "Holidays in Norway",
    "Operations of the north site",
)  # fmt: skip
EMOJI = "👍 ❤️ 😂 🎉 😮 👀 🙏 ✅".split()


def unpadded(data):
    """Base64 without padding, as Matrix writes keys and ciphertexts."""
    return base64.b64encode(data).decode().rstrip("=")


def compact(document):
    """The bytes that JSON.stringify makes, which is what clients send."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def canonical(document):
    """Canonical JSON of the specification's appendix, which is what signatures sign."""
    return json.dumps(
        document, separators=(",", ":"), ensure_ascii=False, sort_keys=True
    ).encode()


class Content:
    """A source of made-up content. Each call takes from one random generator."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def choice(self, items):
        return self._random.choice(items)

    def number(self, least, most):
        return self._random.randint(least, most)

    def chance(self, share):
        return self._random.random() < share

    def octets(self, count):
        return self._random.randbytes(count)

    def key(self):
        """A public key of Curve25519."""
        return unpadded(self.octets(32))

    def letters(self, count, alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        return "".join(self._random.choice(alphabet) for _ in range(count))

    def person(self):
        return f"{self.choice(FIRST_NAMES)} {self.choice(LAST_NAMES)}"

    def mxc(self, server):
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        return f"mxc://{server}/{self.letters(24, letters)}"

    def sentence(self, least=3, most=18):
        words = [self.choice(WORDS) for _ in range(self.number(least, most))]
        end = self.choice([".", ".", "", "", "?", "!", " 🙂"])
        return " ".join(words).capitalize() + end

    def text_message(self):
        return {"msgtype": "m.text", "body": self.sentence(), "m.mentions": {}}

    def megolm_message(self, device, size=None):
        """m.room.encrypted of a room: 200 to 500 characters of ciphertext, of `device`."""
        octets = size or self.number(150, 375)
        return {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": "AwgA" + unpadded(self.octets(octets)),
            "device_id": device.id,
            "sender_key": device.curve,
            "session_id": device.megolm_session,
        }

    def olm_message(self, device, to):
        """m.room.encrypted to a device: a room key under Olm's ratchet."""
        return {
            "algorithm": "m.olm.v1.curve25519-aes-sha2",
            "ciphertext": {to.curve: {"body": "Awog" + unpadded(self.octets(680)), "type": 1}},
            "org.matrix.msgid": self.octets(16).hex(),
            "sender_key": device.curve,
        }

    def reply(self, message, event_id, sender):
        body = self.sentence()
        return {
            "msgtype": "m.text",
            "body": f"> <{sender}> {message['body']}\n\n{body}",
            "format": "org.matrix.custom.html",
            "formatted_body": body,
            "m.mentions": {"user_ids": [sender]},
            "m.relates_to": {"m.in_reply_to": {"event_id": event_id}},
        }

    def edit(self, event_id):
        new = {"msgtype": "m.text", "body": self.sentence(), "m.mentions": {}}
        return {
            **new,
            "body": "* " + new["body"],
            "m.new_content": new,
            "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        }

    def reaction(self, event_id):
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": self.choice(EMOJI)}
        return {"m.relates_to": relation}


class Identity:
    """A signing key of Ed25519."""

    def __init__(self, content):
        self._key = nacl.signing.SigningKey(content.octets(32))
        self.public = unpadded(bytes(self._key.verify_key))

    def sign(self, document, user, key_id):
        """`document` with the signature added."""
        bare = {k: v for k, v in document.items() if k not in ("signatures", "unsigned")}
        signature = unpadded(self._key.sign(canonical(bare)).signature)
        signatures = {**document.get("signatures", {})}
        signatures[user] = {**signatures.get(user, {}), key_id: signature}
        return {**document, "signatures": signatures}


class Device:
    """The keys of one device of `user`."""

    def __init__(self, content, user, device_id):
        self.user, self.id = user, device_id
        self.identity = Identity(content)
        self.curve = content.key()
        self.megolm_session = unpadded(content.octets(32))
        self._content = content
        self._one_time_keys = 0

    def _sign(self, document):
        return self.identity.sign(document, self.user, f"ed25519:{self.id}")

    def keys(self):
        """`device_keys` of /keys/upload."""
        return self._sign(
            {
                "user_id": self.user,
                "device_id": self.id,
                "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
                "keys": {
                    f"curve25519:{self.id}": self.curve,
                    f"ed25519:{self.id}": self.identity.public,
                },
            }
        )

    def one_time_keys(self, count):
        out = {}
        for _ in range(count):
            self._one_time_keys += 1
            name = unpadded(self._one_time_keys.to_bytes(8, "big"))
            out[f"signed_curve25519:{name}"] = self._sign({"key": self._content.key()})
        return out

    def fallback_key(self):
        self._one_time_keys += 1
        name = unpadded(self._one_time_keys.to_bytes(8, "big"))
        key = self._sign({"key": self._content.key(), "fallback": True})
        return {f"signed_curve25519:{name}": key}


class CrossSigning:
    """The three keys of a user, each signed as the specification says."""

    def __init__(self, content, user):
        self.user = user
        self.master, self.self_signing, self.user_signing = (Identity(content) for _ in range(3))

    def upload(self):
        """The body of /keys/device_signing/upload."""

        def described(usage, identity):
            return {
                "user_id": self.user,
                "usage": [usage],
                "keys": {f"ed25519:{identity.public}": identity.public},
            }

        def by_master(document):
            return self.master.sign(document, self.user, f"ed25519:{self.master.public}")

        return {
            "master_key": described("master", self.master),
            "self_signing_key": by_master(described("self_signing", self.self_signing)),
            "user_signing_key": by_master(described("user_signing", self.user_signing)),
        }

    def signatures(self, device):
        """The body of /keys/signatures/upload for one's own device."""
        key_id = f"ed25519:{self.self_signing.public}"
        return {self.user: {device.id: self.self_signing.sign(device.keys(), self.user, key_id)}}


def backup_version(content):
    """The body that makes a key backup."""
    return {
        "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2",
        "auth_data": {"public_key": content.key(), "signatures": {}},
    }


def backed_up_session(content):
    """One Megolm session in a key backup."""
    return {
        "first_message_index": content.number(0, 40),
        "forwarded_count": 0,
        "is_verified": True,
        "session_data": {
            "ciphertext": unpadded(content.octets(576)),
            "ephemeral": content.key(),
            "mac": unpadded(content.octets(8)),
        },
    }


def fingerprint(data):
    """A short name of some bytes."""
    return hashlib.sha256(data).hexdigest()[:12]
