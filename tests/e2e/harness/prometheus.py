"""A real Prometheus that scrapes what a test runs, and answers over its HTTP API."""

import json
import pathlib

import requests

from harness.process import Process, free_port


class Target:
    """One pod to scrape. `labels` are those of its discovery, without __meta_kubernetes_."""

    def __init__(self, job, address, **labels):
        self.job, self.address, self.labels = job, address, labels


def _job(name, targets):
    """As the operator makes it of a ServiceMonitor or PodMonitor, the chart's `job` included."""
    relabel = [
        {"source_labels": [f"__meta_kubernetes_{meta}"], "target_label": label}
        for meta, label in (("namespace", "namespace"), ("pod_name", "pod"))
    ]
    relabel.append({"target_label": "job", "replacement": name})
    return {
        "job_name": f"monitor/{name}",
        # Of kube-state-metrics the labels of its own series count, as its chart has it.
        "honor_labels": name == "kube-state-metrics",
        "relabel_configs": relabel,
        "static_configs": [
            {
                "targets": [target.address],
                "labels": {f"__meta_kubernetes_{k}": v for k, v in target.labels.items()},
            }
            for target in targets
        ],
    }


class Prometheus:
    def __init__(self, folder, targets, rules="", scrape_seconds=1):
        folder = pathlib.Path(folder)
        (folder / "rules.yaml").write_text(rules)
        jobs = {}
        for target in targets:
            jobs.setdefault(target.job, []).append(target)
        interval = f"{scrape_seconds}s"
        config = {
            "global": {"scrape_interval": interval, "evaluation_interval": interval,
                       "scrape_timeout": interval},
            "rule_files": ["rules.yaml"] if rules else [],
            "scrape_configs": [_job(name, members) for name, members in jobs.items()],
        }  # fmt: skip
        # YAML can be written as JSON.
        (folder / "prometheus.yaml").write_text(json.dumps(config))
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        self.process = Process(
            "prometheus",
            ["prometheus", f"--config.file={folder / 'prometheus.yaml'}",
             f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={address}"],
            folder,
        )  # fmt: skip
        self.process.wait_until(self._ready, 30, "readiness")

    def _ready(self):
        try:
            return requests.get(f"{self.url}/-/ready", timeout=5).ok
        except requests.RequestException:
            return False

    def api(self, path, **parameters):
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30).json()
        assert answer["status"] == "success", f"{path} {parameters}: {answer}"
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] now."""
        found = self.api("query", query=expression)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def query_range(self, expression, start, end, step):
        """[(labels, [(time, value)])]"""
        found = self.api("query_range", query=expression, start=start, end=end, step=step)
        return [
            (one["metric"], [(at, float(value)) for at, value in one["values"]])
            for one in found["result"]
        ]

    def value(self, expression):
        """Of an expression with one value; 0 if it has none."""
        found = self.query(expression)
        return found[0][1] if found else 0.0

    def stop(self):
        self.process.stop()
