"""Rows of a unit: read once, changed in memory, written together in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table

Key = tuple[Any, ...]


class Row(dict[str, Any]):
    """One row of a table; change it through `Rows.change` only."""

    __slots__ = ("dirty", "new", "table")

    def __init__(self, table: Table, values: Mapping[str, Any] | Iterable[tuple[str, Any]], *, new: bool) -> None:
        super().__init__(values)
        self.table = table
        self.new = new
        self.dirty: set[str] = set()


@cache
def blank(table: Table) -> dict[str, Any]:
    """All columns this side writes, empty."""
    return {f"{column.name}": None for column in table.columns if column.server_default is None}


def _order(table: Table) -> str:
    return table.name


@cache
def keys(table: Table) -> tuple[str, ...]:
    """Names of the primary key's columns."""
    return tuple(f"{column.name}" for column in table.primary_key.columns)


@cache
def of_cases(table: Table) -> str:
    """SQL of all rows of some cases, its one parameter an array of ids: one text however many there are, so that the server prepares it once."""
    return f"SELECT {', '.join(table.columns.keys())} FROM {table.name} WHERE case_id = ANY(%s) ORDER BY {', '.join(keys(table))}"


class Rows:
    """What a unit has read and will write, by table and case."""

    def __init__(self) -> None:
        self._held: dict[Table, dict[UUID | None, list[Row]]] = {}
        self._read: dict[Table, set[UUID]] = {}
        self._new: dict[Table, list[Row]] = {}
        self._changed: list[Row] = []

    def add(self, table: Table, values: dict[str, Any]) -> Row:
        """A row to insert. Columns not named are null."""
        row = Row(table, blank(table), new=True)
        row.update(values)
        self._new.setdefault(table, []).append(row)
        self._held.setdefault(table, {}).setdefault(values.get("case_id"), []).append(row)
        return row

    def change(self, row: Row, values: dict[str, Any]) -> None:
        """New values for a row this unit holds."""
        row.update(values)
        if not row.new:
            if not row.dirty:
                self._changed.append(row)
            row.dirty.update(values)

    def read(self, table: Table, case_id: UUID) -> bool:
        """Whether the rows of the case were read. A row that was added says nothing of those the database has."""
        return case_id in self._read.get(table, ())

    def held(self, table: Table, case_id: UUID) -> list[Row]:
        """Rows of the case as far as they were read, and those added."""
        return self._held.get(table, {}).get(case_id, [])

    def hold(self, table: Table, case_ids: Collection[UUID], found: Iterable[tuple[Any, ...]]) -> None:
        """Takes in what `of_cases` read from the database for these cases."""
        by_case = self._held.setdefault(table, {})
        self._read.setdefault(table, set()).update(case_ids)
        added = {case_id: by_case.get(case_id, []) for case_id in case_ids}
        by_case |= {case_id: [] for case_id in added}
        names = tuple(table.columns.keys())
        at = names.index("case_id")
        for values in found:
            by_case[values[at]].append(Row(table, zip(names, values, strict=True), new=False))
        for case_id, rows in added.items():
            by_case[case_id] += rows

    def added(self, table: Table) -> bool:
        """True where the unit inserts into that table."""
        return table in self._new

    def written(self) -> bool:
        """True where there is something to write."""
        return bool(self._new or self._changed)

    def statement(self) -> tuple[str, list[str]]:
        """One SQL statement that writes everything, and its parameters: a JSON array a table. Tables in order of name: like units send like statements."""
        inserts = tuple(sorted(self._new, key=_order))
        parameters: list[str] = [_json(self._new[table]) for table in inserts]
        updates: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = {}
        for row in self._changed:
            columns = tuple(sorted(row.dirty))
            updates.setdefault((row.table, columns), []).append({name: row[name] for name in (*keys(row.table), *columns)})
        changes = tuple(sorted(updates, key=lambda one: (one[0].name, one[1])))
        parameters += [_json(updates[change]) for change in changes]
        parameters += [str(len(updates[change])) for change in changes]
        return _sql(inserts, changes), parameters


def _json(rows: Any) -> str:
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} cannot be stored")


@cache
def _sql(inserts: tuple[Table, ...], updates: tuple[tuple[Table, tuple[str, ...]], ...]) -> str:
    """Every arm takes its rows from one JSON array; an update that misses a row fails the whole unit."""
    arms, at, expected = [], 0, []
    for at, table in enumerate(inserts, start=1):
        names = ", ".join(blank(table))
        arms.append(f"i{at} AS (INSERT INTO {table.name} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table.name}, ${at}))")
    for number, (table, columns) in enumerate(updates, start=at + 1):
        sets = ", ".join(f"{name} = r.{name}" for name in columns)
        match = " AND ".join(f"t.{name} = r.{name}" for name in keys(table))
        source = f"json_populate_recordset(NULL::{table.name}, ${number}) AS r"
        arms.append(f"u{number} AS (UPDATE {table.name} AS t SET {sets} FROM {source} WHERE {match} RETURNING 1)")
        expected.append(f"portal_expect('{table.name}', (SELECT count(*) FROM u{number}), ${number + len(updates)})")
    return "WITH " + ", ".join(arms) + " SELECT " + (", ".join(expected) or "1")
