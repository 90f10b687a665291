"""What somebody meets who runs Lowband for the first time, or stops it."""

import json
import os
import pathlib
import re
import signal

import pytest
import requests

from harness.certificate import Certificate
from harness.process import Process, free_port, run
from harness.services import Services

pytestmark = pytest.mark.lowband


@pytest.fixture
def services(tmp_path, bin_dir, demo_homeserver, certificate):
    instance = Services(tmp_path, bin_dir, demo_homeserver.url, certificate)
    yield instance
    instance.stop()


def edge_flags(certificate, *more):
    return ["--tls-cert", certificate.cert, "--tls-key", certificate.key, *more]


def test_check_works_beside_the_running_instance(bin_dir, services):
    """With the very flags of the one that runs; for another one its ports are taken."""
    for process in (services.edge, services.translator):
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            command = [part.decode() for part in file.read().split(b"\0")[:-1]]
        done = run([*command, "--check"], 20)
        assert done.returncode == 0, done.stderr.decode()
        admin = command.index("--admin-addr") + 1
        command[admin] = "127.0.0.1:0"
        assert run([*command, "--check"], 20).returncode == 2
        assert process.returncode() is None


@pytest.mark.parametrize("algorithm, large", [("ec", False), ("rsa", True)])
def test_check_tells_what_the_first_contact_costs(tmp_path, bin_dir, algorithm, large):
    certificate = Certificate(tmp_path, algorithm, algorithm)
    done = run(
        [bin_dir / "lowband-edge", "--check", "--dtls-bind-addr", "127.0.0.1:0", "--admin-addr",
         "127.0.0.1:0", *edge_flags(certificate)],
        20,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]
    assert done.returncode == 0, done.stderr.decode()
    (cost,) = [line for line in lines if line["event"] == "handshake_cost"]
    assert cost["bytes"] == cost["to_client"] + cost["to_server"]
    assert (cost["bytes"] > 2048) == large
    assert cost["seconds_at_9600_bit_s"] == -(-8 * cost["bytes"] // 9600)
    warned = [line for line in lines if line["event"] == "large_handshake"]
    assert len(warned) == large and all("P-256" in line["remedy"] for line in warned)


def test_an_edge_that_stops_is_not_ready_while_it_serves(
    services, demo_homeserver, bin_dir, tmp_path
):
    """The load balancer hears of it before anything else happens."""
    ready = services.admin + "/readyz"
    services.edge.wait_until(lambda: requests.get(ready, timeout=5).ok, 20, "readiness")
    demo_homeserver.fault(path="/versions", delay_ms=3000)
    asking = Process(
        "asking",
        [bin_dir / "lowband", "request", "-k", "-v",
         f"coaps://{services.address}/_matrix/client/versions"],
        tmp_path,
    )  # fmt: skip
    asking.wait_for_line("connected to")
    services.edge.signal(signal.SIGTERM)
    services.edge.wait_until(
        lambda: requests.get(ready, timeout=5).status_code == 503, 2, "word that it is not ready"
    )
    assert asking.wait(20) == 0, asking.log()
    assert services.edge.wait(20) == 0


def test_a_normal_stop_loses_no_lane(tmp_path, bin_dir, demo_homeserver, certificate):
    process = Process(
        "lb-proxy",
        [bin_dir / "lb-proxy", "-local", demo_homeserver.url, "--dtls-bind-addr",
         f"127.0.0.1:{free_port()}", *edge_flags(certificate)],
        tmp_path,
    )  # fmt: skip
    process.wait_for_line("listening.*dtls")
    process.signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert "stopped" in process.log()
    assert "lane_lost" not in process.log() and "no_translator" not in process.log()


def test_without_a_translator_one_warning_names_the_flag(tmp_path, bin_dir, certificate):
    target = f"127.0.0.1:{free_port()}"
    process = Process(
        "edge",
        [bin_dir / "lowband-edge", "--workers", "4", "--translator", target, "--admin-addr", "off",
         "--dtls-bind-addr", f"127.0.0.1:{free_port()}", *edge_flags(certificate)],
        tmp_path,
    )  # fmt: skip
    process.wait_for_line("no_translator")
    process.signal(signal.SIGTERM)
    assert process.wait(20) == 0
    warnings = [line for line in process.log().splitlines() if '"warning"' in line]
    named = [line for line in warnings if "no_translator" in line]
    assert len(named) == 1 and "--translator" in named[0] and target in named[0], warnings
    assert not [line for line in warnings if "lane_lost" in line]


def descriptor_warnings(command, hard, *flags):
    """What --check says of descriptors where the process may open so many."""
    done = run(["prlimit", f"--nofile={hard}:{hard}", *command, *flags, "--check"], 20)
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stderr.decode().splitlines()]
    return [line for line in lines if line["event"] == "few_descriptors"]


