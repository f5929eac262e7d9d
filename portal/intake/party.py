"""What a party does with its own case: writes, answers, takes it back, says how it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.cases import asks, registry
from portal.cases.moves import ENDED
from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Service
from portal.errors import Conflict, IllegalMove, Invalid
from portal.feedback import given
from portal.intake import answers as rules
from portal.intake import reaching
from portal.intake.receive import TEXT_LIMIT
from portal.parties import register, ways
from portal.runs import ledger
from portal.unit_of_work import Row, Work
from portal.vault import items


def keep(work: Work, case_id: UUID) -> None:
    """Who signed in, and has proved the case by its secret, keeps it among its own. `PartyKnown`; Conflict where it is somebody else's."""
    subject = work.principal.subject
    if subject is None or not register.keep(work, case_id, subject):
        raise Conflict("This request is kept by somebody who signed in already. It can still be opened with its secret code.")
    mine = next(row for row in register.of_case(work, case_id) if row["subject"] == subject)
    if not ways.of(work, case_id, mine["party_id"]).channels:
        reaching.follow(work, mine, reaching.of_person(work, subject))


def write(work: Work, case_id: UUID, words: str, *, channel: str = "web", sender: str | None = None, at: datetime | None = None) -> UUID:
    """A message on the case, from its party or from staff; id of the vault item. `MessageReceived`. `sender`, `at`: where somebody writes down
    what another wrote, and when that came."""
    case = registry.case_of(work, case_id)
    item, commitment = items.put(work, case_id, "message", _plain(words))
    sender = sender or ("party" if work.principal.scope == "party" else "staff")
    work.record(case_id, "MessageReceived", occurred_at=at, agency=case["agency"], channel=channel, item=str(item), commitment=commitment, sender=sender)
    if sender == "party":
        asks.replied(work, case, frozenset(), at=at)
    return item


def answer(work: Work, case_id: UUID, answers: Mapping[str, Any], *, at: datetime | None = None) -> list[str]:
    """Gives or changes answers while the case is open; ids of required questions still open. `AnswersGiven`. An edit never moves a deadline."""
    case = registry.case_of(work, case_id)
    if case["status"] in ENDED or case["status"] == "decided":
        raise IllegalMove("The case is %(status)s; its answers stand. Write a message instead.", values={"status": case["status"]})
    service = _service(work, case)
    before: dict[str, Any] = {}
    for old in items.of_kind(work, case_id, "answers"):
        before |= old
    facts = {"channel": case["channel"], "area": case["area"], "language": case["language"]}
    taken = rules.checked(service, {**before, **answers}, facts=facts, complete=False)
    item, commitment = items.put(work, case_id, "answers", taken)
    work.record(case_id, "AnswersGiven", occurred_at=at, agency=case["agency"], item=str(item), commitment=commitment, fields=sorted(answers), task=None)
    gone = {field.id for field in service.fields if not applies(field.when, typed(service.fields), {**facts, "answers": taken})}
    asks.replied(work, case, (answers.keys() & taken.keys()) | gone, at=at)
    return rules.missing(service, taken, facts=facts)


def take_back(work: Work, case_id: UUID, words: str | None, *, part: str | None = None) -> None:
    """The party withdraws, or takes one part of a life event back. `CaseWithdrawn` or `PartWithdrawn`; an agency's task ends with it."""
    meant = _part(work, case_id, part) if part is not None else None
    item = items.put(work, case_id, "message", _plain(words))[0] if words else None
    if meant is not None:
        registry.withdraw_part(work, case_id, run=meant[0], step_run=meant[1], words=item)
    else:
        registry.withdraw(work, case_id, words=item)


def _part(work: Work, case_id: UUID, part: str) -> tuple[Row, Row]:
    """The run of a part that is under way, and the step run that began it."""
    found = [
        (run, ledger.step_run(work, case_id, run["parent_step_id"])) for run in ledger.of_case(work, case_id) if run["service_hash"] and run["parent_step_id"]
    ]
    of_name = [one for one in found if one[1]["step"] == part and one[1]["kind"] == "journey" and ledger.part_of(work, one[0]) == one[1]["id"]]
    if not of_name:
        detail = "No part of that name has begun; GET /api/v1/cases/{reference} lists the parts and where each stands."
        raise Invalid(errors=[{"pointer": "/part", "detail": detail}])
    run, step_run = of_name[-1]
    if step_run["status"] != "begun":
        raise IllegalMove("This part has come to its end already.")
    return run, step_run


def rate(work: Work, case_id: UUID, *, score: int, words: str | None) -> Row:
    """How it was, 1 to 5. `FeedbackGiven`."""
    item, commitment = items.put(work, case_id, "message", _plain(words)) if words else (None, None)
    return given.give(work, case_id, score=score, words=item, commitment=commitment)


def _service(work: Work, case: Row) -> Service:
    if not case["service_hash"]:
        raise IllegalMove("People are still finding the right service for this request; write a message instead.")
    service: Service = work.portal.pinned(work, case["service_hash"])
    return service


def _plain(words: str) -> str:
    try:
        return rules.plain(words, limit=TEXT_LIMIT)
    except rules.Wrong as wrong:
        raise Invalid(errors=[{"pointer": "/words", "detail": str(wrong)}]) from wrong
