"""A missed promise is put before people by mail: in the transaction that fired it, cases nobody holds first, and with nothing of the citizen in it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.dispatch import notify, words
from portal.dispatch.mail import Letter
from portal.outbox import claims, escalations
from portal.outbox.tables import outbox
from portal.plugins.agency import Refusal
from portal.queues import reading
from portal.reactions import sweep
from portal.standards import clocks
from portal.unit_of_work import ENGINE, RELAY, Portal
from tests.ledger.test_clocks import DAY, clock, do_claim, housing
from tests.ledger.test_main_job import case, history, send
from tests.ledger.test_timers import due_at, promise, row_by_row

#: What may hold any digits by chance.
IDS_AND_TIMES = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")


def put(city: Portal, case_id: UUID) -> list[dict[str, Any]]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return sorted((dict(row) for row in work.rows(outbox, case_id) if row["kind"] == escalations.KIND), key=lambda row: row["placed_at"])


def test_each_escalation_tells_its_person_and_a_breach_alone_tells_nobody(city: Portal) -> None:
    id = housing(city)
    missed_at = clock(city, id)["due_at"]
    sweep(city, at=missed_at)
    assert put(city, id) == []
    sweep(city, at=missed_at + 4 * DAY)
    sweep(city, at=missed_at + 14 * DAY)
    assert [row["body"]["role"] for row in put(city, id)] == ["team-lead", "head-of-service"]
    assert all(row["subject"] == clock(city, id)["id"] for row in put(city, id))
    assert history(city, id).count("StandardEscalated") == 2


def letter(city: Portal, case_id: UUID, at: datetime, language: str = "en") -> tuple[str, str]:
    """Address and text of the one escalation that is due."""
    (claim,) = [one for one in claims.claim(city, 50, at=at) if (one.case_id, one.kind) == (case_id, escalations.KIND)]
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        made = notify.prepared(work, claim)
        assert isinstance(made, Letter)
        refs = {"due_at": claim.body["due_at"], "clock": str(claim.subject)}
        _, subject, text = words.written("escalation", language, words.facts(work, case_id, refs, language), default="en")
    with city.work(ENGINE, at=at) as work:
        work.narrow([case_id])
        assert claims.complete(work, claim)
    return made.to, f"{subject}\n{text}"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_mail_names_case_service_date_and_link_and_nobody(city: Portal, language: str) -> None:
    id = housing(city, situation="Marguerite Canary has three cats", monthly_income=98765)
    row = clock(city, id)
    at = row["due_at"] + 4 * DAY
    sweep(city, at=row["due_at"])
    sweep(city, at=at)
    to, text = letter(city, id, at, language)
    assert to == "team-lead@social.rivermouth.example"
    service = city.catalogue.services["housing-benefit"]
    for wanted in (case(city, id)["reference"], service.title[language], service.standards[0].title[language], f"/cases/{case(city, id)['reference']}"):
        assert wanted in text
    assert str(row["due_at"].year) in text
    for never in ("ann@example.org", "Canary", "98765"):
        assert never not in text
        assert never not in IDS_AND_TIMES.sub("", str(put(city, id)))
    assert [one["done_at"] for one in put(city, id)] == [at]


def test_a_role_nobody_has_any_more_is_set_aside_with_its_reason(city: Portal) -> None:
    id = promise(city, escalate=({"after": "2 business_hours", "to": "gone"},), warn_at=())
    sweep(city, at=due_at(city, id, "breach"))
    at = due_at(city, id, "escalation")
    sweep(city, at=at)
    (claim,) = claims.claim(city, 50, at=at)
    with city.work(ENGINE) as work:
        work.narrow([id])
        made = notify.prepared(work, claim)
    assert isinstance(made, Refusal)
    assert (made.code, made.retry) == ("no-person", False)


@pytest.mark.parametrize("single", [False, True])
def test_cases_nobody_holds_are_told_of_first(city: Portal, single: bool) -> None:
    portal = row_by_row(city) if single else city
    held, free = housing(city), housing(city)
    at = max(clock(city, one)["due_at"] for one in (held, free))
    sweep(portal, at=at)
    do_claim(city, held)
    sweep(portal, at=at + 4 * DAY)
    ((first,), (later,)) = (put(city, free), put(city, held))
    assert first["next_at"] == first["placed_at"]
    assert later["next_at"] == later["placed_at"] + escalations.HELD_LATER
    leaving = [one.case_id for one in claims.claim(city, 50, at=later["next_at"]) if one.kind == escalations.KIND]
    assert leaving == [free, held]


@pytest.mark.parametrize("single", [False, True])
def test_a_case_that_may_not_reach_the_outside_tells_nobody(city: Portal, single: bool, fresh_database: Any) -> None:
    portal = row_by_row(city) if single else city
    id = promise(city, tell=("team-lead",), warn_at=())
    with psycopg.connect(fresh_database.superuser_url) as connection:
        connection.execute("UPDATE case_heads SET origin = 'simulated' WHERE case_id = %s", (id,))
    for kind in ("breach", "escalation", "escalation"):
        assert sweep(portal, at=due_at(city, id, kind)) == 1
    assert put(city, id) == []


def test_who_was_told_and_what_was_fired_are_one_transaction(city: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    id = promise(city, tell=("team-lead",), warn_at=())
    at = due_at(city, id, "breach")

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(escalations, "place_many", broken)
        with pytest.raises(RuntimeError):
            sweep(city, at=at)
    assert put(city, id) == []
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert clocks.of_case(work, id)[0]["status"] == "running"
    assert sweep(city, at=at) == 1
    assert [row["body"]["role"] for row in put(city, id)] == ["team-lead"]


def test_the_relay_places_nothing_but_escalations_and_reads_only_who_holds(city: Portal) -> None:
    id = UUID(str(send(city, text="Mon voisin a peint sa clôture en violet").case["case_id"]))
    forged = "INSERT INTO outbox (case_id, id, kind, target, subject, body, key, placed_at, next_at, attempts, crashes, epoch) "
    forged += "VALUES (%s, %s, 'notice', 'email', %s, '{}', 'k', now(), now(), 0, 0, 0)"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), city.work(RELAY) as work:
        work.sql(forged, (id, id, id))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), city.work(RELAY) as work:
        work.sql("SELECT holder FROM tasks")
    with city.work(RELAY) as work:
        assert reading.assigned(work, [id]) == set()
