"""The chart's alerts without Helm; tests/helm/test_monitoring.py holds this against Helm's."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
NAMESPACE = "matrix"
EDGE_JOB, TRANSLATOR_JOB = "lowband-edge", "lowband-translator"
# The chart's values.
OBJECTIVE = 99.5
GRACE_SECONDS = 110
RUNBOOK = "docs/runbook.md"


def rendered():
    """YAML, as of a release `lowband` in the namespace `matrix`."""
    text = (ROOT / "deploy" / "helm" / "lowband" / "rules" / "alerts.yaml").read_text()
    for mark, value in {
        "@EDGE@": f'job="{EDGE_JOB}",namespace="{NAMESPACE}"',
        "@TRANSLATOR@": f'job="{TRANSLATOR_JOB}",namespace="{NAMESPACE}"',
        "@HPA@": f'namespace="{NAMESPACE}",horizontalpodautoscaler=~"(keda-hpa-)?{TRANSLATOR_JOB}"',
        "@NAMESPACE@": NAMESPACE,
        "@BUDGET@": f"{(100 - OBJECTIVE) / 100:.6f}",
        "@GRACE@": str(GRACE_SECONDS),
        "@RUNBOOK@": RUNBOOK,
    }.items():
        text = text.replace(mark, value)
    return text
