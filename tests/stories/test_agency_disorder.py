"""Reports in any order, early, late and repeated end in one state; and an agency that hangs holds up nobody else, in any process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.cases import registry
from portal.intake import reports
from portal.intake.reports import Report
from portal.outbox import claims
from portal.unit_of_work import ENGINE, RELAY
from portal.wire import http
from portal.wire.signatures import signed
from tests.ledger.waiting import until
from tests.servers import Servers
from tests.stories.town import Town, town

POTHOLE = {"service": "pothole", "answers": {"place": "Rue Haute 1"}}


@pytest.fixture(scope="module")
def place(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = servers.database()
    with town(database, tmp_path_factory.mktemp("town")) as one:
        yield one
    servers.drop(database.name)


def handover(place: Town) -> tuple[UUID, str]:
    case = place.ask(**POTHOLE)
    return case, place.history(case, "DeliveryPlaced")[0]["data"]["key"]


def state(place: Town, case: UUID) -> dict[str, Any]:
    """What a case has come to, without ids and times."""
    with place.portal.work(ENGINE) as work:
        work.narrow([case])
        ((reported, asks, ask_at),) = work.sql("SELECT reported, asks, ask_at FROM outbox WHERE case_id = %s AND kind = 'delivery'", (case,))
        status = registry.case_of(work, case)["status"]
    ends = [event["data"]["outcome"] for event in place.history(case, "StepEnded")]
    once = Counter(event["type"] for event in place.history(case, "CaseClosed", "DeliverySent", "StepEnded"))
    return {"status": status, "reported": reported, "asks": asks, "ask_at": ask_at, "ends": ends, "once": once}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), end=st.sampled_from(["done", "refused"]), begins=st.integers(0, 3))
def test_every_order_of_up_to_six_reports_ends_as_the_right_order_does(place: Town, data: st.DataObject, end: str, begins: int) -> None:
    messages = [(uuid4().hex, "accepted") for _ in range(begins)] + [(uuid4().hex, end)]
    more = data.draw(st.lists(st.sampled_from(messages), max_size=6 - len(messages)), "repeats")
    right, (case, key) = handover(place), handover(place)
    for id, status in messages:
        reports.take(place.portal, "roads", Report(f"right-{id}", right[1], status))
    for id, status in data.draw(st.permutations([*messages, *more]), "order"):
        reports.take(place.portal, "roads", Report(id, key, status))
    assert state(place, case) == state(place, right[0])


def test_a_repeat_an_hour_later_changes_nothing(place: Town) -> None:
    case, key = handover(place)
    first = Report("msg_hour", key, "done")
    assert reports.take(place.portal, "roads", first) == "applied"
    before = len(place.history(case))
    assert reports.take(place.portal, "roads", first, at=datetime.now(UTC) + timedelta(hours=1)) == "applied"
    assert reports.take(place.portal, "roads", Report("msg_new", key, "done"), at=datetime.now(UTC) + timedelta(hours=1)) == "stale"
    assert len(place.history(case)) == before


def test_a_report_after_the_case_is_closed_is_kept_and_changes_nothing_but_that(place: Town) -> None:
    case, key = handover(place)
    reports.take(place.portal, "roads", Report(uuid4().hex, key, "refused"))
    assert place.history(case, "CaseClosed")
    ended = state(place, case)
    assert reports.take(place.portal, "roads", Report(uuid4().hex, key, "accepted")) == "stale"
    assert state(place, case) == ended
    assert reports.take(place.portal, "roads", Report(uuid4().hex, key, "done")) == "applied", "it says more than was known: it is told, and ends nothing twice"
    after = state(place, case)
    assert (after["ends"], after["once"], after["status"]) == (ended["ends"], ended["once"], ended["status"])


def test_a_report_recorded_and_sent_again_by_somebody_later_is_refused(place: Town) -> None:
    case, key = handover(place)
    body = json.dumps({"reference": key, "status": "done"}).encode()
    old = signed(place.secrets["roads"][0], "msg_old", datetime.now(UTC) - timedelta(minutes=6), body)
    assert place.report("roads", old, body)[0] == 401
    good = signed(place.secrets["roads"][0], "msg_now", datetime.now(UTC), body)
    assert place.report("water-utility", good, body)[0] == 401, "another agency's door"
    assert not place.history(case, "AgencyReported")
    assert [place.report("roads", good, body)[0] for _ in range(2)] == [202, 202]
    assert len(place.history(case, "AgencyReported")) == 1


def under_way(place: Town) -> Counter[str]:
    with place.portal.work(RELAY) as work:
        return Counter(dict(work.sql("SELECT target, count(*) FROM outbox WHERE done_at IS NULL AND lease_until > clock_timestamp() GROUP BY target")))


def test_whoever_claims_the_cap_of_an_agency_holds_over_all_of_them(place: Town) -> None:
    """Each claim is committed and not ended, as a process that hangs would leave it."""
    place.agencies.behave(roads="hangs", water_utility="works")
    for _ in range(3 * claims.AT_ONCE):
        place.ask(**POTHOLE)
    with ThreadPoolExecutor(6) as pool:
        found = [one for some in pool.map(lambda _: claims.claim(place.portal, 20, ["delivery"]), range(24)) for one in some]
    assert Counter(one.target for one in found)["roads"] == under_way(place)["roads"] == claims.AT_ONCE


@pytest.mark.slow
def test_no_delivery_waits_behind_an_agency_that_hangs(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: when the last of the other agency has left, not one call at the hanging one had come to its end."""
    monkeypatch.setitem(http.send.__kwdefaults__, "total", 12.0)
    monkeypatch.setitem(http.send.__kwdefaults__, "read", 12.0)
    with place.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        connection.exec_driver_sql("UPDATE outbox SET done_at = now() WHERE done_at IS NULL")
        connection.exec_driver_sql("UPDATE breakers SET failures = 0, open_until = NULL")
    place.agencies.behave(roads="hangs", water_utility="at-once")
    for _ in range(30):
        place.ask(**POTHOLE)
    samples = {"integer": 1, "decimal": "1.5", "date": "2026-12-01", "boolean": True, "email": "a@example.org", "phone": "+3222796111"}
    fields = [one for one in place.portal.catalogue.services["water-meter-reading"].fields if one.required and not one.when]
    given = {one.id: samples.get(one.type) or (one.options[0].id if one.options else "x") for one in fields}
    others = [place.ask(service="water-meter-reading", answers=given) for _ in range(30)]
    with ThreadPoolExecutor(3) as pool:
        drains = [pool.submit(place.drain, kinds=["delivery"], limit=20) for _ in range(3)]

        def rest() -> bool:
            if not any(place.history(case, "DeliveryPlaced") and not place.history(case, "DeliverySent") for case in others):
                return True
            return all(one.done() for one in drains)

        until(rest, 30)
        with place.portal.work(RELAY) as work:
            ((ended, left),) = work.sql(
                "SELECT count(*) FILTER (WHERE target = 'roads' AND tries IS NOT NULL AND done_at IS NULL), "
                "count(*) FILTER (WHERE target = 'water-utility' AND done_at IS NULL) FROM outbox"
            )
        held = under_way(place)["roads"]
        assert (left, ended) == (0, 0)
        assert 0 < held <= claims.AT_ONCE
        place.agencies.behave(roads="works")
