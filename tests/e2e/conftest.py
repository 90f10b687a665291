"""Fixtures of the end-to-end tests.

Environment:
  LOWBAND_BIN_DIR        folder of the built programs; needed
  LOWBAND_PROXY          another gateway program with lb-proxy's flags, to try the tests themselves
  LOWBAND_REFERENCE_BIN  folder with matrix-org/lb's own coap, jc, client-proxy (and proxy), to be
                         used instead of our Go peers
"""

import os
import pathlib

import pytest

from harness import peers as go_peers
from harness.certificate import Certificate
from harness.fleet import Fleet
from harness.follower import Follower
from harness.gateway import Gateway
from harness.homeservers import DemoHomeserver, Synapse
from harness.matrix import Client
from harness.process import free_port
from harness.upstream import Upstream


@pytest.fixture(scope="session")
def bin_dir():
    folder = os.environ.get("LOWBAND_BIN_DIR")
    assert folder, "LOWBAND_BIN_DIR must name the folder of the built programs"
    return pathlib.Path(folder).resolve()


@pytest.fixture(scope="session")
def proxy_program(bin_dir):
    return pathlib.Path(os.environ.get("LOWBAND_PROXY") or bin_dir / "lb-proxy")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where session-wide servers keep their logs."""
    return tmp_path_factory.mktemp("session")


@pytest.fixture(scope="session")
def certificate(folder):
    return Certificate(folder)


@pytest.fixture(scope="session")
def peers(tmp_path_factory):
    reference = os.environ.get("LOWBAND_REFERENCE_BIN")
    if reference:
        return go_peers.Peers(reference)
    built = tmp_path_factory.mktemp("gopeers")
    go_peers.build(built)
    return go_peers.Peers(built)


@pytest.fixture(scope="session")
def synapse(folder):
    server = Synapse(folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def gateway(folder, proxy_program, synapse, certificate):
    """The gateway in front of Synapse, shared by all tests that leave it as they found it."""
    instance = Gateway(folder, proxy_program, synapse.url, certificate)
    yield instance
    instance.stop()


@pytest.fixture
def start_demo_homeserver(tmp_path, bin_dir):
    """Starts demo homeservers: start_demo_homeserver(*flags)."""
    started = []

    def start(*flags, **options):
        server = DemoHomeserver(tmp_path, bin_dir / "demo-homeserver", *flags, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def demo_homeserver(start_demo_homeserver):
    return start_demo_homeserver()


@pytest.fixture
def start_gateway(tmp_path, proxy_program, certificate):
    """Starts gateways that a test may break: start_gateway(homeserver_url, *flags)."""
    started = []

    def start(homeserver_url, *flags, **options):
        instance = Gateway(
            tmp_path, proxy_program, homeserver_url, options.pop("certificate", certificate),
            *flags, **options,
        )  # fmt: skip
        started.append(instance)
        return instance

    yield start
    for instance in started:
        instance.stop()


@pytest.fixture
def start_fallback(start_gateway):
    """Starts gateways that serve HTTP on TCP too: start_fallback(homeserver_url, scheme="https").
    The gateway's `public` is the advertised URL."""

    def start(homeserver_url, *flags, scheme="https", **options):
        port = free_port()
        public = f"{scheme}://127.0.0.1:{port}"
        gateway = start_gateway(
            homeserver_url, "--advertise", public, *flags, port=port, **options
        )  # fmt: skip
        gateway.public = public
        return gateway

    return start


@pytest.fixture
def start_fleet(tmp_path, bin_dir, certificate):
    """Starts fleets of translators: start_fleet(homeserver, replicas, *edge_flags)."""
    started = []

    def start(homeserver, replicas, *edge_flags):
        fleet = Fleet(tmp_path, bin_dir, homeserver.url, certificate, replicas, edge_flags)
        started.append(fleet)
        return fleet

    yield start
    for fleet in started:
        fleet.stop()


@pytest.fixture
def start_upstream():
    """Starts scripted homeservers: start_upstream(answer, certificate=None)."""
    started = []

    def start(answer=None, **options):
        server = Upstream(answer, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def start_client_proxy(tmp_path, peers):
    """Starts client-proxies of a test's own: start_client_proxy(gateway)."""
    started = []

    def start(gateway, environment=None):
        instance = peers.client_proxy(tmp_path, gateway.address, environment)
        started.append(instance)
        return instance

    yield start
    for instance in started:
        instance.stop()


@pytest.fixture
def client_proxy(start_client_proxy, gateway):
    """A client of the test's own: one DTLS connection to the gateway in front of Synapse."""
    return start_client_proxy(gateway)


@pytest.fixture
def alice(client_proxy):
    """A registered user whose every request goes over CoAP to Synapse."""
    return Client(client_proxy.url).register()


@pytest.fixture
def bob(synapse):
    """A registered user who talks to Synapse itself: the other side of a conversation, and a check
    of what really arrived."""
    return Client(synapse.url, "v3").register()


@pytest.fixture
def start_follower(bin_dir, tmp_path):
    """`lowband sync` of a user in front of a gateway."""
    started = []

    def start(gateway, user, *flags, **options):
        started.append(Follower(bin_dir, gateway, user, tmp_path, *flags, **options))
        return started[-1]

    yield start
    for follower in started:
        if follower.process.poll() is None:
            follower.process.kill()
            follower.process.wait()
