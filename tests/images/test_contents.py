"""What is in the images, and what is not."""

import hashlib
import os
import re
import ssl
import stat
import subprocess

import pytest

from image import IMAGES, PROGRAMS, ROOT, image

MEGABYTES_MAX = 60


@pytest.fixture(params=PROGRAMS)
def built(request):
    return image(request.param)


def elf_files(built):
    for path, status in built.entries():
        if stat.S_ISREG(status.st_mode):
            with built.file(path).open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def needed(path):
    """The libraries that an ELF file names, and its search path, if any."""
    text = subprocess.run(
        ["readelf", "--dynamic", path], capture_output=True, text=True, check=True
    ).stdout
    assert "RPATH" not in text and "RUNPATH" not in text
    return re.findall(r"Shared library: \[(.*)\]", text)


def test_size(built, record_property, capsys):
    megabytes = built.size() / 1e6
    record_property("megabytes", megabytes)
    with capsys.disabled():
        print(f"\n{built.name}: {megabytes:.1f} MB, {len(built.packages())} packages")
    assert megabytes <= MEGABYTES_MAX
    told = re.search(
        rf"`{built.name}` .* (\d+) \|$", (ROOT / "docs/containers.md").read_text(), re.MULTILINE
    )
    assert abs(megabytes - int(told[1])) < 3, "docs/containers.md has another size"


def test_nothing_to_run_but_the_program(built):
    """No shell, no package manager: the only file that is executable and no library."""
    programs = [
        path
        for path, status in built.entries()
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o111 and ".so" not in path
    ]
    assert programs == [f"/usr/bin/{PROGRAMS[built.name]}"]
    assert {p for p in elf_files(built) if ".so" not in p} == set(programs)


def test_modes_and_owners(built):
    for path, status in built.entries():
        assert (status.st_uid, status.st_gid) == (0, 0), path
        assert not status.st_mode & (stat.S_ISUID | stat.S_ISGID), path
        if not stat.S_ISLNK(status.st_mode) and path != "/tmp":
            assert not status.st_mode & 0o022, path
        assert stat.S_IFMT(status.st_mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK), path


def test_the_program_is_stripped(built):
    path = built.file(f"/usr/bin/{PROGRAMS[built.name]}")
    sections = subprocess.run(
        ["readelf", "--sections", "--wide", path], capture_output=True, text=True, check=True
    ).stdout
    assert ".symtab" not in sections and ".debug_info" not in sections


def test_every_library_is_wanted_by_something_and_there(built):
    present = {os.path.basename(path) for path, _ in built.entries() if ".so" in path}
    wanted = {name for path in elf_files(built) for name in needed(built.file(path))}
    assert wanted <= present
    libraries = {os.path.realpath(built.file(p)) for p in elf_files(built) if ".so" in p}
    folder = next(p for p in built.rootfs.glob("usr/lib/*-linux-gnu*"))
    # The loader is wanted by its path.
    reached = {os.path.realpath(folder / name) for name in wanted}
    assert {p for p in libraries - reached if "/ld-linux" not in p} == set()


def test_dpkg_knows_the_package_of_every_library(built):
    """As scanners read it: an entry for each package, and its files with true checksums."""
    known = {}
    for name, fields in built.packages().items():
        assert fields["Package"] == name and fields["Status"] == "install ok installed"
        assert fields["Version"] and fields["Architecture"] and fields["Maintainer"]
        sums = built.file(f"/var/lib/dpkg/status.d/{name}.md5sums").read_text()
        for line in sums.splitlines():
            digest, path = line.split("  ")
            known[os.path.realpath(built.file(path))] = name
            content = built.file(path).read_bytes()
            assert hashlib.md5(content, usedforsecurity=False).hexdigest() == digest, path
        assert built.file(f"/usr/share/doc/{name}/copyright").stat().st_size > 100
    libraries = {os.path.realpath(built.file(p)) for p in elf_files(built) if ".so" in p}
    assert libraries <= known.keys()
    assert {"base-files", "ca-certificates", "libc6"} <= built.packages().keys()
    assert re.search(r"^ID=debian$", built.file("/etc/os-release").read_text(), re.MULTILINE)


