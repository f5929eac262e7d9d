"""What follows from asking a party, and from its answer or its silence."""

from __future__ import annotations

from uuid import UUID

from portal.cases import asks, registry
from portal.events.chain import stamp
from portal.reactions.acts import go_on, tell
from portal.standards import changes, clocks
from portal.unit_of_work import Event, Row, Work
from portal.workflow import waiting


def asked(work: Work, events: list[Event]) -> None:
    """The party was asked, which is a first answer: what the law lets stand still does so until the date to reply by, and the party is told that date."""
    for event in events:
        clocks.stop(work, event.case_id, lambda clock: clock["covers"] == "first-answer")
        waiting.begin(work, event)
        by = event.data["reply_by"]
        # What intake itself still asks stands in the mail that says it was received.
        if by or event.data["task"] or event.data["step_run"]:
            tell(work, registry.case_of(work, event.case_id), "asked" if by else "message", due_at=by)


def ask_ended(work: Work, events: list[Event]) -> None:
    """An answer came, or its date lapsed: what stood still runs again, and who asked goes on."""
    for event in events:
        waiting.end(work, event)
        if event.data["step_run"] and event.data["why"] != "cancelled":
            go_on(work, registry.case_of(work, event.case_id), UUID(event.data["step_run"]), event.data["why"])


def lapse(work: Work, timer: Row) -> None:
    """The date to reply by, or to stand still until, has come."""
    ask = asks.find(work, timer["case_id"], timer["subject"])
    if ask is None:
        changes.lapse(work, timer["case_id"], timer["subject"], at=timer["due_at"])
    elif ask["ended_at"] is None:
        asks.end(work, ask, why="lapsed", at=timer["due_at"])


def reminder(work: Work, timer: Row) -> None:
    """The party is reminded before its date to reply."""
    ask = asks.find(work, timer["case_id"], timer["subject"])
    if ask is not None and ask["ended_at"] is None:
        tell(work, registry.case_of(work, timer["case_id"]), "reminder", due_at=stamp(ask["reply_by"]))
