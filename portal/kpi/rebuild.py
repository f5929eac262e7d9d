"""Facts made again from the events alone, beside those that were folded, and compared to the row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Table

from portal.events import feed
from portal.kpi import store
from portal.kpi.facts import Facts, Told
from portal.kpi.fold import fold_in, told
from portal.kpi.tables import case_facts, step_facts
from portal.unit_of_work import FIGURES, Portal, Work

#: Cases written at once.
BATCH = 2000


@dataclass(frozen=True)
class Difference:
    """One row that is not what the events say: by column, what stood there and what belongs there; None for a row that is missing or too many."""

    table: str
    key: dict[str, Any]
    stood: dict[str, Any] | None
    belongs: dict[str, Any] | None


@dataclass(frozen=True)
class Rebuilt:
    """What was read and made; `differing` rows in all, the first of them in `differences`."""

    events: int
    cases: int
    differing: int
    differences: list[Difference]


def rebuild(portal: Portal, *, replace: bool, show: int = 10) -> Rebuilt:
    """Folds what is left, makes all facts again, compares, and with `replace` puts right what differs: all in one unit.

    Publishing and folding elsewhere wait until it ends; requests do not.
    """
    with portal.work(FIGURES) as work:
        feed.hold(work)
        feed.publish(work)
        while fold_in(work, 5000):
            pass
        for table in (case_facts, step_facts):
            work.sql(f"CREATE TEMP TABLE {_again(table)} (LIKE {table.name} INCLUDING INDEXES) ON COMMIT DROP")
        events = _make_again(work)
        cases = work.sql(f"SELECT count(*) FROM {_again(case_facts)}")[0][0]
        found = [(table, *_compared(work, table, show)) for table in (case_facts, step_facts)]
        if replace:
            for table, _, _ in found:
                _put_right(work, table)
        return Rebuilt(events, cases, sum(count for _, count, _ in found), [one for _, _, some in found for one in some][:show])


def _again(table: Table) -> str:
    return f"rebuilt_{table.name}"


def _make_again(work: Work) -> int:
    read = 0
    for batch in _batches(feed.history(work)):
        cases: dict[Any, Facts] = {}
        steps: dict[Any, Facts] = {}
        told(batch, cases, steps)
        store.write(work, case_facts, cases.values(), into=_again(case_facts))
        store.write(work, step_facts, steps.values(), into=_again(step_facts))
        read += len(batch)
    return read


def _batches(events: Iterable[Told]) -> Iterator[list[Told]]:
    """Whole cases, BATCH at a time."""
    batch: list[Told] = []
    for number, (_, case) in enumerate(groupby(events, key=lambda event: event["case_id"]), start=1):
        batch += case
        if number % BATCH == 0:
            yield batch
            batch = []
    if batch:
        yield batch


def _differing(table: Table) -> str:
    keys = ", ".join(_keys(table))
    return f"FROM {table.name} f FULL JOIN {_again(table)} r USING ({keys}) WHERE f IS DISTINCT FROM r"


def _compared(work: Work, table: Table, show: int) -> tuple[int, list[Difference]]:
    keys = ", ".join(_keys(table))
    count = work.sql(f"SELECT count(*) {_differing(table)}")[0][0]
    rows = work.sql(f"SELECT to_jsonb(f), to_jsonb(r) {_differing(table)} ORDER BY {keys} LIMIT %s", (show,)) if count else []
    return count, [_difference(table, stood, belongs) for stood, belongs in rows]


def _difference(table: Table, stood: dict[str, Any] | None, belongs: dict[str, Any] | None) -> Difference:
    key = {name: (stood or belongs or {})[name] for name in _keys(table)}
    if stood and belongs:
        other = [name for name in stood if stood[name] != belongs[name]]
        return Difference(table.name, key, {name: stood[name] for name in other}, {name: belongs[name] for name in other})
    return Difference(table.name, key, stood, belongs)


def _put_right(work: Work, table: Table) -> None:
    keys = _keys(table)
    match = " AND ".join(f"f.{name} = r.{name}" for name in keys)
    work.sql(f"DELETE FROM {table.name} f WHERE NOT EXISTS (SELECT 1 FROM {_again(table)} r WHERE {match} AND f IS NOT DISTINCT FROM r)")
    work.sql(f"INSERT INTO {table.name} SELECT * FROM {_again(table)} ON CONFLICT ({', '.join(keys)}) DO NOTHING")


def _keys(table: Table) -> list[str]:
    return [f"{column.name}" for column in table.primary_key.columns]
