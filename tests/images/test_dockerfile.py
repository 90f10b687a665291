"""The Dockerfile by itself."""

import re
import subprocess

from image import ROOT

DOCKERFILE = ROOT / "docker" / "Dockerfile"


def test_linter_is_content():
    result = subprocess.run(
        ["hadolint", "--no-color", DOCKERFILE], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_linter_would_say_something(tmp_path):
    spoilt = tmp_path / "Dockerfile"
    spoilt.write_text(DOCKERFILE.read_text().replace('ENTRYPOINT ["/usr/bin/lowband"]',
                                                     "ENTRYPOINT /usr/bin/lowband"))  # fmt: skip
    result = subprocess.run(["hadolint", spoilt], capture_output=True, text=True, timeout=60)
    assert result.returncode != 0 and "DL3025" in result.stdout


def test_every_copied_path_is_in_the_context():
    """.dockerignore names what may be copied; everything else is out."""
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for path in allowed:
        assert (ROOT / path).exists(), path
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.read_text(), re.MULTILINE):
        for source in sources.split():
            assert source == "." or any(f"{source}/".startswith(f"{a}/") for a in allowed), source


def test_images_have_the_version_of_the_project():
    project = re.search(r"project\(lowband VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert re.search(r"^ARG VERSION=(\S+)$", DOCKERFILE.read_text(), re.M)[1] == project[1]
