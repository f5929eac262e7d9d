"""Re-planning after a change of a calendar: dates move as the new hours say, once, in the log, and never before what was promised."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from portal.db import new_id
from portal.errors import NotFound
from portal.events import log
from portal.intake.receive import Submission, receive
from portal.reactions import sweep
from portal.standards import replan as replanning
from portal.standards.calendar import Calendar
from portal.standards.clocks import standing
from portal.standards.clockwork import rule_term, share_at
from portal.standards.replan import NotPublished, Outcome, Target, preview, promised, replan, target
from portal.standards.tables import clocks, timers
from portal.standards.terms import due
from portal.unit_of_work import ANONYMOUS, ENGINE, READER, Portal, Row
from tests.ledger.changed_calendar import changed
from tests.servers import Database

OFFICE = "city-council/office"
#: A Tuesday, 11:00 in Brussels; the permit's promise of some business days runs over the days below.
BEGAN = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
SHUT = [date(2026, 3, 4), date(2026, 3, 5)]
PERMIT = {"address": "Rue Haute 1", "home": "Rue Haute 1", "plate": "1-ABC-234", "number_plate": "1-ABC-234", "vehicle": "own"}


def send(portal: Portal, count: int = 1) -> list[UUID]:
    """Cases with a citizen who is told by mail."""
    fields = {field.id for field in portal.catalogue.services["resident-parking-permit"].fields}
    answers = {name: value for name, value in PERMIT.items() if name in fields}
    ids = [new_id() for _ in range(count)]
    for case_id in ids:
        with portal.work(ANONYMOUS, new_cases=[case_id], at=BEGAN) as work:
            receive(work, Submission(service="resident-parking-permit", answers=answers, contact={"email": "ann@example.org"}), case_id=case_id)
    return ids


def rows(portal: Portal, table: Any, case_id: UUID) -> list[Row]:
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        return work.rows(table, case_id)


def events(portal: Portal, case_id: UUID, *types: str) -> list[dict[str, Any]]:
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        return [row for row in work.run(log.history(case_id, limit=1000).execution_options(visible=True)) if row["type"] in types]


def on(portal: Portal, of: Target, case_id: UUID) -> dict[UUID, Row]:
    """Clocks of a case on any version of that calendar: its roads promise runs on another."""
    return {row["id"]: row for row in rows(portal, clocks, case_id) if row["calendar_hash"] in (of.hash, *of.older)}


@pytest.fixture
def later(city: Portal, fresh_database: Database) -> Portal:
    """The office shuts for two days more."""
    return changed(city, fresh_database.owner_url, OFFICE, closed=SHUT)


@pytest.fixture
def earlier(city: Portal, fresh_database: Database) -> Portal:
    """As it is, seen from a city that had shut for two days."""
    return changed(changed(city, fresh_database.owner_url, OFFICE, closed=SHUT), fresh_database.owner_url, OFFICE, opened=SHUT)


def test_publishing_alone_moves_nothing_and_a_preview_writes_nothing(city: Portal, later: Portal) -> None:
    (case_id,) = send(city)
    of = target(later, OFFICE)
    assert of == Target(OFFICE, later.catalogue.hashes["calendar", OFFICE], (city.catalogue.hashes["calendar", OFFICE],))
    before = rows(city, clocks, case_id)
    ((_, page),) = preview(later, of, at=BEGAN + timedelta(hours=1))
    assert {change.fate for change in page[case_id]} == {"later", "same"}
    assert promised(page[case_id]) is not None
    assert rows(city, clocks, case_id) == before
    assert events(city, case_id, "ClockMoved", "CaseReplanned") == []


def test_dates_timers_events_and_the_citizen_follow(city: Portal, later: Portal) -> None:
    (case_id,) = send(city)
    of = target(later, OFFICE)
    before = on(city, of, case_id)
    others = [row for row in rows(city, clocks, case_id) if row["id"] not in before]
    armed = {row["id"]: row for row in rows(city, timers, case_id)}
    ((_, page),) = preview(later, of, at=BEGAN + timedelta(hours=1))
    outcome = replan(later, of, at=BEGAN + timedelta(hours=1))
    assert (outcome.cases, outcome.busy, set(outcome.fates), outcome.told) == (1, 0, {"later", "same"}, 1)
    new = Calendar.from_body(later.catalogue.calendars[OFFICE])
    after = on(later, of, case_id)
    assert others and others == [row for row in rows(later, clocks, case_id) if row["id"] not in after]
    assert {change.clock: change.due_at for change in page[case_id]} == {id: row["due_at"] for id, row in after.items()}
    for id, row in after.items():
        term = rule_term(row["rule"])
        assert term is not None
        assert (row["due_at"], row["calendar_hash"]) == (due(term, new, row["started_at"]), of.hash)
        assert row["original_due_at"] == before[id]["due_at"] <= row["due_at"]
    movers = {id for id in after if after[id]["due_at"] != before[id]["due_at"]}
    assert len(movers) == outcome.fates["later"]
    with later.work(ENGINE) as work:
        work.narrow([case_id])
        clock = {row["id"]: standing(work, row) for row in work.rows(clocks, case_id)}
    for timer in rows(later, timers, case_id):
        if timer["kind"] in ("breach", "warning") and timer["subject"] in after:
            wanted = clock[timer["subject"]].due_at if timer["kind"] == "breach" else share_at(clock[timer["subject"]], timer["share"])
            was = armed[timer["id"]]
            assert (timer["due_at"], timer["generation"], timer["armed"]) == (wanted, was["generation"] + (wanted != was["due_at"]), True)
    moved = events(later, case_id, "ClockMoved")
    assert {(one["data"]["clock"], one["data"]["why"], one["data"]["calendar_hash"]) for one in moved} == {(str(id), "calendar", of.hash) for id in movers}
    (told,) = events(later, case_id, "CaseReplanned")
    assert (told["data"]["calendar"], told["data"]["calendar_hash"], told["data"]["moved"]) == (OFFICE, of.hash, len(movers))
    assert set(told["data"]["clocks"]) == {str(id) for id in after}
    assert [one["data"]["template"] for one in events(later, case_id, "NoticePromised")].count("new-date") == 1


def test_again_does_nothing(city: Portal, later: Portal) -> None:
    (case_id,) = send(city)
    of = target(later, OFFICE)
    replan(later, of, at=BEGAN + timedelta(hours=1))
    seen = events(later, case_id, "ClockMoved", "CaseReplanned")
    assert replan(later, of, at=BEGAN + timedelta(hours=2)) == Outcome.none()
    assert events(later, case_id, "ClockMoved", "CaseReplanned") == seen


def test_a_promise_is_not_shortened_unless_somebody_says_so(city: Portal, fresh_database: Database) -> None:
    shut = changed(city, fresh_database.owner_url, OFFICE, closed=SHUT)
    (case_id,) = send(shut)
    of = target(city, OFFICE)
    before = on(shut, of, case_id)
    assert set(replan(city, of, at=BEGAN + timedelta(hours=1)).fates) == {"kept", "same"}
    kept = on(city, of, case_id)
    assert {id: row["due_at"] for id, row in kept.items()} == {id: row["due_at"] for id, row in before.items()}
    assert {row["calendar_hash"] for row in kept.values()} == {of.hash, *of.older}
    assert events(city, case_id, "ClockMoved") == []
    assert set(replan(city, of, also_earlier=True, at=BEGAN + timedelta(hours=1)).fates) == {"earlier"}
    after = on(city, of, case_id)
    assert {row["calendar_hash"] for row in after.values()} == {of.hash}
    assert [after[id]["due_at"] < row["due_at"] == after[id]["original_due_at"] for id, row in before.items()].count(True) == 1


def test_a_date_that_would_have_passed_is_never_given(city: Portal, fresh_database: Database) -> None:
    shut = changed(city, fresh_database.owner_url, OFFICE, closed=SHUT)
    (case_id,) = send(shut)
    before = {row["id"]: row["due_at"] for row in rows(shut, clocks, case_id)}
    last = max(before.values()) - timedelta(minutes=1)
    fates = replan(city, target(city, OFFICE), also_earlier=True, at=last).fates
    assert fates["kept"] >= 1
    assert all(row["due_at"] > last or row["due_at"] == before[row["id"]] for row in rows(city, clocks, case_id))


def test_where_the_date_stays_the_version_follows_and_nobody_is_told(city: Portal, fresh_database: Database) -> None:
    far = changed(city, fresh_database.owner_url, OFFICE, closed=[date(2040, 3, 5)])
    (case_id,) = send(city)
    of = target(far, OFFICE)
    outcome = replan(far, of, at=BEGAN + timedelta(hours=1))
    assert (set(outcome.fates), outcome.told) == ({"same"}, 0)
    assert {row["calendar_hash"] for row in on(far, of, case_id).values()} == {of.hash}
    assert events(far, case_id, "ClockMoved") == []
    assert "new-date" not in [one["data"]["template"] for one in events(far, case_id, "NoticePromised")]
    (told,) = events(far, case_id, "CaseReplanned")
    assert (told["data"]["moved"], len(told["data"]["clocks"])) == (0, outcome.fates.total())


def test_warnings_follow_where_only_the_hours_before_the_date_changed(city: Portal, fresh_database: Database) -> None:
    """Shorter afternoons, the same days: due at the same time of day, while half of the open time has run earlier or later."""
    weekly = {day: ["09:00-17:00"] if day in ("mon", "tue") else ["10:00-12:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    short = changed(city, fresh_database.owner_url, OFFICE, weekly=weekly)
    (case_id,) = send(city)
    was = {row["id"]: row["due_at"] for row in rows(city, timers, case_id) if row["kind"] == "warning"}
    outcome = replan(short, target(short, OFFICE), at=BEGAN + timedelta(minutes=1))
    assert outcome.fates["same"] and was
    with short.work(ENGINE) as work:
        work.narrow([case_id])
        clock = {row["id"]: standing(work, row) for row in work.rows(clocks, case_id)}
        now = {row["id"]: row for row in work.rows(timers, case_id) if row["kind"] == "warning"}
    assert all(row["due_at"] == share_at(clock[row["subject"]], row["share"]) for row in now.values())
    assert any(row["due_at"] != was[id] and row["generation"] == 2 for id, row in now.items())


def test_what_was_missed_or_has_ended_keeps_its_date(city: Portal, later: Portal) -> None:
    (case_id,) = send(city)
    past = max(row["due_at"] for row in rows(city, clocks, case_id)) + timedelta(days=1)
    while sweep(city, at=past):
        pass
    before = rows(city, clocks, case_id)
    assert {row["status"] for row in before} == {"missed"}
    assert replan(later, target(later, OFFICE), at=past) == Outcome.none()
    assert rows(later, clocks, case_id) == before


def test_it_goes_on_where_it_was_stopped(city: Portal, later: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = send(city, 5)
    monkeypatch.setattr(replanning, "BATCH", 2)
    told = []

    def stop(done: int, of: int) -> None:
        told.append((done, of))
        if done == 4:
            raise KeyboardInterrupt

    of = target(later, OFFICE)
    with pytest.raises(KeyboardInterrupt):
        replan(later, of, at=BEGAN + timedelta(hours=1), progress=stop)
    assert told == [(2, 5), (4, 5)]
    assert replan(later, of, at=BEGAN + timedelta(hours=1)).cases == 1
    assert [len(events(later, case_id, "CaseReplanned")) for case_id in ids] == [1] * 5


def test_a_case_somebody_holds_is_taken_at_the_end_or_told(city: Portal, later: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    held, free = send(city, 2)
    of = target(later, OFFICE)
    monkeypatch.setattr(replanning, "PATIENCE", "20ms")
    with later.work(ENGINE) as work:
        work.narrow([held])
        outcome = replan(later, of, at=BEGAN + timedelta(hours=1))
    assert (outcome.cases, outcome.busy) == (1, 1)
    assert [len(events(later, case_id, "CaseReplanned")) for case_id in (held, free)] == [0, 1]
    assert replan(later, of, at=BEGAN + timedelta(hours=1)).cases == 1


def test_a_version_must_be_published_and_a_calendar_known(city: Portal) -> None:
    with pytest.raises(NotPublished):
        target(changed(city, None, OFFICE, closed=SHUT), OFFICE)
    with pytest.raises(NotFound, match="Calendars are boston/office, city-council/office"):
        target(city, "city-council/offices")


def test_dates_of_a_historical_log_stay(city: Portal, later: Portal, fresh_database: Database) -> None:
    import psycopg

    (case_id,) = send(city)
    with psycopg.connect(fresh_database.superuser_url) as connection:
        connection.execute("UPDATE case_heads SET origin = 'replay'")
    assert replan(later, target(later, OFFICE), at=BEGAN + timedelta(hours=1)) == Outcome.none()
    assert events(later, case_id, "CaseReplanned") == []


@pytest.fixture
def command(later: Portal, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command of the portal on the changed calendar."""
    from portal.cli.calendars import calendars
    from portal.cli.replan import replan as command

    monkeypatch.setattr("portal.app.build_portal", lambda: later)
    return lambda name, *argv: CliRunner().invoke({"replan": command, "calendars": calendars}[name], argv)


