"""Corrections learn what an estimate came to mean, forget, and the history chooses among them."""

from __future__ import annotations

from math import exp
from random import Random  # noqa: TID251  # seeded by the test

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kpi.correction import Choice, Correction, Reading, corrections, solved

DAY = 86_400.0


def sharpened(luck: Random, by: float) -> tuple[Reading, bool]:
    """An estimate, and an outcome whose true log-odds are `by` times it."""
    one = Reading(luck.gauss(0, 1.5), 0.0, 0.0, 0.0, luck.random())
    return one, luck.random() < 1 / (1 + exp(-by * one.service))


def taught(correction: Correction, by: float, *, days: int = 60, seed: int = 1) -> Correction:
    luck = Random(seed)
    for day in range(days):
        correction.to(day * DAY)
        for _ in range(50):
            correction.add(*sharpened(luck, by))
    correction.to(days * DAY)
    return correction


@pytest.mark.parametrize("kind", ["each", "slope"])
@pytest.mark.parametrize("by", [0.3, 1.0, 1.6])
def test_what_was_told_too_surely_or_not_surely_enough_is_mended(kind: str, by: float) -> None:
    correction = taught(Correction(kind, 200, 2), by)
    for odds in (-2.0, -1.0, 0.0, 1.0, 2.0):
        assert correction.chance(Reading(odds, 0, 0, 0, 0.4)) == pytest.approx(1 / (1 + exp(-by * odds)), abs=0.05)


def test_without_outcomes_nothing_is_corrected_and_old_ones_are_forgotten() -> None:
    one = Reading(1.0, 0.5, -0.3, 0.2, 0.7)
    fresh = Correction("each", 20, 20)
    assert fresh.chance(one) == pytest.approx(1 / (1 + exp(-one.odds)))
    mended = taught(Correction("each", 20, 20), 0.2)
    assert abs(mended.chance(one) - fresh.chance(one)) > 0.05
    for day in range(60, 400):
        mended.to(day * DAY)
    assert mended.chance(one) == pytest.approx(fresh.chance(one), abs=0.01)


def test_an_outcome_counts_from_the_next_day_on() -> None:
    correction, one = Correction("slope", 200, 2), Reading(1.0, 0, 0, 0, 0)
    correction.to(0)
    for _ in range(100):
        correction.add(one, False)
    before = correction.chance(one)
    correction.to(DAY - 1)
    assert correction.chance(one) == before
    correction.to(DAY)
    assert correction.chance(one) < before


@pytest.mark.parametrize(("by", "kinds"), [(1.0, {"none"}), (0.3, {"each", "slope"})])
def test_the_history_chooses(by: float, kinds: set[str]) -> None:
    """Where estimates are right nothing is corrected; where they are far too sure something is."""
    luck, choice = Random(2), corrections()
    for day in range(60):
        told = [(one, missed, choice.chances(one, day * DAY)) for one, missed in (sharpened(luck, by) for _ in range(40))]
        for one, missed, chances in told:
            choice.add(one, chances, missed)
    choice.take()
    assert choice.correction.kind in kinds


def test_it_reads_back() -> None:
    correction = taught(Correction("each", 60, 20), 0.5, days=5)
    again = Correction.read(correction.written())
    one = Reading(0.7, 0.1, 0.2, -0.1, 0.3)
    assert again.written() == correction.written()
    assert again.chance(one) == pytest.approx(correction.chance(one), abs=1e-4)
    assert Choice([again]).correction is again


@given(st.lists(st.lists(st.floats(-3, 3), min_size=3, max_size=3), min_size=3, max_size=6), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_small_systems_are_solved(rows: list[list[float]], wanted: list[float]) -> None:
    matrix = [[sum(row[i] * row[j] for row in rows) + (i == j) for j in range(3)] for i in range(3)]
    right = [sum(one * value for one, value in zip(row, wanted, strict=True)) for row in matrix]
    assert solved(matrix, right) == pytest.approx(wanted, abs=1e-6)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-5, 5), st.floats(0, 1), st.booleans()), max_size=40), st.floats(-9, 9))
def test_whatever_comes_a_chance_is_a_share(outcomes: list[tuple[float, float, float, bool]], odds: float) -> None:
    for correction in corrections().some:
        for day, (service, recent, used, missed) in enumerate(outcomes):
            correction.to(day * DAY)
            correction.add(Reading(service, recent, 0.0, 0.0, used), missed)
        correction.to(len(outcomes) * DAY)
        assert 0 < correction.chance(Reading(odds, 0.0, 0.0, 0.0, 1.0)) < 1
