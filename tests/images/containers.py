"""Runs images as a container engine would, out of their own files: a root that is read-only, the
image's user and environment, no rights, process 1 of its own, an address of its own in a network
that exists on this machine only."""

import contextlib
import itertools
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

_numbers = itertools.count(1)
DEVICES = ("null", "zero", "full", "random", "urandom")


def ip(*arguments):
    done = subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"ip {arguments}: {done.stderr}"


class Network:
    """A bridge in a namespace of its own, with a nameserver."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.prefix = f"lowband-images-{os.getpid()}-{next(_numbers)}"
        self._names, self._spaces = {}, []
        self._hosts = itertools.count(2)
        self.bridge = self._space("bridge")
        # An address of its own: it would take that of a port, and change as ports come and go.
        ip("-n", self.bridge, "link", "add", "bridge0", "address", "02:00:00:00:00:01",
           "type", "bridge")  # fmt: skip
        ip("-n", self.bridge, "addr", "add", "10.89.0.1/24", "dev", "bridge0")
        ip("-n", self.bridge, "link", "set", "bridge0", "up")
        self.resolv_conf = self.folder / "resolv.conf"
        self.resolv_conf.write_text("nameserver 10.89.0.1\noptions ndots:0\n")
        self._zone = self.folder / "names.json"
        self._zone.write_text("{}")
        self._nameserver = subprocess.Popen(
            ["ip", "netns", "exec", self.bridge, sys.executable,
             pathlib.Path(__file__).parent / "nameserver.py", "10.89.0.1", self._zone],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._nameserver.stdout.readline() == b"listening\n"

    def _space(self, name):
        space = f"{self.prefix}-{name}"
        ip("netns", "add", space)
        self._spaces.append(space)
        ip("-n", space, "link", "set", "lo", "up")
        return space

    def join(self, name):
        """A namespace with an address that `name` leads to, beside others; (namespace, address)."""
        number = next(self._hosts)
        space, address = self._space(str(number)), f"10.89.0.{number}"
        ip("-n", space, "link", "add", "eth0", "type", "veth", "peer", "name", f"veth{number}",
           "netns", self.bridge)  # fmt: skip
        ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
        ip("-n", space, "link", "set", "eth0", "up")
        ip("-n", self.bridge, "link", "set", f"veth{number}", "master", "bridge0", "up")
        self._names.setdefault(name, []).append(address)
        self._tell()
        return space, address

    def leave(self, name, address):
        self._names[name].remove(address)
        self._tell()

    def _tell(self):
        fresh = self._zone.with_suffix(".new")
        fresh.write_text(json.dumps(self._names))
        fresh.rename(self._zone)

    def stop(self):
        self._nameserver.kill()
        self._nameserver.wait()
        for space in reversed(self._spaces):
            ip("netns", "del", space)


class Container:
    """One process of an image. Its output is in `log`."""

    def __init__(self, network, name, image, command=(), environment=None, mounts=(), tmpfs=()):
        """`mounts`: (folder or file of ours, path in it, writable)."""
        self.name, self.image, self.network = name, image, network
        self.folder = network.folder / f"{name}-{next(_numbers)}"
        self.folder.mkdir()
        self.log_path = self.folder / "log"
        # The engine lays mount points over the image. Here they go into a copy, of names alone:
        # nothing in it can be written to.
        self.root = self.folder / "root"
        subprocess.run(["cp", "-al", image.rootfs, self.root], check=True, timeout=120)
        self.space, self.address = network.join(name)
        mounts = [*mounts, (network.resolv_conf, "/etc/resolv.conf", False)]
        mounts += [(f"/dev/{device}", f"/dev/{device}", True) for device in DEVICES]
        self._script = self._mounts(mounts, tmpfs)
        self._environment = {**dict(v.split("=", 1) for v in image.config["Env"]),
                             **(environment or {})}  # fmt: skip
        self._popen = self._start(
            [*image.config["Entrypoint"], *command], self.log_path.open("wb"), subprocess.STDOUT
        )

    def _mounts(self, mounts, tmpfs):
        quote, root = shlex.quote, str(self.root)
        lines = ["set -e", f"mount --bind {quote(root)} {quote(root)}"]
        for source, target, writable in mounts:
            inside = self.root / target.lstrip("/")
            inside.parent.mkdir(parents=True, exist_ok=True)
            if pathlib.Path(source).is_dir():
                inside.mkdir(exist_ok=True)
            else:
                inside.touch()
            lines.append(f"mount --bind {quote(str(source))} {quote(str(inside))}")
            if not writable:
                lines.append(f"mount -o remount,bind,ro {quote(str(inside))}")
        for target in tmpfs:
            lines.append(f"mount -t tmpfs -o mode=1777 tmpfs {quote(root + target)}")
        lines.append(f"mount -t proc proc {quote(root)}/proc")
        lines.append(f"mount -o remount,bind,ro {quote(root)}")
        return "\n".join(lines)

    def _start(self, command, stdout, stderr):
        user = self.image.config["User"]
        assert user.replace(":", "").isdigit()
        run = shlex.join(
            ["exec", "/usr/bin/setpriv", "--no-new-privs", "/usr/bin/env", "-i",
             *(f"{key}={value}" for key, value in self._environment.items()),
             "/usr/sbin/chroot", f"--userspec={user}", "--groups=", str(self.root), *command]
        )  # fmt: skip
        return subprocess.Popen(
            ["ip", "netns", "exec", self.space, "unshare", "--mount", "--pid", "--ipc", "--uts",
             "--fork", "--kill-child", "/bin/sh", "-c", f"{self._script}\n{run}"],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
        )  # fmt: skip

    def log(self):
        return self.log_path.read_text(errors="replace")

    def execute(self, command, seconds=20):
        """Runs a program of the image beside the process: (exit code, output)."""
        popen = self._start(command, subprocess.PIPE, subprocess.STDOUT)
        output, _ = popen.communicate(timeout=seconds)
        return popen.returncode, output.decode()

    def pid(self):
        """Of process 1 in it, as this machine counts."""
        children = pathlib.Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children")
        return int(children.read_text().split()[0])

    def wait(self, seconds):
        """Until it ends; its exit code."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.folder.name} did not end in {seconds} s\n{self.log()}")

    def wait_until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            ended = self._popen.poll()
            assert ended is None, f"{self.folder.name} ended ({ended}) before {what}\n{self.log()}"
            assert time.monotonic() < deadline, f"{self.folder.name}: no {what}\n{self.log()}"
            time.sleep(0.1)

    def terminate(self, seconds=30):
        """SIGTERM to process 1; its exit code."""
        os.kill(self.pid(), signal.SIGTERM)
        return self.wait(seconds)

    def stop(self):
        # Not by unshare's --kill-child alone: the change of the user takes that from the child.
        with contextlib.suppress(OSError, IndexError):  # it has ended
            os.kill(self.pid(), signal.SIGKILL)
        self._popen.kill()
        self._popen.wait()
        self.network.leave(self.name, self.address)
        shutil.rmtree(self.root, ignore_errors=True)
