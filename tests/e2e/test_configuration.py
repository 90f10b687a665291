"""A configuration that cannot work: exit code 2 and one line that names what is wrong."""

import os
import socket

import pytest

from harness.certificate import Certificate
from harness.process import free_port, run

pytestmark = pytest.mark.lowband


class Setup:
    """Flags that work, of each program, to be spoilt one at a time."""

    def __init__(self, folder, bin_dir, certificate):
        self.folder, self.bin_dir, self.certificate = folder, bin_dir, certificate
        self.files = {
            "absent": folder / "absent.pem",
            "folder": folder,
            "empty": folder / "empty.pem",
            "other key": Certificate(folder, "other").key,
        }
        self.files["empty"].touch()
        # The superuser may read everything: for him a folder has to do.
        self.files["unreadable"] = folder / "unreadable.pem"
        self.files["unreadable"].write_bytes(certificate.key.read_bytes())
        self.files["unreadable"].chmod(0)
        if os.geteuid() == 0:
            self.files["unreadable"] = folder

    def flags(self, program):
        edge = {
            "--tls-cert": self.certificate.cert,
            "--tls-key": self.certificate.key,
            "--dtls-bind-addr": f"127.0.0.1:{free_port()}",
        }
        unix = f"unix:{self.folder}/t.sock"
        return {
            "lb-proxy": {"-local": "http://localhost:1", **edge},
            "lowband-edge": {"--translator": unix, "--admin-addr": "127.0.0.1:0", **edge},
            "lowband-translator": {
                "--local": "http://localhost:1", "--listen": unix, "--admin-addr": "127.0.0.1:0",
            },
        }[program]  # fmt: skip

    def refusal(self, program, changes, seconds=15):
        """The one line that the program ends with; a change to None leaves a flag out."""
        flags = {**self.flags(program), **changes}
        command = [self.bin_dir / program]
        for name, value in flags.items():
            if value is not None:
                command += [name, self.files.get(value, value)]
        done = run(command, seconds)
        lines = done.stderr.decode().strip().splitlines()
        assert done.returncode == 2, (done.returncode, lines)
        assert len(lines) == 1, lines
        assert done.stdout == b""
        return lines[0]


@pytest.fixture
def setup(tmp_path, bin_dir, certificate):
    return Setup(tmp_path, bin_dir, certificate)


CERTIFICATES = [
    ({"--tls-cert": "absent"}, "--tls-cert"),
    ({"--tls-cert": "folder"}, "--tls-cert"),
    ({"--tls-cert": "empty"}, "--tls-cert"),
    ({"--tls-key": "absent"}, "--tls-key"),
    ({"--tls-key": "unreadable"}, "--tls-key"),
    ({"--tls-key": "empty"}, "--tls-key"),
    ({"--tls-key": "other key"}, "--tls-key"),
    ({"--tls-cert": None}, "--tls-cert"),
    ({"--tls-key": None}, "--tls-key"),
]
ADDRESSES = [
    ({"--dtls-bind-addr": "nonsense"}, "--dtls-bind-addr"),
    ({"--dtls-bind-addr": ":65536"}, "--dtls-bind-addr"),
    ({"--dtls-bind-addr": "192.0.2.1:0"}, "--dtls-bind-addr"),  # not an address of ours
]
UPSTREAMS = [
    ("http://localhost/a//path", "path"),
    ("http://localhost/_matrix", "/_matrix"),
    ("ftp://localhost", "http"),
    ("localhost:eighty", ""),
    ("http://", ""),
    ("http://someone:hunter2@localhost", ""),
    ("http://localhost?query", ""),
    ("http://localhost:0x50", ""),
]


@pytest.mark.parametrize(("changes", "named"), CERTIFICATES + ADDRESSES)
@pytest.mark.parametrize("program", ["lb-proxy", "lowband-edge"])
def test_edge(setup, program, changes, named):
    assert named.lstrip("-") in setup.refusal(program, changes)


@pytest.mark.parametrize(("url", "word"), UPSTREAMS)
@pytest.mark.parametrize(("program", "flag"), [("lb-proxy", "-local"),
                                               ("lowband-translator", "--local")])  # fmt: skip
def test_upstream(setup, program, flag, url, word):
    line = setup.refusal(program, {flag: url})
    assert "local" in line and word in line
    assert "hunter2" not in line


@pytest.mark.parametrize("program", ["lb-proxy", "lowband-edge", "lowband-translator"])
def test_unknown_flag(setup, program):
    assert "--no-such-flag" in setup.refusal(program, {"--no-such-flag": "1"})


def test_missing_homeserver(setup):
    """The Go program insists on it, so lb-proxy does; the services have defaults."""
    assert "local" in setup.refusal("lb-proxy", {"-local": None})


@pytest.mark.parametrize("program", ["lb-proxy", "lowband-edge"])
def test_udp_port_in_use(setup, program):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = setup.refusal(program, {"--dtls-bind-addr": address})
    assert "dtls-bind-addr" in line and address in line


@pytest.mark.parametrize(
    ("program", "flag"),
    [("lowband-edge", "--admin-addr"), ("lowband-translator", "--admin-addr"),
     ("lowband-translator", "--listen")],
)  # fmt: skip
def test_tcp_port_in_use(setup, program, flag):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = setup.refusal(program, {flag: address})
    assert flag.lstrip("-") in line and address in line


def test_plaintext_grpc_stays_on_this_machine(setup):
    refused = setup.refusal("lowband-translator", {"--listen": f"0.0.0.0:{free_port()}"})
    assert "listen" in refused and "insecure-grpc" in refused
    refused = setup.refusal("lowband-edge", {"--translator": "dns:///translator.example:9090"})
    assert "translator" in refused and "insecure-grpc" in refused


@pytest.mark.parametrize("program", ["lb-proxy", "lowband-edge", "lowband-translator"])
@pytest.mark.parametrize("url", ["example.com", "coaps://example.com", "https://", "https://u@h",
                                 "https://h/path"])
def test_advertised_url_must_be_one(setup, program, url):
    assert "--advertise" in setup.refusal(program, {"--advertise": url})


@pytest.mark.parametrize("program", ["lb-proxy", "lowband-edge", "lowband-translator"])
def test_help_and_version(bin_dir, program):
    shown = run([bin_dir / program, "--help"])
    assert shown.returncode == 0 and b"local" in shown.stdout or b"translator" in shown.stdout
    version = run([bin_dir / program, "--version"])
    assert version.returncode == 0 and version.stdout.strip()


def test_environment_and_file_are_as_good_as_flags(setup, tmp_path):
    """A value from the environment, and one from a file, is refused by the same name."""
    flags = setup.flags("lowband-translator")
    del flags["--local"]
    command = [setup.bin_dir / "lowband-translator"]
    command += [part for pair in flags.items() for part in pair]
    for extra, environment in [
        ([], {"LOWBAND_LOCAL": "ftp://localhost"}),
        (["--config", tmp_path / "config.toml"], {}),
    ]:
        (tmp_path / "config.toml").write_text('local = "ftp://localhost"\n')
        done = run([*command, *extra], 15, env={**os.environ, **environment})
        assert done.returncode == 2
        assert "ftp://localhost" in done.stderr.decode()
