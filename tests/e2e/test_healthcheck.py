"""--healthcheck: what a container engine runs beside a service."""

import pytest

from harness.process import free_port, run
from harness.services import Services

pytestmark = pytest.mark.lowband


@pytest.fixture
def services(tmp_path, bin_dir, demo_homeserver, certificate):
    instance = Services(tmp_path, bin_dir, demo_homeserver.url, certificate)
    yield instance
    instance.stop()


def healthcheck(bin_dir, program, admin, **environment):
    done = run([bin_dir / program, "--healthcheck", *(["--admin-addr", admin] if admin else [])],
               10, env=environment)  # fmt: skip
    assert done.stdout == b""
    return done.returncode, done.stderr.decode()


def test_running_services_are_ready(bin_dir, services):
    edge = services.admin.removeprefix("http://")
    translator = services.translator_admin.removeprefix("http://")
    services.edge.wait_until(
        lambda: healthcheck(bin_dir, "lowband-edge", edge) == (0, ""), 20, "a ready edge"
    )
    assert healthcheck(bin_dir, "lowband-translator", translator) == (0, "")
    # By the environment too, as an image's health check gets to know the address.
    assert healthcheck(bin_dir, "lowband-edge", None, LOWBAND_ADMIN_ADDR=edge) == (0, "")


def test_an_edge_without_translator_says_why_it_is_not_ready(bin_dir, services):
    edge = services.admin.removeprefix("http://")
    services.translator.stop()
    services.edge.wait_until(
        lambda: healthcheck(bin_dir, "lowband-edge", edge)[0] == 1, 20, "an edge that is not ready"
    )
    code, said = healthcheck(bin_dir, "lowband-edge", edge)
    assert said.startswith("lowband-edge: not ready: ") and said.count("\n") == 1


@pytest.mark.parametrize("program", ["lowband-edge", "lowband-translator"])
def test_nobody_there_is_not_ready(bin_dir, program):
    address = f"127.0.0.1:{free_port()}"
    assert healthcheck(bin_dir, program, address) == (
        1, f"{program}: not ready: no answer from {address}\n",
    )  # fmt: skip


@pytest.mark.parametrize("program", ["lowband-edge", "lowband-translator"])
def test_an_admin_port_that_is_off_cannot_be_asked(bin_dir, program):
    code, said = healthcheck(bin_dir, program, "off")
    assert code == 2 and said.startswith(f"{program}: --admin-addr") and said.count("\n") == 1
