"""What one accepted request wrote, read back from the database; and the same rows again as one statement for pgbench."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, select

import portal.app  # noqa: F401  # every room's tables
from portal.db import metadata

Written = dict[Table, list[dict[str, Any]]]

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def written(connection: Connection, reference: str) -> Written:
    """Every row of the case, and the answer kept for a repeat (the newest: nothing else may run meanwhile). Columns the server fills are left out."""
    known = metadata.tables
    case_id = connection.execute(select(known["case_references"].c.case_id).filter_by(reference=reference)).scalar_one()
    found: Written = {}
    for table in metadata.sorted_tables:
        if "case_id" in table.c:
            wanted = select(table).where(table.c.case_id == case_id)
        elif table.name == "idempotency":
            wanted = select(table).order_by(table.c.created_at.desc()).limit(1)
        else:
            continue
        rows = [{name: value for name, value in row.items() if table.c[name].server_default is None} for row in connection.execute(wanted).mappings()]
        if rows:
            found[table] = rows
    return found


def statement(rows: Written) -> str:
    """One statement that writes them with new ids: time-ordered uuids, a new reference, a new key; the time of the request becomes now().

    Ids are made by the server's own `uuidv7()` (PostgreSQL 18), once each, also where they stand inside JSON.
    """
    names: dict[str, str] = {}
    now, reference = rows[metadata.tables["cases"]][0]["received_at"], rows[metadata.tables["cases"]][0]["reference"]
    write = _Literals(names, now, reference)
    arms = []
    for number, (table, some) in enumerate(rows.items()):
        columns = ", ".join(f'"{name}"' for name in some[0])
        values = ", ".join("(" + ", ".join(write(table, name, value) for name, value in row.items()) + ")" for row in some)
        arms.append(f"i{number} AS (INSERT INTO {table.name} ({columns}) SELECT v.* FROM ids, LATERAL (VALUES {values}) AS v)")
    ids = ", ".join(f"uuidv7() AS {name}" for name in names.values())
    return f"WITH ids AS MATERIALIZED (SELECT {ids}), " + ", ".join(arms) + " SELECT 1;"


class _Literals:
    """Values as SQL; ids become columns of `ids`."""

    def __init__(self, names: dict[str, str], now: datetime, reference: str) -> None:
        self.names, self.now, self.reference = names, now, reference

    def __call__(self, table: Table, column: str, value: Any) -> str:
        type = table.c[column].type.compile(dialect=_dialect())
        if value is None:
            return f"NULL::{type}"
        if isinstance(value, UUID):
            return self._name(str(value))
        if column == "key_hash":
            return f"uuid_send({self._name('key 1')}) || uuid_send({self._name('key 2')})"
        if value == self.reference:
            return f"right({self._name('reference')}::text, 14)"
        if isinstance(value, datetime):
            return "now()" if value == self.now else f"'{value.isoformat()}'::{type}"
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'::bytea"
        if isinstance(value, (bool, int)):
            return f"{str(value).lower()}::{type}"
        if isinstance(value, list) and "[]" in type:
            return f"ARRAY[{', '.join(_quoted(one) for one in value)}]::{type}"
        return f"({self._text(value if isinstance(value, str) else json.dumps(value))})::{type}"

    def _name(self, id: str) -> str:
        return self.names.setdefault(id, f"a{len(self.names)}")

    def _text(self, text: str) -> str:
        return " || ".join(self._parts(text)) or "''"

    def _parts(self, text: str) -> Iterator[str]:
        place = 0
        for found in _ID.finditer(text):
            if found.start() > place:
                yield _quoted(text[place : found.start()])
            yield f"{self._name(found[0])}::text"
            place = found.end()
        if place < len(text):
            yield _quoted(text[place:])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _dialect() -> Any:
    from sqlalchemy.dialects.postgresql import dialect

    return dialect()
