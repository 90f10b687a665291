"""Grafana's model of a dashboard (JSON), made from a short description of each panel.

In queries @ stands for the matchers of every selector; @LOWBAND restricts series that any process
may have to those of Lowband.
"""

MATCHERS = 'job=~"$job",namespace=~"$namespace",instance=~"$instance"'
BUILD = '{__name__=~"lowband_(edge|translator)_build_info",' + MATCHERS + "}"
DATASOURCE = {"type": "prometheus", "uid": "$datasource"}
# The chart puts monitoring.rules.runbookUrl in its place.
RUNBOOK = "docs/runbook.md"
GREEN, YELLOW, RED, BLUE, GREY = "green", "#EAB839", "red", "blue", "#808080"
# Each of these label values has one colour in all panels.
COLOURS = {
    "2xx|completed|served|delivered|acknowledged|piggybacked|download_completed": "green",
    "3xx|resumed|unchanged|upload_completed": "#5794F2",
    "4xx|timed_out|separate|parked|client_gone": "#FF9830",
    "5xx|failed|connect|undelivered|no_translator|kernel|lost|homeserver: 5xx": "#F2495C",
    "broken|lane_lost|homeserver: no answer": "#C4162A",
    "malformed|unknown_session|evicted|evicted_busy|made_room|overload|over_limit": "#B877D9",
}


REPLICA = "{{replica}}"


def replicas(expression):
    """Names the series of an expression by (pod, instance): by the pod, or outside of Kubernetes
    by the instance."""
    named = f'label_replace({expression}, "replica", "$1", "instance", "(.+)")'
    return (f'label_replace({named}, "replica", "$1", "pod", "(.+)")', REPLICA)


def expand(expression):
    expression = expression.replace("@LOWBAND", "and on (job, instance) " + BUILD)
    return " ".join(expression.split()).replace("{ @", "{@").replace("@", MATCHERS)


class Panel:
    """`queries`: (expression, legend) each, or one expression. `steps`: thresholds, {from: colour};
    `empty`: shown when there is no data; `words`: shown instead of values; `up_to`: the axis
    reaches at least this; `below`: values may be below 0."""

    def __init__(
        self, title, kind, queries, description, unit="short", w=6, h=8, alerts=(), **more
    ):
        self.title, self.kind, self.unit, self.w, self.h = title, kind, unit, w, h
        self.queries = [(queries, "")] if isinstance(queries, str) else list(queries)
        self.description, self.alerts, self.more = description, alerts, more

    def json(self, number, x, y):
        alerts = "".join(f"\n\nAlert: {name}" for name in self.alerts)
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description + alerts,
            "datasource": DATASOURCE,
            "gridPos": {"h": self.h, "w": self.w, "x": x, "y": y},
            "links": [
                {
                    "title": f"Runbook: {name}",
                    "url": f"{RUNBOOK}#{name.lower()}",
                    "targetBlank": True,
                }
                for name in self.alerts
            ],
            "targets": [
                {
                    "refId": chr(ord("A") + index),
                    "datasource": DATASOURCE,
                    "editorMode": "code",
                    "expr": expand(expression),
                    "legendFormat": legend or "__auto",
                    "range": True,
                    "instant": False,
                }
                for index, (expression, legend) in enumerate(self.queries)
            ],
            "fieldConfig": {"defaults": self._defaults(), "overrides": self._overrides()},
            "options": OPTIONS[self.kind](self.more),
        }

    def _defaults(self):
        steps = self.more.get("steps") or {None: GREEN}
        defaults = {
            "unit": self.unit,
            "thresholds": {
                "mode": "absolute",
                "steps": [{"value": value, "color": colour} for value, colour in steps.items()],
            },
            "color": {"mode": "thresholds" if self.kind != "timeseries" else "palette-classic"},
        }
        if "decimals" in self.more:
            defaults["decimals"] = self.more["decimals"]
        if "empty" in self.more:
            defaults["noValue"] = self.more["empty"]
        if "words" in self.more:
            words = {str(value): {"text": text} for value, text in self.more["words"].items()}
            defaults["mappings"] = [{"type": "value", "options": words}]
        if self.kind == "timeseries":
            defaults |= {"custom": self._lines()} | ({} if self.more.get("below") else {"min": 0})
        if self.kind == "state-timeline":
            defaults |= {"custom": {"fillOpacity": 80, "lineWidth": 0}}
        return defaults

    def _lines(self):
        stacked = self.more.get("stack", False)
        return {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 60 if stacked else 10,
            "gradientMode": "none",
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if self.more.get("steps") else "off"},
            # Else a threshold would be invisible until it is crossed.
            **({"axisSoftMax": self.more["up_to"]} if "up_to" in self.more else {}),
        }

    def _overrides(self):
        by_label = [legend for _, legend in self.queries if "{{" in legend and legend != REPLICA]
        if self.kind != "timeseries" or not by_label:
            return []
        named = [
            {
                "matcher": {"id": "byRegexp", "options": f"^({names})$"},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
            }
            for names, colour in COLOURS.items()
        ]
        # Reasons that never occurred would fill the legend. A replica at rest keeps its line.
        silent = {
            "matcher": {
                "id": "byValue",
                "options": {"reducer": "allIsZero", "op": "gte", "value": 0},
            },
            "properties": [
                {"id": "custom.hideFrom", "value": {"legend": True, "tooltip": True, "viz": False}}
            ],
        }
        return [*named, silent]


def _timeseries(more):
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _stat(more):
    return {
        "colorMode": "background" if "steps" in more else "value",
        "graphMode": more.get("graph", "area"),
        "textMode": "auto",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }


def _bars(more):
    return {
        "displayMode": "gradient",
        "orientation": "horizontal",
        "showUnfilled": True,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }


def _states(more):
    return {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.85,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


OPTIONS = {"timeseries": _timeseries, "stat": _stat, "bargauge": _bars, "state-timeline": _states}


def variable(name, label, query, allValue):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "multi": True,
        "includeAll": True,
        "allValue": allValue,
        "refresh": 2,
        "sort": 1,
        "current": {"text": "All", "value": "$__all"},
    }


def annotation(name, colour, expression, title, text):
    return {
        "name": name,
        "enable": True,
        "iconColor": colour,
        "datasource": DATASOURCE,
        "expr": expand(expression),
        "titleFormat": title,
        "textFormat": text,
    }


def laid_out(rows):
    """Panels from left to right in their order; one that does not fit begins a new line."""
    panels, y = [], 0
    for title, members in rows:
        panels.append({
            "id": len(panels) + 1, "type": "row", "title": title, "collapsed": False,
            "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}, "panels": [],
        })  # fmt: skip
        y += 1
        x = height = 0
        for member in members:
            column = member if isinstance(member, list) else [member]
            if x + column[0].w > 24:
                x, y, height = 0, y + height, 0
            below = y
            for panel in column:
                panels.append(panel.json(len(panels) + 1, x, below))
                below += panel.h
            x, height = x + column[0].w, max(height, below - y)
        y += height
    return panels
