"""docker/compose.yaml, and what it mounts, as they stand."""

import importlib.metadata
import json
import re
import subprocess

import jsonschema
import pytest
import yaml

import compose
from image import ROOT

OURS = ["prepare", "edge", "translator", "homeserver", "cli"]


def schema():
    """The Compose specification's own, out of the wheel that carries it."""
    files = importlib.metadata.files("docker-compose")
    found = json.loads(next(f for f in files if f.name == "compose_spec.json").read_text())
    # The one thing that we use and that is younger than the wheel.
    found["properties"]["name"] = {"type": "string"}
    return found


def complaints(text):
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in jsonschema.Draft7Validator(schema()).iter_errors(text)
    ]


def test_schema_is_content():
    assert complaints(compose.text()) == []


def test_the_schema_would_say_something():
    text = json.loads(json.dumps(compose.text()))
    text["services"]["edge"]["read_onli"] = True
    assert complaints(text) != []


def test_our_services_are_the_ones_that_are_built():
    assert sorted(compose.ours()) == sorted(OURS)


@pytest.mark.parametrize("name", OURS)
def test_our_services_can_do_nothing_beyond_their_work(name):
    service = compose.ours()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "network_mode", "pid"} & service.keys()


@pytest.mark.parametrize("name", OURS)
def test_targets_are_in_the_dockerfile(name):
    build = compose.ours()[name]["build"]
    folder = (compose.FILE.parent / build["context"]).resolve()
    assert folder == ROOT
    assert re.search(
        rf"^FROM \w+ AS {build['target']}$", (folder / build["dockerfile"]).read_text(), re.M
    )


def test_everything_mounted_is_there_and_everything_named_is_declared():
    services = compose.services()
    for name, service in services.items():
        for entry in service.get("volumes", []):
            source, target, writable = compose.volume(entry)
            if "/" in source:
                assert (compose.FILE.parent / source).exists(), entry
                assert not writable, entry
            else:
                assert source in compose.text()["volumes"], entry
        assert set(compose.depends_on(service)) <= services.keys(), name


def test_images_of_others_are_of_a_version():
    for name, service in compose.services().items():
        if "build" not in service:
            assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name


def test_the_synapse_is_the_one_of_the_end_to_end_tests():
    tested = re.search(
        r"^matrix-synapse==(.*)$", (ROOT / "tests/e2e/requirements.txt").read_text(), re.M
    )
    assert compose.services()["synapse"]["image"] == f"matrixdotorg/synapse:v{tested[1]}"


def test_public_ports_stay_on_this_machine_unless_told():
    def hosts(**settings):
        services = compose.services(**settings)
        return {p.split(":")[0] for s in services.values() for p in s.get("ports", [])}

    assert hosts() == {"127.0.0.1"}
    assert hosts(BIND_ADDRESS="0.0.0.0") == {"127.0.0.1", "0.0.0.0"}


def test_services_get_longer_to_stop_than_they_take_to_drain():
    for name in ("edge", "translator"):
        service = compose.ours()[name]
        drain = next(a for a in service["command"] if a.startswith("--drain-timeout="))
        seconds = int(drain.removeprefix("--drain-timeout=").removesuffix("s"))
        assert int(service["stop_grace_period"].removesuffix("s")) >= seconds + 10


def test_grafana_finds_the_dashboard_and_its_source():
    mounts = {}
    for entry in compose.services()["grafana"]["volumes"]:
        source, target, _ = compose.volume(entry)
        mounts[target] = compose.FILE.parent / source
    provisioning = {
        target.split("/")[4]: yaml.safe_load(source.read_text())
        for target, source in mounts.items()
        if target.startswith("/etc/grafana/provisioning/")
    }
    (source,) = provisioning["datasources"]["datasources"]
    host, port = re.match(r"http://([a-z]+):(\d+)$", source["url"]).groups()
    assert compose.services()[host]["ports"] == [f"127.0.0.1:{port}:{port}"]
    (provider,) = provisioning["dashboards"]["providers"]
    folder = mounts[provider["options"]["path"]]
    home = compose.services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(provider["options"]["path"] + "/")
    dashboard = json.loads((folder / home.rsplit("/", 1)[1]).read_text())
    # It asks the default source of a type, by a variable.
    choices = [v for v in dashboard["templating"]["list"] if v["type"] == "datasource"]
    assert [choice["query"] for choice in choices] == [source["type"]] and source["isDefault"]


def test_prometheus_scrapes_the_admin_ports():
    configuration = yaml.safe_load((compose.FILE.parent / "prometheus.yaml").read_text())
    for job in configuration["scrape_configs"]:
        (target,) = job["dns_sd_configs"]
        (name,) = target["names"]
        assert job["job_name"] == f"lowband-{name}"
        command = compose.ours()[name]["command"]
        assert f"--admin-addr=0.0.0.0:{target['port']}" in command


def test_prometheus_takes_its_configuration(tmp_path):
    text = (compose.FILE.parent / "prometheus.yaml").read_text()
    (tmp_path / "rules").mkdir()
    (tmp_path / "prometheus.yaml").write_text(text.replace("/etc/prometheus/", f"{tmp_path}/"))
    result = subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yaml"],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
