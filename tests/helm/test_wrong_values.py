"""Wrong values: each is refused with a text that names it, all of them at once."""

import pytest

GOOD = {
    "homeserver": {"url": "http://synapse:8008"},
    "advertise": {"url": "https://lowband.example.net"},
    "tls": {"existingSecret": "lowband-tls"},
}


def scaling(**values):
    return {"translator": {"autoscaling": values}}


# Values that the schema refuses. (Some texts of Helm 3 and 4 differ; the names are equal.)
SCHEMA = [
    ({"homserver": {}}, "homserver"),
    ({"homeserver": {"url": "synapse:8008"}}, "/homeserver/url"),
    ({"homeserver": {"url": "http://synapse:8008/_matrix"}}, "/homeserver/url"),
    ({"advertise": {"url": "coaps://lowband.example.net"}}, "/advertise/url"),
    ({"tls": {"existingSecret": "Not_A_Name"}}, "/tls/existingSecret"),
    ({"grpc": {"tls": {"mode": "off"}}}, "/grpc/tls/mode"),
    ({"grpc": {"tls": {"generated": {"days": 0}}}}, "/grpc/tls/generated/days"),
    ({"service": {"mode": "both"}}, "/service/mode"),
    ({"service": {"type": "ExternalName"}}, "/service/type"),
    ({"service": {"udp": {"port": 70000}}}, "/service/udp/port"),
    ({"service": {"upd": {"port": 8008}}}, "upd"),
    ({"edge": {"replicas": 0}}, "/edge/replicas"),
    ({"edge": {"replicas": "two"}}, "/edge/replicas"),
    ({"edge": {"workers": 65}}, "/edge/workers"),
    ({"edge": {"drainSeconds": "30s"}}, "/edge/drainSeconds"),
    ({"edge": {"flags": {"max-session": 5}}}, "max-session"),
    ({"edge": {"flags": {"tls-cert": "/x"}}}, "tls-cert"),
    ({"edge": {"flags": {"idle-timeout": "1 day"}}}, "/edge/flags/idle-timeout"),
    ({"edge": {"flags": {"no-stale-alert": "yes"}}}, "/edge/flags/no-stale-alert"),
    ({"edge": {"spread": "Always"}}, "/edge/spread"),
    ({"translator": {"flags": {"enum-api": "v1"}}}, "/translator/flags/enum-api"),
    (
        {"translator": {"flags": {"upstream-max-body": "8MB"}}},
        "/translator/flags/upstream-max-body",
    ),
    (scaling(kind="both"), "/translator/autoscaling/kind"),
    ({"images": {"edge": {"digest": "sha256:1234"}}}, "/images/edge/digest"),
    ({"images": {"pullPolicy": "Sometimes"}}, "/images/pullPolicy"),
    ({"monitoring": {"monitor": "yes"}}, "/monitoring/monitor"),
    ({"monitoring": {"rules": {"objective": 100}}}, "/monitoring/rules/objective"),
    ({"networkPolicy": {"homeserver": {"ports": ["https"]}}}, "/networkPolicy/homeserver/ports"),
]

