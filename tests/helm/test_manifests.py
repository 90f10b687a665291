"""The objects are not only well-formed, but safe, complete, and consistent with the programs."""

import os
import pathlib
import re
import subprocess

import pytest

from chart import BIN, SHAPES, arguments, component, objects, of_kind, one, pods, selects, values

COMPONENTS = ["edge", "translator"]


def shape_named(name):
    return next(path for path in SHAPES if path.stem == f"{name}-values")


def containers(shape):
    return [(name, container) for name, _, spec in pods(shape) for container in spec["containers"]]


def test_pods_are_restricted(shape):
    """The restricted level of the pod security standards, and a root that cannot be written."""
    for name, _, spec in pods(shape):
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True and security["runAsUser"] > 0, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        allowed = {"secret", "configMap", "emptyDir", "projected", "downwardAPI"}
        for volume in spec.get("volumes", []):
            assert set(volume) - {"name"} <= allowed, name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert not any("hostPort" in port for port in container.get("ports", [])), name


def test_images_are_named_exactly(shape):
    for name, container in containers(shape):
        assert re.search(r"(:[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]), name
        assert not container["image"].endswith(":latest"), name


def test_resources_are_set(shape):
    for name, container in containers(shape):
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), name
        assert "memory" in container["resources"]["limits"], name


def test_probes_are_there_and_their_ports_exist(shape):
    for name in COMPONENTS:
        container = component(shape, name)["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"] for port in container["ports"]}
        numbers = {port["containerPort"] for port in container["ports"]}
        for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
            probe = container[kind]
            assert probe.get("httpGet", {}).get("port", "admin") in ports, name
            assert probe.get("grpc", {}).get("port", 9090) in numbers | {9090}, name
            assert ("httpGet" in probe) != ("grpc" in probe), name


def test_grpc_is_probed_natively_only_in_plaintext(shape):
    container = component(shape, "translator")["spec"]["template"]["spec"]["containers"][0]
    plaintext = "--insecure-grpc" in container["args"]
    assert ("grpc" in container["readinessProbe"]) == plaintext
    assert plaintext == (values(shape)["grpc"]["tls"]["mode"] == "insecure")


def test_container_ports_have_distinct_numbers(shape):
    """Updates merge ports by number alone, and lose one of two with one number."""
    for name, container in containers(shape):
        numbers = [port["containerPort"] for port in container.get("ports", [])]
        assert len(numbers) == len(set(numbers)), name


