"""The two ways to one Synapse: nginx with TLS 1.3, gzip and HTTP/2, and Lowband; and clients of
each, which keep a connection or session and take one request at a time."""

import json
import pathlib
import subprocess
import sys

from content import compact
from world import ANDROID

from harness.certificate import Certificate
from harness.gateway import Gateway
from harness.process import Process, free_port

HERE = pathlib.Path(__file__).resolve().parent
HOST = "matrix.example.org"

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  client_max_body_size 50m;
  keepalive_timeout 3600s;
  keepalive_requests 1000000;
  gzip on;
  gzip_comp_level 6;
  gzip_proxied any;
  gzip_types application/json;
  upstream synapse {{ server {synapse}; keepalive 8; }}
  server {{
    listen {address}:{port} ssl http2;
    ssl_certificate {cert};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.3;
    location / {{
      proxy_pass http://synapse;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_read_timeout 120s;
    }}
  }}
}}
"""


def lowband_flags(number):
    """Of `lowband request` and `lowband sync`, so that bodies are of this Content-Format."""
    return {60: [], 11060: ["--compressed"], 65079: ["--packed"]}[number]


def convert_flags(number):
    """Of `lowband convert`."""
    return lowband_flags(number)


class Servers:
    """nginx and Lowband at `address`, in front of `synapse`."""

    def __init__(self, folder, bin_dir, synapse_url, address):
        self.folder, self.bin_dir, self.address = folder, bin_dir, address
        self.certificate = Certificate(folder)
        self.https_port, self.coaps_port = free_port(), free_port()
        config = folder / "nginx.conf"
        config.write_text(
            NGINX.format(
                folder=folder, synapse=synapse_url.removeprefix("http://"), address=address,
                port=self.https_port, cert=self.certificate.cert, key=self.certificate.key,
            )  # fmt: skip
        )
        self.nginx = Process("nginx", ["nginx", "-p", folder, "-c", config], folder)
        self.nginx.wait_until(self._nginx_listens, 10, "a listening nginx")
        self.lowband = Gateway(
            folder, bin_dir / "lb-proxy", synapse_url, self.certificate,
            port=self.coaps_port, bind=f"{address}:{self.coaps_port}",
        )  # fmt: skip

    def _nginx_listens(self):
        wanted = f":{self.https_port:04X}"
        lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
        return any(line.split()[1].endswith(wanted) for line in lines)

    def stop(self):
        self.lowband.stop()
        self.nginx.stop()

    def http(self, version, token):
        """The command of a client over HTTPS."""
        return [
            sys.executable, HERE / "http_client.py", "--http", version, "--address", self.address,
            "--port", self.https_port, "--host", HOST, "--ca", self.certificate.cert,
            "--token", token, "--user-agent", ANDROID,
        ]  # fmt: skip

    def coaps(self):
        return f"coaps://{self.address}:{self.coaps_port}"

    def request(self, number, token):
        """The command of our client engine, for requests of Content-Format `number`."""
        return [
            self.bin_dir / "lowband", "request", "--batch", "-", *self._connect(token),
            *lowband_flags(number), self.coaps(),
        ]  # fmt: skip

    def sync(self, number, token, filter_id, keepalive):
        """The same, for observing /sync. `keepalive`: seconds of silence before a ping."""
        return [
            self.bin_dir / "lowband", "sync", *self._connect(token), *lowband_flags(number),
            "--json", "--filter", filter_id, "--keepalive", keepalive, self.coaps(),
        ]  # fmt: skip

    def _connect(self, token):
        return ["-k", "--token", token, "--user-agent", ANDROID]


class Asker:
    """A client program in the namespace that answers line by line."""

    def __init__(self, network, command):
        self._popen = subprocess.Popen(
            network.inside(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def begin(self, method, path, body=None):
        """Sends a request."""
        line = f"{method} {path}"
        if body is not None:
            line += " " + compact(body).decode()
        self._popen.stdin.write(line + "\n")
        self._popen.stdin.flush()

    def end(self):
        """Its answer."""
        line = self._popen.stdout.readline()
        if not line:
            raise SystemExit(f"error: {self._popen.args} ended")
        answer = json.loads(line)
        good = answer.get("status", 0) in range(200, 300) or answer.get("code", "")[:2] in (
            "2.", "0.",
        )  # fmt: skip
        if not good:
            raise SystemExit(f"error: {self._popen.args}: {line[:500]}")
        return answer

    def ask(self, method, path, body=None):
        self.begin(method, path, body)
        return self.end()

    def stop(self):
        self._popen.stdin.close()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
