"""Several versions of a journey live side by side: a number means one content, cases under way finish on theirs, and each version has its counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal.catalogue.store import VersionTaken
from portal.db import connect
from portal.errors import NotFound
from portal.queues.tables import tasks
from portal.runs.tables import journey_runs
from portal.standards.tables import clocks
from portal.unit_of_work import Portal, Principal
from portal.views.versions import definition, of, published
from portal.workflow import referring
from tests.definitions.small_city import FILES, plant
from tests.ledger.versions_of_town import CLERK, case, do, finish, rows, send, town
from tests.servers import Database

CHAMPION = Principal("champion", "tests|champion", roles=("champion",), services=("*",))
#: `judge` is gone, `weigh` is new, the promise is shorter, and there is a question more.
LONG_2 = (
    FILES["journeys/long.yaml"]
    .replace("version: 1", "version: 2")
    .replace("next: judge\n", "next: weigh\n")
    .replace("to: judge", "to: weigh")
    .replace("id: judge", "id: weigh")
)
TREE_3 = (
    FILES["services/hall/tree.yaml"]
    .replace("version: 2", "version: 3")
    .replace("judge: 50", "weigh: 60")
    .replace("within: 1 calendar_months", "within: 2 calendar_weeks")
    .replace("fields:\n", "fields:\n  - id: height\n    type: integer\n    title: {en: Height, fr: Hauteur}\n")
)
#: One more, from when the right door has it.
WITH_A_WORD = {
    "services/hall/tree.yaml": TREE_3.replace(
        "standards:\n", "standards:\n  - {id: word, title: {en: A word, fr: Un mot}, kind: promise, within: 3 calendar_days, starts: competent}\n"
    )
}
CHANGED = {"journeys/long.yaml": LONG_2, "services/hall/tree.yaml": TREE_3}


@pytest.fixture
def engine(fresh_database: Database) -> Iterator[Engine]:
    """Of the test alone."""
    one = connect(fresh_database.url)
    yield one
    one.dispose()


@pytest.fixture
def old(engine: Engine, fresh_database: Database, tmp_path: Path) -> Portal:
    """The town as it was first published."""
    return town(engine, fresh_database, tmp_path / "old")


def new(old: Portal, database: Database, tmp_path: Path) -> Portal:
    """The town after the change was published."""
    return town(old.engine, database, tmp_path / "new", CHANGED)


def test_a_referral_is_promised_what_the_law_said_when_the_first_door_received_it(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    tree = FILES["services/hall/tree.yaml"]
    hedge = {"services/hall/hedge.yaml": tree.replace("id: tree", "id: hedge").replace("journey: long", "journey: simple").replace("  tell: 10\n", "")}
    then = town(engine, fresh_database, tmp_path / "old", hedge)
    before = send(then, service="hedge")
    now = town(engine, fresh_database, tmp_path / "new", CHANGED | hedge | WITH_A_WORD)
    after = send(now, service="hedge")
    for one in (before, after):
        received = case(now, one)["received_at"]
        with now.work(CLERK) as work:
            work.narrow([one])
            task = next(row for row in work.rows(tasks, one) if row["status"] == "open")
            referring.refer(work, task, version=None, words="It is a tree.", service="tree")
        assert (case(now, one)["service"], case(now, one)["received_at"]) == ("tree", received)
        assert case(now, one)["service_hash"] == now.catalogue.hashes["service", "tree"], "its journey is today's"
        found = {row["standard"]: row for row in rows(now, clocks, one) if row["status"] == "running"}
        assert found["decided"]["rule"]["within"] == ("1 calendar_months" if one == before else "2 calendar_weeks")
        assert found["decided"]["started_at"] == received
        # What counts from when the door has it is of the day it has it.
        assert found["word"]["started_at"] > received


def test_cases_in_every_state_finish_on_the_version_they_began_on(old: Portal, fresh_database: Database, tmp_path: Path) -> None:
    at_look, at_tell, at_judge = (send(old) for _ in range(3))
    small = send(old, girth=50)
    for done, steps in ((at_tell, ("look",)), (at_judge, ("look", "tell")), (small, ("look",))):
        for step in steps:
            do(old, done, step)
    now = new(old, fresh_database, tmp_path)
    before = {one: rows(now, clocks, one) for one in (at_look, at_tell, at_judge, small)}
    young = send(now)
    assert finish(now, at_look) == ["look", "tell", "judge"]
    assert finish(now, at_tell) == ["tell", "judge"]
    assert finish(now, at_judge) == finish(now, small) == ["judge"]
    assert finish(now, young) == ["look", "tell", "weigh"]
    for one, clock in before.items():
        assert (case(now, one)["status"], case(now, one)["service_hash"]) == ("closed", old.catalogue.hashes["service", "tree"])
        assert rows(now, journey_runs, one)[0]["definition_hash"] == old.catalogue.hashes["journey", "long"]
        assert [(row["due_at"], row["rule"]["within"]) for row in rows(now, clocks, one)] == [(clock[0]["due_at"], "1 calendar_months")]
    assert case(now, young)["service_hash"] == now.catalogue.hashes["service", "tree"]
    assert [row["rule"]["within"] for row in rows(now, clocks, young)] == ["2 calendar_weeks"]


def test_a_change_under_a_published_number_is_refused_and_says_what_to_write(old: Portal, fresh_database: Database, tmp_path: Path) -> None:
    with pytest.raises(VersionTaken) as refused:
        town(
            old.engine,
            fresh_database,
            tmp_path / "other",
            {"journeys/long.yaml": LONG_2.replace("version: 2", "version: 1"), "services/hall/tree.yaml": TREE_3},
        )
    assert "journey `long` was published before as version 1 with other content: write `version: 2`" in refused.value.detail
    assert "service" not in refused.value.detail
    with old.work(CHAMPION) as work:
        assert len(published(work, "long", counted=False)) == 1  # nothing of it was written, the service's new version neither
        assert work.sql("SELECT count(*) FROM definitions WHERE kind = 'service' AND id = 'tree'") == [(1,)]
    town(old.engine, fresh_database, tmp_path / "again")


def test_a_service_keeps_its_number_as_well(old: Portal, fresh_database: Database, tmp_path: Path) -> None:
    changed = {"services/hall/tree.yaml": plant("services/hall/tree.yaml", "  tell: 10", "  tell: 11")}
    with pytest.raises(VersionTaken, match=r"service `tree` was published before as version 2 with other content: write `version: 3`"):
        town(old.engine, fresh_database, tmp_path / "other", changed)


def test_each_version_has_its_own_counts(old: Portal, fresh_database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        do(old, send(old), "look")
    now = new(old, fresh_database, tmp_path)
    send(now)
    with now.work(CHAMPION) as work:
        first, second = published(work, "long", counted=True)
        assert (first.number, first.present, first.running, first.steps) == ("1", False, 2, {"tell": 2})
        assert (second.number, second.present, second.running, second.steps) == ("2", True, 1, {"look": 1})
        assert of([first, second], "1") == [first] == of([first, second], first.short)
        assert [step.id for step in definition(work, first).steps][-1] == "judge"
        with pytest.raises(NotFound, match=r"There is no version `3` of this journey. Published are 1 \(\w+\), 2 \("):
            of([first, second], "3")
        with pytest.raises(NotFound):
            of([first, second], first.hash[:4])
