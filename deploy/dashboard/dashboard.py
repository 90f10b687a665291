"""The dashboard as a whole; scripts/dashboard writes it into the chart."""

from grafana import BUILD, RUNBOOK, annotation, laid_out, variable
from overview import OVERVIEW
from rows import ADMISSION, COAP, DTLS, HTTP, OBSERVE, RESOURCES, TRANSLATORS, UPSTREAM

ROWS = [
    ("Overview", OVERVIEW),
    ("DTLS", DTLS),
    ("CoAP", COAP),
    ("Who is refused", ADMISSION),
    ("Observe", OBSERVE),
    ("HTTP on TCP", HTTP),
    ("Translators", TRANSLATORS),
    ("Homeserver", UPSTREAM),
    ("Resources", RESOURCES),
]
INFO = '{__name__=~"lowband_(edge|translator)_build_info"'


def values(label, more=""):
    return f"label_values({INFO}{more}}}, {label})"


def dashboard():
    return {
        "uid": "lowband",
        "title": "Lowband",
        "description": "Low-bandwidth Matrix: edges, translators and the homeserver behind them.",
        "tags": ["lowband", "matrix"],
        "editable": False,
        # The schema of Grafana 9.0; later versions migrate it when they load it.
        "schemaVersion": 36,
        "version": 1,
        "timezone": "",
        "refresh": "30s",
        "graphTooltip": 1,
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Data source",
                    "type": "datasource",
                    "query": "prometheus",
                    "current": {},
                },
                # Outside of Kubernetes this label is missing, and .+ would match no series.
                variable("namespace", "Namespace", values("namespace"), ".*"),
                variable("job", "Job", values("job", ',namespace=~"$namespace"'), ".+"),
                variable(
                    "instance", "Instance",
                    values("instance", ',namespace=~"$namespace",job=~"$job"'), ".+",
                ),
            ]  # fmt: skip
        },
        "annotations": {
            "list": [
                annotation(
                    "Restarts", "orange",
                    "(changes(process_start_time_seconds{@}[$__rate_interval]) > 0"
                    " or time() - process_start_time_seconds{@} < 60) @LOWBAND",
                    "started", "{{job}} {{pod}} {{instance}}",
                ),
                # A version that no process had before the window began.
                annotation(
                    "Deploys", "blue",
                    f"count by (job, version) ({BUILD}) unless "
                    f"count by (job, version) ({BUILD} offset $__rate_interval)",
                    "new version", "{{job}} {{version}}",
                ),
            ]  # fmt: skip
        },
        "links": [
            {
                "title": "Runbook",
                "type": "link",
                "icon": "doc",
                "url": RUNBOOK,
                "targetBlank": True,
                "tooltip": "What each alert means, how to check, what to do",
            }
        ],
        "panels": laid_out(ROWS),
    }
