"""DTLS as OpenSSL's s_client sees it: version, cipher suites, certificate."""

import re

import pytest

from harness.process import run


def handshake(gateway, *flags):
    done = run(
        ["openssl", "s_client", "-dtls1_2", "-connect", gateway.address, "-CAfile",
         gateway.certificate.cert, "-verify_ip", "127.0.0.1", "-timeout", *flags],
        seconds=20,
    )  # fmt: skip
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


def test_handshake(gateway):
    output = handshake(gateway)
    assert re.search(r"Protocol\s*: DTLSv1\.2", output), output
    assert "Verify return code: 0 (ok)" in output, output


@pytest.mark.lowband
def test_picks_the_shortest_records_first(gateway):
    """Not OpenSSL's favourite (AES-256-GCM), and never CBC."""
    assert "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256" in handshake(gateway)


@pytest.mark.lowband
@pytest.mark.parametrize(
    "suite", ["ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-AES128-SHA256"]
)
def test_refuses_weak_suites(gateway, suite):
    output = handshake(gateway, "-cipher", f"{suite}:@SECLEVEL=0")
    assert "Cipher is (NONE)" in output, output


@pytest.mark.lowband
def test_chacha_is_there_for_those_without_aes(gateway):
    suite = "ECDHE-ECDSA-CHACHA20-POLY1305"
    assert f"Cipher is {suite}" in handshake(gateway, "-cipher", suite)


@pytest.mark.lowband
def test_x25519_alone_is_shown_the_certificate(gateway):
    """Not refused by us (cmake/mbedtls/only_certificate.patch): OpenSSL itself, as few clients do,
    takes certificates on the curves of its groups only. That it speaks of one shows that it has
    got it."""
    output = handshake(gateway, "-groups", "X25519")
    assert "alert" not in output, output
    assert "wrong curve" in output, output
    both = handshake(gateway, "-groups", "X25519:P-256")
    assert "Server Temp Key: X25519" in both, both
    assert "Verify return code: 0 (ok)" in both, both


@pytest.mark.lowband
def test_no_session_id_without_a_ticket(gateway):
    """It could not be resumed by it."""
    output = handshake(gateway, "-no_ticket")
    assert re.search(r"Session-ID: *$", output, re.MULTILINE), output


@pytest.mark.lowband
def test_session_resumes_with_a_ticket(gateway, tmp_path):
    session = tmp_path / "session.pem"
    assert "New, TLSv1.2" in handshake(gateway, "-sess_out", session)
    assert "Reused, TLSv1.2" in handshake(gateway, "-sess_in", session)


@pytest.mark.lowband
def test_client_hello_in_fragments(gateway):
    """Longer than a small datagram: by a long list of protocols, say."""
    protocols = ",".join(f"{i}-{'x' * 60}" for i in range(10))
    output = handshake(gateway, "-mtu", "300", "-alpn", protocols)
    assert re.search(r"Protocol\s*: DTLSv1\.2", output), output
    assert "Verify return code: 0 (ok)" in output, output


@pytest.mark.lowband
def test_dtls_1_0_is_refused(gateway):
    done = run(
        ["openssl", "s_client", "-dtls1", "-cipher", "ALL:@SECLEVEL=0", "-connect",
         gateway.address, "-timeout"],
        seconds=20,
    )  # fmt: skip
    assert b"Cipher is (NONE)" in done.stdout + done.stderr
