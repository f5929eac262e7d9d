"""The outbox: who may work on a row, in which order, and that nobody who lost it changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.catalogue.definitions import Catalogue
from portal.db import connect, new_id
from portal.events import log
from portal.outbox import breakers, claims, deliveries, notices, pages
from portal.outbox.claims import Claim
from portal.outbox.schedule import CRASHES, PATIENCE, next_try
from portal.settings import Settings
from portal.unit_of_work import ANONYMOUS, ENGINE, RELAY, Portal, Row, Work
from tests.servers import Database


@pytest.fixture
def portal(fresh_database: Database) -> Iterator[Portal]:
    """No content and no reactions: the ledger alone."""
    engine = connect(fresh_database.url, pool=12)
    yield Portal(engine, Catalogue({}, {}, {}, {}, {}, ()), {}, Settings(PORTAL_MODE="test"))
    engine.dispose()


def begin(portal: Portal, origin: str = "demo") -> UUID:
    case_id = new_id()
    with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
        work.begin_case(case_id, jurisdiction="demo", origin=origin)
        work.record(case_id, "CaseOpened", reference="x")
    return case_id


def place(work: Work, case_id: UUID, agency: str = "roads") -> Row | None:
    return deliveries.place(work, case_id, agency=agency, step_run_id=new_id(), step="repair", action="repair", answers=None, service="pothole")


def placed(portal: Portal, case_id: UUID, agency: str = "roads", *, at: datetime | None = None) -> UUID:
    with portal.work(ENGINE, at=at) as work:
        work.narrow([case_id])
        row = place(work, case_id, agency)
        assert row is not None
        assert work.wakes == {"drain"}
        id: UUID = row["id"]
    return id


def lapse(portal: Portal) -> None:
    """All leases end now."""
    with portal.work(RELAY) as work:
        work.sql("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")


def row(portal: Portal, one: Claim) -> dict[str, Any]:
    with portal.work(RELAY) as work:
        names = ("done_at", "parked_at", "attempts", "crashes", "epoch", "lease_until", "refusal", "next_at")
        return dict(zip(names, work.sql(f"SELECT {', '.join(names)} FROM outbox WHERE id = %s", (one.id,))[0], strict=True))


def types(portal: Portal, case_id: UUID) -> list[str]:
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        return [event["type"] for event in work.run(log.history(case_id, limit=100).execution_options(visible=True))]


def end(portal: Portal, one: Claim, how: Any = claims.complete, **more: Any) -> bool:
    with portal.work(ENGINE) as work:
        work.narrow([one.case_id])
        return how(work, one, **more) is not None


def now(portal: Portal) -> datetime:
    with portal.work(RELAY) as work:
        return work.now


def test_a_row_has_one_worker_at_a_time(portal: Portal) -> None:
    for _ in range(12):
        placed(portal, begin(portal), agency=f"agency-{new_id()}")
    with ThreadPoolExecutor(6) as pool:
        found = [one for some in pool.map(lambda _: claims.claim(portal, 5), range(6)) for one in some]
    rest = claims.claim(portal, 50)
    assert len({one.id for one in found} | {one.id for one in rest}) == len(found) + len(rest) == 12
    assert claims.claim(portal, 50) == []


def test_who_comes_back_after_the_lease_changes_nothing(portal: Portal) -> None:
    case = begin(portal)
    placed(portal, case)
    (late,) = claims.claim(portal, 1)
    lapse(portal)
    (next_one,) = claims.claim(portal, 1)
    assert (next_one.id, next_one.key, next_one.epoch, next_one.attempts, next_one.crashes) == (late.id, late.key, late.epoch + 1, 2, 1)
    before = row(portal, late)
    assert not end(portal, late, remote_id="late")
    assert not end(portal, late, claims.retry, reason="r", code="c")
    assert not end(portal, late, claims.park, reason="r", code="c")
    assert row(portal, late) == before
    assert end(portal, next_one, remote_id="R-1")
    assert not end(portal, next_one, remote_id="R-1"), "once"
    assert types(portal, case) == ["CaseOpened", "DeliveryPlaced", "DeliverySent"]


def test_one_that_kills_its_process_is_known_by_its_crashes(portal: Portal) -> None:
    placed(portal, begin(portal))
    for crashes in range(CRASHES + 1):
        (one,) = claims.claim(portal, 1)
        assert one.crashes == crashes
        lapse(portal)
    (one,) = claims.claim(portal, 1)
    assert end(portal, one, claims.retry, reason="r", code="c")
    assert row(portal, one)["crashes"] == 0, "it came back and said why"


def test_an_agency_hears_of_a_case_in_order_and_of_other_cases_meanwhile(portal: Portal) -> None:
    case, other = begin(portal), begin(portal)
    first, second = placed(portal, case), placed(portal, case)
    elsewhere, third = placed(portal, case, agency="water"), placed(portal, other)
    found = claims.claim(portal, 10)
    assert {one.id for one in found} == {first, elsewhere, third}
    (one,) = [one for one in found if one.id == first]
    end(portal, one, claims.retry, reason="r", code="c")
    assert claims.claim(portal, 10) == [], "the second waits while the first is tried again"
    (again,) = claims.claim(portal, 10, at=now(portal) + timedelta(minutes=1))
    assert again.id == first
    end(portal, again)
    assert [one.id for one in claims.claim(portal, 10)] == [second]


def test_a_page_waits_for_no_page(portal: Portal) -> None:
    case = begin(portal)
    with portal.work(ENGINE) as work:
        work.narrow([case])
        for person in (0, 1):
            pages.place(work, case, call_id=new_id(), agency="front-office", person=person)
    assert [one.body["person"] for one in claims.claim(portal, 10)] == [0, 1]


def test_only_cases_of_the_outside_world_write_to_it(portal: Portal) -> None:
    for origin, leaves in (("live", True), ("demo", True), ("replay", False), ("mystery", False), ("simulated", False)):
        case = begin(portal, origin)
        with portal.work(ENGINE) as work:
            work.narrow([case])
            told = notices.promise(work, case, party_id=new_id(), channel="email", template="received", language="en", refs={})
            page = pages.place(work, case, call_id=new_id(), agency="front-office", person=0)
            assert [one is not None for one in (place(work, case), told, page)] == [leaves] * 3
        assert (types(portal, case) == ["CaseOpened"]) is not leaves
    assert len(claims.claim(portal, 50)) == 6


def test_who_looks_it_up_is_promised_nothing(portal: Portal) -> None:
    case = begin(portal)
    with portal.work(ENGINE) as work:
        work.narrow([case])
        assert notices.promise(work, case, party_id=new_id(), channel=None, template="received", language="en", refs={}) is None
    assert types(portal, case) == ["CaseOpened"]


def test_it_is_tried_for_seventy_five_hours_and_then_given_to_people(portal: Portal) -> None:
    case = begin(portal)
    placed(portal, case)
    start = at = now(portal)
    attempts = 0
    while True:
        (one,) = claims.claim(portal, 1, at=at)
        attempts += 1
        with portal.work(ENGINE, at=at) as work:
            work.narrow([case])
            claims.retry(work, one, reason="HTTP 503", code="http-503")
        found = row(portal, one)
        if found["parked_at"]:
            break
        assert at < found["next_at"] <= at + timedelta(hours=1.2)
        at = found["next_at"]
    assert timedelta(hours=75) <= at - start < timedelta(hours=77)
    assert 60 < attempts < 100
    assert found["refusal"] == f"HTTP 503 (tried {attempts} times)"
    assert types(portal, case) == ["CaseOpened", "DeliveryPlaced", "DeliveryParked"]


def test_people_send_a_parked_one_again_with_its_key(portal: Portal) -> None:
    case = begin(portal)
    placed(portal, case)
    (one,) = claims.claim(portal, 1)
    end(portal, one, claims.park, reason="HTTP 422", code="http-422")
    assert claims.claim(portal, 1, at=now(portal) + timedelta(days=30)) == []
    with portal.work(ENGINE) as work:
        work.narrow([case])
        assert deliveries.retry(work, case, one.subject)
        assert not deliveries.retry(work, case, one.subject)
    (again,) = claims.claim(portal, 1)
    assert (again.key, again.attempts) == (one.key, 1)
    assert types(portal, case)[-2:] == ["DeliveryParked", "DeliveryRetried"]


def test_a_cancelled_one_does_not_leave_and_who_is_sending_it_records_nothing(portal: Portal) -> None:
    case = begin(portal)
    placed(portal, case)
    (one,) = claims.claim(portal, 1)
    with portal.work(ENGINE) as work:
        work.narrow([case])
        deliveries.cancel(work, case, one.subject)
    assert not end(portal, one)
    lapse(portal)
    assert claims.claim(portal, 1) == []


def test_an_open_breaker_leaves_its_target_alone_and_nobody_wakes_for_it(portal: Portal) -> None:
    at = now(portal)
    for _ in range(3):
        placed(portal, begin(portal), "roads")
    placed(portal, begin(portal), "water")
    for _ in range(breakers.TOO_MANY):
        with portal.work(RELAY, at=at) as work:
            breakers.failed(work, "roads")
    soon = at + timedelta(seconds=10)
    assert [one.target for one in claims.claim(portal, 10, at=soon)] == ["water"]
    with portal.work(RELAY) as work:
        ((due,),) = work.sql("SELECT min(next_at) FROM outbox WHERE target = 'roads'")
    assert due == at + breakers.FIRST
    assert len(claims.claim(portal, 10, at=due)) == 1, "one goes ahead to see"
    with portal.work(RELAY, at=due) as work:
        breakers.worked(work, "roads")
    assert len(claims.claim(portal, 10, at=due)) == 2


def test_breakers_stay_open_longer_each_time_up_to_a_limit() -> None:
    spans = [breakers.open_for(failures) for failures in range(breakers.TOO_MANY, 200)]
    assert spans[0] == breakers.FIRST
    assert spans == sorted(spans)
    assert spans[-1] == breakers.LONGEST


@pytest.mark.parametrize("kind", sorted(PATIENCE))
def test_waits_grow_are_stretched_by_less_than_a_fifth_and_repeat(kind: str, portal: Portal) -> None:
    at = now(portal)
    for attempts, wait in ((1, 1), (2, 5), (3, 30), (4, 120), (50, 3600)):
        for key in map(str, range(20)):
            first = next_try(kind, key, attempts=attempts, placed_at=at, now=at)
            assert first is not None
            assert timedelta(seconds=wait) <= first - at < timedelta(seconds=wait * 1.2)
            assert first == next_try(kind, key, attempts=attempts, placed_at=at, now=at)
    asked = next_try(kind, "k", attempts=1, placed_at=at, now=at, after=10**9)
    assert asked is not None
    assert timedelta(hours=24) <= asked - at < timedelta(hours=29)
    assert next_try(kind, "k", attempts=1, placed_at=at, now=at + PATIENCE[kind]) is None


def test_an_agency_sees_its_own_handovers_and_no_others(portal: Portal) -> None:
    from portal.unit_of_work import Principal

    for agency in ("roads", "water"):
        placed(portal, begin(portal), agency)
    with portal.work(Principal("agency", agencies=("roads",))) as work:
        assert work.sql("SELECT target FROM outbox") == [("roads",)]
        assert work.sql("SELECT case_id FROM events") == []
        assert work.sql("UPDATE outbox SET parked_at = now() RETURNING 1") == []
