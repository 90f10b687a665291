"""The dashboard: made from its source, of metrics that exist, by dashboard-linter's rules."""

import json
import re
import subprocess

import pytest
import yaml

from chart import CHART, ROOT, SHAPES, of_kind
from test_monitoring import METRIC, alerts, metrics, promtool

DASHBOARD = json.loads((CHART / "dashboards" / "lowband.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {v["name"]: v for v in DASHBOARD["templating"]["list"]}
MATCHERS = ['job=~"$job"', 'namespace=~"$namespace"', 'instance=~"$instance"']
SHAPE = next(path for path in SHAPES if path.stem == "monitoring-values")


def test_json_is_that_of_the_source():
    result = subprocess.run(
        [ROOT / "scripts" / "dashboard", "--check"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: f"{p['id']}-{p['title']}")
def test_panel_follows_the_dashboard_linter(panel):
    assert panel["title"] and panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == "$datasource"
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "$datasource"
        follows_the_rules_of_targets(target["expr"])


def follows_the_rules_of_targets(expression):
    assert set(METRIC.findall(expression)) <= metrics()
    selectors = re.findall(r"\{[^}]*\}", expression)
    assert selectors
    for selector in selectors:
        assert all(matcher in selector for matcher in MATCHERS), selector
    for window in re.findall(r"\[([^\]]+)\]", expression):
        assert window == "$__rate_interval"
    for function, _ in re.findall(r"(\w+\()?\b((?:lowband|process)_\w+_total)\b", expression):
        assert function in ("rate(", "increase("), expression


def test_annotations_follow_the_same_rules():
    for annotation in DASHBOARD["annotations"]["list"]:
        assert annotation["datasource"]["uid"] == "$datasource"
        follows_the_rules_of_targets(annotation["expr"])


def test_queries_parse(tmp_path):
    """As recording rules, with Grafana's variables put in."""
    queries = {f"panel:{p['id']}:{t['refId']}": t["expr"] for p in PANELS for t in p["targets"]}
    for annotation in DASHBOARD["annotations"]["list"]:
        queries[f"annotation:{annotation['name']}"] = annotation["expr"]
    rules = []
    for name, text in queries.items():
        text = text.replace("$__rate_interval", "5m").replace("$namespace", ".*")
        text = text.replace("$job", ".+").replace("$instance", ".+")
        assert not re.search(r"\$[^1]", text), name
        rules.append({"record": name, "expr": text})
    (tmp_path / "panels.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]})
    )
    result = promtool(tmp_path, "check", "rules", "panels.yaml")
    assert result.returncode == 0, result.stderr + result.stdout


def test_dashboard_as_a_whole():
    assert DASHBOARD["editable"] is False and DASHBOARD["uid"] == "lowband"
    datasources = [v for v in VARIABLES.values() if v["type"] == "datasource"]
    assert [v["name"] for v in datasources] == ["datasource"]
    for name, everything in (("job", ".+"), ("instance", ".+"), ("namespace", ".*")):
        assert VARIABLES[name]["multi"] and VARIABLES[name]["allValue"] == everything
        assert VARIABLES[name]["refresh"] == 2, "on time change"
        assert VARIABLES[name]["datasource"]["uid"] == "$datasource"


def test_panels_lie_side_by_side():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells


def test_panels_lead_to_the_runbook():
    """Every alert is linked from a panel that shows what it is about."""
    linked = {link["title"].split()[-1] for panel in PANELS for link in panel["links"]}
    assert linked == {rule["alert"] for rule in alerts()}
    for panel in PANELS:
        for link in panel["links"]:
            assert link["url"] == f"docs/runbook.md#{link['title'].split()[-1].lower()}"


def test_configmap_carries_the_dashboard():
    (config,) = [c for c in of_kind(SHAPE, "ConfigMap")]
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(config["data"]["lowband.json"]) == DASHBOARD
    # kubectl apply keeps the whole object in an annotation, which may not be larger.
    assert len(json.dumps(config)) < 256 * 1024


def test_runbook_is_linked_where_it_is(template):
    base = yaml.safe_load(SHAPE.read_text())
    result = template(base, {"monitoring": {"rules": {"runbookUrl": "https://docs.example/run"}}})
    assert result.returncode == 0, result.stderr
    assert "docs/runbook.md" not in result.stdout
    assert "https://docs.example/run#lowbandslow" in result.stdout
