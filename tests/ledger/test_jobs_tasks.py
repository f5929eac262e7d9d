"""Tasks go on until nothing is left or their time is over, and do the real work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.jobs import tasks
from portal.standards.tables import timers
from portal.unit_of_work import ANONYMOUS, ENGINE, FIGURES, Portal


def test_until_nothing_is_left() -> None:
    left = [3, 2, 1, 0, 9]
    assert tasks._again(lambda: left.pop(0), seconds=60) == 6
    assert left == [9]


def test_until_time_is_over() -> None:
    assert tasks._again(lambda: 1, seconds=0) == 1


def test_they_do_the_work(city: Portal) -> None:
    case_id = new_id()
    with city.work(ANONYMOUS, new_cases=[case_id]) as work:
        receive(work, Submission(text="there is a pothole in my street"), case_id=case_id)
    assert tasks.sweep(city) == tasks.drain(city) == 0
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        armed = [row for row in work.rows(timers, case_id) if row["armed"]]
        for row in armed:
            work.change(row, due_at=work.now - timedelta(seconds=1), generation=row["generation"] + 1)
    assert tasks.sweep(city) == len(armed) > 0
    assert tasks.sweep(city) == 0
    assert tasks.fold(city) > 0
    with city.work(FIGURES) as work:
        assert work.sql("SELECT count(*) FROM case_facts") == [(1,)]


@pytest.mark.parametrize("kind", sorted(tasks.TASKS))
def test_every_kind_is_one_the_waker_knows(kind: str) -> None:
    from portal.jobs.wake import PACE

    assert PACE.keys() == tasks.TASKS.keys()
    assert tasks.TASKS[kind].__name__ == kind
