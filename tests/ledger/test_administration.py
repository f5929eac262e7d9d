"""What administrators change without YAML: it holds from the next unit on, in every process and after a restart; each change is an event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from portal.administration.stream import STREAM
from portal.app import create_app
from portal.app.building import amend
from portal.catalogue.store import store
from portal.db import connect
from portal.dispatch.notify import _on_duty, present
from portal.standards.amend import amended
from portal.standards.resolve import WrongHours
from portal.unit_of_work import ENGINE, Portal
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.conftest import catalogue
from tests.ledger.test_roles import Town

COUNCIL = "/admin/agencies/city-council"


class Hall(Town):
    """With administrators, and a second process beside the first."""

    def __init__(self, url: str, issuer: Issuer) -> None:
        super().__init__(url, issuer)
        self.portal.amend = amend
        self.second = self._bearer(issuer, sub="ines", roles=["administrator"], agency=None, teams=None)
        self.neighbour = replace(self.portal)
        self.next_door = create_app(self.neighbour).test_client()


@pytest.fixture(scope="module")
def hall(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Open for this file."""
    database = servers.database()
    owner = connect(database.owner_url)
    with owner.begin() as connection:
        store(connection, catalogue().stored)
    owner.dispose()
    one = Hall(database.url, Issuer(tmp_path_factory.mktemp("keys") / "keys.json"))
    one.superuser_url = database.superuser_url  # type: ignore[attr-defined]
    yield one
    one.portal.engine.dispose()
    servers.drop(database.name)


def told(hall: Hall, type: str) -> list[dict[str, Any]]:
    """Events of the stream of administration."""
    with psycopg.connect(hall.superuser_url) as connection:  # type: ignore[attr-defined]
        return [row[0] for row in connection.execute("SELECT data FROM events WHERE case_id = %s AND type = %s ORDER BY seq", (STREAM, type))]


def weekday(days: int) -> str:
    """A Monday to Thursday about so many days from now."""
    day = date.today() + timedelta(days=days)
    while day.weekday() > 3:
        day += timedelta(days=1)
    return day.isoformat()


def test_closures_move_no_date_until_they_are_brought_to_it_and_the_preview_says_which(hall: Hall) -> None:
    made = hall.ask("POST", "/cases", {}, {"service": "noise-complaint", "answers": _needed(hall, "noise-complaint")}, status=201)
    mine = {"Case-Secret": made["secret"]}
    before = hall.ask("GET", f"/cases/{made['reference']}", mine)["promise"]["due_at"]
    closed = [(date.today() + timedelta(days=one)).isoformat() for one in range(1, 60)]
    body = {"closed": closed}
    seen = hall.ask("POST", f"{COUNCIL}/calendars/office/preview", hall.admin, body)
    assert seen["cases"] >= 1
    assert seen["later"] >= 1
    assert seen["examples"][0]["to"] > seen["examples"][0]["from"]
    assert hall.ask("GET", COUNCIL, hall.admin)["amended"] == []
    hall.ask("POST", f"{COUNCIL}/calendars/office", hall.admin, body)
    assert hall.ask("GET", f"/cases/{made['reference']}", mine)["promise"]["due_at"] == before
    moved = hall.ask("POST", f"{COUNCIL}/calendars/office/dates", hall.admin, {})
    assert (moved["cases"], moved["later"]) == (seen["cases"], seen["later"])
    assert hall.ask("GET", f"/cases/{made['reference']}", mine)["promise"]["due_at"] > before
    assert hall.ask("POST", f"{COUNCIL}/calendars/office/dates", hall.admin, {})["cases"] == 0
    assert told(hall, "AgencyAmended")[-1]["what"] == "calendar office"
    after = hall.next_door.post("/api/v1/cases", json={"service": "noise-complaint", "answers": _needed(hall, "noise-complaint")}).get_json()
    assert after["promise"]["due_at"] > before, "another process follows with its next unit"
    fresh = Portal(hall.portal.engine, catalogue(), hall.portal.reactions, hall.portal.settings, amend=amend)
    with fresh.work(ENGINE) as work:
        assert work.catalogue.hashes == hall.portal.catalogue.hashes, "and so does one that starts"
    hall.ask("POST", f"{COUNCIL}/calendars/office", hall.admin, {})
    with fresh.work(ENGINE) as work:
        assert work.catalogue.hashes["calendar", "city-council/office"] == catalogue().hashes["calendar", "city-council/office"]


