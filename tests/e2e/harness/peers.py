"""The deployed clients' stacks: Go programs on the very versions of go-coap and pion in use."""

import os
import pathlib
import subprocess

from harness.process import Process, free_port, run, udp_ports

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "gopeers"
PROGRAMS = ("coap", "jc", "client-proxy")


def build(folder):
    """Builds the Go peers into `folder`. Fails, never skips, when there is no Go or no registry."""
    try:
        done = subprocess.run(
            ["go", "build", "-o", f"{folder}/", "./cmd/..."],
            cwd=SOURCE,
            env={**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"},
            capture_output=True,
            text=True,
            timeout=600,
        )
    except FileNotFoundError:
        raise AssertionError(
            "no Go compiler on PATH: the end-to-end tests need one (scripts/setup installs it)"
        ) from None
    assert done.returncode == 0, (
        "cannot build the Go peers in tests/e2e/gopeers; their modules come from the Go module "
        f"proxy (go env GOPROXY), is it reachable?\n{done.stderr}"
    )


class Peers:
    """The programs of one folder: our builds or the reference's."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for program in PROGRAMS:
            assert (self.folder / program).exists(), f"no {program} in {folder}"

    def coap(self, gateway, method, path, body=b"", headers=(), seconds=60, flags=("-k",),
             environment=None):  # fmt: skip
        """The `coap` program; the result's stdout is the response body as it came (CBOR)."""
        command = [self.folder / "coap", "-X", method, *flags]
        for header in headers:
            command += ["-H", header]
        if body:
            command += ["-d", "-"]
        environment = {**os.environ, **(environment or {})}
        return run([*command, gateway.url(path)], seconds, body, env=environment)

    def to_cbor(self, text):
        done = run([self.folder / "jc", "-out", "-", "-"], data=text.encode())
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def to_json(self, data):
        done = run([self.folder / "jc", "-c2j", "-out", "-", "-"], data=data)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def client_proxy(self, folder, address, environment=None):
        return ClientProxy(self.folder / "client-proxy", folder, address, environment)


class ClientProxy:
    """HTTP in, CoAP out: what a mobile client sends, driven by any HTTP client."""

    def __init__(self, program, folder, address, environment=None):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        name = f"client-proxy-{len(list(pathlib.Path(folder).glob('client-proxy-*.log')))}"
        self.process = Process(
            name,
            [program, "--http-bind-addr", f"127.0.0.1:{port}", "--homeserver", address],
            folder,
            {"LB_INSECURE_SKIP_VERIFY": "1", **(environment or {})},
        )
        self.process.wait_until(lambda: _tcp_port_is_open(port), 10, "an open HTTP port")

    def udp_ports(self):
        return udp_ports(self.process.pid)

    def stop(self):
        self.process.stop()


def _tcp_port_is_open(port):
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rsplit(":", 1)[1], 16) == port and fields[3] == "0A":
            return True
    return False
