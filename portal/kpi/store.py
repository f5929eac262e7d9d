"""Rows of facts in and out of the database, many at a time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table

from portal.kpi.facts import Facts
from portal.kpi.tables import case_facts, step_facts
from portal.unit_of_work import Work


def case_rows(work: Work, case_ids: Iterable[UUID]) -> dict[UUID, Facts]:
    """Rows of these cases, by case id."""
    found = work.sql(f"SELECT {_names(case_facts)} FROM case_facts WHERE case_id = ANY(%s)", (list(case_ids),))
    return {row["case_id"]: row for row in _rows(case_facts, found)}


def step_rows(work: Work, keys: Iterable[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Facts]:
    """Rows of these step runs, by case and step run id."""
    wanted = list(keys)
    if not wanted:
        return {}
    which = "(case_id, step_run_id) IN (SELECT * FROM unnest(%s::uuid[], %s::uuid[]))"
    found = work.sql(f"SELECT {_names(step_facts)} FROM step_facts WHERE {which}", ([case for case, _ in wanted], [step for _, step in wanted]))
    return {(row["case_id"], row["step_run_id"]): row for row in _rows(step_facts, found)}


def write(work: Work, table: Table, rows: Iterable[Facts], *, into: str | None = None) -> None:
    """Inserts or replaces rows in one statement; `into`: name of another table of the same shape."""
    given = list(rows)
    if given:
        work.sql(_upsert(table, into or table.name), (orjson.dumps(given).decode(),))


def _rows(table: Table, found: list[tuple[Any, ...]]) -> Iterable[Facts]:
    names = [f"{column.name}" for column in table.columns]
    return (dict(zip(names, row, strict=True)) for row in found)


@cache
def _names(table: Table) -> str:
    return ", ".join(f"{column.name}" for column in table.columns)


@cache
def _upsert(table: Table, into: str) -> str:
    keys = [f"{column.name}" for column in table.primary_key.columns]
    sets = ", ".join(f"{column.name} = excluded.{column.name}" for column in table.columns if column.name not in keys)
    source = f"SELECT {_names(table)} FROM json_populate_recordset(NULL::{table.name}, %s::json)"
    return f"INSERT INTO {into} ({_names(table)}) {source} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sets}"
