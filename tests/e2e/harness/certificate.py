"""Throwaway certificates, made by OpenSSL's command line."""

import pathlib

from harness.process import run


class Certificate:
    """A self-signed certificate for 127.0.0.1 and localhost: deployed clients verify against the
    address they dialled, so the address must be among the names."""

    def __init__(self, folder, name="server", algorithm="ec"):
        folder = pathlib.Path(folder)
        self.cert = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"
        key_options = {
            "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
            "rsa": ["-newkey", "rsa:2048"],
        }[algorithm]
        done = run(
            ["openssl", "req", "-x509", *key_options, "-nodes", "-sha256", "-days", "2",
             "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
             "-keyout", self.key, "-out", self.cert]
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