def test_roots_of_trust_can_be_read(built):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(built.file("/etc/ssl/certs/ca-certificates.crt"))
    assert len(context.get_ca_certs()) > 100


def test_users_and_names(built):
    assert re.search(r"^lowband:x:65532:65532:", built.file("/etc/passwd").read_text(), re.M)
    assert re.search(r"^lowband:x:65532:", built.file("/etc/group").read_text(), re.M)
    assert "hosts: files dns" in built.file("/etc/nsswitch.conf").read_text()


def test_configuration(built):
    assert built.config["User"] == "65532:65532"
    # Exec form: no shell that would get the signals.
    assert built.config["Entrypoint"] == [f"/usr/bin/{PROGRAMS[built.name]}"]
    assert not built.config["Cmd"] and not built.config["Volumes"]
    # The chart's test runs `lowband` without a path.
    assert built.config["Env"] == ["PATH=/usr/bin"]


@pytest.mark.parametrize(
    "name, ports",
    [
        ("lowband-edge", {"8008/udp", "8008/tcp", "9100/tcp"}),
        ("lowband-translator", {"9090/tcp", "9101/tcp"}),
        ("lowband-cli", set()),
        ("lowband-demo-homeserver", {"8008/tcp"}),
    ],
)
def test_ports(name, ports):
    assert set(image(name).config.get("ExposedPorts") or {}) == ports


@pytest.mark.parametrize("name", ["lowband-edge", "lowband-translator"])
def test_health_is_checked_by_the_program_itself(name):
    test = image(name).config["Healthcheck"]["Test"]
    assert test == ["CMD", f"/usr/bin/{name}", "--healthcheck"]


def test_labels(built):
    labels = {
        key.removeprefix("org.opencontainers.image."): value
        for key, value in built.config["Labels"].items()
        if key.startswith("org.opencontainers.image.")
    }
    version = re.search(r"project\(lowband VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    assert labels["title"] == built.name and labels["description"]
    assert labels["version"] == version[1] and labels["licenses"] == "Apache-2.0"
    assert re.fullmatch("[0-9a-f]{40}", labels["revision"])
    assert labels["source"].startswith("https://") and labels["created"].endswith("Z")
    assert labels["base.name"] and re.fullmatch("sha256:[0-9a-f]{64}", labels["base.digest"])


def test_the_chart_runs_what_is_there():
    """The images that the chart names by default, and the command of its test."""
    import yaml

    chart = ROOT / "deploy" / "helm" / "lowband"
    images = yaml.safe_load((chart / "values.yaml").read_text())["images"]
    for component in ("edge", "translator", "cli"):
        assert image(images[component]["repository"]).config["Entrypoint"]
    command = re.search(r"command: \[(.*)\]", (chart / "templates/tests/exchange.yaml").read_text())
    assert (image("lowband-cli").rootfs / "usr/bin" / command[1]).is_file()
    version = re.search(r'appVersion: "(.*)"', (chart / "Chart.yaml").read_text())[1]
    assert image("lowband-edge").config["Labels"]["org.opencontainers.image.version"] == version


def described(rootfs):
    for file in sorted(rootfs.rglob("*")):
        status, content = file.lstat(), b""
        if stat.S_ISREG(status.st_mode):
            content = file.read_bytes()
        elif stat.S_ISLNK(status.st_mode):
            content = os.readlink(file).encode()
        yield (
            str(file.relative_to(rootfs)),
            oct(status.st_mode),
            int(status.st_mtime),
            hashlib.sha256(content).hexdigest(),
            (status.st_uid, status.st_gid),
        )


def test_built_again_it_is_the_same(built):
    """Bytes, modes, owners and times of everything, after another build from the base on."""
    again = IMAGES / "again" / "rootfs" / PROGRAMS[built.name]
    assert list(described(built.rootfs)) == list(described(again))
