"""docker/compose.yaml played from the built images, without a container engine."""

import json
import pathlib
import re
import subprocess
import time
import urllib.parse

import pytest
import yaml

import compose
from image import ROOT


def admin(container, path):
    """What the service's admin port answers, asked from another address."""
    port = {"lowband-edge": 9100, "lowband-translator": 9101}[container.image.name]
    result = subprocess.run(
        ["ip", "netns", "exec", container.network.bridge, "curl", "--silent", "--max-time", "10",
         f"http://{container.address}:{port}{path}"],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert result.returncode == 0, result
    return result.stdout


def total(container, name):
    lines = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", admin(container, "/metrics"), re.MULTILINE)
    assert lines, name
    return sum(map(float, lines))


def request(lowband, path, *arguments):
    code, output = lowband.run(
        "cli", "request", "-k", "--max-time=30", *arguments, f"https://edge:8008{path}"
    )
    assert code == 0, f"{output}\n{lowband.logs()}"
    return json.loads(output)


def test_a_request_goes_all_the_way(lowband):
    """CLI, DTLS, edge, mutual TLS, translator, homeserver: each out of its own image."""
    versions = request(lowband, "/_matrix/client/versions")
    assert versions["versions"]
    assert versions["org.matrix.msc3079.low_bandwidth"]


def test_two_people_talk(lowband):
    def register(name):
        return request(
            lowband, "/_matrix/client/r0/register", "-X", "POST", "-d",
            json.dumps({"auth": {"type": "m.login.dummy"}, "username": name, "password": "1" * 9}),
        )  # fmt: skip

    alice, bob = register("alice"), register("bob")
    as_alice = ["-H", f"Authorization: Bearer {alice['access_token']}"]
    as_bob = ["-H", f"Authorization: Bearer {bob['access_token']}"]
    room = request(
        lowband, "/_matrix/client/r0/createRoom", *as_alice, "-X", "POST",
        "-d", json.dumps({"preset": "private_chat", "invite": [bob["user_id"]]}),
    )["room_id"]  # fmt: skip
    escaped = urllib.parse.quote(room)
    request(lowband, f"/_matrix/client/r0/rooms/{escaped}/join", *as_bob, "-X", "POST", "-d", "{}")
    request(
        lowband, f"/_matrix/client/r0/rooms/{escaped}/send/m.room.message/1", *as_alice,
        "-X", "PUT", "-d", json.dumps({"msgtype": "m.text", "body": "Hello Bob"}),
    )  # fmt: skip
    synced = request(lowband, "/_matrix/client/r0/sync?timeout=0", *as_bob)
    events = synced["rooms"]["join"][room]["timeline"]["events"]
    assert "Hello Bob" in [event["content"].get("body") for event in events]


def test_both_translators_get_requests(lowband):
    translators = lowband.containers["translator"]
    assert len(translators) == 2
    # The edge starts as soon as they do: of one that does not listen yet it gets a lane later.
    for translator in translators:
        translator.wait_until(
            lambda t=translator: total(t, "lowband_translator_lanes") > 0, 60, "a lane"
        )
    before = [total(t, "lowband_translator_requests_total") for t in translators]
    # Requests one at a time would all take the same lane: each goes to the one with the least.
    code, output = lowband.run(
        "cli", "load", "-k", "--sessions=8", "--in-flight=4", "--requests=400",
        "--get=/_matrix/client/versions", "https://edge:8008",
    )  # fmt: skip
    assert code == 0, output
    after = [total(t, "lowband_translator_requests_total") for t in translators]
    assert all(b > a for a, b in zip(before, after, strict=True)), (before, after)


def test_processes_have_no_rights_and_nothing_to_write_to(lowband):
    for name in ("edge", "translator", "homeserver"):
        for container in lowband.containers[name]:
            process = f"/proc/{container.pid()}"
            status = dict(
                line.split(":\t", 1) for line in open(f"{process}/status").read().splitlines()
            )
            assert status["Uid"].split() == ["65532"] * 4
            assert status["Gid"].split() == ["65532"] * 4 and not status["Groups"].strip()
            assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
            assert status["NoNewPrivs"] == "1" and status["NSpid"].split()[-1] == "1"
            mounts = [line.split() for line in open(f"{process}/mountinfo")]
            (root,) = [m[5] for m in mounts if m[4] == "/"]
            assert "ro" in root.split(",")
            for path in (m[4] for m in mounts if m[4].startswith("/etc/")):
                assert next("ro" in m[5].split(",") for m in mounts if m[4] == path), path


def test_https_on_the_same_port(lowband):
    """What clients without CoAP meet; the certificate is good for the public name."""
    (edge,) = lowband.containers["edge"]
    certificate = lowband.volume("edge-files") / "tls" / "tls.crt"
    result = subprocess.run(
        ["ip", "netns", "exec", lowband.network.bridge, "curl", "--silent", "--max-time", "20",
         "--cacert", certificate, "--connect-to", f"localhost:8008:{edge.address}:8008",
         "https://localhost:8008/.well-known/matrix/client"],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert result.returncode == 0, result
    assert json.loads(result.stdout)["m.homeserver"]["base_url"] == "https://localhost:8008"


def test_keys_are_for_the_services_alone(lowband):
    for name in ("edge-files", "translator-files"):
        files = [p for p in lowband.volume(name).rglob("*") if p.is_file()]
        assert {p.name for p in files} == {"tls.crt", "tls.key", "ca.crt"}
        for path in files:
            status = path.stat()
            assert (status.st_uid, status.st_mode & 0o7777) == (65532, 0o400), path
    authority = [p for p in lowband.network.folder.glob("volume-*/**/ca.key")]
    assert authority == []


def test_preparing_again_changes_nothing(lowband):
    def made():
        return {
            path: path.read_bytes()
            for name in ("edge-files", "translator-files", "rules")
            for path in sorted(lowband.volume(name).rglob("*"))
            if path.is_file()
        }

    before = made()
    code, output = lowband.run("prepare")
    assert (code, output) == (0, "")
    assert made() == before


def test_another_public_name_gets_another_certificate(lowband):
    before = (lowband.volume("translator-files") / "grpc" / "tls.crt").read_bytes()
    for name, check in (
        ("lowband.example", "-checkhost"), ("192.0.2.7", "-checkip"), ("[2001:db8::7]", "-checkip"),
    ):  # fmt: skip
        lowband.services["prepare"]["environment"]["PUBLIC_HOST"] = name
        code, output = lowband.run("prepare")
        name = name.strip("[]")
        assert (code, output) == (0, f"made a certificate for {name}\n")
        said = subprocess.run(
            ["openssl", "x509", "-noout", check, name,
             "-in", lowband.volume("edge-files") / "tls" / "tls.crt"],
            capture_output=True, text=True, timeout=20,
        ).stdout  # fmt: skip
        assert "does match" in said
    assert (lowband.volume("translator-files") / "grpc" / "tls.crt").read_bytes() == before
    # The edge that runs has taken it up, or will: it still serves.
    request(lowband, "/_matrix/client/versions")


def test_prometheus_takes_the_rules(lowband):
    result = subprocess.run(
        ["promtool", "check", "rules", lowband.volume("rules") / "alerts.yaml"],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    shipped = yaml.safe_load((lowband.volume("rules") / "alerts.yaml").read_text())
    names = {rule["alert"] for group in shipped["groups"] for rule in group["rules"]}
    source = (ROOT / "deploy/helm/lowband/rules/alerts.yaml").read_text()
    assert names == set(re.findall(r"alert: (\w+)", source))


@pytest.fixture
def prometheus(lowband, tmp_path):
    """A function that asks Prometheus, which runs with our configuration where compose.yaml would
    have it; only the folder of the rules is another, and time is quicker."""
    text = (compose.FILE.parent / "prometheus.yaml").read_text()
    text = text.replace("/etc/prometheus/rules", str(lowband.volume("rules")))
    configuration = tmp_path / "prometheus.yaml"
    configuration.write_text(text.replace("15s", "1s"))
    space, address = lowband.network.join("prometheus")
    log = tmp_path / "log"
    popen = subprocess.Popen(
        ["ip", "netns", "exec", space, "unshare", "--mount", "--fork", "--kill-child", "/bin/sh",
         "-c", 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"', "sh",
         lowband.network.resolv_conf, "prometheus", f"--config.file={configuration}",
         f"--storage.tsdb.path={tmp_path}/data"],
        stdin=subprocess.DEVNULL, stdout=log.open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip

    def ask(path, enough):
        """The answer's data as soon as it is enough."""
        deadline = time.monotonic() + 60
        while True:
            assert popen.poll() is None, log.read_text()
            result = subprocess.run(
                ["ip", "netns", "exec", lowband.network.bridge, "curl", "--silent", "--fail",
                 "--max-time", "10", f"http://{address}:9090/api/v1/{path}"],
                capture_output=True, text=True, timeout=20,
            )  # fmt: skip
            data = json.loads(result.stdout)["data"] if result.returncode == 0 else None
            if data and enough(data):
                return data
            assert time.monotonic() < deadline, f"{data}\n{log.read_text()}"
            time.sleep(0.2)

    yield ask
    popen.kill()
    popen.wait()
    lowband.network.leave("prometheus", address)


def test_prometheus_finds_every_process_and_takes_the_rules(lowband, prometheus):
    up = prometheus("query?query=up==1", lambda data: len(data["result"]) == 3)
    found = {(r["metric"]["job"], r["metric"]["pod"]) for r in up["result"]}
    assert found == {
        (f"lowband-{name}", container.address)
        for name in ("edge", "translator")
        for container in lowband.containers[name]
    }

    def rules(data):
        return [rule for group in data["groups"] for rule in group["rules"]]

    evaluated = rules(
        prometheus("rules", lambda data: all(r["health"] != "unknown" for r in rules(data)))
    )
    source = (ROOT / "deploy/helm/lowband/rules/alerts.yaml").read_text()
    assert {r["name"] for r in evaluated} == set(re.findall(r"alert: (\w+)", source))
    assert [r for r in evaluated if r["health"] != "ok"] == []
    # The rules select by the names that our configuration gives: else these would stay pending.
    down = ("LowbandEdgeDown", "LowbandTranslatorDown")
    assert set(down) < {r["name"] for r in evaluated}
    prometheus(
        "rules", lambda data: not any(r["alerts"] for r in rules(data) if r["name"] in down)
    )


def test_an_unhealthy_service_says_so(lowband):
    """The health check of an edge whose translators nobody can reach."""
    (edge,) = lowband.containers["edge"]
    code, output = edge.execute(["/usr/bin/lowband-edge", "--healthcheck", "--admin-addr=:1"])
    assert (code, output) == (1, "lowband-edge: not ready: no answer from :1\n")


def test_sigterm_ends_process_1_cleanly(network):
    """In a composition of its own."""
    own = compose.Composition(network)
    try:
        own.up("homeserver")
        (edge,) = own.up("edge")
        own.await_health("edge", edge)
        assert edge.terminate() == 0
        assert '"event":"stopped"' in edge.log().replace('": "', '":"')
        for translator in own.containers["translator"]:
            assert translator.terminate() == 0
    finally:
        own.stop()


def test_a_container_that_is_stopped_leaves_no_process(network):
    own = compose.Composition(network)
    try:
        (homeserver,) = own.up("homeserver")
        homeserver.wait_until(homeserver.log, 30, "word of it")
        pid = homeserver.pid()
        program = pathlib.Path(f"/proc/{pid}/exe").readlink().name
        assert program == "demo-homeserver"
    finally:
        own.stop()
    deadline = time.monotonic() + 10
    while pathlib.Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "process 1 is still there"
        time.sleep(0.05)
