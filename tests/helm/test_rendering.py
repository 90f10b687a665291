"""Both Helms render every shape equally, and the API servers would accept the result."""

import functools
import json
import pathlib

import jsonschema
import kubernetes_validate
import pytest
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from chart import CHART, FRESH, HELMS, LOADER, TOOLS, helm, objects, rendered

SCHEMAS = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
VERSIONS = ["1.30", "1.37"]  # the oldest that Chart.yaml allows, and the newest


@pytest.mark.parametrize("major", HELMS)
def test_lint_is_clean(major, shape):
    result = helm(major, "lint", "--strict", CHART, "-f", shape)
    assert result.returncode == 0, result.stdout + result.stderr


def test_helm_3_and_4_render_the_same(shape):
    def plain(major):
        return FRESH.sub(r"\1: …", rendered(major, shape))

    assert plain("helm3") == plain("helm4")


class CrdLoader(LOADER):
    """Takes a plain "=", a value of YAML 1.1, for text."""


CrdLoader.add_constructor("tag:yaml.org,2002:value", LOADER.construct_yaml_str)


def closed(schema):
    """A definition without unnamed fields, which `kubectl` warns about."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # In `properties` the keys are names of fields, one of which may be "properties".
    out = {
        key: {name: closed(field) for name, field in value.items()}
        if key == "properties"
        else closed(value)
        for key, value in schema.items()
    }
    if "properties" in out and not out.get("x-kubernetes-preserve-unknown-fields"):
        out.setdefault("additionalProperties", False)
    if out.get("x-kubernetes-int-or-string"):
        out.pop("type", None)
    return out


@functools.cache
def custom_resource(api, kind):
    """Its validator; None: no such definition."""
    group, _, number = api.rpartition("/")
    for path in (TOOLS / "crds").glob(f"{group}_{kind.lower()}s.yaml"):
        definition = next(d for d in yaml.load_all(path.read_text(), CrdLoader) if d)
        for version in definition["spec"]["versions"]:
            if version["name"] == number:
                schema = closed(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                return jsonschema.Draft7Validator(schema)
    return None


@functools.cache
def definitions(folder):
    """The document that the schemas of one version refer to, under any address."""
    document = json.loads((folder / "_definitions.json").read_text())
    document.pop("$id", None)
    return Registry(
        retrieve=lambda _: Resource.from_contents(document, default_specification=DRAFT202012)
    )


@functools.cache
def built_in(version, api, kind):
    folder = next(SCHEMAS.glob(f"v{version}.*-local-strict"))
    group, _, number = api.rpartition("/")
    name = "-".join([kind.lower(), *([group.split(".")[0]] if group else []), number])
    path = folder / f"{name}.json"
    assert path.exists(), f"Kubernetes {version} has no {api} {kind}"
    schema = json.loads(path.read_text())
    return jsonschema.Draft202012Validator(schema, registry=definitions(folder))


def complaints(version, o):
    return complaints_about(version, json.dumps(o))


@functools.cache
def complaints_about(version, text):
    """Cached by its text: most objects are equal in most shapes."""
    o = json.loads(text)
    api, kind = o["apiVersion"], o["kind"]
    validator = custom_resource(api, kind) or built_in(version, api, kind)
    return [
        f"{kind} {o['metadata']['name']}: {error.json_path}: {error.message[:200]}"
        for error in validator.iter_errors(o)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_matches_its_schema(shape, version):
    assert [line for o in objects(shape) for line in complaints(version, o)] == []


@pytest.mark.parametrize("kind", ["Deployment", "NetworkPolicy", "ServiceMonitor", "Certificate"])
def test_an_unknown_field_is_noticed(kind):
    """The check above would be useless if a misspelt field passed."""
    wanted = {"ServiceMonitor": "monitoring", "Certificate": "cert-manager"}.get(kind, "default")
    shape = CHART / "ci" / f"{wanted}-values.yaml"
    o = json.loads(json.dumps(next(o for o in objects(shape) if o["kind"] == kind)))
    assert complaints("1.37", o) == []
    o["spec"]["minReadySecond"] = 5
    assert complaints("1.37", o) != []


def test_no_two_objects_have_one_name(shape):
    names = [(o["apiVersion"], o["kind"], o["metadata"]["name"]) for o in objects(shape)]
    assert len(names) == len(set(names))


def test_every_object_is_in_the_release_namespace(shape):
    assert {o["metadata"]["namespace"] for o in objects(shape)} == {"matrix"}
