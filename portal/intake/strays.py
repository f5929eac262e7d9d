"""What strayed, settled by people: a report is attached to the case it means, or dismissed with a word why; a file is dismissed when it was seen to."""

from __future__ import annotations

from uuid import UUID

from portal.errors import IllegalMove, Invalid
from portal.intake import reports
from portal.outbox import deliveries, strays
from portal.queues import worklist
from portal.unit_of_work import Row, Work
from portal.vault import items


def attach(work: Work, task: Row, case_id: UUID, *, version: int | None, step: str | None = None) -> str:
    """The report means that case, which is in hand too: it is taken as if it had named its handover. `applied`, or `stale` where more was known."""
    stray = strays.of(work, task["case_id"])
    if stray["kind"] == "mail":
        return _mail(work, task, stray, case_id, version=version)
    if stray["kind"] != "report":
        raise IllegalMove("A file cannot be attached to one case: ask the agency for a right one, then dismiss this.")
    row = _handover(work, case_id, stray["agency"], step)
    worklist.complete(work, task, holder=str(work.principal.subject), version=version, outcome="attached")
    strays.settle(work, stray, how="attached", official=str(work.principal.subject), to=case_id)
    return reports.attached(work, row, stray["known"])


def _mail(work: Work, task: Row, stray: Row, case_id: UUID, *, version: int | None) -> str:
    """A mail nobody could read by machine belongs to that case: it is kept there as it came."""
    worklist.complete(work, task, holder=str(work.principal.subject), version=version, outcome="attached")
    strays.settle(work, stray, how="attached", official=str(work.principal.subject), to=case_id)
    for value in items.of_kind(work, stray["case_id"], "mail"):
        items.put(work, case_id, "mail", value)
    return "applied"


def dismiss(work: Work, task: Row, *, version: int | None, words: str) -> None:
    """Nothing is to follow of it; `words` say why."""
    stray = strays.of(work, task["case_id"])
    if not words.strip():
        raise Invalid(errors=[{"pointer": "/words", "detail": "Say why nothing is to follow of it."}])
    worklist.complete(work, task, holder=str(work.principal.subject), version=version, outcome="dismissed")
    item, _ = items.put(work, task["case_id"], "note", words)
    strays.settle(work, stray, how="dismissed", official=str(work.principal.subject), words=item)


def _handover(work: Work, case_id: UUID, agency: str, step: str | None) -> Row:
    """The handover of the case to that agency; Invalid where there is none, or several and none was named."""
    found = [row for row in deliveries.of_case(work, case_id) if row["target"] == agency and deliveries.state_of(row) != "cancelled"]
    if not found:
        raise Invalid(errors=[{"pointer": "/reference", "detail": f"Nothing of this case was handed to {agency}: look for the case it means."}])
    named = [row for row in found if step in (None, row["body"]["step"])]
    if len(named) != 1:
        steps = ", ".join(sorted({row["body"]["step"] for row in found}))
        raise Invalid(errors=[{"pointer": "/step", "detail": f"Name the step that was handed over: {steps}."}])
    return named[0]
