"""What follows from a decision: it is told, served, and final when nobody does anything against it."""

from __future__ import annotations

from uuid import UUID

from portal.cases import decisions as ledger
from portal.cases import links, registry
from portal.outbox import notices, prints
from portal.outbox.rows import leaves
from portal.parties import register
from portal.queues import worklist
from portal.reactions.acts import put_task, tell
from portal.standards import clocks, timers
from portal.unit_of_work import Event, Row, Work
from portal.vault import items
from portal.workflow import serving

#: Templates of the notices that tell of a decision; the mail with one serves it.
TELL = ("decided", "objection-decided", "replaced")


def decided(work: Work, events: list[Event]) -> None:
    """A first answer has been given. Who has a channel is told, and served by that; for all others somebody posts the letter."""
    for event in events:
        clocks.stop(work, event.case_id, lambda clock: clock["covers"] == "first-answer")
        case = registry.case_of(work, event.case_id)
        row = ledger.decision_of(work, event.case_id, UUID(event.data["decision"]))
        if row["supersedes"]:
            timers.disarm(work, event.case_id, row["supersedes"])
        template = "replaced" if row["supersedes"] else "objection-decided" if links.about(work, event.case_id) else "decided"
        if not tell(work, case, template, decision=str(row["id"])):
            post(work, case, row)


def came_back(work: Work, events: list[Event]) -> None:
    """The mail that served a decision came back: nobody was served, and no remedy runs, unless its party objected and so has it."""
    for event in events:
        row = _told_of(work, event)
        if row is None or row["served_by"] != "email" or row["final_at"] is not None or links.objections(work, row["case_id"], row["id"]):
            continue
        timers.disarm(work, row["case_id"], row["id"])
        ledger.unserve(work, row, notice=event.data["notice"])


def post(work: Work, case: Row, row: Row) -> None:
    """The post room prints the letter where its party left an address; else somebody of the agency finds a way, and writes down when."""
    case_id = case["case_id"]
    if row["letter"] is None or row["served_at"] is not None or worklist.of_kind(work, case_id, "letter", str(row["id"])):
        return
    if not leaves(work, case_id) or _printed(work, case, row):
        return
    put_task(work, case, work.catalogue.agencies[row["agency"]], kind="letter", step=str(row["id"]), step_run=None, queue=(row["terms"] or {}).get("queue"))


def _printed(work: Work, case: Row, row: Row) -> bool:
    """Promises the letter by post, once; False where that cannot be, or was tried."""
    party = next((one for one in register.of_case(work, case["case_id"]) if one["role"] == "applicant"), None)
    contact = items.get(work, case["case_id"], party["contact"]) if party is not None and party["contact"] else None
    if party is None or not isinstance(contact, dict) or not contact.get("address"):
        return False
    if notices.tried(work, case["case_id"], channel=prints.CHANNEL, decision=row["id"]):
        return False
    said = {"template": "decided", "language": party["language"], "refs": {"decision": str(row["id"])}}
    return notices.promise(work, case["case_id"], party_id=party["party_id"], channel=prints.CHANNEL, **said) is not None


def notified(work: Work, events: list[Event]) -> None:
    """The mail that tells of a decision serves it; a letter, when it was posted. A text message only says that there is one: its letter is posted."""
    for event in events:
        row = _told_of(work, event)
        if row is not None and row["served_at"] is None:
            if event.channel in ("email", "post"):
                serving.serve(work, row, means=event.channel, notice=event.data["notice"])
            else:
                post(work, registry.case_of(work, event.case_id), row)


def not_notified(work: Work, events: list[Event]) -> None:
    """What was to tell of a decision cannot reach its party, by no channel: somebody posts it."""
    for event in events:
        notice, row = notices.one(work, event.case_id, UUID(event.data["notice"])), _told_of(work, event)
        if row is not None and notice is not None and not notices.followed(work, notice):
            post(work, registry.case_of(work, event.case_id), row)


def served(work: Work, events: list[Event]) -> None:
    """Its remedy runs until the end of its last day, and who has a channel is told that day."""
    for event in events:
        if event.data["until"]:
            row = ledger.decision_of(work, event.case_id, UUID(event.data["decision"]))
            timers.arm(work, event.case_id, kind="remedy", subject=row["id"], due_at=row["remedy_until"])
            if event.data["means"] == "email":
                tell(work, registry.case_of(work, event.case_id), "remedy", due_at=event.data["until"])


def lapse(work: Work, timer: Row) -> None:
    """The last day has passed, and nobody did anything against it."""
    row = ledger.decision_of(work, timer["case_id"], timer["subject"])
    objected = any(one["ended"] != "withdrawn" for one in links.objections(work, row["case_id"], row["id"]))
    if row["final_at"] is None and not objected and not ledger.superseded(work, row):
        ledger.lapse(work, row)


def _told_of(work: Work, event: Event) -> Row | None:
    template, refs = notices.words_of(work, event.case_id, UUID(event.data["notice"]))
    if template not in TELL or not refs.get("decision"):
        return None
    return ledger.decision_of(work, event.case_id, UUID(str(refs["decision"])))
