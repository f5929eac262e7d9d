"""A real city's log, told as events and folded, gives the figures computed from the log itself: all groupings, all months."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.db import connect, new_id
from portal.events.chain import stamp
from portal.kpi.fold import fold_all
from portal.kpi.report import report
from portal.settings import Settings
from portal.unit_of_work import ENGINE, Portal, Work
from tests.servers import ROOT, Database, running_servers

BOSTON = ZoneInfo("America/New_York")
AS_OF = datetime(2016, 1, 13, 5, tzinfo=UTC)
FOLDER = Path("requests-311")
LOG = FOLDER / "boston311-2015-ten-types.csv.gz"
ORACLE = FOLDER / "boston311-2015-ten-types.absolute.oracle.json"
#: Grouping of the oracle -> slice of ours.
GROUPINGS = {"all": (), "by_channel": ("channel",), "by_service": ("service",), "by_agency": ("agency",), "by_month_opened_local": ("month",)}
#: Ours -> the oracle's, and whether its number is the value or the `n`.
FIGURES = {
    # Nobody followed anything: each request is wanted by one.
    ("interest", "value"): "requests",
    ("requests", "value"): "requests",
    ("open", "value"): "open",
    ("closed", "value"): "closed",
    ("on-time-of-closed", "n"): "closed_with_target",
    ("on-time-of-closed", "value"): "on_time_of_closed_pct",
    ("on-time-of-due", "n"): "due",
    ("on-time-of-due", "value"): "on_time_of_due_pct",
    ("duration-median", "value"): "duration_median",
    ("duration-p75", "value"): "duration_p75",
    ("duration-p90", "value"): "duration_p90",
    ("duration-mean", "value"): "duration_mean",
}


def rows(data: Path) -> Iterator[dict[str, str]]:
    with gzip.open(data / LOG, "rt", encoding="utf-8", newline="") as log:
        yield from csv.DictReader(log)


def instant(text: str) -> datetime | None:
    """Boston's wall clock; at the repeated hour the first."""
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=BOSTON, fold=0).astimezone(UTC) if text else None


def told(portal: Portal, log: Iterator[dict[str, str]]) -> int:
    """Tells the log as events, some cases a unit; returns how many cases."""
    count = 0
    while part := list(islice(log, 100)):
        ids = [new_id() for _ in part]
        with portal.work(ENGINE, new_cases=ids) as work:
            for case_id, row in zip(ids, part, strict=True):
                tell(work, case_id, row)
        count += len(part)
    return count


def tell(work: Work, case_id: Any, row: dict[str, str]) -> None:
    opened, promised, closed = (instant(row[name]) for name in ("OPEN_DT", "TARGET_DT", "CLOSED_DT"))
    assert opened is not None
    where = {"agency": row["Department"], "channel": row["Source"]}
    work.begin_case(case_id, jurisdiction="boston", origin="replay")
    work.record(case_id, "CaseOpened", occurred_at=opened, **where, service=row["TYPE"], received_at=stamp(opened), zone=BOSTON.key)
    if promised:
        clock = {"clock": str(new_id()), "standard": "imported", "kind": "promise", "covers": "case", "due_source": "imported"}
        work.record(case_id, "ClockStarted", occurred_at=opened, agency=row["Department"], due_at=stamp(promised), started_at=stamp(opened), **clock)
    if closed:
        work.record(case_id, "CaseClosed", occurred_at=closed, **where, outcome="closed", status="closed", flags=[])


#: What a log of requests says nothing of: nobody rated or passed on anything.
UNTOLD = {"satisfaction", "avoidable-contact", "written-down-late", "referred", "referral-hops", "ping-pong", "wrong-doors-median", "wrong-doors-mean"}


def known(data: Path) -> dict[str, Any]:
    """The oracle, with the number of cases due. It names no share of them where nothing promised was closed; its definition gives 0 where some are overdue."""
    oracle: dict[str, Any] = json.loads((data / ORACLE).read_text())
    for figures in [oracle["all"], *(one for name in GROUPINGS if name != "all" for one in oracle[name].values())]:
        figures["due"] = figures["closed_with_target"] + figures["open_past_target_as_of"]
        if figures["due"] and not figures["closed_with_target"]:
            figures.setdefault("on_time_of_due_pct", 0.0)
    return oracle


