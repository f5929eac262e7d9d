"""Agencies report back over real HTTP: once, in any order, only what is theirs, and only signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.intake import reports
from portal.unit_of_work import ENGINE, RELAY
from portal.wire.signatures import signed
from tests.servers import Servers
from tests.stories.town import Town, town

STATUSES = ("accepted", "refused", "done")


@pytest.fixture(scope="module")
def place(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = servers.database()
    with town(database, tmp_path_factory.mktemp("town")) as one:
        yield one
    servers.drop(database.name)


def handover(place: Town) -> tuple[UUID, str]:
    """A case, and the key of its delivery to `roads`, which never left."""
    case = place.ask(service="pothole", answers={"place": "Rue Haute 1"})
    key = place.history(case, "DeliveryPlaced")[0]["data"]["key"]
    return case, key


def report(
    place: Town, key: str, status: str = "done", *, agency: str = "roads", id: str | None = None, secret_of: str = "roads", **more: Any
) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"reference": key, "status": status, **more}).encode()
    return place.report(agency, signed(place.secrets[secret_of][0], id or f"msg_{uuid4().hex}", datetime.now(UTC), body), body)


def inbox(place: Town) -> dict[str, str]:
    with place.portal.work(RELAY) as work:
        return dict(work.sql("SELECT message_id, status FROM inbox"))  # type: ignore[arg-type]


def test_a_report_ends_the_step_and_is_the_receipt_too(place: Town) -> None:
    case, key = handover(place)
    assert report(place, key, remote_id="R-7") == (202, {"taken": True})
    assert [event["type"] for event in place.history(case, "DeliverySent", "AgencyReported", "CaseClosed")] == ["DeliverySent", "AgencyReported", "CaseClosed"]
    assert place.drain(kinds=["delivery"]) == 0, "the agency has it: nothing is left to send"


def test_the_same_message_counts_once_however_often_and_however_fast(place: Town) -> None:
    case, key = handover(place)
    body = reports.Report("msg_same", key, "done")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: reports.take(place.portal, "roads", body), range(24)))
    assert set(found) == {"applied"}
    assert report(place, key, id="msg_same")[0] == 202
    assert len(place.history(case, "AgencyReported")) == len(place.history(case, "CaseClosed")) == 1


def reported(place: Town, case: UUID) -> int | None:
    with place.portal.work(ENGINE) as work:
        work.narrow([case])
        rank: int | None = work.sql("SELECT reported FROM outbox WHERE case_id = %s AND kind = 'delivery'", (case,))[0][0]
        return rank


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_and_any_repeats_end_the_same(place: Town, data: st.DataObject) -> None:
    messages = {
        f"{uuid4().hex}-{number}": status for number, status in enumerate(data.draw(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=4), "statuses"))
    }
    order = data.draw(st.lists(st.sampled_from(sorted(messages)), max_size=4).map(lambda more: [*messages, *more]).flatmap(st.permutations), "order")
    case, key = handover(place)
    for id in order:
        reports.take(place.portal, "roads", reports.Report(id, key, messages[id]))
    highest = max(STATUSES.index(status) for status in messages.values()) + 1
    assert reported(place, case) == highest
    told = [event["data"]["rank"] for event in place.history(case, "AgencyReported")]
    assert told == sorted(set(told)) and told[-1] == highest
    assert {status for id, status in inbox(place).items() if id in messages} <= {"applied", "stale"}


def test_every_order_of_accepted_and_done_closes_the_case_alike(place: Town) -> None:
    for order in permutations(["accepted", "accepted", "done", "done"]):
        case, key = handover(place)
        for status in order:
            reports.take(place.portal, "roads", reports.Report(uuid4().hex, key, status))
        assert [event["data"]["outcome"] for event in place.history(case, "StepEnded")] == ["done"]
        assert len(place.history(case, "CaseClosed")) == 1


def test_what_is_not_theirs_is_as_unknown_as_what_is_not_there(place: Town) -> None:
    case, key = handover(place)
    assert (
        report(place, key, agency="water-utility", secret_of="water-utility", id="theirs")
        == report(place, str(uuid4()), id="nobodys")
        == (202, {"taken": True})
    )
    assert inbox(place)["theirs"] == inbox(place)["nobodys"] == "unmatched"
    assert not place.history(case, "AgencyReported")


def test_a_report_that_overtakes_its_delivery_is_matched_later_or_given_to_people(place: Town) -> None:
    case, key = handover(place)
    early = f"early-{uuid4().hex}"
    with place.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        connection.exec_driver_sql("UPDATE outbox SET key = 'not yet' WHERE key = %(key)s", {"key": key})
    report(place, key, id=early)
    assert inbox(place)[early] == "unmatched"
    now = datetime.now(UTC)
    assert reports.match(place.portal, 100, at=now + timedelta(seconds=5)) >= 1
    with place.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        connection.exec_driver_sql("UPDATE outbox SET key = %(key)s WHERE key = 'not yet'", {"key": key})
    reports.match(place.portal, 100, at=now + timedelta(minutes=5))
    assert inbox(place)[early] == "applied"
    assert len(place.history(case, "AgencyReported")) == 1
    never = f"never-{uuid4().hex}"
    report(place, str(uuid4()), id=never)
    for hours in (1, 71, 73, 75):
        reports.match(place.portal, 100, at=datetime.now(UTC) + timedelta(hours=hours))
        assert inbox(place)[never] == ("unmatched" if hours < 72 else "parked")


def test_forged_stale_and_foreign_signatures_are_refused_alike(place: Town) -> None:
    _, key = handover(place)
    body = json.dumps({"reference": key, "status": "done"}).encode()
    secret, now = place.secrets["roads"][0], datetime.now(UTC)
    good = signed(secret, "m", now, body)
    answers = [
        place.report("roads", {}, body),
        place.report("roads", good, body.replace(b"done", b"refused")),
        place.report("roads", good | {"webhook-id": "n"}, body),
        place.report("roads", signed(secret, "m", now - timedelta(minutes=6), body), body),
        place.report("roads", signed(place.secrets["water-utility"][0], "m", now, body), body),
        place.report("nowhere", good, body),
        place.report("front-office", good, body),
    ]
    assert {status for status, _ in answers} == {401}
    assert len({(found["type"], found["detail"]) for _, found in answers}) == 1
    assert "m" not in inbox(place)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"[" * 50_000,
        b'{"reference": "a", "reference": "b", "status": "done"}',
        b'{"status": "done"}',
        b'{"reference": "a", "status": "perhaps"}',
        b'{"reference": 7, "status": "done"}',
        b'{"reference": "a\\u0000", "status": "done"}',
        b'{"reference": "a", "status": "done", "remote_id": "two words"}',
        b'{"reference": "a", "status": "done", "outcome": "Mrs Smith, 12 High Street"}',
        b'{"reference": "a", "status": "done", "note": "free words"}',
    ],
)
def test_a_body_that_is_none_is_refused_with_a_problem(body: bytes, place: Town) -> None:
    status, found = place.report("roads", signed(place.secrets["roads"][0], "odd", datetime.now(UTC), body), body)
    assert (status, found["status"]) == (422, 422)
    assert "odd" not in inbox(place)


def test_a_body_too_large_is_not_read(place: Town) -> None:
    body = b" " * 100_000
    assert place.report("roads", signed(place.secrets["roads"][0], "large", datetime.now(UTC), body), body)[0] == 413