# Faults that only a combination of values shows.
TOGETHER = [
    ({"homeserver": {"url": ""}}, "homeserver.url: is required"),
    (
        {"homeserver": {"ca": {"existingConfigMap": "a", "existingSecret": "b"}}},
        "homeserver.ca: existingConfigMap and existingSecret are both set",
    ),
    ({"homeserver": {"ca": {"existingSecret": "b"}}}, "homeserver.ca: homeserver.url is http://"),
    ({"tls": {"existingSecret": ""}}, "tls: clients need a certificate"),
    (
        {"tls": {"certManager": {"enabled": True, "issuerRef": {"name": "ca"}}}},
        "tls: existingSecret and certManager.enabled are both set",
    ),
    ({"tls": {"certManager": {"enabled": True}}}, "tls.certManager.issuerRef.name: is required"),
    (
        {"tls": {"existingSecret": "", "certManager": {"enabled": True}}, "advertise": {"url": ""}},
        "tls.certManager: set dnsNames, ipAddresses",
    ),
    (
        {"advertise": {"url": ""}, "service": {"tcp": {"port": 443}}},
        "service.tcp.port: TCP is served",
    ),
    (
        {"advertise": {"url": ""}, "service": {"type": "NodePort", "tcp": {"nodePort": 30001}}},
        "service.tcp.nodePort: TCP is served only",
    ),
    (
        {"service": {"type": "ClusterIP", "udp": {"nodePort": 30001}}},
        "a Service of type ClusterIP has none",
    ),
    (
        {"service": {"type": "NodePort", "loadBalancerClass": "x"}},
        "service.loadBalancerClass: only with service.type LoadBalancer",
    ),
    (
        {"service": {"type": "NodePort", "loadBalancerSourceRanges": ["192.0.2.0/24"]}},
        "service.loadBalancerSourceRanges: only with service.type LoadBalancer",
    ),
    (
        {"service": {"allocateLoadBalancerNodePorts": False, "udp": {"nodePort": 30001}}},
        "service.allocateLoadBalancerNodePorts: is false, but",
    ),
    ({"images": {"edge": {"tag": "latest"}}}, "images.edge.tag: latest"),
    (
        {"grpc": {"tls": {"mode": "existingSecrets"}}},
        "grpc.tls.existingSecrets.edge: is required",
    ),
    (
        {"grpc": {"tls": {"existingSecrets": {"translator": "x"}}}},
        "grpc.tls.existingSecrets.translator: is set, but grpc.tls.mode is generated",
    ),
    (
        {"grpc": {"tls": {"mode": "insecure", "certManager": {"issuerRef": {"name": "x"}}}}},
        "grpc.tls.certManager.issuerRef: is set, but grpc.tls.mode is insecure",
    ),
    (scaling(kind="hpa", minReplicas=20), "minReplicas 20 is above maxReplicas 10"),
    (scaling(kind="hpa", cpuPercent=0), "translator.autoscaling: nothing to scale on"),
    (
        {"translator": {"autoscaling": {"kind": "hpa"}, "resources": {"requests": {"cpu": None}}}},
        "translator.resources.requests.cpu: scaling on CPU needs a request",
    ),
    (
        scaling(kind="keda", inFlight={"enabled": True}),
        "translator.autoscaling.keda.prometheusAddress: is required",
    ),
    (
        scaling(kind="hpa", keda={"prometheusAddress": "http://prometheus:9090"}),
        "translator.autoscaling.keda: is set, but translator.autoscaling.kind is hpa",
    ),
    (
        {"edge": {"serviceAccount": {"create": False, "annotations": {"a": "b"}}}},
        "edge.serviceAccount.annotations: the account is not created here",
    ),
    (
        {"edge": {"podLabels": {"app.kubernetes.io/component": "x"}}},
        "edge.podLabels: app.kubernetes.io/component is a selector of the chart",
    ),
    (
        {"edge": {"extraArgs": ["--tls-cert=/x"]}},
        "edge.extraArgs: --tls-cert is a flag of the chart's own",
    ),
    (
        {"translator": {"extraEnv": [{"name": "LOWBAND_LOCAL", "value": "http://x"}]}},
        "translator.extraEnv: LOWBAND_LOCAL has no effect",
    ),
    ({"monitoring": {"rules": {"disabled": ["LowbandSlow"]}}}, "no rules are enabled"),
    (
        {"monitoring": {"rules": {"enabled": True, "disabled": ["Nothing"]}}},
        "monitoring.rules.disabled: there is no alert Nothing",
    ),
]


def identify(case):
    return case.strip("/").replace("/", ".")[:48] if isinstance(case, str) else ""


def test_good_values_pass(template):
    assert template(GOOD).returncode == 0


@pytest.mark.parametrize("major", ["helm3", "helm4"])
@pytest.mark.parametrize("wrong, text", SCHEMA, ids=identify)
def test_schema_refuses(template, wrong, text, major):
    result = template(GOOD, wrong, major=major)
    assert result.returncode != 0
    # Helm 3 writes the path with dots.
    dotted = text.strip("/").replace("/", ".")
    assert text in result.stderr or dotted in result.stderr, result.stderr


@pytest.mark.parametrize("major", ["helm3", "helm4"])
@pytest.mark.parametrize("wrong, text", TOGETHER, ids=identify)
def test_chart_refuses(template, wrong, text, major):
    result = template(GOOD, wrong, major=major)
    assert result.returncode != 0
    assert f"\n  - {text}" in result.stderr or text in result.stderr, result.stderr
    assert "thing(s) to correct in the values of lowband" in result.stderr


@pytest.mark.parametrize("major", ["helm3", "helm4"])
def test_all_problems_come_at_once(template, major):
    result = template(
        {"grpc": {"tls": {"mode": "existingSecrets"}}, "images": {"cli": {"tag": "latest"}}},
        scaling(kind="keda", cpuPercent=0, minReplicas=11),
        major=major,
    )
    lines = [line.strip() for line in result.stderr.splitlines() if line.startswith("  - ")]
    assert [line.split(":")[0].removeprefix("- ") for line in lines] == [
        "homeserver.url",
        "images.cli.tag",
        "tls",
        "grpc.tls.existingSecrets.edge",
        "grpc.tls.existingSecrets.translator",
        "translator.autoscaling",
        "translator.autoscaling",
    ]
    assert "7 thing(s) to correct" in result.stderr


def test_every_default_has_a_place_in_the_schema():
    """And everything that the chart owns is closed."""
    import json

    import yaml

    from chart import CHART

    schema = json.loads((CHART / "values.schema.json").read_text())

    def compare(path, value, part):
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        if part.get("type") != "object" or "properties" not in part:
            return
        assert part["additionalProperties"] is False, path
        left = set(part["properties"]) - {"global"}
        if path.endswith(".flags"):
            return
        assert left == set(value), path
        for key, inner in value.items():
            compare(f"{path}.{key}", inner, part["properties"][key])

    compare("", yaml.safe_load((CHART / "values.yaml").read_text()), schema)
