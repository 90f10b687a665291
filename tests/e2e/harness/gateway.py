"""The gateway under test: lb-proxy, ours or (to try the tests themselves) the one it replaces."""

import pathlib

from harness.process import Process, free_port, udp_port_is_bound


class Gateway:
    def __init__(self, folder, program, homeserver_url, certificate, *flags, port=None,
                 environment=None):  # fmt: skip
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.certificate = certificate
        command = [
            program, "-local", homeserver_url, "--tls-cert", certificate.cert,
            "--tls-key", certificate.key, "--dtls-bind-addr", self.address, *flags,
        ]  # fmt: skip
        name = f"gateway-{len(list(pathlib.Path(folder).glob('gateway-*.log')))}"
        self.process = Process(name, command, folder, environment)
        self.process.wait_until(lambda: udp_port_is_bound(self.port), 20, "a bound UDP port")

    def url(self, path):
        return f"https://{self.address}{path}"

    def stop(self):
        return self.process.stop()
