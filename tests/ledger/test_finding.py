"""What is learned of where requests ended: read by who may read words and nothing else, stored, switched on, used at intake."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from portal.cases import registry
from portal.catalogue import find
from portal.kpi import finding
from portal.kpi.fold import fold_all
from portal.unit_of_work import ENGINE, FIGURES, LEARNER, Portal
from tests.ledger.test_main_job import needed, send
from tests.unit.test_catalogue_learned import samples


@pytest.fixture(autouse=True)
def _forgotten(city: Portal) -> Iterator[None]:
    yield
    find.use(city.catalogue, None)


def ended(city: Portal, number: int) -> None:
    """So many requests in words that ended at their service."""
    for text, service in samples(number):
        id = send(city, service=service, answers=needed(city, service), text=text).case["case_id"]
        with city.work(ENGINE) as work:
            work.narrow([id])
            registry.close(work, id, outcome="done")
    fold_all(city)


def test_it_learns_from_where_requests_ended_and_intake_uses_it(city: Portal) -> None:
    assert finding.relearn(city) is None
    sentence = "pitch black again, please"
    assert send(city, text=sentence).service is None
    ended(city, finding.LEAST + 20)
    found = finding.relearn(city)
    assert found is not None
    assert found.share > 0
    finding.fresh(city, now=1e9)
    taken = send(city, text=sentence).service
    assert taken is not None
    assert taken.id == "street-light-fault"
    assert finding.relearn_daily(city) is None, "once a day is enough"
    with city.work(FIGURES) as work:
        newest = finding.newest(work)
    assert newest is not None
    assert newest[2]["together"]["first"] > newest[2]["alone"]["first"]


def test_who_learns_reads_words_and_nothing_else_and_figures_read_none(city: Portal) -> None:
    send(city, service="pothole", answers=needed(city, "pothole"), text="a crater", contact={"email": "a@b.example"})
    with city.work(LEARNER) as work:
        assert work.sql("SELECT DISTINCT kind FROM vault_items") == [("words",)]
    with city.work(LEARNER) as work, pytest.raises(psycopg.errors.InsufficientPrivilege):
        work.sql("SELECT salt FROM vault_items")
    with city.work(FIGURES) as work:
        assert work.sql("SELECT case_id FROM vault_items") == []
