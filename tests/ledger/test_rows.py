"""Rows of a unit of work: what it adds hides nothing the database has."""

from __future__ import annotations

from portal.unit_of_work import ENGINE, Portal
from portal.vault import items
from tests.ledger.test_main_job import needed, send


def test_a_row_added_before_the_others_are_read_hides_none_of_them(city: Portal) -> None:
    id = send(city, service="pothole", answers=needed(city, "pothole")).case["case_id"]
    with city.work(ENGINE) as work:
        work.narrow([id])
        items.put(work, id, "reasons", "It was deep.")
        assert items.of_kind(work, id, "answers") == [needed(city, "pothole")]
        assert items.of_kind(work, id, "reasons") == ["It was deep."]
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert items.of_kind(work, id, "reasons") == ["It was deep."]
