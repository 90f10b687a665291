"""Makes an image of a tarball, without copying it: oci_layout.py TARBALL FOLDER."""

import hashlib
import json
import pathlib
import platform
import sys

EPOCH = "1970-01-01T00:00:00Z"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def main(tarball, folder):
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def described(kind, digest, path):
        return {
            "mediaType": f"application/vnd.oci.image.{kind}",
            "digest": f"sha256:{digest}",
            "size": path.stat().st_size,
        }

    def blob(kind, content):
        data = json.dumps(content).encode()
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return described(kind, digest, blobs / digest)

    with tarball.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    layer = tarball.rename(blobs / digest)
    config = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
        # Without a time the builder takes no layer on top of it from its cache.
        "created": EPOCH,
        "history": [{"created": EPOCH, "created_by": "mmdebstrap"}],
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob("config.v1+json", config),
        "layers": [described("layer.v1.tar", digest, layer)],
    }
    reference = blob("manifest.v1+json", manifest)
    reference["annotations"] = {"org.opencontainers.image.ref.name": "base"}
    index = {"schemaVersion": 2, "manifests": [reference]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