@pytest.mark.parametrize("program", ["lowband-edge", "lowband-translator"])
def test_few_descriptors_are_told_only_where_something_does_not_fit(
    program, bin_dir, certificate, tmp_path
):
    """Where the hard limit is lower than usual the defaults adapt; a number that was asked for and
    does not fit is named."""
    command, flag, count = {
        "lowband-edge": (
            [bin_dir / program, "--advertise", "https://localhost:1", "--translator",
             f"unix:{tmp_path}/t.sock", "--dtls-bind-addr", "127.0.0.1:0", "--admin-addr", "off",
             *edge_flags(certificate)], "--http-max-connections", "http_connections",
        ),
        "lowband-translator": (
            [bin_dir / program, "--local", "http://localhost:1", "--listen",
             f"unix:{tmp_path}/t.sock", "--admin-addr", "off"], "--relay-max", "relays",
        ),
    }[program]  # fmt: skip
    assert descriptor_warnings(command, 20000) == []
    (told,) = descriptor_warnings(command, 20000, flag, "19999")
    assert told["limit"] == 20000 and told["wanted"] == 19999 and told["flag"] == flag
    assert told["others"] + told[count] == 20000
    assert descriptor_warnings(command, 20000, flag, str(told[count])) == []
    (few,) = descriptor_warnings(command, 12000 if program == "lowband-translator" else 4000)
    assert few["flag"] == flag and 0 < few[count] < few["wanted"] / 4


def test_requests_at_the_homeserver_that_do_not_fit_are_named(bin_dir, tmp_path):
    command = [bin_dir / "lowband-translator", "--local", "http://localhost:1", "--listen",
               f"unix:{tmp_path}/t.sock", "--admin-addr", "off"]  # fmt: skip
    (told,) = descriptor_warnings(command, 20000, "--upstream-max-active", "20000")
    assert told["flag"] == "--upstream-max-active" and told["wanted"] == 20000
    assert told["requests"] + told["others"] == 20000


def test_lb_proxy_without_a_place_for_its_socket_says_what_to_set(bin_dir, certificate, tmp_path):
    long = tmp_path / ("long" * 30)
    long.mkdir()
    command = [bin_dir / "lb-proxy", "-local", "http://localhost:1", "--dtls-bind-addr",
               "127.0.0.1:0", *edge_flags(certificate)]  # fmt: skip
    for place in ("/proc", str(long)):
        done = run(command, 15, env={**os.environ, "XDG_RUNTIME_DIR": place})
        said = done.stderr.decode()
        assert done.returncode == 2 and said.count("\n") == 1, said
        assert said.startswith("lb-proxy: XDG_RUNTIME_DIR: ") and place in said


def test_a_bad_value_is_named_with_its_source(tmp_path, bin_dir, certificate):
    """Also when only the part that uses it finds out."""
    file = tmp_path / "edge.conf"
    file.write_text("# of the edge\nworkers = 1\ndtls-bind-addr = nonsense\n")
    done = run([bin_dir / "lowband-edge", "--config", file, *edge_flags(certificate)], 15)
    assert done.returncode == 2
    assert f"--dtls-bind-addr, from {file} line 3: " in done.stderr.decode()
    environment = {**os.environ, "LOWBAND_LOCAL": "ftp://h"}
    done = run([bin_dir / "lowband-translator"], 15, env=environment)
    assert done.returncode == 2
    said = "--local, from the environment variable LOWBAND_LOCAL: 'ftp://h' must be http or https"
    assert said in done.stderr.decode()


def test_a_name_in_another_script_is_looked_up_in_ascii(tmp_path, bin_dir):
    """The service has the C locale, as in a container."""
    process = Process(
        "translator",
        [bin_dir / "lowband-translator", "--local", "http://m\u00e4trix.invalid:8008",
         "--listen", f"unix:{tmp_path}/t", "--admin-addr", "off"],
        tmp_path, environment={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    process.wait_for_line("listening")
    process.stop()
    assert re.search("trix.invalid", process.log())


def test_receive_buffer_smaller_than_asked_is_told(start_gateway, demo_homeserver):
    granted = int(pathlib.Path("/proc/sys/net/core/rmem_max").read_text())
    log = start_gateway(demo_homeserver.url).process.log()
    assert ("small_receive_buffer" in log) == (granted < 8 << 20), log
