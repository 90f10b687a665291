"""An authority of the tests' own, for mutual TLS between edge and translators."""

import pathlib

from harness.process import run


def _openssl(*arguments):
    done = run(["openssl", *arguments])
    assert done.returncode == 0, done.stderr.decode()


class Issued:
    """What --grpc-cert and --grpc-key take, or --tls-cert and --tls-key."""

    def __init__(self, cert, key, authority):
        self.cert, self.key, self.authority = cert, key, authority

    def grpc_flags(self):
        return ["--grpc-cert", self.cert, "--grpc-key", self.key, "--grpc-ca", self.authority]


class Authority:
    def __init__(self, folder, days=3650):
        self._folder = pathlib.Path(folder)
        self.cert, self._key = self._folder / "authority.crt", self._folder / "authority.key"
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", str(days), "-subj", "/CN=tests", "-keyout", self._key, "-out", self.cert,
        )  # fmt: skip

    def issue(self, name, names, days=90):
        """`names` as in subjectAltName: DNS:translators.test,IP:127.0.0.1"""
        cert, key = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        request, more = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        more.write_text(f"subjectAltName={names}\n")
        _openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={name}", "-keyout", key, "-out", request,
        )  # fmt: skip
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self._key,
            "-CAcreateserial", "-days", str(days), "-extfile", more, "-out", cert,
        )  # fmt: skip
        return Issued(cert, key, self.cert)
