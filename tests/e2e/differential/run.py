"""All cases by one way, each act in a world of its own."""

import dataclasses

from differential import accounts, modern, rooms, wrong
from differential.compare import in_order, normalise
from differential.cases import World

ACTS = {
    "r0": [*accounts.register("r0"), *rooms.rooms("r0"), *accounts.accounts("r0")],
    "v3": [
        *accounts.register("v3"), *rooms.rooms("v3"), *accounts.accounts("v3"),
        *modern.events(), *modern.keys(), *modern.accounts(),
    ],
    "wrong": [
        *accounts.register("r0"), *rooms.beginning("r0"), *wrong.tokens("r0"),
        *wrong.methods("r0"), *wrong.paths("r0"), *wrong.queries("r0"), *wrong.bodies("r0"),
        *wrong.told("r0"), *wrong.slashes("r0"),
    ],
}  # fmt: skip


def world(act, letter):
    """`letter` names the way; every nonce is as long as the others and sorts like them."""
    nonce = f"q{letter}{list(ACTS).index(act)}z"
    return World(
        nonce,
        odd=rooms.ODD,
        session_id="s/+" + "t" * 40,
        **{name: f"@{name}{nonce}:test.localhost" for name in ("alice", "bob", "carol")},
        alias=f"#alias{nonce}:test.localhost",
        second_alias=f"#sécond/{nonce}:test.localhost",
        bobs_alias=f"#bobs{nonce}:test.localhost",
    )


def run(way, straight, letter):
    """Yields (act, case, request, answer), the answer normalised; None: the way cannot ask it."""
    for act, cases in ACTS.items():
        here = world(act, letter)
        succeeded = True
        for case in cases:
            request = here.request(case)
            asked = straight if case.straight else way
            if (case.follows and not succeeded) or not asked.can(request):
                succeeded = False
                yield act, case, request, None
                continue
            answer = asked.ask(request)
            succeeded = answer.status < 400
            assert succeeded or not case.straight, f"{case}: {answer}"
            here.save(case, answer)
            body = in_order(normalise(answer.body, here), case.unordered)
            yield act, case, request, dataclasses.replace(answer, body=body)
