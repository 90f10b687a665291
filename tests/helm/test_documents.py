"""The documents agree with the chart."""

import re
import subprocess

import yaml

from chart import CHART, LOADER, ROOT, helm

VALUES = yaml.load((CHART / "values.yaml").read_text(), LOADER)
DOCUMENTS = [
    CHART / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("dashboard", "kubernetes", "runbook", "scaling")),
]
# Names that begin like a value: keys of Secrets, an annotation.
FOREIGN = {"tls.crt", "tls.key", "service.beta.kubernetes.io"}
TOP = "|".join(VALUES)


def test_readme_is_that_of_the_values():
    result = subprocess.run(
        [ROOT / "scripts" / "chart-readme", "--check"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def leaves(value, path=""):
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path


def test_readme_lists_every_value():
    listed = set(re.findall(r"^\| `([\w.]+)` \|", (CHART / "README.md").read_text(), re.MULTILINE))
    assert set(leaves(VALUES)) <= listed


def test_values_named_in_documents_exist():
    for document in DOCUMENTS:
        text = document.read_text()
        named = re.findall(rf"(?:`|--set\s+)((?:{TOP})\.[\w.-]+)", text)
        assert named, document
        for name in set(named) - FOREIGN:
            value = VALUES
            for part in name.rstrip(".").split("."):
                if isinstance(value, dict) and not value:
                    break  # an open map, such as flags; the schema has its possible names
                assert part in value, f"{document.name}: {name}"
                value = value[part]


def test_flags_named_in_documents_are_in_the_schema():
    import json

    schema = json.loads((CHART / "values.schema.json").read_text())
    for document in DOCUMENTS:
        for name, flag in re.findall(r"`(edge|translator)\.flags\.([\w-]+)", document.read_text()):
            assert flag in schema["properties"][name]["properties"]["flags"]["properties"], flag


def test_links_in_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *DOCUMENTS]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_install_command_of_the_readme_renders():
    text = (CHART / "README.md").read_text()
    command = re.search(r"^helm install (.*?)\nhelm test", text, re.DOTALL | re.MULTILINE)[1]
    words = command.replace("\\\n", " ").replace("deploy/helm/lowband", str(CHART)).split()
    for major in ("helm3", "helm4"):
        result = helm(major, "template", *words)
        assert result.returncode == 0, result.stderr
