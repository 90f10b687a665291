"""Every request of the cases, straight to Synapse and by each way through the gateway: the answers
are the same but for the differences in the table of docs/protocol.md, all of which occur."""

import collections
import dataclasses
import pathlib
import re

import pytest

from differential import cbor
from differential.compare import differences
from differential.intended import RULES, Context
from differential.run import ACTS, run, world
from differential.ways import PATHS, Answer, Coap, Go, Http, fold
from harness.gateway import Gateway
from harness.homeservers import Synapse
from harness.process import free_port

pytestmark = pytest.mark.lowband

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "protocol.md"
COAP = ("enums", "literal", "strings", "json", "go")
WAYS = ("tcp", *COAP)
MORE = """
experimental_features:
  {msc1763_enabled: true, msc3391_enabled: true, msc3814_enabled: true, msc4143_enabled: true,
   msc4222_enabled: true, msc4306_enabled: true}
login_via_existing_session: {enabled: true, require_ui_auth: false}
max_event_delay_duration: 1h
rc_presence: {per_user: {per_second: 0.001, burst_count: 1}}
rc_room_creation: {per_second: 10000, burst_count: 10000}
rc_3pid_validation: {per_second: 10000, burst_count: 10000}
rc_registration_token_validity: {per_second: 10000, burst_count: 10000}
rc_media_create: {per_second: 10000, burst_count: 10000}
"""


def intended():
    """(key, way) of each row of the table."""
    rows = re.findall(r"^\| `([\w-]+)` \| ([\w, ]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    groups = {"all": WAYS, "CoAP": COAP}
    for key, ways in rows:
        for name in ways.split(", "):
            for way in groups.get(name, (name,)):
                yield key, way


@pytest.fixture(scope="module")
def synapse(tmp_path_factory):
    # In memory: thousands of requests, none of which is worth a wait for the disk.
    folder = tmp_path_factory.mktemp("differential-synapse")
    server = Synapse(folder, more=MORE, database=":memory:")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, synapse, proxy_program, certificate):
    port = free_port()
    public = f"https://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("differential-gateway")
    instance = Gateway(
        folder, proxy_program, synapse.url, certificate, "--advertise", public, port=port
    )
    instance.public = public
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def straight(synapse):
    """The homeserver's own answers."""
    way = Http("straight", synapse.url)
    yield way, list(run(way, way, "a"))
    way.stop()


@pytest.fixture(scope="module")
def ways(tmp_path_factory, bin_dir, gateway, peers):
    program = bin_dir / "coap_asker"
    proxy = peers.client_proxy(tmp_path_factory.mktemp("client-proxy"), gateway.address)
    found = {
        "tcp": Http("tcp", gateway.public),
        "enums": Coap("enums", program, gateway.port, folds=True),
        "literal": Coap("literal", program, gateway.port),
        "strings": Coap("strings", program, gateway.port, numbers=cbor.STRINGS),
        "json": Coap("json", program, gateway.port, json_only=True),
        "go": Go("go", proxy),
    }
    yield found
    for way in found.values():
        way.stop()
    proxy.stop()


class Comparison:
    def __init__(self, rules):
        self.rules = rules  # of this way, by key
        self.asked, self.found, self.used = 0, [], collections.Counter()

    def add(self, context, act, expected, got):
        self.asked += 1
        for key, rule in self.rules.items() if not context.case.straight else ():
            changed = rule(context, expected)
            if changed is not None:
                context.changed += [key] * (changed != expected)
                expected = changed
        found = list(differences(context.way, f"{act}: {context.case}", expected, got))
        self.found += found
        if not found:
            self.used.update(context.changed)


def test_two_runs_straight_agree(straight):
    """So that what differs elsewhere is the way's doing."""
    way, first = straight
    found = [
        difference
        for (act, case, _, one), (*_, other) in zip(first, run(way, way, "b"), strict=True)
        if one is not None and other is not None
        for difference in differences("straight", f"{act}: {case}", one, other)
    ]
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("name", WAYS)
def test_way_differs_as_intended(name, straight, ways, gateway):
    homeserver, answers = straight
    keys = {key for key, way in intended() if way == name}
    comparison = Comparison({key: rule for key, rule in RULES.items() if key in keys})
    acts = collections.defaultdict(dict)
    for act, case, _, answer in answers:
        acts[act][str(case)] = answer
    letter = "cdefgh"[WAYS.index(name)]
    mine = run(ways[name], homeserver, letter)
    for (act, case, _, expected), (_, _, request, got) in zip(answers, mine, strict=True):
        if expected is None or got is None:
            continue
        context = Context(name, case, request, gateway.public, acts[act])
        comparison.add(context, act, expected, got)
    assert not comparison.found, "\n".join(map(str, comparison.found))
    assert set(comparison.used) == keys, "rows of the table that are no longer so"
    assert comparison.asked > len(answers) * 0.85


HEARD = {"events": [{"type": "m.a", "n": 1}, {"type": "m.b", "yes": True}], "next": None}


@pytest.mark.parametrize(
    "changed",
    [
        {"status": 201}, {"type": "text/plain"}, {"fields": {"server": ["another"]}},
        {"body": {**HEARD, "next": "x"}}, {"body": {**HEARD, "more": 0}}, {"body": {"next": None}},
        {"body": {**HEARD, "events": HEARD["events"][::-1]}}, {"body": b"{}"},
        {"body": {**HEARD, "events": [{"type": "m.a", "n": 2}, HEARD["events"][1]]}},
        {"body": {**HEARD, "events": [HEARD["events"][0], {"type": "m.b", "yes": 1}]}},
        {"body": {**HEARD, "events": HEARD["events"][:1]}},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_changes_is_found(changed):
    heard = Answer(200, "application/json", HEARD, {"server": ["one"]})
    assert list(differences("way", "case", heard, dataclasses.replace(heard))) == []
    assert len(list(differences("way", "case", heard, dataclasses.replace(heard, **changed)))) >= 1


def test_every_path_of_the_table_is_asked():
    here = world("r0", "a")
    asked = {fold(here.request(case).segments)[0].decode() for case in ACTS["r0"]}
    assert {code for code, _ in PATHS} <= asked


def test_table_names_what_is_tested():
    assert {key for key, _ in intended()} == set(RULES)
