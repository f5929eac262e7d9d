"""Real requests that crossed agencies, lived again by the engine at their own times: the same agencies in the same order, for as long, to the same end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.db import connect
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.ledger.conftest import SECRET
from tests.requests.play import Lived, lived, play
from tests.requests.timeline import Stretch, Timeline, read, timeline
from tests.requests.town import slug, town, who
from tests.servers import Database

CHICAGO, HELSINKI = "chicago-open311-requests.json", "helsinki-request-with-tasks.json"


@pytest.fixture
def database_of(fresh_database: Database, tmp_path: Path) -> Iterator[Any]:
    """Makes the portal of a town with these requests."""
    engine = connect(fresh_database.url)

    def made(requests: Iterable[Timeline]) -> Portal:
        return Portal(engine, town(tmp_path / "town", requests), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]

    yield made
    engine.dispose()


def expected(one: Timeline) -> Lived:
    """The request with the portal's ids."""
    stretches = tuple(
        replace(stretch, agency=slug(stretch.agency), does="look" if place == 0 else f"{who(stretch)}-{place}") for place, stretch in enumerate(one.stretches)
    )
    return Lived("closed" if one.closed else "open", one.opened, one.closed, stretches)


def waiting(found: Lived) -> dict[str, timedelta]:
    """How long each agency had it."""
    total: Counter[str] = Counter()
    for stretch in found.stretches:
        if stretch.ended:
            total[stretch.agency] += int((stretch.ended - stretch.begun).total_seconds())
    return {agency: timedelta(seconds=seconds) for agency, seconds in total.items()}


def replayed(portal: Portal, requests: list[Timeline]) -> dict[str, tuple[UUID, Lived]]:
    """Every request, lived again."""
    cases = {one.id: play(portal, one) for one in requests}
    return {id: (case_id, lived(portal, case_id)) for id, case_id in cases.items()}


def same(found: dict[str, tuple[UUID, Lived]], requests: list[Timeline]) -> None:
    for one in requests:
        got, meant = found[one.id][1], expected(one)
        assert [stretch.agency for stretch in got.stretches] == [stretch.agency for stretch in meant.stretches], one.id
        assert waiting(got) == waiting(meant), one.id
        assert got == meant, one.id


def test_fifteen_requests_with_follow_ons_elsewhere(database_of: Any, shared_data: Path) -> None:
    requests = read(shared_data / "requests-311" / CHICAGO)
    found = replayed(database_of(requests), requests)
    same(found, requests)
    oracle = json.loads((shared_data / "requests-311" / CHICAGO.replace(".json", ".oracle.json")).read_text("utf-8"))
    assert Counter(got.status for _, got in found.values()) == oracle["by_status"]
    assert {id: round((got.closed - got.opened).total_seconds()) for id, (_, got) in found.items() if got.closed} == oracle["durations_seconds"]
    touched = Counter(stretch.agency for _, got in found.values() for stretch in got.stretches[1:] for at in (stretch.begun, stretch.ended) if at)
    assert touched == {slug(agency): times for agency, times in oracle["agencies_touched"].items()}
    assert sum(len(got.stretches) - 1 for _, got in found.values()) == oracle["follow_ons"]


def test_a_question_passed_between_three_offices(database_of: Any, shared_data: Path) -> None:
    requests = read(shared_data / "requests-311" / HELSINKI)
    found = replayed(database_of(requests), requests)
    same(found, requests)
    (_, got) = found[requests[0].id]
    offices = ["kaupunginkanslia", "rakennusvirasto", "rakennusvirasto", *["kaupunkisuunnitteluvirasto"] * 4]
    assert [stretch.agency for stretch in got.stretches] == offices
    assert got.closed == datetime(2016, 3, 24, 14, 6, 40, tzinfo=UTC)


def note(at: str, type: str, other: str = "", agency: str = "") -> dict[str, Any]:
    more = {"extended_attributes": {"service_request_id": other, "service_name": "Look", "agency_responsible": agency}} if other else {}
    return {"datetime": at, "type": type, **more}


def test_another_citys_file_of_the_same_form(database_of: Any) -> None:
    """Two follow-ons at once at the same office and another, one of them still open; a request that nobody else was needed for."""
    one = {
        "service_request_id": "7",
        "status": "open",
        "service_name": "Fallen tree",
        "service_code": "T",
        "agency_responsible": "Parks",
        "requested_datetime": "2025-03-01T08:00:00+01:00",
        "updated_datetime": "2025-03-05T08:00:00+01:00",
        "notes": [
            note("2025-03-01T08:00:00+01:00", "opened"),
            note("2025-03-02T09:00:00+01:00", "follow_on_created", "8", "Roads"),
            note("2025-03-02T09:30:00+01:00", "follow_on_created", "9", "Fire"),
            note("2025-03-04T10:00:00+01:00", "follow_on_closed", "9", "Fire"),
        ],
    }
    other = one | {
        "service_request_id": "10",
        "status": "closed",
        "notes": [note("2025-03-01T08:00:00+01:00", "opened"), note("2025-03-03T08:00:00+01:00", "closed")],
    }
    requests = [timeline(one), timeline(other)]
    assert [stretch.ended is None for stretch in requests[0].stretches] == [False, True, False]
    found = replayed(database_of(requests), requests)
    same(found, requests)
    assert found["10"][1].stretches == (Stretch("parks", "look", requests[1].opened, requests[1].closed),)
