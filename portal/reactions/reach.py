"""What follows where a notice did not reach its party: the address is marked, the next channel is tried, and where there is none, people see to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.cases import registry
from portal.outbox import kinds, notices
from portal.outbox.notices import before
from portal.outbox.reasons import lost_by
from portal.parties import register, ways
from portal.queues import worklist
from portal.reactions.acts import put_task
from portal.unit_of_work import Event, Row, Work
from portal.vault import items

TASK = "unreached"
#: Waits before the same address is tried again, of what had left and may arrive another time; then its channel counts as failed.
AGAIN = (timedelta(minutes=30), timedelta(hours=4), timedelta(hours=24))
#: Templates that tell of a decision: where their notice does not arrive, its letter is posted (portal/reactions/decisions.py).
DECISIONS = ("decided", "objection-decided", "replaced")


def not_told(work: Work, events: list[Event]) -> None:
    """A notice cannot leave: what its address is known by now, and who is tried next."""
    for event in events:
        row = notices.one(work, event.case_id, UUID(event.data["notice"]))
        if row is not None:
            _next(work, row, code=event.data["refusal"], how=lost_by(event.data["refusal"]))


def came_back(work: Work, events: list[Event]) -> None:
    """A notice had left and did not arrive: tried there again where that may help, else elsewhere."""
    for event in events:
        row = notices.one(work, event.case_id, UUID(event.data["notice"]))
        if row is None or notices.followed(work, row):
            continue
        times = row["body"].get("again", 0)
        if event.data["passing"] and times < len(AGAIN):
            _again(work, row, times)
        else:
            _next(work, row, code=event.data["refusal"], how=None if event.data["passing"] else lost_by(event.data["refusal"]))


def _again(work: Work, row: Row, times: int) -> None:
    body = row["body"]
    again = notices.promise(
        work,
        row["case_id"],
        party_id=UUID(body["party"]),
        channel=row["target"],
        template=body["template"],
        language=body["language"],
        refs=body["refs"],
        instead=row,
        next_at=work.now + AGAIN[times],
    )
    if again is not None:
        work.change(again, body={**again["body"], "again": times + 1, "tried": list(before(row))})


def _next(work: Work, row: Row, *, code: str, how: ways.Lost | None) -> None:
    """The notice by the next channel its party can be reached by; none left: a task for people. Once a notice."""
    case_id, body = row["case_id"], row["body"]
    party = _party(work, case_id, UUID(body["party"]))
    if party is None or notices.followed(work, row):
        return
    kind = kinds.kind(body["template"])
    if how is not None:
        ways.lose(work, party, row["target"], how=how, code=code)
    reach, contact = ways.of(work, case_id, party["party_id"]), _contact(work, party)
    open_now = ways.open_ways(reach, contact)
    if how is not None and open_now:
        ways.tell_by(work, party, open_now[0])
    if kind.weight == "courtesy" and code in ("stopped", "unwanted"):
        return
    gone = {*before(row), row["target"]}
    channel = next((one for one in ways.open_ways(reach, contact, demanded=kind.weight == "statutory") if one not in gone), None)
    if channel is not None:
        language, refs = body["language"], body["refs"]
        notices.promise(work, case_id, party_id=party["party_id"], channel=channel, template=body["template"], language=language, refs=refs, instead=row)
    elif body["template"] not in DECISIONS and party["role"] != register.FOLLOWER and not code.startswith("returned-"):
        _for_people(work, case_id)


def _for_people(work: Work, case_id: UUID) -> None:
    """Somebody finds another way to them, once for all that could not be told."""
    if worklist.waiting_of(work, case_id, TASK):
        return
    case = registry.case_of(work, case_id)
    known = [work.catalogue.agencies[id] for id in (case["agency"], work.catalogue.triage.agency) if id in work.catalogue.agencies]
    agency = next((one for one in known if one.queues), None)
    if agency is not None:
        put_task(work, case, agency, kind=TASK, step=TASK, step_run=None, queue=None)


def chosen(work: Work, events: list[Event]) -> None:
    """There is a way to them again: nobody needs to find one."""
    for event in events:
        party = _party(work, event.case_id, UUID(event.data["party"]))
        if party is not None and ways.open_ways(ways.of(work, event.case_id, party["party_id"]), _contact(work, party)):
            for task in worklist.waiting_of(work, event.case_id, TASK):
                worklist.cancel(work, event.case_id, why="another way was named", only=task["id"])


def _party(work: Work, case_id: UUID, party_id: UUID) -> Row | None:
    """Who is to be told, if it still stands on the case or follows it."""
    return next((row for row in (*register.of_case(work, case_id), *register.followers(work, case_id)) if row["party_id"] == party_id), None)


def _contact(work: Work, party: Row) -> Mapping[str, Any]:
    found: Any = items.get(work, party["case_id"], party["contact"]) if party["contact"] else None
    return found if isinstance(found, Mapping) else {}
