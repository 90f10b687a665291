"""Lowband as the chart installs it, small: an edge, two translators behind one name and mutual TLS,
a homeserver, and a Prometheus that scrapes them and evaluates the chart's alerts."""

import http.server
import signal
import threading

from harness import alert_rules
from harness.alert_rules import EDGE_JOB, NAMESPACE, TRANSLATOR_JOB
from harness.authority import Authority
from harness.dns import NameServer
from harness.gateway import ENVIRONMENT
from harness.homeservers import DemoHomeserver
from harness.process import Process, free_port, udp_port_is_bound
from harness.prometheus import Prometheus, Target

# Whose series have the labels that kube-state-metrics gives them.
_AUTOSCALER = f'{{namespace="{NAMESPACE}",horizontalpodautoscaler="{TRANSLATOR_JOB}"}}'
_KUBE_STATE = f"""\
# TYPE kube_horizontalpodautoscaler_status_current_replicas gauge
kube_horizontalpodautoscaler_status_current_replicas{_AUTOSCALER} 2
# TYPE kube_horizontalpodautoscaler_spec_max_replicas gauge
kube_horizontalpodautoscaler_spec_max_replicas{_AUTOSCALER} 8
"""


class KubeState:
    """The exposition of kube-state-metrics, as far as the alerts ask for it."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(_KUBE_STATE.encode())

            def log_message(self, *ignored):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Monitored:
    """`gateway`-like: has port, address and certificate."""

    def __init__(self, folder, bin_dir, scrape_seconds=1):
        self.folder, self.bin_dir, self._parts = folder, bin_dir, []
        self.scrape_seconds = scrape_seconds
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        authority = Authority(self.folder)
        self.certificate = authority.issue("clients", "IP:127.0.0.1,DNS:localhost")
        self._edge_identity = authority.issue("edge", "DNS:edge.test", days=365)
        self._translator_identity = authority.issue(
            "translator", "DNS:translators.test", days=365
        )  # fmt: skip
        self.homeserver = self._keep(
            DemoHomeserver(self.folder, self.bin_dir / "demo-homeserver", "--threads", "512")
        )
        hosts = ["127.0.0.1", "127.0.0.2"]
        self._names = self._keep(NameServer("translators.test", hosts))
        self._grpc_port = free_port()
        self._translator_admin = [f"127.0.0.1:{free_port()}" for _ in hosts]
        self._edge_admin = f"127.0.0.1:{free_port()}"
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.public = f"https://{self.address}"
        self._starts = 0
        self.translators = [None] * len(hosts)
        for number in range(len(hosts)):
            self.start_translator(number)
        self._start_edge()
        self._start_prometheus()

    def _keep(self, part):
        self._parts.append(part)
        return part

    def start_translator(self, number):
        self._starts += 1
        process = self._keep(Process(
            f"translator-{self._starts}",
            [self.bin_dir / "lowband-translator",
             "--listen", f"127.0.0.{number + 1}:{self._grpc_port}",
             "--local", self.homeserver.url, "--advertise", self.public,
             "--admin-addr", self._translator_admin[number],
             *self._translator_identity.grpc_flags()],
            self.folder,
        ))  # fmt: skip
        process.wait_for_line('"listening"')
        self.translators[number] = process

    def kill_translator(self, number):
        """As when memory runs out: one that is told to stop loses nobody's requests."""
        self.translators[number].signal(signal.SIGKILL)
        self.translators[number].wait(10)

    def _start_edge(self):
        self.edge = self._keep(Process(
            "edge",
            [self.bin_dir / "lowband-edge", "--dtls-bind-addr", self.address,
             "--tls-cert", self.certificate.cert, "--tls-key", self.certificate.key,
             "--advertise", self.public, "--admin-addr", self._edge_admin,
             "--workers", "2", "--lanes", "4",
             "--translator", self._names.target(self._grpc_port),
             *self._edge_identity.grpc_flags()],
            self.folder, ENVIRONMENT,
        ))  # fmt: skip
        self.edge.wait_for_line('"listening"')
        self.edge.wait_until(lambda: udp_port_is_bound(self.port), 20, "a bound UDP port")

    def _start_prometheus(self):
        kube = self._keep(KubeState())
        names = ["lowband-translator-5f6d8-k2vxq", "lowband-translator-5f6d8-w9tzc"]
        targets = [Target("kube-state-metrics", kube.address)]
        targets.append(Target(EDGE_JOB, self._edge_admin, namespace=NAMESPACE,
                              pod_name="lowband-edge-7c9b4-h4nlr"))  # fmt: skip
        for name, address in zip(names, self._translator_admin, strict=True):
            targets.append(Target(TRANSLATOR_JOB, address, namespace=NAMESPACE, pod_name=name))
        self.prometheus = self._keep(
            Prometheus(self.folder, targets, alert_rules.rendered(), self.scrape_seconds)
        )

    def stop(self):
        for part in reversed(self._parts):
            part.stop()
        self._parts = []
