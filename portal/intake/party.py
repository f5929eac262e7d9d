"""What a party does with its own case: writes, answers, takes it back, says how it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from portal.cases import asks, registry
from portal.cases.moves import ENDED
from portal.catalogue.conditions import applies, typed
from portal.catalogue.definitions import Service
from portal.errors import IllegalMove, Invalid
from portal.feedback import given
from portal.intake import answers as rules
from portal.intake.receive import TEXT_LIMIT
from portal.unit_of_work import Row, Work
from portal.vault import items


def write(work: Work, case_id: UUID, words: str) -> UUID:
    """A message on the case, from its party or from staff; id of the vault item. `MessageReceived`."""
    case = registry.case_of(work, case_id)
    item, commitment = items.put(work, case_id, "message", _plain(words))
    sender = "party" if work.principal.scope == "party" else "staff"
    work.record(case_id, "MessageReceived", agency=case["agency"], channel="web", item=str(item), commitment=commitment, sender=sender)
    if sender == "party":
        asks.replied(work, case, frozenset())
    return item


def answer(work: Work, case_id: UUID, answers: Mapping[str, Any]) -> list[str]:
    """Gives or changes answers while the case is open; ids of required questions still open. `AnswersGiven`. An edit never moves a deadline."""
    case = registry.case_of(work, case_id)
    if case["status"] in ENDED or case["status"] == "decided":
        raise IllegalMove(f"The case is {case['status']}; its answers stand. Write a message instead.")
    service = _service(work, case)
    before: dict[str, Any] = {}
    for old in items.of_kind(work, case_id, "answers"):
        before |= old
    facts = {"channel": case["channel"], "area": case["area"], "language": case["language"]}
    taken = rules.checked(service, {**before, **answers}, facts=facts, complete=False)
    item, commitment = items.put(work, case_id, "answers", taken)
    work.record(case_id, "AnswersGiven", agency=case["agency"], item=str(item), commitment=commitment, fields=sorted(answers), task=None)
    gone = {field.id for field in service.fields if not applies(field.when, typed(service.fields), {**facts, "answers": taken})}
    asks.replied(work, case, (answers.keys() & taken.keys()) | gone)
    return rules.missing(service, taken, facts=facts)


def take_back(work: Work, case_id: UUID, words: str | None) -> None:
    """The party withdraws. `CaseWithdrawn`; an agency's task ends with it."""
    item = items.put(work, case_id, "message", _plain(words))[0] if words else None
    registry.withdraw(work, case_id, words=item)


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
