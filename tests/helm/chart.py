"""The chart for the tests: rendered by both Helms, parsed, with queries."""

import functools
import os
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "lowband"
SHAPES = sorted((CHART / "ci").glob("*-values.yaml"))
BIN = pathlib.Path(os.environ["LOWBAND_BIN_DIR"])
TOOLS = pathlib.Path(os.environ["LOWBAND_HELM_TOOLS"])
HELMS = ["helm3", "helm4"]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Values that differ between renderings: keys and certificates, and their times.
FRESH = re.compile(r"^(\s+(?:ca\.crt|tls\.crt|tls\.key|lowband/issued)): .*$", re.MULTILINE)


def helm(major, *arguments):
    return subprocess.run(
        [TOOLS / "bin" / major, *map(str, arguments)], capture_output=True, text=True
    )


@functools.cache
def rendered(major, shape):
    result = helm(major, "template", "lowband", CHART, "-n", "matrix", "-f", shape)
    assert result.returncode == 0, result.stderr
    return result.stdout


@functools.cache
def objects(shape):
    return [o for o in yaml.load_all(rendered("helm4", shape), LOADER) if o]


def of_kind(shape, *kinds):
    return [o for o in objects(shape) if o["kind"] in kinds]


def one(shape, kind, name):
    found = [o for o in of_kind(shape, kind) if o["metadata"]["name"] == name]
    assert len(found) == 1, f"{kind} {name}: {len(found)}"
    return found[0]


def pods(shape):
    """(name, labels, spec) of everything that becomes a pod."""
    for o in of_kind(shape, "Deployment"):
        template = o["spec"]["template"]
        yield o["metadata"]["name"], template["metadata"]["labels"], template["spec"]
    for o in of_kind(shape, "Pod"):
        yield o["metadata"]["name"], o["metadata"]["labels"], o["spec"]


def component(shape, name):
    found = [
        o
        for o in of_kind(shape, "Deployment")
        if o["metadata"]["labels"]["app.kubernetes.io/component"] == name
    ]
    assert len(found) == 1
    return found[0]


def arguments(shape, name):
    return component(shape, name)["spec"]["template"]["spec"]["containers"][0]["args"]


def selects(selector, labels):
    return selector.items() <= labels.items()


def values(shape):
    """The chart's values overridden by those of a shape."""

    def lay(under, over):
        if not isinstance(under, dict) or not isinstance(over, dict):
            return over
        return under | {key: lay(under.get(key), value) for key, value in over.items()}

    return lay(
        yaml.load((CHART / "values.yaml").read_text(), LOADER), yaml.load(shape.read_text(), LOADER)
    )
