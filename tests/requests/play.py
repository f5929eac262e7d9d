"""Lives real requests again in the portal, each unit at its own instant, and reads back from the events alone what became of them.

Why a driver of the tests and not `portal replay`: that command puts bare cases of services the catalogue does not know into the registry, by the thousand;
no journey runs and no reaction follows. Here people and agencies act, as the log says they did, and the engine has to do the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from portal.cases import registry
from portal.db import new_id
from portal.events import log
from portal.intake import party
from portal.intake.receive import Submission, receive
from portal.queues import worklist
from portal.queues.tables import tasks
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Principal
from portal.workflow import casework, waits
from tests.requests.timeline import Stretch, Timeline
from tests.requests.town import DOORS, NONE, slug, who


class Act(IntEnum):
    """What happens; at one instant in this order: who goes on is named before who had it lets go."""

    NEEDED = 0
    DONE = 1
    OVER = 2


@dataclass(frozen=True)
class Lived:
    """What the portal has of a request: as a timeline has it, agencies by id."""

    status: str
    opened: datetime
    closed: datetime | None
    stretches: tuple[Stretch, ...]


def play(portal: Portal, one: Timeline) -> UUID:
    """The case."""
    case_id = new_id()
    with portal.work(ANONYMOUS, at=one.opened, new_cases=[case_id]) as work:
        given = Submission(service=slug(one.service), text=one.service, channel=DOORS[one.channel], source="replayed", external_id=one.id)
        receive(work, given, case_id=case_id)
    places = 1
    for at, act, place in sorted(_acts(one)):
        if act is Act.NEEDED:
            _needed(portal, case_id, at, place, who(one.stretches[place]))
            places = place + 1
        elif act is Act.DONE:
            _done(portal, case_id, at, "look" if place == 0 else f"{who(one.stretches[place])}-{place}", slug(one.stretches[place].agency))
        else:
            _nobody(portal, case_id, at, places)
    return case_id


def _acts(one: Timeline) -> Iterable[tuple[datetime, Act, int]]:
    for place, stretch in enumerate(one.stretches):
        if place:
            yield stretch.begun, Act.NEEDED, place
        if stretch.ended:
            yield stretch.ended, Act.DONE, place
    if one.closed:
        yield one.closed, Act.OVER, 0


def _needed(portal: Portal, case_id: UUID, at: datetime, place: int, agency: str) -> None:
    with portal.work(ENGINE, at=at) as work:
        work.narrow([case_id])
        party.answer(work, case_id, {"needed": agency})
        work.settle()
        waits.signal(work, registry.case_of(work, case_id), event=f"needed-{place}", source="staff", agency=None)


def _done(portal: Portal, case_id: UUID, at: datetime, step: str, agency: str) -> None:
    person = Principal("staff", "replayed|person", agencies=(agency,), roles=("caseworker",))
    with portal.work(person, at=at) as work:
        work.narrow([case_id])
        (task,) = [row for row in work.rows(tasks, case_id) if row["step"] == step and row["status"] in worklist.WAITING]
        assert task["agency"] == agency
        worklist.claim(work, task, holder="replayed|person", version=None)
        casework.complete(work, task, version=None)


def _nobody(portal: Portal, case_id: UUID, at: datetime, place: int) -> None:
    """Whoever took it in says that nobody else is needed: what still waits for such word ends, and with it the case."""
    with portal.work(ENGINE, at=at) as work:
        work.narrow([case_id])
        party.answer(work, case_id, {"needed": NONE})
        work.settle()
        while (case := registry.case_of(work, case_id))["status"] not in ("closed", "withdrawn"):
            waits.signal(work, case, event=f"needed-{place}", source="staff", agency=None)
            work.settle()
            place += 1


def lived(portal: Portal, case_id: UUID) -> Lived:
    """Read back from its events."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        events = work.run(log.history(case_id, limit=1000).execution_options(visible=True))
    ends = {event["data"]["step_run"]: event["occurred_at"] for event in events if event["type"] == "StepEnded"}
    stretches = tuple(
        Stretch(event["agency"], event["step"], event["occurred_at"], ends.get(event["data"]["step_run"]))
        for event in events
        if event["type"] == "StepBegun" and event["data"]["kind"] == "work"
    )
    closed = next((event["occurred_at"] for event in events if event["type"] == "CaseClosed"), None)
    return Lived("closed" if closed else "open", events[0]["occurred_at"], closed, stretches)
