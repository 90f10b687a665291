"""Stopping and changing a running gateway: drain on SIGTERM, certificates replaced in place."""

import re
import shutil
import signal
import threading
import time

import pytest

from harness.certificate import Certificate
from harness.matrix import Client
from harness.process import run, udp_port_is_bound
from harness.waiting import settle

pytestmark = pytest.mark.lowband


def test_drain_answers_what_is_under_way(start_gateway, start_client_proxy, demo_homeserver):
    gateway = start_gateway(demo_homeserver.url)
    proxy = start_client_proxy(gateway)
    client = Client(proxy.url).register()
    demo_homeserver.fault(path="/whoami", delay_ms=3000)
    answers = []
    waiting = threading.Thread(
        target=lambda: answers.append(client.call("GET", "account/whoami")["user_id"])
    )
    waiting.start()
    settle(1, "the request is at the homeserver")
    began = time.monotonic()
    gateway.process.signal(signal.SIGTERM)
    waiting.join(15)
    assert answers == [client.user], gateway.process.tail()
    assert gateway.process.wait(12) == 0
    assert time.monotonic() - began < 12
    assert not udp_port_is_bound(gateway.port)
    assert gateway.process.children() == {}


def test_clients_dial_again_after_a_planned_restart(
    start_gateway, start_client_proxy, demo_homeserver
):
    """close_notify tells deployed clients, who would else wait 36 s and stay stuck."""
    gateway = start_gateway(demo_homeserver.url)
    client = Client(start_client_proxy(gateway).url).register()
    assert gateway.process.stop() == 0
    start_gateway(demo_homeserver.url, port=gateway.port)
    began = time.monotonic()
    assert client.call("GET", "account/whoami")["user_id"] == client.user
    assert time.monotonic() - began < 5


def test_clients_dial_again_after_a_crash(start_gateway, start_client_proxy, demo_homeserver):
    """Nobody said good-bye: the alert for a record of an unknown session does it."""
    gateway = start_gateway(demo_homeserver.url)
    client = Client(start_client_proxy(gateway).url).register()
    for pid_of in list(gateway.process.children().values()):
        run(["kill", "-9", str(pid_of)])
    gateway.process.wait(15)
    start_gateway(demo_homeserver.url, port=gateway.port)
    began = time.monotonic()
    assert client.call("GET", "account/whoami")["user_id"] == client.user
    assert time.monotonic() - began < 15


def subject(gateway):
    """The common name of the certificate that a new handshake gets."""
    done = run(
        ["openssl", "s_client", "-dtls1_2", "-connect", gateway.address, "-timeout"], seconds=20
    )
    found = re.search(rb"subject=.*CN\s*=\s*(\S+)", done.stdout)
    assert found, done.stdout + done.stderr
    return found.group(1).decode()


def wait_for_subject(gateway, name, seconds=15):
    gateway.process.wait_until(lambda: subject(gateway) == name, seconds, f"certificate {name}")


@pytest.mark.parametrize("algorithm", ["ec", "rsa"])
def test_certificate_is_replaced_in_place(
    tmp_path, start_gateway, start_client_proxy, demo_homeserver, algorithm
):
    served = Certificate(tmp_path, "served")
    gateway = start_gateway(demo_homeserver.url, certificate=served)
    client = Client(start_client_proxy(gateway).url).register()
    assert subject(gateway) == "served"

    renewed = Certificate(tmp_path, "renewed", algorithm)
    shutil.copy(renewed.key, served.key)
    shutil.copy(renewed.cert, served.cert)
    wait_for_subject(gateway, "renewed")

    served.cert.write_text("not a certificate\n")
    settle(3, "the file is looked at again")
    assert subject(gateway) == "renewed", "a bad file is kept out"
    assert re.search(r"cert", gateway.process.log(), re.IGNORECASE)
    assert client.call("GET", "account/whoami")["user_id"] == client.user, "sessions go on"
