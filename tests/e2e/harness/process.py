"""Child processes that cannot outlive the tests, with their output in files."""

import ctypes
import os
import pathlib
import re
import signal
import socket
import subprocess

from harness.waiting import holds_within

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program in a process group of its own. Its output goes to `<name>.log` in `folder`."""

    def __init__(self, name, command, folder, environment=None, cwd=None):
        self.name = name
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        self._log = open(self.log_path, "ab")
        self._popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    @property
    def pid(self):
        return self._popen.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def returncode(self):
        """None while it runs."""
        return self._popen.poll()

    def wait_until(self, condition, seconds, what):
        """Polls `condition` until it is true; fails with the log if it is not, or if we die."""

        def is_true():
            if condition():
                return True
            if self.returncode() is not None:
                raise AssertionError(
                    f"{self.name} ended with {self.returncode()} before: {what}\n{self.tail()}"
                )
            return False

        if not holds_within(seconds, is_true):
            raise AssertionError(f"{self.name}: not within {seconds} s: {what}\n{self.tail()}")

    def wait_for_line(self, pattern, seconds=20):
        """The first match of `pattern` in the log."""
        self.wait_until(lambda: re.search(pattern, self.log()), seconds, f"log line {pattern!r}")
        return re.search(pattern, self.log())

    def tail(self, characters=4000):
        return f"--- {self.log_path}:\n{self.log()[-characters:]}"

    def signal(self, number):
        self._popen.send_signal(number)

    def wait(self, seconds):
        return self._popen.wait(seconds)

    def stop(self, seconds=15):
        """SIGTERM, and SIGKILL to the whole group after `seconds`. Returns the exit code."""
        if self.returncode() is None:
            self._popen.terminate()
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._popen.wait()
        self._log.close()
        return self._popen.returncode

    def children(self):
        """{command name: pid} of our direct children."""
        out = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parent = int(stat[stat.rindex(")") + 2 :].split()[1])
            if parent == self.pid:
                executable = os.path.basename(os.readlink(entry / "exe"))
                out[executable] = int(entry.name)
        return out


def udp_ports(pid):
    """The local UDP ports of a process: a client that dials again gets another."""
    inodes = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(descriptor)
        if target.startswith("socket:["):
            inodes.add(target[len("socket:[") : -1])
    ports = set()
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def free_port():
    """A port on 127.0.0.1 that is free for TCP and UDP at this moment."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue


def udp_port_is_bound(port):
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            if int(line.split()[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def run(command, seconds=60, data=b"", **options):
    """Runs a program to its end; the result has returncode, stdout and stderr (bytes)."""
    return subprocess.run(
        [str(part) for part in command],
        input=data,
        capture_output=True,
        timeout=seconds,
        preexec_fn=_die_with_parent,
        **options,
    )