def flags_of(program):
    text = subprocess.run([BIN / program, "--help"], capture_output=True, text=True).stdout
    return set(re.findall(r"^  (?:-\w,)?(--[a-z0-9-]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", COMPONENTS)
def test_flags_and_variables_exist(shape, name):
    flags = flags_of(f"lowband-{name}")
    assert len(flags) > 15
    passed = arguments(shape, name)
    assert {argument.partition("=")[0] for argument in passed} <= flags
    names = [argument.partition("=")[0] for argument in passed]
    assert len(names) == len(set(names)), "a flag is passed twice"
    container = component(shape, name)["spec"]["template"]["spec"]["containers"][0]
    for variable in container.get("env", []):
        if variable["name"].startswith("LOWBAND_"):
            flag = variable["name"].removeprefix("LOWBAND_").lower().replace("_", "-")
            assert f"--{flag}" in flags


@pytest.mark.parametrize("name", COMPONENTS)
def test_schema_knows_every_flag_and_no_other(name):
    import json

    from chart import CHART

    schema = json.loads((CHART / "values.schema.json").read_text())
    free = set(schema["properties"][name]["properties"]["flags"]["properties"])
    text = (CHART / "templates" / "_validate.tpl").read_text()
    lists = re.findall(r"^\[([a-z0-9, -]+)\]$", text, re.MULTILINE)
    own = set(lists[COMPONENTS.index(name)].split(", "))
    assert not free & own
    known = {flag.removeprefix("--") for flag in flags_of(f"lowband-{name}")}
    assert free | own == known - {"help", "version", "config"}


@pytest.fixture(scope="session")
def mounted(tmp_path_factory):
    """A certificate used for every file that a pod would mount."""
    folder = tmp_path_factory.mktemp("mounted")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=test",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key",
         "-out", folder / "cert"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("name", COMPONENTS)
def test_programs_accept_what_they_are_given(shape, name, mounted):
    """--check, with files for the mounts and free ports for the addresses."""
    passed = []
    for argument in arguments(shape, name):
        flag, _, value = argument.partition("=")
        if value.startswith("/etc/lowband/"):
            value = mounted / ("key" if value.endswith("tls.key") else "cert")
        if flag in ("--dtls-bind-addr", "--listen", "--admin-addr"):
            value = "127.0.0.1:0"
        passed.append(f"{flag}={value}" if value else flag)
    container = component(shape, name)["spec"]["template"]["spec"]["containers"][0]
    environment = {v["name"]: v["value"] for v in container.get("env", []) if "value" in v}
    result = subprocess.run(
        [BIN / f"lowband-{name}", "--check", *passed],
        capture_output=True, text=True, env=os.environ | environment,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_helm_test_command_exists(shape):
    for pod in of_kind(shape, "Pod"):
        container = pod["spec"]["containers"][0]
        assert container["command"] == ["lowband"] and container["args"][0] == "request"
        text = subprocess.run(
            [BIN / "lowband", "request", "--help"], capture_output=True, text=True
        )
        flags = set(re.findall(r"--[a-z-]+", text.stdout))
        url = container["args"][-1]
        assert {a.partition("=")[0] for a in container["args"][1:-1]} <= flags
        host, port = re.match(r"https://([\w.-]+):(\d+)/_matrix/client/versions$", url).groups()
        service = one(shape, "Service", host.split(".")[0])
        assert {"protocol": "UDP", "port": int(port)}.items() <= service["spec"]["ports"][0].items()


def test_references_lead_somewhere(shape):
    brought = str(values(shape))
    made = {(o["kind"], o["metadata"]["name"]) for o in objects(shape)}
    made |= {("Secret", o["spec"]["secretName"]) for o in of_kind(shape, "Certificate")}
    for name, _, spec in pods(shape):
        mounts = {m["name"] for c in spec["containers"] for m in c.get("volumeMounts", [])}
        assert mounts == {v["name"] for v in spec.get("volumes", [])}, name
        wanted = [
            ("Secret", v["secret"]["secretName"]) for v in spec.get("volumes", []) if "secret" in v
        ]
        wanted += [
            ("ConfigMap", v["configMap"]["name"])
            for v in spec.get("volumes", [])
            if "configMap" in v
        ]
        wanted += [("Secret", s["name"]) for s in spec.get("imagePullSecrets", [])]
        account = spec.get("serviceAccountName", "default")
        wanted += [("ServiceAccount", account)] if account != "default" else []
        for kind, target in wanted:
            assert (kind, target) in made or f"'{target}'" in brought, f"{name}: {kind} {target}"


def test_certificates_are_mounted_as_directories(shape):
    """A file mounted by subPath never changes again."""
    for name, container in containers(shape):
        assert not any("subPath" in mount for mount in container.get("volumeMounts", [])), name


def test_selectors_are_stable_and_disjoint(shape):
    selectors = []
    for o in of_kind(shape, "Deployment"):
        selector = o["spec"]["selector"]["matchLabels"]
        assert selector.keys() == {
            "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"
        }  # fmt: skip
        selectors.append(selector)
    everything = [(name, labels) for name, labels, _ in pods(shape)]
    for selector in selectors:
        assert sum(selects(selector, labels) for _, labels in everything) == 1


def test_services_reach_pods_and_ports_that_exist(shape):
    for service in of_kind(shape, "Service"):
        found = [
            spec for _, labels, spec in pods(shape) if selects(service["spec"]["selector"], labels)
        ]
        assert len(found) == 1, service["metadata"]["name"]
        names = {p["name"] for p in found[0]["containers"][0]["ports"]}
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in names | {8008}


def test_public_services_show_only_client_ports(shape):
    wanted = values(shape)["service"]
    with_tcp = bool(values(shape)["advertise"]["url"])
    public = [s for s in of_kind(shape, "Service") if s["spec"].get("clusterIP") != "None"]
    assert len(public) == (2 if with_tcp and wanted["mode"] == "split" else 1)
    seen = [(p["name"], p["protocol"]) for s in public for p in s["spec"]["ports"]]
    assert seen == [("dtls", "UDP")] + ([("http", "TCP")] if with_tcp else [])
    for service in public:
        assert service["spec"]["type"] == wanted["type"]
        if wanted["type"] != "ClusterIP":
            assert service["spec"]["externalTrafficPolicy"] == "Local"
    # MetalLB lets two Services share an address under this policy only with one selector.
    assert len({str(s["spec"]["selector"]) for s in public}) == 1


@pytest.mark.parametrize(
    "shape_name, port",
    [("default", 8008), ("single-service", 443), ("node-port", 80), ("cluster-ip-ipv6", 8008)],
)
def test_tcp_port_is_that_of_the_advertised_url(shape_name, port):
    ports = [
        p["port"]
        for s in of_kind(shape_named(shape_name), "Service")
        for p in s["spec"]["ports"]
        if p["name"] == "http"
    ]
    assert ports == [port]


def test_edges_dial_a_name_that_the_certificate_bears(shape):
    target = next(a for a in arguments(shape, "edge") if a.startswith("--translator="))
    host, port = re.fullmatch(r"--translator=dns:///([\w.-]+):(\d+)", target).groups()
    service = one(shape, "Service", host.split(".")[0])
    assert host == f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["ports"][0]["port"] == int(port)
    for certificate in of_kind(shape, "Certificate"):
        if certificate["metadata"]["name"].endswith("grpc-translator"):
            assert host in certificate["spec"]["dnsNames"]


def test_generated_certificates_verify(tmp_path):
    import base64

    shape = shape_named("default")
    files = {}
    for name in ("edge", "translator"):
        data = one(shape, "Secret", f"lowband-grpc-{name}")["data"]
        for key, value in data.items():
            files[name, key] = tmp_path / f"{name}-{key}"
            files[name, key].write_bytes(base64.b64decode(value))
    host = "lowband-translator.matrix.svc"
    for name, purpose, extra in [
        ("translator", "sslserver", ["-verify_hostname", host]),
        ("edge", "sslclient", []),
    ]:
        other = "edge" if name == "translator" else "translator"
        result = subprocess.run(
            ["openssl", "verify", "-purpose", purpose, *extra, "-CAfile", files[other, "ca.crt"],
             files[name, "tls.crt"]],
            capture_output=True, text=True,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    mounted = {
        v["secret"]["secretName"]
        for _, _, spec in pods(shape)
        for v in spec.get("volumes", [])
        if "secret" in v
    }
    assert "lowband-grpc-ca" not in mounted, "the key of the authority belongs in no pod"


def allows(shape, direction, component_name, labels, port, protocol):
    """Whether policies admit a pod with these labels, of this namespace; None: no policy."""
    verdict = None
    for policy in of_kind(shape, "NetworkPolicy"):
        _, own, _ = next(
            p for p in pods(shape) if p[1]["app.kubernetes.io/component"] == component_name
        )
        if not selects(policy["spec"]["podSelector"]["matchLabels"], own):
            continue
        assert direction in policy["spec"]["policyTypes"]
        verdict = verdict or False
        for rule in policy["spec"].get(direction.lower(), []):
            ports = rule.get("ports", [])
            peers = rule.get("from" if direction == "Ingress" else "to", [])
            port_fits = not ports or any(
                p.get("port", port) == port and p["protocol"] == protocol for p in ports
            )
            peer_fits = not peers or any(
                "podSelector" in peer
                and "namespaceSelector" not in peer
                and selects(peer["podSelector"]["matchLabels"], labels)
                for peer in peers
            )
            verdict = verdict or (port_fits and peer_fits)
    return verdict


def test_network_policies_deny(shape):
    edge = component(shape, "edge")["spec"]["template"]["metadata"]["labels"]
    translator = component(shape, "translator")["spec"]["template"]["metadata"]["labels"]
    stranger = {"app": "other"}
    assert allows(shape, "Ingress", "translator", edge, 9090, "TCP") is True
    assert allows(shape, "Ingress", "translator", stranger, 9090, "TCP") is False
    assert allows(shape, "Ingress", "translator", translator, 9090, "TCP") is False
    assert allows(shape, "Egress", "edge", translator, 9090, "TCP") is True
    for port in (80, 443, 8008, 8448, 9090):
        assert allows(shape, "Egress", "edge", stranger, port, "TCP") is False, "the homeserver"
    assert allows(shape, "Egress", "edge", translator, 9101, "TCP") is False
    for _, labels, _ in pods(shape):
        if labels["app.kubernetes.io/component"] == "test":
            assert allows(shape, "Ingress", "edge", labels, 8008, "UDP") is True


def test_egress_of_edges_names_its_peers(shape):
    """A rule without peers admits everybody."""
    for policy in of_kind(shape, "NetworkPolicy"):
        if policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "edge":
            assert all(rule.get("to") for rule in policy["spec"]["egress"])


def test_one_autoscaler_at_most_and_no_replicas_beside_it(shape):
    scalers = of_kind(shape, "HorizontalPodAutoscaler", "ScaledObject")
    kind = values(shape)["translator"]["autoscaling"]["kind"]
    assert len(scalers) == (kind != "none")
    assert ("replicas" in component(shape, "translator")["spec"]) == (kind == "none")
    for scaler in scalers:
        target = scaler["spec"]["scaleTargetRef"]
        assert one(shape, target["kind"], target["name"])
        assert scaler["kind"] == {"hpa": "HorizontalPodAutoscaler", "keda": "ScaledObject"}[kind]


def test_pods_have_time_to_drain(shape):
    for name in COMPONENTS:
        spec = component(shape, name)["spec"]["template"]["spec"]
        passed = next(a for a in arguments(shape, name) if a.startswith("--drain-timeout="))
        drain = int(passed.removeprefix("--drain-timeout=").removesuffix("s"))
        container = spec["containers"][0]
        wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert spec["terminationGracePeriodSeconds"] > wait + drain
        if name == "edge":
            probe = container["readinessProbe"]
            assert probe["failureThreshold"] * probe["periodSeconds"] > drain, "flows are cut early"


def test_budgets_leave_a_way_to_drain_nodes(shape):
    budgets = {b["metadata"]["name"]: b for b in of_kind(shape, "PodDisruptionBudget")}
    for name in COMPONENTS:
        workload = component(shape, name)
        replicas = workload["spec"].get("replicas", 2)
        budget = budgets.get(workload["metadata"]["name"])
        assert (budget is not None) == (replicas > 1)
        if budget:
            assert budget["spec"]["selector"] == workload["spec"]["selector"]


def test_pods_spread_over_nodes(shape):
    for name in COMPONENTS:
        workload = component(shape, name)
        spread = workload["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert [s["topologyKey"] for s in spread] == [
            "kubernetes.io/hostname", "topology.kubernetes.io/zone"
        ]  # fmt: skip
        assert all(s["labelSelector"] == workload["spec"]["selector"] for s in spread)


def test_monitors_find_admin_ports(shape):
    for monitor in of_kind(shape, "ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"]
        found = [s for s in of_kind(shape, "Service") if selects(wanted, s["metadata"]["labels"])]
        assert len(found) == 1
        assert monitor["spec"]["endpoints"][0]["port"] in {
            p["name"] for p in found[0]["spec"]["ports"]
        }
    for monitor in of_kind(shape, "PodMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"]
        found = [spec for _, labels, spec in pods(shape) if selects(wanted, labels)]
        assert len(found) == 1
        port = monitor["spec"]["podMetricsEndpoints"][0]["port"]
        assert port in {p["name"] for p in found[0]["containers"][0]["ports"]}
