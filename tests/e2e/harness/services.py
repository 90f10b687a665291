"""Edge and translator as processes of their own, so that one can be killed under the other."""

from harness.gateway import ENVIRONMENT
from harness.process import Process, free_port, udp_port_is_bound


class Services:
    """`gateway`-like: has port, address and url. Loopback TCP between the two, on free ports."""

    def __init__(self, folder, bin_dir, homeserver_url, certificate, edge_flags=()):
        self._folder, self._bin_dir, self._homeserver_url = folder, bin_dir, homeserver_url
        self._listen = f"127.0.0.1:{free_port()}"
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.admin = f"http://127.0.0.1:{free_port()}"
        self.translator_admin = f"http://127.0.0.1:{free_port()}"
        self.certificate, self._edge_flags = certificate, edge_flags
        self._starts = 0
        self.start_translator()
        self.start_edge()

    def start_edge(self):
        self._starts += 1
        self.edge = Process(
            f"edge-{self._starts}",
            [self._bin_dir / "lowband-edge", "--dtls-bind-addr", self.address,
             "--tls-cert", self.certificate.cert, "--tls-key", self.certificate.key,
             "--translator", f"dns:///{self._listen}",
             "--admin-addr", self.admin.removeprefix("http://"), *self._edge_flags],
            self._folder, ENVIRONMENT,
        )  # fmt: skip
        self.edge.wait_for_line(r"listening")
        self.edge.wait_until(lambda: udp_port_is_bound(self.port), 20, "a bound UDP port")

    def start_translator(self):
        self._starts += 1
        self.translator = Process(
            f"translator-{self._starts}",
            [self._bin_dir / "lowband-translator", "--listen", self._listen,
             "--local", self._homeserver_url,
             "--admin-addr", self.translator_admin.removeprefix("http://")],
            self._folder,
        )  # fmt: skip

    def url(self, path):
        return f"https://{self.address}{path}"

    def stop(self):
        self.edge.stop()
        self.translator.stop()