def test_the_commands_tell_it_in_words(city: Portal, later: Portal, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = send(city, 3)
    monkeypatch.setattr("portal.cli.replan.MOST", 1)
    with later.work(ENGINE) as work:
        # The commands stand at the present, when these dates have passed: bring them there.
        shift = work.now - BEGAN
    assert shift > timedelta(0)
    shown = command("calendars", OFFICE)
    assert shown.exit_code == 0, shown.output
    assert "closed 2026-03-04 (wed)" in shown.output and "mon-thu  09:00-17:00" in shown.output
    assert f"* {later.catalogue.hashes['calendar', OFFICE][:12]}" in shown.output
    looked = command("replan", OFFICE, "--preview")
    assert looked.exit_code == 0, looked.output
    assert "cases: 3" in looked.output and "citizens to be told: 3" in looked.output and "more (--all)" in looked.output
    assert len([line for line in command("replan", OFFICE, "--preview", "--all").output.splitlines() if " -> " in line]) >= 3
    done = command("replan", OFFICE, "--workers", "1")
    assert done.exit_code == 0, done.output
    assert "cases: 3" in done.output and "later: " in done.output
    assert [len(events(later, case_id, "CaseReplanned")) for case_id in ids] == [1] * 3
    assert "cases: 0" in command("replan", OFFICE, "--preview").output
    assert command("calendars", "nowhere").exit_code == 1


def test_only_its_own_tables(later: Portal) -> None:
    """The reader of all cases cannot write any."""
    with later.work(READER) as work:
        assert work.run(select(clocks).limit(1).execution_options(visible=True)) == []
        with pytest.raises(Exception, match="row-level security"):
            work.sql("INSERT INTO timers (case_id, id, kind, subject, due_at, generation, armed) VALUES (%s, %s, 'x', %s, now(), 1, true)", (new_id(),) * 3)
