"""What may be asked of a party, what a correction is, and asks that meet one another, an agency's step, a lapse or an extension."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.cases import registry
from portal.catalogue.definitions import Law, PauseRule
from portal.dispatch import words
from portal.errors import Invalid
from portal.intake import party
from portal.outbox.tables import outbox
from portal.reactions import sweep
from portal.standards import clocks
from portal.unit_of_work import ENGINE, Portal, Principal
from portal.views import case as case_view
from portal.workflow import casework, waiting
from tests.ledger.test_clocks import CHAMPION, DAY, WORKER, ask, clock, housing, letters, mine, same_as_the_log
from tests.ledger.test_main_job import TRIAGE, case, do, history, send, task

ARTICLE = Law({"en": "Code", "fr": "Code"}, "9")


def answer(city: Portal, case_id: UUID, at: datetime | None = None, **given: Any) -> None:
    with city.work(mine(case_id), at=at) as work:
        work.narrow([case_id])
        party.answer(work, case_id, given)


def seen(city: Portal, who: Principal, case_id: UUID) -> dict[str, Any]:
    with city.work(who) as work:
        return case_view.case(work, case_id, language="en")


def test_a_question_that_is_not_asked_after_the_other_answers_is_refused_with_its_condition(city: Portal) -> None:
    id = housing(city)
    with pytest.raises(Invalid) as refused:
        ask(city, WORKER, id, "check", fields=["monthly_income", "yearly_profit"], reply_within="14 calendar_days")
    (error,) = refused.value.errors
    assert error["pointer"] == "/fields/1"
    assert "`yearly_profit`" in error["detail"]
    assert "`answers.self_employed`" in error["detail"]
    assert "PartyAsked" not in history(city, id)
    answer(city, id, self_employed=True)
    ask(city, WORKER, id, "check", fields=["yearly_profit"], reply_within="14 calendar_days")
    answer(city, id, yearly_profit=12_000)
    assert case(city, id)["status"] == "in-progress"


def test_an_answered_question_is_asked_again_as_a_correction_only(city: Portal) -> None:
    id = housing(city)
    with city.work(WORKER) as work:
        work.narrow([id])
        asked = casework.ask(work, task(work, id, "check"), version=None, fields=["situation", "monthly_income"], reply_within="14 calendar_days")
    assert asked == ["monthly_income"]
    (one,) = seen(city, mine(id), id)["asked"]
    assert (one["fields"], one["corrects"]) == (["situation", "monthly_income"], ["monthly_income"])


def test_a_question_that_another_answer_makes_needless_is_waited_for_no_longer(city: Portal) -> None:
    id = housing(city, self_employed=True)
    before = clock(city, id)
    ask(city, WORKER, id, "check", fields=["yearly_profit"], reply_within="14 calendar_days")
    answer(city, id, self_employed=False)
    after = clock(city, id)
    assert (case(city, id)["status"], after["status"], after["due_at"]) == ("in-progress", "running", before["due_at"])
    assert seen(city, mine(id), id)["asked"] == []


def test_a_step_asks_nothing_that_is_not_asked_after_the_other_answers(city: Portal) -> None:
    id = housing(city)
    journey = city.catalogue.journeys["means-tested"]
    step = journey.step("ask-accounts")
    with city.work(ENGINE) as work:
        work.narrow([id])
        held = task(work, id, "check")
        service = city.catalogue.services["housing-benefit"]
        case_row = registry.case_of(work, id)
        assert not waiting.ask_step(work, case_row, service, journey, step, held["step_run_id"], agency="social-services")
    assert "PartyAsked" not in history(city, id)


def extend(city: Portal, case_id: UUID, words: str) -> None:
    with city.work(WORKER) as work:
        work.narrow([case_id])
        casework.extend(work, task(work, case_id, "check"), version=None, standard="decided-by-law", words=words)


def test_why_a_promise_was_extended_is_read_by_the_party_and_by_staff(city: Portal) -> None:
    id = housing(city)
    why = "We need to hear\nthe landlord."
    extend(city, id, why)
    law = clock(city, id)
    for who in (mine(id), WORKER):
        (one,) = seen(city, who, id)["extensions"]
        assert (one["standard"], one["within"], one["law"], one["reason"]) == ("decided-by-law", "2 calendar_weeks", "19 § 2", why)
        assert one["due_at"] != one["original_due_at"]
    assert seen(city, CHAMPION, id)["extensions"][0]["reason"] is None
    with city.work(mine(id)) as work:
        told = {language: case_view.clock_list(work, id, now=work.now, language=language) for language in ("en", "fr")}
    sentences = {language: next(one for one in some if one["standard"] == "decided-by-law")["why"]["sentences"] for language, some in told.items()}
    assert any("The reason given: “We need to hear the landlord.”" in one for one in sentences["en"])
    assert any("Motif donné : « We need to hear the landlord. »" in one for one in sentences["fr"])
    with city.work(ENGINE) as work:
        work.narrow([id])
        row = [row for row in work.rows(outbox, id) if row["kind"] == "notice"][-1]
        assert why not in str(row["body"])
        for language in ("en", "fr"):
            facts = words.facts(work, id, row["body"]["refs"], language)
            _, _, text = words.written(row["body"]["template"], language, facts, default="en")
            assert why in text
            assert str(law["due_at"].year) in text


def test_an_answer_at_the_instant_of_the_lapse_is_one_or_the_other(city: Portal) -> None:
    id = housing(city, self_employed=True)
    do(city, WORKER, id, "check")  # the journey asks for the profit
    until = datetime.fromisoformat(clock(city, id)["pauses"][0]["until"])
    # The answer comes at the very instant of the lapse: whoever is first ends it, the other changes nothing.
    answer(city, id, at=until, yearly_profit=9_000)
    after = clock(city, id)
    sweep(city, at=until)
    assert history(city, id).count("AskEnded") == history(city, id).count("ClockResumed") == 1
    assert clock(city, id)["due_at"] == after["due_at"]
    same_as_the_log(city, id)


def test_an_answer_after_the_lapse_moves_nothing_and_is_kept(city: Portal) -> None:
    id = housing(city, self_employed=True)
    do(city, WORKER, id, "check")
    until = datetime.fromisoformat(clock(city, id)["pauses"][0]["until"])
    sweep(city, at=until)
    after = clock(city, id)
    answer(city, id, at=until, yearly_profit=9_000)
    assert (clock(city, id)["due_at"], history(city, id).count("AskEnded")) == (after["due_at"], 1)
    assert seen(city, mine(id), id)["given"]["answers"]["yearly_profit"] == 9_000
    same_as_the_log(city, id)


def test_a_paused_promise_is_extended_from_where_its_pause_ends(city: Portal) -> None:
    plain, paused = housing(city), housing(city)
    ask(city, WORKER, paused, "check", words="?", reply_within="14 calendar_days")
    extend(city, plain, "Landlord.")
    extend(city, paused, "Landlord.")
    assert clock(city, paused)["status"] == "paused"
    assert clock(city, paused)["due_at"] > clock(city, plain)["due_at"]
    with city.work(mine(paused)) as work:
        work.narrow([paused])
        party.write(work, paused, "Here.")
    # Answered on the day it was asked: nothing stood still, only the extension is left.
    apart = clock(city, paused)["due_at"] - clock(city, plain)["due_at"]
    assert (clock(city, paused)["status"], apart) == ("running", timedelta(0))
    assert letters(city, paused)[-1] == "new-date"
    same_as_the_log(city, paused)


def retroactive(city: Portal, monkeypatch: pytest.MonkeyPatch, **rule: Any) -> None:
    """The law of housing benefit counts from the receipt, and stands still while another agency has it, also before."""
    service = city.catalogue.services["housing-benefit"]
    pauses = (PauseRule("agency", ARTICLE, starts="at-once", within="10 business_days", retroactive=True, **rule),)
    law = dataclasses.replace(service.standards[0], starts="receipt", pauses=pauses)
    changed = dataclasses.replace(service, standards=(law, *service.standards[1:]))
    pinned = city.pinned
    monkeypatch.setattr(city, "pinned", lambda work, hash: changed if pinned(work, hash) == service else pinned(work, hash))
    monkeypatch.setitem(city.catalogue.services, "housing-benefit", changed)


def found(city: Portal, after: timedelta) -> UUID:
    """A request that the front office brought to its service so long after its receipt."""
    id = UUID(str(send(city, text="Mon voisin a peint sa clôture en violet").case["case_id"]))
    at = case(city, id)["received_at"] + after
    with city.work(TRIAGE, at=at) as work:
        work.narrow([id])
        held = task(work, id, "find-door")
        casework.worklist.claim(work, held, holder=str(TRIAGE.subject), version=None)
        casework.complete(work, held, version=None, service="housing-benefit")
    return id


def test_time_another_agency_had_before_a_promise_began_to_run_is_taken_out(city: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    retroactive(city, monkeypatch)
    id = found(city, 6 * DAY)
    row = clock(city, id)
    (pause,) = row["pauses"]
    assert row["started_at"] == case(city, id)["received_at"]
    assert (pause["awaits"], pause["law"], pause["begins"]) == ("agency", "9", pause["begins"])
    assert datetime.fromisoformat(pause["begins"]) >= row["started_at"]
    assert datetime.fromisoformat(pause["ended"]) == row["started_at"] + 6 * DAY
    assert row["due_at"] > row["original_due_at"]
    assert row["status"] == "running"
    same_as_the_log(city, id)


@pytest.mark.parametrize("after", [0, 6])
def test_only_the_steps_that_are_named_stop_a_promise_afterwards(city: Portal, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    retroactive(city, monkeypatch, steps=("consult",))
    row = clock(city, found(city, after * DAY))
    assert (row["pauses"], row["due_at"]) == ([], row["original_due_at"])


def test_an_agency_that_still_has_a_step_when_a_promise_begins_is_waited_for(city: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Childcare: the registry has had the residence check for three days when a promise that counts from the receipt begins."""
    answers = {"child_born": "2026-05-01", "starts_on": "2026-12-01", "days": ["mon"]}
    id = UUID(str(send(city, service="childcare-place", answers=answers).case["case_id"]))
    received_at = case(city, id)["received_at"]
    law = city.catalogue.services["childcare-place"].standards[0]
    again = dataclasses.replace(law, id="again", pauses=(dataclasses.replace(law.pauses[0], retroactive=True),))
    hash = city.catalogue.hashes["calendar", "social-services/office"]
    with city.work(ENGINE, at=received_at + 3 * DAY) as work:
        work.narrow([id])
        waiting.catch_up(work, clocks.start(work, id, again, agency="social-services", started_at=received_at, calendar_hash=hash))
    live, late = clock(city, id), clock(city, id, "again")
    assert (late["status"], late["pauses"], late["due_at"]) == ("paused", live["pauses"], live["due_at"])
    sweep(city, at=datetime.fromisoformat(late["pauses"][0]["until"]))
    assert (clock(city, id)["status"], clock(city, id, "again")["status"]) == ("running", "running")
    same_as_the_log(city, id)
