"""Figures worked out once for all who look: when they may be told again."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from portal.views.figures import BEHIND, FRESH, MANY, _Known


def figures(*sizes: int) -> list[dict[str, Any]]:
    """One measure in so many slices."""
    return [{"indicator": "requests", "slice": {"service": str(at)}, "value": size, "n": size} for at, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("age", "moved", "sizes", "good"),
    [
        (0.0, False, [3], True),
        (FRESH - 5, False, [3], True),
        (FRESH + 1, False, [3], False),
        (0.0, True, [3], False),
        (0.0, True, [], False),
        (0.0, True, [MANY], True),
        (0.0, True, [MANY // 2, MANY // 2], True),
        (0.0, True, [MANY - 1], False),
        (BEHIND + 1, True, [MANY], False),
        (BEHIND + 1, False, [MANY], True),
    ],
)
def test_figures_of_few_follow_each_event_and_those_of_many_within_seconds(age: float, moved: bool, sizes: list[int], good: bool) -> None:
    known = _Known(7, monotonic() - age, figures(*sizes))
    assert known.good(8 if moved else 7) is good
