"""docker/compose.yaml as the tests read and play it."""

import functools
import os
import pathlib
import re

import yaml

from containers import Container
from image import ROOT, image

FILE = ROOT / "docker" / "compose.yaml"
BLANK = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@functools.cache
def text():
    return yaml.safe_load(FILE.read_text())


def filled(value, settings):
    """With its ${NAME:-default} filled in."""
    if isinstance(value, dict):
        return {key: filled(part, settings) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, settings) for part in value]
    if not isinstance(value, str):
        return value
    return BLANK.sub(lambda found: settings.get(found[1], found[2] or ""), value)


def services(**settings):
    return filled(text()["services"], settings)


def ours():
    return {name: s for name, s in services().items() if "build" in s}


def depends_on(service):
    wanted = service.get("depends_on", {})
    return wanted if isinstance(wanted, dict) else {name: {} for name in wanted}


def volume(entry):
    """(source, path inside, writable); a source with a slash is a path beside the file."""
    source, target, *mode = entry.split(":")
    return source, target, mode != ["ro"]


class Composition:
    """What `docker compose up` would have started."""

    def __init__(self, network, **settings):
        self.network, self.services = network, services(**settings)
        self.containers = {}

    def up(self, name):
        """The containers of a service, after those that it depends on."""
        if name in self.containers:
            return self.containers[name]
        service = self.services[name]
        for other, wanted in depends_on(service).items():
            for container in self.up(other):
                self._await(other, container, wanted.get("condition", "service_started"))
        replicas = service.get("deploy", {}).get("replicas", 1)
        self.containers[name] = []
        for _ in range(replicas):
            self.containers[name].append(self._start(name, service))
        return self.containers[name]

    def _start(self, name, service, command=None):
        picture = image(service["image"])
        mounts = [self._mount(picture, *volume(v)) for v in service.get("volumes", [])]
        return Container(
            self.network, name, picture, command or service.get("command", []),
            service.get("environment"), mounts, service.get("tmpfs", ()),
        )  # fmt: skip

    def _mount(self, picture, source, target, writable):
        if "/" in source:
            return (FILE.parent / source).resolve(), target, writable
        folder = self.network.folder / f"volume-{source}"
        if not folder.exists():
            folder.mkdir()
            # A new volume is like what the image has in its place.
            status = picture.file(target).stat()
            os.chown(folder, status.st_uid, status.st_gid)
            folder.chmod(status.st_mode & 0o7777)
        return folder, target, writable

    def _await(self, name, container, condition):
        if condition == "service_completed_successfully":
            code = container.wait(60)
            assert code == 0, f"{name} ended with {code}\n{container.log()}"
        elif condition == "service_healthy":
            self.await_health(name, container)

    def await_health(self, name, container):
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        container.wait_until(lambda: container.execute(command)[0] == 0, 60, "good health")

    def run(self, name, *command, seconds=60):
        """`docker compose run`: (exit code, output)."""
        container = self._start(name, self.services[name], list(command))
        try:
            code = container.wait(seconds)
            return code, container.log()
        finally:
            container.stop()

    def logs(self):
        """The end of what each process said."""
        return "\n".join(
            f"--- {name}:\n{container.log()[-2000:]}"
            for name, group in self.containers.items()
            for container in group
        )

    def volume(self, name):
        return pathlib.Path(self.network.folder / f"volume-{name}")

    def stop(self):
        for group in self.containers.values():
            for container in group:
                container.stop()


