"""Login by SSO through a browser: the homeserver must take the gateway's URL for its own."""

import pytest
import requests

from harness.homeservers import Synapse
from harness.process import free_port

pytestmark = pytest.mark.lowband

START = "/_matrix/client/v3/login/sso/redirect?redirectUrl=https://client.example/"
PROVIDER = "https://login.example.org"
# Synapse does not ask the provider before a user comes back from it.
CAS = f"cas_config: {{enabled: true, server_url: '{PROVIDER}'}}\n"


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def public(port):
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def synapse(tmp_path_factory, public):
    server = Synapse(tmp_path_factory.mktemp("sso-synapse"), public=public, more=CAS)
    yield server
    server.stop()


@pytest.fixture
def first_step(start_gateway, synapse, port, public):
    """Where the browser is sent by a gateway with `flags`, by one start of the login."""

    def ask(*flags):
        gateway = start_gateway(synapse.url, "--advertise", public, *flags, port=port)
        answer = requests.get(public + START, allow_redirects=False, timeout=20)
        gateway.stop()
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    return ask


def test_login_leads_to_the_provider(first_step):
    assert first_step().startswith(PROVIDER + "/")


def test_with_a_name_of_its_own_the_homeserver_sends_the_browser_round(
    first_step, public, tmp_path
):
    """What happens without: the same request once more, for ever."""
    config = tmp_path / "translator.toml"
    config.write_text('upstream-host = "keep"\n')
    assert first_step("--translator-config", config) == public + START
