"""The cases whose histories are stored: one for each construct of the language, and for each way a run can end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.cases import asks, registry
from portal.db import new_id
from portal.fees import ledger as fees
from portal.intake import party
from portal.intake.receive import Submission, receive
from portal.outbox import deliveries
from portal.outbox.tables import outbox
from portal.queues import worklist
from portal.queues.tables import tasks
from portal.reactions import sweep
from portal.runs import ledger
from portal.unit_of_work import ANONYMOUS, ENGINE, Principal
from portal.workflow import casework, counter, waits
from tests.histories.stored import Script, Told

SAMPLES = {"integer": 1, "decimal": "1.5", "date": "2026-12-01", "boolean": True, "email": "a@example.org", "phone": "+3222796111"}


def opened(told: Told, service: str, **answers: Any) -> None:
    """A request for the service, every required answer given."""
    told.case_id = new_id()
    fields = told.portal.catalogue.services[service].fields
    given = {
        field.id: SAMPLES.get(field.type) or (field.options[0].id if field.type == "choice" else [field.options[0].id] if field.options else "Rue Haute 1")
        for field in fields
        if field.required and not field.when
    }
    with told.portal.work(ANONYMOUS, new_cases=[told.case_id]) as work:
        receive(work, Submission(service=service, answers=given | answers, contact={"email": "ann@example.org"}), case_id=told.case_id)
    told.stand()


def done(told: Told, step: str, **how: Any) -> None:
    """People of whoever has it finish a task of that step."""
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        agency = next(row for row in work.rows(tasks, told.case_id) if row["step"] == step and row["status"] in worklist.WAITING)["agency"]
    for act in (worklist.claim, casework.complete):
        with told.portal.work(Principal("staff", "tests|clerk", agencies=(agency,), roles=("caseworker",))) as work:
            work.narrow([told.case_id])
            task = next(row for row in work.rows(tasks, told.case_id) if row["step"] == step and row["status"] in worklist.WAITING)
            if act is worklist.claim:
                worklist.claim(work, task, holder="tests|clerk", version=None)
            else:
                casework.complete(work, task, version=None, **how)
    told.stand()


def reported(told: Told, step: str, status: str = "done") -> None:
    """The agency reports on its handover."""
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        row = next(row for row in work.rows(outbox, told.case_id) if row["kind"] == "delivery" and row["body"]["step"] == step and row["done_at"] is None)
        deliveries.reported(work, row, message=f"{row['key']}-1", status=status, rank=3, remote_id="R-1", outcome=None)
    told.stand()


def withdrawn(told: Told) -> None:
    """The party takes the request back."""
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        party.take_back(work, told.case_id, None)
    told.stand()


def referred(told: Told, step: str) -> None:
    """A wrong door: people pass it on."""
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        registry.refer(work, told.case_id, to_agency="front-office", to_service=None, words=None)
    told.stand()


def parallel_and_join(told: Told) -> None:
    """Two agencies at once, a join of both, and a decision."""
    opened(told, "childcare-place")
    done(told, "check-residence")
    done(told, "place")
    done(told, "decide", outcome="offered", reasons="There is a place.")


def handed_over(told: Told) -> None:
    """A delivery an agency reports on."""
    opened(told, "resident-parking-permit")
    done(told, "assess")
    reported(told, "consult")
    done(told, "decide", outcome="granted", reasons="All is in order.")


def withdrawn_midway(told: Told) -> None:
    """What is under way is cancelled."""
    opened(told, "childcare-place")
    done(told, "place")
    withdrawn(told)


def passed_on(told: Told) -> None:
    """Two runs of one case: that of the wrong door is cancelled."""
    opened(told, "pothole")
    referred(told, "repair")


def branched(told: Told) -> None:
    """A condition sends it the longer way."""
    opened(told, "tree-felling-permit", girth_cm=160, trees=1)
    done(told, "review")
    done(told, "inspect")
    done(told, "decide", outcome="granted-with-conditions", reasons="One tree is planted anew.")


def asked_in_vain(told: Told) -> None:
    """A question nobody answers in time."""
    opened(told, "housing-benefit", monthly_income=900, self_employed=True)
    done(told, "check")
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        by = asks.still_open(work, told.case_id)[0]["reply_by"]
    assert sweep(told.portal, at=by + timedelta(seconds=1))
    told.stand()
    done(told, "decide", outcome="refused", reasons="The accounts are missing.")


def asked_and_answered(told: Told) -> None:
    """A question, its answer, and a look at it."""
    opened(told, "housing-benefit", monthly_income=900, self_employed=True)
    done(told, "check")
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        party.answer(work, told.case_id, {"yearly_profit": 12_000})
    told.stand()
    done(told, "second-look")


def still_under_way(told: Told) -> None:
    """Nothing more has happened yet. (That of fa37fd3 is of version 1 of moving home.)"""
    opened(told, "childcare-place")
    done(told, "place")


def waited(told: Told) -> None:
    """A day, word from somebody, and a while are waited for."""
    opened(told, "street-party", day="2027-12-01")
    due(told)
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        waits.signal(work, registry.case_of(work, told.case_id), event="street-free", source="staff", agency="town-hall")
    told.stand()
    due(told)


def waited_in_vain(told: Told) -> None:
    """No word comes."""
    opened(told, "street-party", day="2020-12-01")
    due(told)
    done(told, "look")


def gone_round(told: Told) -> None:
    """Two advices of three, an agency that cannot be reached, each place looked at, what is needless cancelled, one round more, and all of it undone."""
    opened(told, "street-works", places=["north", "south", "east"])
    for step in ("read", "noise", "police"):
        done(told, step)
    unreachable(told, "book")
    for step in ("by-hand", "visit", "visit", "visit", "sign"):
        done(told, step)
    done(told, "judge", outcome="again")
    for step in ("read", "school", "noise"):
        done(told, step)
    reported(told, "book")
    done(told, "visit")
    withdrawn(told)
    for step in ("free", "take-down"):
        done(told, step)


def withdrawn_and_undone(told: Told) -> None:
    """What was done is being undone, the last first."""
    opened(told, "street-works", places=["north"])
    for step in ("read", "noise", "school"):
        done(told, step)
    reported(told, "book")
    done(told, "sign")
    withdrawn(told)
    done(told, "take-down")


def unreachable(told: Told, step: str) -> None:
    """The agency does not take its handover, however often it is tried."""
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        row = next(row for row in work.rows(outbox, told.case_id) if row["kind"] == "delivery" and row["body"]["step"] == step and row["done_at"] is None)
        deliveries.parked(work, row, reason="nobody answers", code="timeout")
    told.stand()


def due(told: Told) -> None:
    """The next instant a step waits for has come."""
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        (row,) = ledger.waits_for(work, told.case_id)
    assert sweep(told.portal, at=row["until"])
    told.stand()


def moved_home(told: Told) -> None:
    """Runs inside runs: parts of a life event, one of them with a journey inside, one not needed, one taken back."""
    opened(told, "moving-home", moving_date="2026-05-04", has_car=True, number_plate="1-ABC-234", vehicle="own", needs_childcare=False)
    done(told, "register")
    done(told, "visit")
    done(told, "confirm", outcome="registered", reasons="Seen there.")
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        party.take_back(work, told.case_id, None, part="parking")
    told.stand()
    reported(told, "move-account")


def moved_home_withdrawn(told: Told) -> None:
    """All runs are stopped at once."""
    opened(told, "moving-home", has_car=False, needs_childcare=False)
    done(told, "register")
    withdrawn(told)


def paid(told: Told) -> None:
    """A fee, paid in cash; the work begins."""
    opened(told, "birth-certificate")
    clerk = Principal("staff", "tests|till", agencies=("civil-registry",), teams=("desk",), roles=("caseworker",))
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        fee = fees.of_case(work, told.case_id)[0]
    with told.portal.work(clerk) as work:
        day = counter.open_till(work, "civil-registry", "desk", told.case_id)
        counter.take(work, told.case_id, fee["id"], day, amount=fee["amount"])
    told.stand()
    done(told, "handle")


def not_paid(told: Told) -> None:
    """A fee nobody pays in time."""
    opened(told, "birth-certificate")
    with told.portal.work(ENGINE) as work:
        work.narrow([told.case_id])
        by = fees.of_case(work, told.case_id)[0]["pay_by"]
    assert sweep(told.portal, at=by)
    told.stand()


CASES: dict[str, Script] = {
    "parallel-and-join": parallel_and_join,
    "handed-over": handed_over,
    "withdrawn-midway": withdrawn_midway,
    "passed-on": passed_on,
    "branched": branched,
    "asked-in-vain": asked_in_vain,
    "asked-and-answered": asked_and_answered,
    "still-under-way": still_under_way,
    "waited": waited,
    "waited-in-vain": waited_in_vain,
    "moved-home": moved_home,
    "moved-home-withdrawn": moved_home_withdrawn,
    "gone-round": gone_round,
    "withdrawn-and-undone": withdrawn_and_undone,
    "paid": paid,
    "not-paid": not_paid,
}
