"""Fixtures of the images' tests. LOWBAND_IMAGES names the folder that scripts/lib/images.sh left
the images in; the tests run as root."""

import shutil
import tempfile

import pytest

from compose import Composition
from containers import Network
from image import IMAGES


@pytest.fixture(scope="session")
def folder():
    """Beside the images, as copies share their files."""
    path = tempfile.mkdtemp(prefix="run-", dir=IMAGES)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def network(folder):
    instance = Network(folder)
    yield instance
    instance.stop()


@pytest.fixture(scope="session")
def lowband(network):
    """Everything of ours that compose.yaml starts."""
    composition = Composition(network)
    try:
        composition.up("homeserver")
        (edge,) = composition.up("edge")
        composition.await_health("edge", edge)
        yield composition
    finally:
        composition.stop()
