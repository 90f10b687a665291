"""The sizes of recorded bodies: as JSON, over HTTP, and in Lowband's Content-Formats."""

import concurrent.futures
import dataclasses
import subprocess
import zlib

from stacks import convert_flags

# nginx compresses no answer below this (gzip_min_length).
GZIP_MIN_BYTES = 20
GZIP_LEVEL = 6


@dataclasses.dataclass
class Body:
    """`http`: bytes over HTTP, where clients do not compress requests; `ours`: {format: bytes}."""

    name: str
    json: int
    gzip: int
    http: int
    ours: dict


def gzip_size(data):
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    return len(packer.compress(data) + packer.flush())


def our_size(bin_dir, path, number):
    done = subprocess.run(
        [bin_dir / "lowband", "convert", "--no-canonical", *convert_flags(number), f"@{path}"],
        capture_output=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"error: {path.name}: {done.stderr.decode().strip()}")
    return len(done.stdout)


def weigh(bin_dir, path, numbers):
    data = path.read_bytes()
    packed = gzip_size(data)
    compressed = path.name.endswith(".response.json") and len(data) >= GZIP_MIN_BYTES
    return Body(
        path.name.removesuffix(".json"), len(data), packed, packed if compressed else len(data),
        {number: our_size(bin_dir, path, number) for number in numbers},
    )  # fmt: skip


def weigh_all(bin_dir, folder, numbers):
    """All bodies in `folder`, the largest first."""
    paths = sorted([*folder.glob("*.request.json"), *folder.glob("*.response.json")])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda path: weigh(bin_dir, path, numbers), paths)
        return sorted(found, key=lambda body: (-body.json, body.name))
