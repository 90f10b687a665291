"""The part of an API server that Helm's lookup needs: some Secrets."""

import contextlib
import http.server
import json
import re
import threading

KINDS = {
    "v1": ["Pod", "Secret", "Service", "ServiceAccount"],
    "apps/v1": ["Deployment"],
    "networking.k8s.io/v1": ["NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
}


def group_list():
    groups = []
    for name in KINDS:
        if "/" in name:
            version = {"groupVersion": name, "version": name.rpartition("/")[2]}
            groups.append(
                {"name": name.partition("/")[0], "versions": [version], "preferredVersion": version}
            )
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def resource_list(name):
    resources = [
        {"name": plural(kind), "singularName": kind.lower(), "namespaced": True, "kind": kind,
         "verbs": ["get", "list"]}
        for kind in KINDS[name]
    ]  # fmt: skip
    return {"kind": "APIResourceList", "groupVersion": name, "resources": resources}


def plural(kind):
    return kind.lower().removesuffix("y") + ("ies" if kind.endswith("y") else "s")


RESOURCES = {
    "/version": {"major": "1", "minor": "34", "gitVersion": "v1.34.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": group_list(),
} | {f"/apis/{name}" if "/" in name else f"/api/{name}": resource_list(name) for name in KINDS}


@contextlib.contextmanager
def cluster(folder, secrets):
    """Path of a kubeconfig for a server that holds `secrets`, by name."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            found = RESOURCES.get(path)
            if named := re.fullmatch(r"/api/v1/namespaces/matrix/secrets/([\w-]+)", path):
                found = secrets.get(named[1])
            status = 200 if found else 404
            body = found or {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                             "reason": "NotFound", "code": 404}  # fmt: skip
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = folder / "kubeconfig"
    config.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }))  # fmt: skip
    try:
        yield config
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
