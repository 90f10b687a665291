"""Certificates of the kinds and sizes that public authorities issue, made with openssl: padding
replaces all but keys and signatures (names, revocation addresses, signed timestamps)."""

import os
import subprocess

P256 = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
P384 = ("ec", "-pkeyopt", "ec_paramgen_curve:secp384r1")
RSA2048 = ("rsa", "-pkeyopt", "rsa_keygen_bits:2048")
RSA4096 = ("rsa", "-pkeyopt", "rsa_keygen_bits:4096")

# Bytes of padding of a leaf and of an intermediate.
LEAF_PADDING, AUTHORITY_PADDING = 420, 200


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def _padding(size):
    """An extension without a meaning."""
    return ("-addext", f"1.3.6.1.4.1.55555.1=DER:04{_length(size)}{os.urandom(size).hex()}")


def _length(size):
    return f"{size:02x}" if size < 128 else f"82{size:04x}"


def _certificate(path, name, key_kind, issuer, extensions):
    """Writes path.pem and path.key. `issuer`: the path of the issuer, or None: self-signed."""
    signer = () if issuer is None else ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key")
    _openssl(
        "req", "-x509", "-newkey", key_kind[0], *key_kind[1:], "-sha256", "-nodes", "-days", "30",
        "-subj", f"/O=Bench/CN={name}", *extensions, *signer,
        "-keyout", f"{path}.key", "-out", f"{path}.pem",
    )  # fmt: skip
    return path


def _leaf_extensions(padding):
    names = "subjectAltName=DNS:matrix.example.org,IP:127.0.0.1"
    constraint = "basicConstraints=critical,CA:FALSE"
    return ("-addext", names, "-addext", constraint, *(_padding(padding) if padding else ()))


def _chain(folder, name, leaf_kind, authority_kind, root_kind):
    """Leaf and intermediate in one file; the root signs but is not sent."""
    root = _certificate(folder / f"{name}-root", "Root", root_kind, None, ())
    authority = _certificate(
        folder / f"{name}-authority", "Authority", authority_kind, root,
        _padding(AUTHORITY_PADDING))  # fmt: skip
    leaf = _certificate(
        folder / f"{name}-leaf", "matrix.example.org", leaf_kind, authority,
        _leaf_extensions(LEAF_PADDING))  # fmt: skip
    both = folder / f"{name}.pem"
    both.write_text("".join(one.with_suffix(".pem").read_text() for one in (leaf, authority)))
    return both, leaf.with_suffix(".key")


def make(folder):
    """{kind: (certificate file, key file)}"""
    leaf = _certificate(folder / "p256", "matrix.example.org", P256, None, _leaf_extensions(0))
    return {
        "P-256 leaf": (leaf.with_suffix(".pem"), leaf.with_suffix(".key")),
        "ECDSA chain": _chain(folder, "ecdsa", P256, P384, P384),
        "RSA chain": _chain(folder, "rsa", RSA2048, RSA2048, RSA4096),
    }
