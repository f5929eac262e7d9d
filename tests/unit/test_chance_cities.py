"""What is told of made-up cities comes true, whatever is peculiar to them; and the correction is what makes it so."""

from __future__ import annotations

from functools import cache

import pytest

from portal.kpi.calibration import Estimate, Tenth, fit, follow, tenths
from portal.kpi.chance_model import DAY, Life
from tests.unit.chance_cities import END, START, worlds

CUT = START + 200 * DAY
WORLDS = ("steady", "many small services", "never and always", "low", "seasons", "drift", "closed in bulk", "dates only", "reported twice", "small")


@cache
def made(seed: int) -> dict[str, list[Life]]:
    return worlds(seed)


def told(lives: list[Life], *, corrected: bool = True) -> list[Estimate]:
    model = fit(lives, CUT)
    assert model is not None
    if not corrected:
        model.choice.taken = 0
    return list(follow(model, lives, CUT, END))


def wrong(rows: list[Tenth]) -> float:
    """Points by which estimates were told wrong on average, tenth by tenth."""
    return sum(row.off * row.estimates for row in rows) / sum(row.estimates for row in rows)


@pytest.mark.parametrize("world", WORLDS)
def test_what_was_told_came_true(world: str) -> None:
    """Within five points, and what luck alone explains (three standard deviations of so few cases)."""
    rows = [row for row in tenths(told(made(1)[world])) if row.cases >= 100]
    assert rows
    assert max(row.off - 3 * row.luck for row in rows) <= 5.0
    assert wrong(rows) <= 5.0


def test_the_correction_mends_what_is_wrong_in_the_estimate() -> None:
    lives = made(1)["many small services"]
    bare, mended = (wrong(tenths(told(lives, corrected=corrected))) for corrected in (False, True))
    assert mended < bare / 2
