"""`kill -9` of the translator under load: the edge keeps every DTLS session, requests in flight get
an answer, and two seconds after the restart all is well."""

import os
import signal
import threading
import time

import pytest

from harness.gateway import Gateway
from harness.matrix import Client, MatrixError
from harness.services import Services
from harness.waiting import settle

CLIENTS = 6

pytestmark = pytest.mark.lowband


class Load(threading.Thread):
    """One client that sends without a pause and notes what came of each send."""

    def __init__(self, client, room):
        super().__init__(daemon=True)
        self.client, self.room = client, room
        self.results = []  # (began, took, status, errcode)
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                self.client.send(self.room, "load")
                status, errcode = 200, None
            except MatrixError as error:
                status, errcode = error.status, error.body.get("errcode")
            self.results.append((began, time.monotonic() - began, status, errcode))


@pytest.fixture
def services(tmp_path, bin_dir, demo_homeserver, certificate):
    instance = Services(tmp_path, bin_dir, demo_homeserver.url, certificate)
    yield instance
    instance.stop()


def test_sessions_outlive_a_killed_translator(services, demo_homeserver, start_client_proxy):
    proxies = [start_client_proxy(services) for _ in range(CLIENTS)]
    clients = [Client(proxy.url).register() for proxy in proxies]
    loads = [Load(client, client.create_room()) for client in clients]
    ports = [proxy.udp_ports() for proxy in proxies]
    for load in loads:
        load.start()
    settle(1, "requests are under way")

    killed = time.monotonic()
    services.translator.signal(signal.SIGKILL)
    services.translator.wait(5)
    settle(1, "the edge is without a translator")
    services.start_translator()
    restarted = time.monotonic()
    settle(4, "requests after the restart")
    for load in loads:
        load.stopping.set()
    for load in loads:
        load.join(30)
        assert not load.is_alive(), "a request never got an answer"

    results = [result for load in loads for result in load.results]
    before = [result for result in results if result[0] + result[1] < killed]
    after = [result for result in results if result[0] > restarted + 2]
    assert len(before) > 20 and len(after) > 20
    assert {result[2] for result in before} == {200}
    assert {result[2] for result in after} == {200}, "not well two seconds after the restart"
    for _, took, status, errcode in results:
        assert status in (200, 502, 504), (status, errcode)
        assert errcode != "PROXY", "an answer the client could not read, or none"
        assert took < 10
    assert ports == [proxy.udp_ports() for proxy in proxies], "a client had to dial again"
    assert demo_homeserver.stats()["sends"]["most_arrivals_of_one"] <= 2, "PUTs repeat at most once"


def test_post_is_not_executed_twice(services, demo_homeserver, start_client_proxy):
    """A POST on its way when the translator dies ends in an error, or was executed, once."""
    client = Client(start_client_proxy(services).url).register()
    client.call("GET", "account/whoami")
    demo_homeserver.fault(path="/createRoom", delay_ms=2000)
    answers = []

    def create():
        try:
            answers.append((200, client.create_room()))
        except MatrixError as error:
            answers.append((error.status, error.body))

    waiting = threading.Thread(target=create)
    waiting.start()
    settle(0.5, "the request is at the homeserver")
    services.translator.signal(signal.SIGKILL)
    services.translator.wait(5)
    services.start_translator()
    waiting.join(30)
    assert [status for status, _ in answers] == [504], answers
    settle(2, "a second execution would show")
    assert demo_homeserver.stats()["requests"]["POST createRoom"] <= 1
    client.call("GET", "account/whoami")


def test_launcher_stops_when_a_part_dies(tmp_path, proxy_program, demo_homeserver, certificate):
    for victim in ("lowband-translator", "lowband-edge"):
        gateway = Gateway(tmp_path, proxy_program, demo_homeserver.url, certificate)
        try:
            children = gateway.process.children()
            assert set(children) == {"lowband-edge", "lowband-translator"}
            os.kill(children[victim], signal.SIGKILL)
            assert gateway.process.wait(15) not in (0, 2)
            assert gateway.process.children() == {}
        finally:
            gateway.stop()
