"""What follows from what happens to a case: taken, routed, passed on, decided, ended."""

from __future__ import annotations

from uuid import UUID

from portal.access import grants
from portal.cases import links, registry
from portal.queues import worklist
from portal.reactions import inside
from portal.reactions.acts import facts, give, promise, service_of, stop, tell, tell_followers
from portal.reactions.consequences import anew, moot
from portal.reactions.danger import call_duty
from portal.referrals import offers
from portal.runs import ledger
from portal.standards import clocks
from portal.unit_of_work import Event, Work
from portal.workflow import journeys, referring

#: Why several doors are asked at once.
ON_THE_EDGE = "The place lies on the edge of several areas. Whoever it belongs to takes it; the others are then asked no more."


def take_up(work: Work, events: list[Event]) -> None:
    """A request was taken: who holds it may see it, its promises run, its journey begins, its party is told."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        service = service_of(work, case)
        if service is None:
            continue
        grants.grant(work, event.case_id, case["agency"], "holder" if case["service"] else "triage")
        if case["danger"]:
            call_duty(work, case)
        promise(work, case, service)
        if "unacknowledged" not in case["flags"]:
            tell(work, case, "objection" if links.about(work, event.case_id) else "received")
        journeys.begin(work, event.case_id, service, holder=case["agency"], facts=facts(work, case))


def ask_doors(work: Work, events: list[Event]) -> None:
    """Its place lies on an edge: each door it may belong to is asked, and the party once. Until one takes it, people who find doors have it."""
    for event in events:
        if event.data["kind"] != "triage":
            continue
        opened = next((one for one in work.recorded() if one.type == "CaseOpened" and one.case_id == event.case_id), None)
        if opened is not None and opened.data.get("doors"):
            task = worklist.task_of(work, event.case_id, UUID(event.data["task"]))
            referring.ask_all(work, task, opened.data["doors"], words=ON_THE_EDGE)


def route(work: Work, events: list[Event]) -> None:
    """The request found its service: its promises run from when each standard says, and its journey begins."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        service = service_of(work, case)
        assert service is not None
        clocks.stop(work, event.case_id, lambda clock: clock["step_run_id"] is None)
        grants.grant(work, event.case_id, case["agency"], "holder")
        promise(work, case, service)
        tell(work, case, "routed")
        journeys.begin(work, event.case_id, service, holder=case["agency"], facts=facts(work, case))


def refer(work: Work, events: list[Event]) -> None:
    """A wrong door: what runs there is stopped, and the next door takes over; nothing is asked again."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        stop(work, case, why="referred", held_by=event.data["from_agency"])
        target = event.data["to_service"]
        if target:
            give(work, case, target, why="referred")
            continue
        grants.grant(work, event.case_id, case["agency"], "triage")
        promise(work, case, work.catalogue.triage)
        journeys.begin(work, event.case_id, work.catalogue.triage, holder=case["agency"], facts=facts(work, case))


def end_journey(work: Work, events: list[Event]) -> None:
    """The journey of the case's own service ended, and so does the case; one inside another ends its step. The search for a door ends nothing."""
    for event in events:
        run = ledger.run_of(work, event.case_id, UUID(event.data["run"]))
        case = registry.case_of(work, event.case_id)
        if run["parent_id"] is not None:
            inside.ended(work, run, event.data["outcome"])
        elif run["status"] == "ended" and run["journey"] != work.catalogue.triage.journey and case["service"]:
            registry.close(work, event.case_id, outcome=event.data["outcome"])


def part_begun(work: Work, events: list[Event]) -> None:
    """Who answers for the service of a part sees the life event it is in."""
    for event in events:
        if event.data.get("service"):
            grants.answered_for(work, event.case_id, event.data["service"])


def sealed(work: Work, events: list[Event]) -> None:
    """What others hold of a sealed case goes back to its queue, where those it names find it."""
    for event in events:
        registry.mark_sealed(work, event.case_id, True)
        worklist.hand_back(work, event.case_id, but=event.data["named"])


def unsealed(work: Work, events: list[Event]) -> None:
    """The case says no longer that it is sealed."""
    for event in events:
        registry.mark_sealed(work, event.case_id, False)


def written(work: Work, events: list[Event]) -> None:
    """Staff wrote to the party: a first answer has been given, and the party is told that there is something to read."""
    for event in events:
        if event.data["sender"] == "staff":
            clocks.stop(work, event.case_id, lambda clock: clock["covers"] == "first-answer")
            tell(work, registry.case_of(work, event.case_id), "message")


#: Kinds of task that go on when the case is closed.
OUTLIVE = ("consequence", "decision", "letter", "undo", "refund", "contradiction", "word", "returned", "unreached")


def closed(work: Work, events: list[Event]) -> None:
    """What was promised of the case is measured at the instant it ended, but for what is decided anew; the party is told and asked how it was."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        for row in offers.still_open(work, event.case_id):
            offers.end(work, row, why="closed")
        pending = worklist.waiting_of(work, event.case_id, "decision")
        clocks.stop(work, event.case_id, lambda clock, of=pending: not any(anew(task, clock) for task in of), at=event.occurred_at)  # type: ignore[misc]
        worklist.cancel(work, event.case_id, why="case closed", keep=OUTLIVE)
        moot(work, event.case_id, "tacit-approval")
        tell(work, case, "closed")
        tell_followers(work, case)


def withdrawn(work: Work, events: list[Event]) -> None:
    """What runs anywhere for the case is stopped."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        stop(work, case, why="withdrawn")
        moot(work, event.case_id, "tacit-approval", "right-of-appeal", "redress")
        tell(work, case, "withdrawn")
        tell_followers(work, case)


def secret_renewed(work: Work, events: list[Event]) -> None:
    """The party is told that its secret was made anew, so that nobody does it behind its back."""
    for event in events:
        tell(work, registry.case_of(work, event.case_id), "secret-renewed")
