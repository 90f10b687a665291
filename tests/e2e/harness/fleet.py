"""Several translators behind one name and an edge in front of them, moved about as a Deployment
with a headless Service moves its pods."""

import collections
import itertools
import random
import re
import signal

import requests

from harness.dns import NameServer
from harness.gateway import ENVIRONMENT
from harness.process import Process, free_port, udp_port_is_bound
from harness.waiting import settle

NAME = "translator.lowband.test"
# The chart's preStopSeconds is 10. Here DNS learns of a change after one second at most, so less is
# enough for what it is for: that the edges hear of it first.
PRE_STOP = 3
DNS_LAG = 1


class Replica:
    """One translator, on an address of its own."""

    def __init__(self, folder, bin_dir, homeserver_url, address, port, admin_port, *flags):
        self.address, self.grpc = address, f"{address}:{port}"
        self._admin = f"http://{address}:{admin_port}"
        self.process = Process(
            f"translator-{address}",
            [bin_dir / "lowband-translator", "--listen", self.grpc, "--local", homeserver_url,
             "--admin-addr", self._admin.removeprefix("http://"), "--drain-timeout", "90s",
             # The load generator's many clients have one token.
             "--upstream-max-polls", "4096",
             *flags],
            folder,
        )  # fmt: skip

    def wait_until_ready(self):
        self.process.wait_until(self._ready, 20, "readiness")
        return self

    def _ready(self):
        try:
            return requests.get(f"{self._admin}/readyz", timeout=1).ok
        except requests.RequestException:
            return False

    def metrics(self):
        """{name without prefix and labels: sum}."""
        return scrape(self._admin)

    def stop(self):
        self.process.stop()


def scrape(admin):
    """{name without prefix: sum over its labels}."""
    sums = collections.Counter()
    for line in requests.get(f"{admin}/metrics", timeout=5).text.splitlines():
        if found := re.fullmatch(r"(?:lowband_(?:edge|translator)_)?(\w+)(?:{.*})? (\S+)", line):
            sums[found[1]] += float(found[2])
    return sums


class Fleet:
    """`gateway`-like: has port, address and certificate. The edge begins once `replicas` are
    ready."""

    def __init__(self, folder, bin_dir, homeserver_url, certificate, replicas, edge_flags=()):
        self._folder, self._bin_dir, self._homeserver_url = folder, bin_dir, homeserver_url
        self.certificate, self._edge_flags = certificate, edge_flags
        # The addresses of a block of loopback, so that fleets do not meet.
        block = f"127.{random.randint(2, 254)}.{random.randint(0, 254)}"
        self._addresses = (f"{block}.{last}" for last in itertools.count(1))
        self._grpc_port, self._translator_admin_port = free_port(), free_port()
        self.replicas, self._endpoints = [], []
        self._edges = 0
        self.dns = NameServer(NAME)
        self.add(replicas)
        self.edge, self.port, self.admin = self.start_edge()
        self.address = f"127.0.0.1:{self.port}"

    def start_edge(self):
        """(process, port, admin URL) of one more edge."""
        self._edges += 1
        port, admin = free_port(), f"http://127.0.0.1:{free_port()}"
        edge = Process(
            f"edge-{self._edges}",
            [self._bin_dir / "lowband-edge", "--dtls-bind-addr", f"127.0.0.1:{port}",
             "--advertise", f"http://127.0.0.1:{port}",
             "--tls-cert", self.certificate.cert, "--tls-key", self.certificate.key,
             "--translator", self.dns.target(self._grpc_port), "--insecure-grpc",
             "--admin-addr", admin.removeprefix("http://"), *self._edge_flags],
            self._folder, ENVIRONMENT,
        )  # fmt: skip
        edge.wait_for_line(r"listening")
        edge.wait_until(lambda: udp_port_is_bound(port), 20, "a bound UDP port")
        edge.wait_until(lambda: requests.get(f"{admin}/readyz", timeout=5).ok, 20, "readiness")
        return edge, port, admin

    def add(self, count=1):
        """New pods: they are in DNS once they are ready. Not by a thread that ends: its children
        would end with it."""
        new = [
            Replica(
                self._folder, self._bin_dir, self._homeserver_url, next(self._addresses),
                self._grpc_port, self._translator_admin_port,
            )
            for _ in range(count)
        ]  # fmt: skip
        self.replicas += new
        for replica in new:
            self._publish(self._endpoints + [replica.wait_until_ready()])

    def remove(self, *leaving):
        """Deletes pods: out of DNS while they still serve, SIGTERM, and the end of the drain.
        Returns their exit codes."""
        settle(DNS_LAG, "DNS still names it")
        self._publish([one for one in self._endpoints if one not in leaving])
        settle(PRE_STOP - DNS_LAG, "its preStop hook")
        for replica in leaving:
            replica.process.signal(signal.SIGTERM)
        codes = [replica.process.wait(100) for replica in leaving]
        self.replicas = [one for one in self.replicas if one not in leaving]
        return codes

    def kill(self, *leaving):
        """Their node fails: still in DNS until forget()."""
        for replica in leaving:
            replica.process.signal(signal.SIGKILL)
        for replica in leaving:
            replica.process.wait(5)

    def forget(self, replica):
        """A pod whose node is gone leaves DNS."""
        self._publish([one for one in self._endpoints if one is not replica])
        self.replicas.remove(replica)

    def _publish(self, endpoints):
        self._endpoints = endpoints
        self.dns.set([replica.address for replica in endpoints])

    def stop(self):
        self.edge.stop()
        for replica in self.replicas:
            replica.stop()
        self.dns.stop()
