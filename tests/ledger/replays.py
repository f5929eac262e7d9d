"""What tests of the replay share: a log made of some rows, and its figures reckoned from the rows alone."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.intake.replay.reading import mapping_of
from portal.intake.replay.run import UNIT_BYTES, Outcome, replay
from portal.kpi.fold import fold_all
from portal.kpi.report import report
from portal.unit_of_work import Portal
from tests.servers import ROOT

BOSTON = ROOT / "services" / "boston" / "replay.yaml"
FORMAT = "%m/%d/%Y %I:%M:%S %p"
#: After all that these logs tell.
NOW = datetime(2026, 1, 1, tzinfo=UTC)

Row = dict[str, str]


def boston(shared_data: Path) -> list[Row]:
    """All rows of the city's log."""
    with gzip.open(shared_data / "requests-311" / "boston311-2015-ten-types.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write(file: Path, rows: Sequence[Row]) -> Path:
    """A log of these rows."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        out = csv.DictWriter(opened, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return file


def play(portal: Portal, log: Path, mapping: Path = BOSTON, *, limit: int | None = None, unit_bytes: int = UNIT_BYTES) -> Outcome:
    """The log, played on that portal."""
    read, document = mapping_of(mapping, portal.catalogue)
    return replay(portal, log, read, document, now=NOW, limit=limit, unit_bytes=unit_bytes)


def instant(text: str) -> datetime | None:
    """A wall time of Boston."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC) if text else None


@dataclass(frozen=True)
class Expected:
    """Figures of some rows, by the definitions of the oracle beside the log."""

    requests: int
    closed: int
    open: int
    on_time_of_closed: float | None
    on_time_of_due: float | None
    median: float | None
    p90: float | None


def expected(rows: Iterable[Row], as_of: datetime) -> Expected:
    """Reckoned from the rows, without a database."""
    cases = [(instant(row["OPEN_DT"]), instant(row["CLOSED_DT"]), instant(row["TARGET_DT"])) for row in rows]
    durations = sorted((closed - opened).total_seconds() for opened, closed, _ in cases if closed and opened)
    promised = [(closed, target) for _, closed, target in cases if closed and target]
    kept = sum(closed <= target for closed, target in promised)
    overdue = sum(1 for _, closed, target in cases if closed is None and target and target < as_of)
    due = len(promised) + overdue
    return Expected(
        requests=len(cases),
        closed=len(durations),
        open=len(cases) - len(durations),
        on_time_of_closed=100 * kept / len(promised) if promised else None,
        on_time_of_due=100 * kept / due if due else None,
        median=_percentile(durations, 0.5),
        p90=_percentile(durations, 0.9),
    )


def _percentile(ordered: list[float], rank: float) -> float | None:
    """Linear interpolation."""
    if not ordered:
        return None
    place = rank * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


#: Indicator -> its name in the oracle.
ORACLE = {
    "requests": "requests",
    "closed": "closed",
    "open": "open",
    "on-time-of-closed": "on_time_of_closed_pct",
    "on-time-of-due": "on_time_of_due_pct",
    "duration-median": "duration_median",
    "duration-p75": "duration_p75",
    "duration-p90": "duration_p90",
    "duration-mean": "duration_mean",
}
GROUPS = {"": "all", "service": "by_service", "agency": "by_agency", "channel": "by_channel", "month": "by_month_opened_local"}


def the_whole_year(portal: Portal, shared_data: Path) -> Outcome:
    """For `make long`: all 24,054 rows; every figure of the oracle, counts exactly. AssertionError names the first that differs."""
    folder = shared_data / "requests-311"
    outcome = play(portal, folder / "boston311-2015-ten-types.csv.gz")
    assert (outcome.read, outcome.taken, outcome.refused) == (24_054, 24_054, [])
    assert (outcome.promised("computed"), outcome.promised("imported"), outcome.promised(None)) == (15_301, 3_450, 5_303)
    fold_all(portal)
    wanted = json.loads((folder / "boston311-2015-ten-types.absolute.oracle.json").read_text())
    for by, group in GROUPS.items():
        for figure in report(portal, jurisdiction="boston", as_of=datetime(2016, 1, 13, 5, tzinfo=UTC), by=[by] if by else []):
            truth = wanted[group][figure["slice"][by]] if by else wanted[group]
            name = ORACLE.get(figure["indicator"])
            if name in truth:
                assert abs((figure["value"] or 0) - truth[name]) < 1e-6 * max(1, abs(truth[name])), (figure, truth[name])
    return outcome
