"""Crash lists of seals, broken glass and mandates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from portal.queues import people
from portal.unit_of_work import Principal
from tests.contracts.issuer import ISSUER
from tests.storm.crash.doors import case, opened, tasked
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Subject, World

CLERK = f"{ISSUER}|clerk"
NAMED = {"named": [{"subject": CLERK, "email": "clerk@office.example"}]}
SEAL = {"ground": "protection", "words": "She is hidden."} | NAMED
UNTIL = (datetime.now(UTC) + timedelta(days=30)).isoformat()
CLAIMED = ("clerk", "noise-complaint")


def staff(who: str, path: str, body: Any) -> Any:
    """An `act` of somebody of the staff on the case."""

    def act(world: World, subject: Subject) -> None:
        world.post(subject, f"/cases/{subject.reference}/{path}", world.who(who), body)

    return act


def sealed(world: World, subject: Subject) -> None:
    """A `prepare`: the case is sealed to the clerk; a colleague who has worked here may be named too."""
    with world.portal.work(Principal("staff", f"{ISSUER}|town", agencies=("city-council",), teams=("desk",), roles=("caseworker",))) as work:
        people.seen(work, work.principal)
    tasked(*CLAIMED, claimed=True)(world, subject)
    world.ask("POST", f"/cases/{subject.reference}/seal", world.who("clerk"), SEAL)


def mandated(world: World, subject: Subject) -> None:
    """A `prepare`: a mandate waits to be taken up."""
    opened("noise-complaint")(world, subject)
    given = world.ask("POST", f"/cases/{subject.reference}/mandates", subject.mine, {"scope": "act", "until": UNTIL})
    subject.more |= {"mandate": given["id"], "code": given["code"]}


def taken(world: World, subject: Subject) -> None:
    """A `prepare`: a mandate was taken up."""
    mandated(world, subject)
    take(world, subject)


def take(world: World, subject: Subject) -> None:
    """An `act`: somebody takes it up."""
    world.post(subject, "/mandates", world.who("helper"), {"reference": subject.reference, "code": subject.more["code"]})


def end(world: World, subject: Subject) -> None:
    """An `act`: the party ends it."""
    world.post(subject, f"/cases/{subject.reference}/mandates/{subject.more['mandate']}/end", subject.mine)


CLOSING = (
    UseCase("seal", ("route seals.seal",), tasked(*CLAIMED, claimed=True), staff("clerk", "seal", SEAL)),
    UseCase("seal-named-anew", ("route seals.rename",), sealed, staff("clerk", "seal/names", {"named": [*NAMED["named"], {"subject": f"{ISSUER}|town"}]})),
    UseCase("unseal", ("route seals.unseal",), sealed, staff("clerk", "seal/end", {"words": "She has moved."})),
    UseCase("break-glass", ("route reads.break_glass",), opened("noise-complaint"), staff("admin", "glass", {"reason": "A letter went astray."})),
    UseCase("mandate", ("route mandates.give",), opened("noise-complaint"), case("mandates", {"scope": "act", "until": UNTIL})),
    UseCase("mandate-taken", ("route mandates.accept",), mandated, take),
    UseCase("mandate-ended", ("route mandates.end",), taken, end),
)