def differences(portal: Portal, expected: dict[str, Any]) -> tuple[int, list[str]]:
    """How many figures were compared, and those that are not the same."""
    compared, wrong = 0, []
    for grouping, by in GROUPINGS.items():
        wanted = expected[grouping] if by else {"": expected[grouping]}
        found = {(*one["slice"].values(), one["indicator"]): one for one in report(portal, by=by, as_of=AS_OF, jurisdiction="boston")}
        for name, figures in wanted.items():
            for (indicator, member), oracle in FIGURES.items():
                key = (name, indicator) if by else (indicator,)
                value = found.pop(key, {}).get(member) if member == "value" else found.get(key, {}).get(member)
                compared += 1
                if not _same(value, figures.get(oracle)):
                    wrong.append(f"{grouping} {name} {indicator}: {value} instead of {figures.get(oracle)}")
        wrong += [f"{grouping} {key}: {one['value']} not expected" for key, one in found.items() if key[-1] not in UNTOLD or one["value"]]
    return compared, wrong


def _same(value: float | None, known: float | None) -> bool:
    """Equal, but for the digits the oracle was rounded to."""
    return value == known if value is None or known is None else bool(value == pytest.approx(known, rel=1e-7, abs=5e-7))


def recomputed(log: list[dict[str, str]]) -> dict[str, Any]:
    """The same figures of some rows, by another way: no SQL, no events."""
    keys = {"by_channel": "Source", "by_service": "TYPE", "by_agency": "Department"}
    groups: dict[str, dict[str, list[dict[str, str]]]] = {name: {} for name in (*keys, "by_month_opened_local")}
    for row in log:
        for name, column in keys.items():
            groups[name].setdefault(row[column], []).append(row)
        groups["by_month_opened_local"].setdefault(f"{row['OPEN_DT'][6:10]}-{row['OPEN_DT'][:2]}", []).append(row)
    return {"all": _figures(log)} | {name: {key: _figures(some) for key, some in group.items()} for name, group in groups.items()}


def _figures(log: list[dict[str, str]]) -> dict[str, Any]:
    times = [(instant(row["OPEN_DT"]), instant(row["TARGET_DT"]), instant(row["CLOSED_DT"])) for row in log]
    lasted = [(closed - opened).total_seconds() for opened, _, closed in times if opened and closed]
    promised = [closed <= due for _, due, closed in times if due and closed]
    late = [due for _, due, closed in times if due and not closed and due < AS_OF]
    figures: dict[str, Any] = {"requests": len(times), "closed": len(lasted), "open": len(times) - len(lasted), "closed_with_target": len(promised)}
    if promised:
        figures["on_time_of_closed_pct"] = 100 * sum(promised) / len(promised)
    figures["due"] = len(promised) + len(late)
    if figures["due"]:
        figures["on_time_of_due_pct"] = 100 * sum(promised) / figures["due"]
    if lasted:
        cuts = quantiles(lasted, n=20, method="inclusive") if len(lasted) > 1 else lasted * 19
        figures |= {"duration_median": cuts[9], "duration_p75": cuts[14], "duration_p90": cuts[17], "duration_mean": fmean(lasted)}
    return figures


@pytest.fixture
def portal(fresh_database: Database) -> Iterator[Portal]:
    engine = connect(fresh_database.url)
    yield Portal(engine, None, {}, Settings())  # type: ignore[arg-type]  # no content is needed here
    engine.dispose()


def test_a_sample_of_the_log_gives_the_figures_computed_from_it(portal: Portal, shared_data: Path) -> None:
    sample = list(islice(rows(shared_data), 0, None, 16))
    told(portal, iter(sample))
    fold_all(portal)
    compared, wrong = differences(portal, recomputed(sample))
    assert (wrong, compared > 300) == ([], True)


def test_the_other_way_of_computing_gives_what_is_known_of_the_whole_log(shared_data: Path) -> None:
    """So that the sample's figures may be trusted."""
    oracle = known(shared_data)
    mine = recomputed(list(rows(shared_data)))
    for grouping in GROUPINGS:
        for name, figures in oracle[grouping].items() if grouping != "all" else [("", oracle["all"])]:
            ours = mine[grouping][name] if grouping != "all" else mine["all"]
            assert ours == pytest.approx({key: figures[key] for key in ours}, rel=1e-7, abs=5e-7), (grouping, name)


def exhaustive() -> tuple[int, int]:
    """(figures, wrong) of the whole log against what is known of it; for `make long`."""
    data = ROOT.parent / "shared" / "data"
    with running_servers() as servers:
        engine = connect(servers.database().url)
        portal = Portal(engine, None, {}, Settings())  # type: ignore[arg-type]
        told(portal, rows(data))
        fold_all(portal)
        compared, wrong = differences(portal, known(data))
        engine.dispose()
    for line in wrong:
        print(line)
    return compared, len(wrong)
