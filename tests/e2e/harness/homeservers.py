"""The homeservers behind the gateway: Synapse, and our own small one."""

import pathlib
import sys

import requests

from harness.process import Process, free_port

_SYNAPSE_CONFIG = """
server_name: test.localhost
pid_file: {folder}/homeserver.pid
listeners:
  - port: {port}
    tls: {tls}
    type: http
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [client, media], compress: false}}]
    x_forwarded: true
{tls_files}
max_upload_size: 300M
database: {{name: sqlite3, args: {{database: "{database}"}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
public_baseurl: {url}/
serve_server_wellknown: false
enable_registration: true
enable_registration_without_verification: true
registration_shared_secret: for-the-tests-only
macaroon_secret_key: for-the-tests-only
form_secret: for-the-tests-only
bcrypt_rounds: 4
report_stats: false
suppress_key_server_warning: true
trusted_key_servers: []
url_preview_enabled: false
presence: {{enabled: false}}
rc_message: {{per_second: 10000, burst_count: 10000}}
rc_registration: {{per_second: 10000, burst_count: 10000}}
rc_joins: {{local: {{per_second: 10000, burst_count: 10000}}}}
rc_invites:
  per_room: {{per_second: 10000, burst_count: 10000}}
  per_user: {{per_second: 10000, burst_count: 10000}}
rc_login:
  address: {{per_second: 10000, burst_count: 10000}}
  account: {{per_second: 10000, burst_count: 10000}}
  failed_attempts: {{per_second: 10000, burst_count: 10000}}
"""

_SYNAPSE_LOG = """
version: 1
handlers: {console: {class: logging.StreamHandler}}
root: {level: WARNING, handlers: [console]}
"""


class Homeserver:
    """Something that answers the client-server API at `url`."""

    url: str
    process: Process

    def stop(self):
        self.process.stop()


class Synapse(Homeserver):
    """With a certificate it speaks HTTPS. `public`: the URL that it thinks it has, if another than
    its own; `more`: lines of its configuration; `database`: another than a file in `folder`."""

    def __init__(self, folder, certificate=None, public=None, more="", database=None):
        folder = pathlib.Path(folder)
        port = free_port()
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{port}"
        self._verify = certificate.cert if certificate else True
        files = ""
        if certificate:
            files = (
                f'tls_certificate_path: "{certificate.cert}"\n'
                f'tls_private_key_path: "{certificate.key}"\n'
            )
        config = folder / "homeserver.yaml"
        config.write_text(
            _SYNAPSE_CONFIG.format(
                folder=folder, port=port, url=public or self.url,
                database=database or f"{folder}/homeserver.db",
                tls=str(bool(certificate)).lower(), tls_files=files,
            )  # fmt: skip
            + more
        )
        (folder / "log.yaml").write_text(_SYNAPSE_LOG)
        command = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", config]
        keys = Process("synapse-keys", [*command, "--generate-keys"], folder)
        assert keys.wait(60) == 0, keys.tail()
        self.process = Process("synapse", command, folder)
        self.process.wait_until(self._answers, 90, "an answer to /versions")

    def _answers(self):
        try:
            return requests.get(
                f"{self.url}/_matrix/client/versions", timeout=5, verify=self._verify
            ).ok
        except requests.RequestException:
            return False


class DemoHomeserver(Homeserver):
    def __init__(self, folder, program, *flags, port=0):
        command = [program, "--listen", f"127.0.0.1:{port}", *flags]
        name = f"demo-homeserver-{len(list(pathlib.Path(folder).glob('demo-homeserver-*.log')))}"
        self.process = Process(name, command, folder)
        line = self.process.wait_for_line(r"listening on (127\.0\.0\.1:\d+)")
        self.url = f"http://{line.group(1)}"

    def stats(self):
        """What it executed, by method and path, and how often each send arrived."""
        return requests.get(f"{self.url}/_demo/stats", timeout=5).json()

    def fault(self, **fault):
        """See AddFault in tools/demo_homeserver/homeserver.cc."""
        requests.post(f"{self.url}/_demo/fault", json=fault, timeout=5).raise_for_status()
