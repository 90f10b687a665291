"""The gateway under test: lb-proxy, ours or (to try the tests themselves) the one it replaces."""

import pathlib

from harness.process import Process, free_port, udp_port_is_bound

# Ours says the first, the one that it replaces the second.
LISTENING = r'lowband-edge listening|lowband-edge","event":"listening|Listening for DTLS on'
# All clients of the tests have one address, which the edge would hold to five handshakes a second.
ENVIRONMENT = {"LOWBAND_HANDSHAKE_RATE": "0"}


class Gateway:
    def __init__(self, folder, program, homeserver_url, certificate, *flags, port=None,
                 environment=None, bind=None):  # fmt: skip
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.certificate = certificate
        command = [
            program, "-local", homeserver_url, "--tls-cert", certificate.cert,
            "--tls-key", certificate.key, "--dtls-bind-addr", bind or self.address, *flags,
        ]  # fmt: skip
        name = f"gateway-{len(list(pathlib.Path(folder).glob('gateway-*.log')))}"
        self.process = Process(name, command, folder, {**ENVIRONMENT, **(environment or {})})
        # Not the bound port alone: lb-proxy tries the address before it starts anything.
        self.process.wait_for_line(LISTENING, 20)
        self.process.wait_until(lambda: udp_port_is_bound(self.port), 20, "a bound UDP port")

    def url(self, path):
        return f"https://{self.address}{path}"

    def stop(self):
        return self.process.stop()