def _needed(hall: Hall, service: str) -> dict[str, Any]:
    from tests.ledger.test_main_job import needed

    return needed(hall.portal, service)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"weekly": {"mon": ["17:00-09:00"]}}, "/weekly/mon/0"),
        ({"weekly": {"noday": ["09:00-17:00"]}}, None),
        ({"closed": ["2026-02-30"]}, "/closed/0"),
        ({"closed": ["1999-01-01"]}, "/closed/0"),
        ({"closed": ["2027-01-05"], "worked": ["2027-01-05"]}, "/worked/0"),
        ({"special": {"2027-01-05": ["09:00-10:00"]}, "closed": ["2027-01-05"]}, "/special/2027-01-05"),
        ({"hours": {}}, "/hours"),
    ],
)
def test_hours_that_cannot_be_are_refused_where_they_are_wrong(hall: Hall, body: Any, pointer: str | None) -> None:
    for path in ("office", "office/preview"):
        found = hall.ask("POST", f"{COUNCIL}/calendars/{path}", hall.admin, body, status=422)
        assert pointer is None or [one["pointer"] for one in found["errors"]] == [pointer]
    hall.ask("POST", f"{COUNCIL}/calendars/nowhere", hall.admin, {}, status=404)
    hall.ask("POST", "/admin/agencies/nowhere/calendars/office", hall.admin, {}, status=404)


def test_days_are_closed_worked_and_special() -> None:
    body = catalogue().calendars["city-council/office"]
    new = amended(body, {"closed": ["2027-03-02"], "worked": ["2027-12-25"], "special": {"2027-03-03": ["10:00-12:00"]}, "weekly": {"tue": ["09:00-12:00"]}})
    assert "2027-03-02" in new["holidays"]["2027"]
    assert "2027-12-25" not in new["holidays"]["2027"]
    assert new["special"]["2027-03-03"] == ["10:00-12:00"]
    assert new["weekly"] == {"tue": ["09:00-12:00"]}
    assert amended(body, {}) == body
    with pytest.raises(WrongHours):
        amended(body, {"weekly": {"mon": ["9-17"]}})


def test_duty_address_book_absences_and_teams(hall: Hall) -> None:
    new = {"name": "Nadia Noon", "email": "noon@council.example"}
    hall.ask("POST", f"{COUNCIL}/duty", hall.admin, {"duty": [new, {"name": "Max", "email": "max@council.example"}]})
    assert "name somebody for each" in str(hall.ask("POST", f"{COUNCIL}/people", hall.admin, {"people": []}, status=422))
    hall.ask("POST", f"{COUNCIL}/duty", hall.admin, {"duty": []}, status=422)
    hall.ask("POST", f"{COUNCIL}/duty", hall.admin, {"duty": [{"name": "X", "email": "nowhere"}]}, status=422)
    today, tomorrow = datetime.now(UTC).date(), datetime.now(UTC).date() + timedelta(days=2)
    away = {"email": new["email"], "first_day": (today - timedelta(days=1)).isoformat(), "last_day": tomorrow.isoformat()}
    hall.ask("POST", f"{COUNCIL}/absences", hall.admin, {"absences": [away]})
    hall.ask("POST", f"{COUNCIL}/teams", hall.admin, {"teams": {"desk": "night-desk"}})
    shown = hall.ask("GET", COUNCIL, hall.admin)
    assert shown["amended"] == ["absences", "duty", "teams"]
    assert {"id": "desk", "team": "night-desk"} in shown["queues"]
    with hall.neighbour.work(ENGINE) as work:
        agency = work.catalogue.agencies["city-council"]
        assert _on_duty(work, agency, 0) == "max@council.example", "who is away is passed over"
        stands_in = replace(agency, absences=tuple(replace(one, deputy="deputy@council.example") for one in agency.absences))
        assert present(work, stands_in, new["email"]) == "deputy@council.example"
    assert [one["what"] for one in told(hall, "AgencyAmended")][-3:] == ["duty", "absences", "teams"]


