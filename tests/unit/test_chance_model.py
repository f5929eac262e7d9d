"""The chance of missing: what it rests on, that it never looks ahead, and that one reads back what was written."""

from __future__ import annotations

from random import Random  # noqa: TID251  # seeded by the test

import pytest

from portal.kpi.calibration import FEWEST, Estimate, fit, follow, tenths
from portal.kpi.chance_model import DAY, Life, Model, Week, version

#: A Monday, 00:00 UTC.
START = 1_767_571_200.0


def city(seed: int = 1, size: int = 1500) -> list[Life]:
    """Two services of five days over half a year: holes are missed one time in ten, signs six times in ten."""
    chance = Random(seed)
    made = []
    for _ in range(size):
        service, misses = chance.choice((("hole", 0.1), ("sign", 0.6)))
        begun_at = START + chance.random() * 180 * DAY
        lasts = chance.uniform(5, 12) if chance.random() < misses else chance.uniform(0, 5)
        made.append(Life(service, "roads", chance.choice(("web", "phone")), begun_at, begun_at + 5 * DAY, begun_at + lasts * DAY))
    return sorted(made, key=lambda life: life.begun_at)


def running(service: str, at: float, used: float = 0.0) -> Life:
    return Life(service, "roads", "web", at - used * 5 * DAY, at + (1 - used) * 5 * DAY, None)


def fitted(lives: list[Life], day: float) -> Model:
    model = fit(lives, START + day * DAY)
    assert model is not None
    return model


def test_a_service_is_told_its_own_share_and_more_the_later_it_is_still_open() -> None:
    at = START + 150 * DAY
    models = [fitted(city(seed), 150) for seed in range(8)]
    for service, misses in (("hole", 0.1), ("sign", 0.6)):
        assert sum(model.chance(running(service, at), at) for model in models) / 8 == pytest.approx(misses, abs=0.04)
    model = models[0]
    course = [model.chance(running("sign", at, used), at) for used in (0.0, 0.25, 0.5, 0.75, 0.95)]
    assert course == sorted(course)
    assert course[-1] > 0.9


def test_a_service_nobody_knows_gets_the_share_of_all() -> None:
    at = START + 150 * DAY
    assert fitted(city(), 150).chance(running("lamp", at), at) == pytest.approx(0.35, abs=0.1)


def test_the_last_days_weigh_more_than_the_months_before() -> None:
    lives = [one._replace(closed_at=one.due_at + DAY) if one.service == "hole" and one.due_at > START + 130 * DAY else one for one in city()]
    at = START + 150 * DAY
    assert fitted(lives, 150).chance(running("hole", at), at) > 3 * fitted(city(), 150).chance(running("hole", at), at)


def test_nothing_is_told_without_history() -> None:
    lives = sorted(city(), key=lambda life: life.due_at)
    assert fit(lives, lives[FEWEST - 2].due_at) is None
    assert fit(lives, lives[FEWEST - 1].due_at) is not None


def told(lives: list[Life], day: float) -> list[tuple[int, float, float]]:
    found = follow(fitted(lives, day), lives, START + day * DAY, START + 200 * DAY)
    return [(one.case, one.at, one.chance) for one in found]


@pytest.mark.parametrize("seed", range(5))
def test_what_happens_later_changes_nothing_that_was_told_before(seed: int) -> None:
    """Every closing after an instant is moved, forgotten or made up; whatever was told up to then stays the same to the last digit."""
    lives, chance = city(seed), Random(seed)
    now = START + chance.uniform(110, 160) * DAY

    def other(life: Life) -> Life:
        if life.begun_at > now:
            return life._replace(service="lamp", agency="parks", closed_at=None)
        if life.closed_at is None or life.closed_at > now:
            return life._replace(closed_at=chance.choice((None, now + chance.random() * 30 * DAY)))
        return life

    changed = [other(life) for life in lives]
    before = [one for one in told(lives, 100) if one[1] <= now]
    assert len(before) > 100
    assert before == [one for one in told(changed, 100) if one[1] <= now]
    assert told(lives, 100) != told(changed, 100)


def test_a_fit_knows_nothing_of_what_came_after() -> None:
    lives, until = city(), START + 120 * DAY
    changed = [life._replace(closed_at=None) if life.closed_at and life.closed_at > until else life for life in lives if life.begun_at <= until]
    assert fitted(lives, 120).written() == fitted(changed, 120).written()


def test_what_was_written_reads_back_and_has_its_version() -> None:
    written = fitted(city(), 150).written()
    again = Model.read(written)
    assert again.written() == written
    assert version(again.written()) == version(written) != version(fitted(city(), 149).written())
    at = START + 151 * DAY
    assert again.chance(running("sign", at), at) == pytest.approx(fitted(city(), 150).chance(running("sign", at), at), abs=1e-4)
    with pytest.raises(ValueError, match="made by method 0"):
        Model.read({**written, "method": 0})


def test_a_night_is_no_progress() -> None:
    """All closings are at noon: the term is used up around noon, not at night."""
    week = Week.of(START + day * DAY + 12 * 3600 + 60 for day in range(7000))
    life = Life("a", "b", "c", START, START + 5 * DAY, None)
    used = [week.used(life, START + hours * 3600) for hours in (0, 12, 13, 24, 120)]
    assert used == pytest.approx([0, 0.01, 0.19, 0.2, 1], abs=0.005)
    assert sum(week.shares) == pytest.approx(1, abs=1e-6)


def test_tenths_count_cases_and_estimates() -> None:
    rows = tenths([Estimate(1, 0, 0, 0.12, False), Estimate(1, 0.5, 1, 0.18, False), Estimate(2, 0, 0, 0.15, True), Estimate(3, 0, 0, 1.0, True)])
    assert [(row.low, row.estimates, row.cases) for row in rows] == [(0.1, 3, 2), (0.9, 1, 1)]
    assert rows[0].off == pytest.approx(100 * (1 / 3 - 0.15))
