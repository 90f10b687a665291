"""A built image as the tests see it: its configuration and its files."""

import functools
import json
import os
import pathlib
import re
import stat

ROOT = pathlib.Path(__file__).parents[2]
IMAGES = pathlib.Path(os.environ["LOWBAND_IMAGES"])
# Image: what it runs.
PROGRAMS = {
    "lowband-edge": "lowband-edge",
    "lowband-translator": "lowband-translator",
    "lowband-cli": "lowband",
    "lowband-demo-homeserver": "demo-homeserver",
}


class Image:
    def __init__(self, name):
        self.name = name
        self.folder = IMAGES / name
        self.rootfs = self.folder / "rootfs"

    @functools.cached_property
    def config(self):
        return json.loads((self.folder / "image.json").read_text())["Docker"]["config"]

    def entries(self):
        """(path in the image, its lstat), every file, folder and link."""
        for path in sorted(self.rootfs.rglob("*")):
            yield "/" + str(path.relative_to(self.rootfs)), path.lstat()

    def size(self):
        return sum(s.st_size for _, s in self.entries() if stat.S_ISREG(s.st_mode))

    def file(self, path):
        return self.rootfs / path.lstrip("/")

    def packages(self):
        """{package: its fields} as dpkg has them."""
        out = {}
        for path in (self.rootfs / "var/lib/dpkg/status.d").iterdir():
            if path.suffix != ".md5sums":
                fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", path.read_text(), re.MULTILINE))
                out[path.name] = fields
        return out


@functools.cache
def image(name):
    return Image(name)
