"""An operator's walk through the documents: every command in them runs."""

import re
import shlex
import subprocess

import pytest

from chart import BIN, CHART, ROOT, helm

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), CHART / "README.md"]
PROGRAMS = ("lowband-edge", "lowband-translator", "lb-proxy", "lowband")
# Listening addresses of the commands: any free port is enough here.
LISTENING = {
    "lowband-edge": {"--dtls-bind-addr": "127.0.0.1:0", "--admin-addr": "off"},
    "lowband-translator": {"--listen": "127.0.0.1:0", "--admin-addr": "off"},
}


def commands():
    """(document's name, words) of each line in a code block, continued lines joined."""
    for document in DOCUMENTS:
        for block in re.findall(r"^```\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                try:
                    words = shlex.split(line, comments=True)
                except ValueError:  # not a command: a drawing, or output
                    continue
                # Also after `docker run IMAGE`, where images are named like their programs.
                if words[:2] == ["docker", "run"] and (at := set(PROGRAMS) & set(words)):
                    words = words[words.index(at.pop()) :]
                if words:
                    yield document.name, words


def named(*programs):
    found = [(name, words) for name, words in commands() if words[0] in programs]
    return [pytest.param(words, id=f"{name}-{i}") for i, (name, words) in enumerate(found)]


def flags_in_help(*command):
    result = subprocess.run(
        [BIN / command[0], *command[1:], "--help"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return set(re.findall(r"(?<![\w-])(--?[a-zA-Z][\w-]*)", result.stdout))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Every file of a certificate that a command names."""
    folder = tmp_path_factory.mktemp("walk")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=walk", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key", "-out", "certificate"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("words", named("lb-proxy", "lowband"))
def test_flags_exist(words):
    subcommand = words[1:2] if words[0] == "lowband" else []
    known = flags_in_help(words[0], *subcommand)
    for word in words[1:]:
        if word.startswith("-") and word != "-":
            flag = word.partition("=")[0]
            assert {flag, "-" + flag} & known, f"{flag} of {' '.join(words)}"


@pytest.mark.parametrize("words", named("lowband-edge", "lowband-translator"))
def test_service_could_start(words, certificates, tmp_path):
    arguments = words[1:]
    for flag, value in LISTENING[words[0]].items():
        if flag in arguments:
            arguments[arguments.index(flag) + 1] = value
        else:
            arguments += [flag, value]
    for i, (flag, value) in enumerate(zip(arguments, arguments[1:])):
        if re.fullmatch(r"--(tls|grpc)-(cert|key|ca)", flag):
            file = "key" if flag.endswith("-key") else "certificate"
            arguments[i + 1] = str(certificates / file)
    result = subprocess.run(
        [BIN / words[0], *arguments, "--check"], capture_output=True, text=True, cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("major", ["helm3", "helm4"])
@pytest.mark.parametrize("words", named("helm"))
def test_chart_takes_what_helm_is_told(words, major):
    verb, *rest = words[1:]
    if verb == "test":  # needs an installed release; its pod is rendered with every shape
        return
    assert verb in ("install", "upgrade"), words
    rest = [str(CHART) if word == "deploy/helm/lowband" else word for word in rest]
    result = helm(major, "template", *[word for word in rest if word != "--install"])
    assert result.returncode == 0, result.stderr


def test_there_is_something_to_walk():
    assert {words[0] for _, words in commands()} >= {*PROGRAMS, "helm", "kubectl", "docker"}


@pytest.mark.parametrize(
    "words", [pytest.param(w, id=w[0]) for _, w in commands() if w[0].startswith("scripts/")]
)
def test_scripts_know_their_flags(words):
    result = subprocess.run([ROOT / words[0], "--help"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for word in words[1:]:
        if word.startswith("-"):
            assert word.partition("=")[0] in result.stdout, word
