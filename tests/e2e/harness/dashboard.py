"""The chart's dashboard as Grafana would query it."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
FILE = ROOT / "deploy" / "helm" / "lowband" / "dashboards" / "lowband.json"


def load():
    return json.loads(FILE.read_text())


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


class Variables:
    """What Grafana puts in for a time range, with everything chosen."""

    def __init__(self, dashboard, step, scrape_seconds):
        # Grafana's own rule, with the scrape interval that the data source is told.
        rate = max(step + scrape_seconds, 4 * scrape_seconds)
        self._values = {"__rate_interval": f"{rate}s", "__interval": f"{step}s"}
        for variable in dashboard["templating"]["list"]:
            self._values[variable["name"]] = variable.get("allValue", "")

    def put_into(self, expression):
        # $1 is the query's own, of label_replace.
        return re.sub(r"\$([a-z_]\w*)", lambda found: self._values[found[1]], expression)


def legend(target, labels):
    """A series' name as Grafana writes it."""
    form = target["legendFormat"]
    if form == "__auto":
        return ", ".join(f"{key}={value}" for key, value in labels.items() if key != "__name__")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), form).strip()
