"""Clocks with the whole portal behind them: an ask, an answer, a lapse, another agency, a breach and what the law makes of it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.access.scoping import visible
from portal.cli.why import explained
from portal.errors import Conflict, IllegalMove, Invalid
from portal.events import log
from portal.intake import party
from portal.outbox.tables import outbox
from portal.queues import reading, worklist
from portal.queues.tables import tasks
from portal.reactions import sweep
from portal.standards import clocks, clockwork
from portal.standards.history import Line
from portal.standards.history import clocks as replayed
from portal.standards.tables import timers
from portal.unit_of_work import ENGINE, Portal, Principal, Row
from portal.views import breaches as views
from portal.views import case as case_view
from portal.workflow import casework, waiting
from tests.ledger.test_main_job import CLERK, REGISTRAR, case, do, history, needed, send, task

WORKER = Principal("staff", "tests|worker", agencies=("social-services",), roles=("caseworker",))
CHAMPION = Principal("champion", "tests|champion", roles=("champion",), services=("*",))
DAY = timedelta(days=1)


def housing(city: Portal, **answers: Any) -> UUID:
    given = needed(city, "housing-benefit") | {"monthly_income": 900, "self_employed": False} | answers
    return UUID(str(send(city, service="housing-benefit", answers=given, contact={"email": "ann@example.org"}).case["case_id"]))


def clock(city: Portal, case_id: UUID, standard: str = "decided-by-law") -> Row:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return next(row for row in clocks.of_case(work, case_id) if row["standard"] == standard)


def ask(city: Portal, who: Principal, case_id: UUID, step: str, **how: Any) -> None:
    with city.work(who) as work:
        work.narrow([case_id])
        casework.ask(work, task(work, case_id, step), version=None, **how)


def mine(case_id: UUID) -> Principal:
    return Principal("party", cases=(case_id,))


def letters(city: Portal, case_id: UUID) -> list[str]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return [row["body"]["template"] for row in work.rows(outbox, case_id) if row["kind"] == "notice"]


def same_as_the_log(city: Portal, case_id: UUID) -> None:
    """The rows of `clocks` are what the events alone make of them."""
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        rows = work.run(log.history(case_id, limit=1000).execution_options(visible=True))
        lines = [Line(row["type"], row["occurred_at"], row["agency"], row["data"]) for row in rows]
        told = replayed(lines, lambda hash: clocks.calendar(work, hash))
        assert told == {str(row["id"]): clocks.standing(work, row) for row in clocks.of_case(work, case_id)}


def test_asking_stops_the_clock_the_law_names_and_the_answer_starts_it_again(city: Portal) -> None:
    id = housing(city)
    before, promise = clock(city, id), clock(city, id, "first-answer")
    ask(city, WORKER, id, "check", words="Please send the lease.", reply_within="14 calendar_days")
    paused = clock(city, id)
    assert (paused["status"], clock(city, id, "first-answer")["due_at"]) == ("paused", promise["due_at"])
    assert paused["due_at"] > before["due_at"] == paused["original_due_at"]
    assert case(city, id)["status"] == "waiting"
    with city.work(mine(id)) as work:
        shown = case_view.case(work, id, language="en")
        assert (shown["next"], shown["asked"][0]["words"]) == ("answer", "Please send the lease.")
    with city.work(mine(id)) as work:
        work.narrow([id])
        party.write(work, id, "Here it is.")
    assert case(city, id)["status"] == "in-progress"
    after = clock(city, id)
    # Answered on the day of the question: the pause had not begun.
    assert (after["status"], after["due_at"]) == ("running", before["due_at"])
    assert letters(city, id)[-2:] == ["asked", "new-date"]
    same_as_the_log(city, id)


def test_an_ask_lapses_by_itself_and_a_reminder_comes_before(city: Portal) -> None:
    id = housing(city)
    before = clock(city, id)
    ask(city, WORKER, id, "check", fields=["monthly_income"], reply_within="10 calendar_days")
    paused = clock(city, id)
    until = datetime.fromisoformat(paused["pauses"][0]["until"])
    sweep(city, at=until - timedelta(microseconds=1))
    assert "reminder" in letters(city, id)
    assert case(city, id)["status"] == "waiting"
    sweep(city, at=until)
    sweep(city, at=until)
    assert history(city, id).count("AskEnded") == 1
    assert case(city, id)["status"] == "in-progress"
    after = clock(city, id)
    assert (after["status"], after["due_at"]) == ("running", paused["due_at"])
    whole = [one for one in range(1, 40) if datetime.fromisoformat(after["pauses"][0]["begins"]) + one * DAY <= until]
    assert after["due_at"] >= before["due_at"] + len(whole) * DAY
    same_as_the_log(city, id)


def test_an_ask_without_a_date_to_reply_by_stops_nothing(city: Portal) -> None:
    id = housing(city)
    before = clock(city, id)
    ask(city, WORKER, id, "check", words="Is this right?")
    after = clock(city, id)
    assert (after["status"], after["due_at"], after["pauses"]) == ("running", before["due_at"], [])
    assert "ClockPaused" not in history(city, id)
    assert case(city, id)["status"] == "waiting"


def test_a_task_steps_back_while_the_party_is_asked_and_comes_first_with_the_answer(city: Portal) -> None:
    id, other = housing(city), housing(city)
    ask(city, WORKER, id, "check", fields=["monthly_income"], reply_within="14 calendar_days")

    def listed() -> list[UUID]:
        with city.work(WORKER) as work:
            return [row["case_id"] for row in work.run(visible(work, reading.of_teams((), limit=500).order_by(*reading.SORT))) if row["case_id"] in (id, other)]

    assert listed() == [other, id]
    with city.work(mine(id)) as work:
        work.narrow([id])
        assert party.answer(work, id, {"monthly_rent": 700}) == []
    assert listed() == [other, id]  # not what was asked
    with city.work(mine(id)) as work:
        work.narrow([id])
        party.answer(work, id, {"monthly_income": 950})
    assert listed() == [id, other]


def test_the_same_task_asks_once_at_a_time_and_only_for_what_the_service_knows(city: Portal) -> None:
    id = housing(city)
    with pytest.raises(Invalid):
        ask(city, WORKER, id, "check", fields=["shoe_size"], reply_within="14 calendar_days")
    with pytest.raises(Invalid):
        ask(city, WORKER, id, "check")
    with pytest.raises(Invalid):
        ask(city, WORKER, id, "check", words="?", reply_within="two weeks")
    with pytest.raises(Invalid):
        ask(city, WORKER, id, "check", words="?", reply_by=datetime(2020, 1, 1, tzinfo=UTC))
    ask(city, WORKER, id, "check", words="?", reply_within="14 calendar_days")
    with pytest.raises(Conflict):
        ask(city, WORKER, id, "check", words="??", reply_within="14 calendar_days")


def test_deciding_all_the_same_ends_the_wait(city: Portal) -> None:
    id = housing(city)
    ask(city, WORKER, id, "check", words="?", reply_within="14 calendar_days")
    with city.work(WORKER) as work:
        work.narrow([id])
        casework.complete(work, task(work, id, "check"), version=None)
    assert case(city, id)["status"] == "in-progress"
    assert clock(city, id)["status"] == "running"
    do(city, WORKER, id, "decide", outcome="granted", reasons="All is there.")
    assert case(city, id)["status"] == "closed"
    same_as_the_log(city, id)


@pytest.mark.parametrize(("answered", "step"), [(True, "second-look"), (False, "decide")])
def test_a_journey_asks_by_itself(city: Portal, answered: bool, step: str) -> None:
    id = housing(city, self_employed=True)
    do(city, WORKER, id, "check")
    assert case(city, id)["status"] == "waiting"
    assert clock(city, id)["status"] == "paused"
    if answered:
        with city.work(mine(id)) as work:
            work.narrow([id])
            party.answer(work, id, {"yearly_profit": 12_000})
    else:
        sweep(city, at=datetime.fromisoformat(clock(city, id)["pauses"][0]["until"]))
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert task(work, id, step)["status"] == "open"
    assert case(city, id)["status"] == "in-progress"


def test_nobody_is_asked_twice(city: Portal) -> None:
    id = housing(city, self_employed=True, yearly_profit=9_000)
    do(city, WORKER, id, "check")
    assert "PartyAsked" not in history(city, id)
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert task(work, id, "second-look")["status"] == "open"


def test_waiting_for_the_registry_stops_the_law_and_not_our_promise(city: Portal) -> None:
    sent = send(city, service="childcare-place", answers=needed(city, "childcare-place"))
    id = sent.case["case_id"]
    law, promise = clock(city, id), clock(city, id, "placed")
    assert (law["status"], promise["status"]) == ("paused", "running")
    do(city, REGISTRAR, id, "check-residence")
    assert clock(city, id)["status"] == "running"
    same_as_the_log(city, id)


def test_a_promise_is_extended_once_and_the_party_is_told(city: Portal) -> None:
    id = housing(city)
    before = clock(city, id)

    def extend() -> None:
        with city.work(WORKER) as work:
            work.narrow([id])
            casework.extend(work, task(work, id, "check"), version=None, standard="decided-by-law", words="We need to hear the landlord.")

    extend()
    after = clock(city, id)
    assert after["due_at"] - before["due_at"] >= 14 * DAY
    assert after["original_due_at"] == before["due_at"]
    assert letters(city, id)[-1] == "new-date"
    with pytest.raises(IllegalMove):
        extend()
    same_as_the_log(city, id)


def tasks_of(city: Portal, case_id: UUID, kind: str) -> list[Row]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return [row for row in work.rows(tasks, case_id) if row["kind"] == kind]


def test_a_breach_is_put_before_one_person_after_the_other_and_an_official_confirms_what_the_law_makes_of_it(city: Portal) -> None:
    id = housing(city)
    due_at = clock(city, id)["due_at"]
    sweep(city, at=due_at)
    assert clock(city, id)["consequence"] == "arisen"
    (row,) = tasks_of(city, id, "consequence")
    assert (row["agency"], row["team"], row["step"]) == ("social-services", "benefits", "decided-by-law")
    sweep(city, at=due_at + 4 * DAY)
    assert clock(city, id)["escalated_to"] == "team-lead"
    sweep(city, at=due_at + 14 * DAY)
    assert clock(city, id)["escalated_to"] == "head-of-service"
    with pytest.raises(Invalid):
        do(city, WORKER, id, "decided-by-law", outcome="granted")
    with city.work(WORKER) as work:
        work.narrow([id])
        casework.complete(work, task(work, id, "decided-by-law"), version=None, outcome="confirmed")
    assert clock(city, id)["consequence"] == "confirmed"
    assert letters(city, id)[-1] == "right-of-appeal"
    assert case(city, id)["status"] == "in-progress" or case(city, id)["status"] == "received"
    same_as_the_log(city, id)


def felling(city: Portal) -> UUID:
    return UUID(str(send(city, service="tree-felling-permit", answers=needed(city, "tree-felling-permit")).case["case_id"]))


def test_silence_is_consent_where_the_agency_has_signed_it(city: Portal) -> None:
    id = felling(city)
    due_at = clock(city, id)["due_at"]
    sweep(city, at=due_at)
    assert case(city, id)["status"] != "closed"
    with city.work(ENGINE) as work:
        work.narrow([id])
        takes_effect = next(row["due_at"] for row in work.rows(timers, id) if row["kind"] == "consequence")
    assert takes_effect > due_at + 4 * DAY
    sweep(city, at=takes_effect - timedelta(microseconds=1))
    assert case(city, id)["status"] != "closed"
    sweep(city, at=takes_effect)
    after = case(city, id)
    assert (after["status"], after["outcome"]) == ("closed", "granted")
    assert clock(city, id)["consequence"] == "took-effect"
    assert [row["status"] for row in tasks_of(city, id, "consequence")] == ["cancelled"]
    same_as_the_log(city, id)


def test_there_is_a_way_back(city: Portal) -> None:
    id = felling(city)
    due_at = clock(city, id)["due_at"]
    sweep(city, at=due_at)
    do(city, CLERK, id, "decided-by-law", outcome="declined")
    sweep(city, at=due_at + 60 * DAY)
    assert clock(city, id)["consequence"] == "declined"
    assert case(city, id)["status"] != "closed"


def test_a_decision_makes_a_tacit_one_needless(city: Portal) -> None:
    id = felling(city)
    sweep(city, at=clock(city, id)["due_at"])
    do(city, CLERK, id, "review")
    do(city, CLERK, id, "decide", outcome="refused", reasons="It is healthy.")
    assert (case(city, id)["outcome"], clock(city, id)["consequence"]) == ("refused", "moot")


def test_breaches_nobody_works_on_come_first_and_staff_see_their_own(city: Portal) -> None:
    ids = [housing(city), housing(city), felling(city)]
    due_at = max(clock(city, id)["due_at"] for id in ids)
    do_claim(city, ids[0])
    sweep(city, at=due_at)
    law = [row for row in listed(city, CHAMPION) if row["standard"] == "decided-by-law"]
    assert [row["assigned"] for row in law] == [False, False, True]
    assert law[-1]["reference"] == case(city, ids[0])["reference"]
    assert {row["agency"] for row in listed(city, WORKER)} == {"social-services"}
    every = listed(city, CHAMPION)
    assert len(every) > 3
    paged: list[dict[str, Any]] = []
    while page := listed(city, CHAMPION, limit=2, after=(paged[-1]["assigned"], paged[-1]["due_at"], paged[-1]["id"]) if paged else None):
        paged += page
    assert [row["id"] for row in paged] == [row["id"] for row in every]


def do_claim(city: Portal, case_id: UUID) -> None:
    with city.work(WORKER) as work:
        work.narrow([case_id])
        worklist.claim(work, task(work, case_id, "check"), holder=str(WORKER.subject), version=None)


def listed(city: Portal, who: Principal, *, limit: int = 50, after: tuple[bool, datetime, UUID] | None = None) -> list[dict[str, Any]]:
    with city.work(who) as work:
        return views.breaches(work, limit=limit, after=after)


def test_a_clock_that_starts_in_the_past_takes_in_what_was_asked_since(city: Portal) -> None:
    """Retroactive pause: a wrong door had asked for something before the right one began to measure."""
    id = housing(city)
    rule = dataclasses.replace(city.catalogue.services["housing-benefit"].standards[0], id="again", starts="receipt")
    ask(city, WORKER, id, "check", words="?", reply_within="14 calendar_days")
    later, received_at = city.catalogue.hashes["calendar", "social-services/office"], case(city, id)["received_at"]
    with city.work(ENGINE) as work:
        work.narrow([id])
        row = clocks.start(work, id, rule, agency="social-services", started_at=received_at, calendar_hash=later)
        waiting.catch_up(work, row)
    first, again = clock(city, id), clock(city, id, "again")
    assert (again["status"], again["pauses"], again["due_at"]) == ("paused", first["pauses"], first["due_at"])
    same_as_the_log(city, id)


def test_a_moment_of_the_standard_starts_and_stops_a_clock(city: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    service = city.catalogue.services["housing-benefit"]
    law = dataclasses.replace(service.standards[0], id="once-claimed", starts_on="claimed", stops_on=("decided",), kind="promise")
    changed = dataclasses.replace(service, standards=(*service.standards, law))
    pinned = city.pinned
    monkeypatch.setattr(city, "pinned", lambda work, hash: changed if pinned(work, hash) == service else pinned(work, hash))
    monkeypatch.setitem(city.catalogue.services, "housing-benefit", changed)
    id = housing(city)
    assert "once-claimed" not in standards(city, id)
    do_claim(city, id)
    started = clock(city, id, "once-claimed")
    assert started["started_at"] > case(city, id)["received_at"]
    with city.work(WORKER) as work:
        work.narrow([id])
        casework.complete(work, task(work, id, "check"), version=None)
    do(city, WORKER, id, "decide", outcome="granted")
    assert clock(city, id, "once-claimed")["status"] == "met"
    assert standards(city, id).count("once-claimed") == 1


def standards(city: Portal, case_id: UUID) -> list[str]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return [row["standard"] for row in clocks.of_case(work, case_id)]


def test_the_command_says_why(city: Portal) -> None:
    id = housing(city)
    ask(city, WORKER, id, "check", words="?", reply_within="14 calendar_days")
    reference = case(city, id)["reference"]
    found = {one["standard"]: one for one in explained(city, reference, language="fr")}
    assert any("suspendu" in sentence for sentence in found["decided-by-law"]["sentences"])
    with city.work(mine(id)) as work:
        shown = {one["standard"]: one for one in case_view.clock_list(work, id, now=work.now, language="en")}
    one = shown["decided-by-law"]
    assert one["used"] == sum(one["why"]["held"].values()) // 1_000_000
    assert one["pauses"][0]["awaits"] == "answer"
    stored = clock(city, id)
    with city.work(ENGINE) as work:
        standing = clocks.standing(work, stored)
    counted = sum(part["microseconds"] for part in one["why"]["intervals"] if part["state"] == "counted")
    assert counted == clockwork.used(standing, stored["due_at"])