def test_roles_take_a_second_administrator_and_hold_at_once(hall: Hall) -> None:
    person = {"issuer": ISSUER, "subject": "newcomer", "roles": ["caseworker"], "agency": "social-services", "teams": ["benefits"]}
    for wrong, pointer in (({"agency": "nowhere"}, "/agency"), ({"teams": ["nobody"]}, "/teams/0"), ({"services": ["nothing"]}, "/services/0")):
        found = hall.ask("POST", "/admin/people", hall.admin, person | wrong, status=422)
        assert found["errors"][0]["pointer"] == pointer
    made = hall.ask("POST", "/admin/people", hall.admin, person, status=202)
    hall.ask("POST", "/admin/people", hall.second, person, status=409)
    assert "Another administrator" in hall.ask("POST", f"/admin/proposals/{made['id']}/confirmation", hall.admin, status=403)["detail"]
    hall.ask("POST", f"/admin/proposals/{made['id']}/confirmation", hall.worker, status=403)
    assert hall.ask("GET", "/admin/people", hall.admin)["items"] == []
    done = hall.ask("POST", f"/admin/proposals/{made['id']}/confirmation", hall.second)
    assert (done["status"], done["decided_by"]) == ("confirmed", f"{ISSUER}|ines")
    hall.ask("POST", f"/admin/proposals/{made['id']}/confirmation", hall.second, status=409)
    (kept,) = hall.ask("GET", "/admin/people", hall.admin)["items"]
    assert (kept["subject"], kept["roles"], kept["ended"]) == ("newcomer", ["caseworker"], False)
    assert told(hall, "PersonKept")[-1]["roles"] == ["caseworker"]
    token = hall._bearer(hall.issuer, sub="newcomer", roles=["champion"], agency=None, teams=None)
    hall.ask("GET", "/tasks", token)
    hall.ask("POST", "/admin/people/end", hall.admin, {"issuer": ISSUER, "subject": "newcomer"}, status=204)
    assert hall.ask("GET", "/tasks", token, status=401)["type"].endswith("session-ended")
    hall.ask("POST", "/admin/people/end", hall.admin, {"issuer": ISSUER, "subject": "nobody"}, status=404)


def test_where_deliveries_go_takes_a_second_administrator(hall: Hall) -> None:
    hall.ask("POST", "/admin/agencies/city-council/address", hall.admin, {"endpoint": "https://x.example"}, status=409)
    hall.ask("POST", "/admin/agencies/roads/address", hall.admin, {"endpoint": "file:///etc/passwd"}, status=422)
    made = hall.ask("POST", "/admin/agencies/roads/address", hall.admin, {"endpoint": "https://roads.example/new"}, status=202)
    with hall.neighbour.work(ENGINE) as work:
        assert work.catalogue.agencies["roads"].endpoint != "https://roads.example/new"
    hall.ask("POST", f"/admin/proposals/{made['id']}/confirmation", hall.second)
    with hall.neighbour.work(ENGINE) as work:
        assert work.catalogue.agencies["roads"].endpoint == "https://roads.example/new"
        hash = work.catalogue.hashes["agency", "roads"]
        assert work.sql("SELECT count(*) FROM definitions WHERE hash = %s", (hash,)) == [(1,)]
    other = hall.ask("POST", "/admin/agencies/roads/address", hall.second, {"endpoint": "https://roads.example/third"}, status=202)
    assert hall.ask("POST", f"/admin/proposals/{other['id']}/refusal", hall.admin)["status"] == "refused"
    with psycopg.connect(hall.superuser_url) as connection, pytest.raises(psycopg.errors.CheckViolation):  # type: ignore[attr-defined]
        connection.execute("UPDATE proposals SET status = 'confirmed', decided_by = proposed_by")


def test_nobody_but_administrators(hall: Hall) -> None:
    for who, status in ((hall.worker, 403), (hall.champion_of("*"), 403), (hall.alice, 403), ({}, 401)):
        hall.ask("GET", COUNCIL, who, status=status)
        hall.ask("POST", f"{COUNCIL}/duty", who, {"duty": []}, status=status)
        hall.ask("GET", "/admin/people", who, status=status)
        hall.ask("GET", "/admin/proposals", who, status=status)
