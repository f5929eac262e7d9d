"""The only writer of events: gives each its number and its hash when a unit of work is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, func, select

from portal.db import new_id
from portal.events.chain import seal
from portal.events.tables import events as table
from portal.events.types import checked

_NAMES = ", ".join(f"{column.name}" for column in table.columns if column.server_default is None)
#: Arms of a hot statement that writes `%(told)s`, sealed events as JSON, at most one a case, and moves the locked heads on; `advanced` has a row for each head.
ONE_EACH = f"""told AS MATERIALIZED (SELECT {_NAMES} FROM json_populate_recordset(NULL::events, %(told)s)),
recorded AS (INSERT INTO events ({_NAMES}) SELECT {_NAMES} FROM told),
advanced AS (UPDATE case_heads h SET seq = e.seq, hash = e.hash, version = h.version + 1 FROM told e
    WHERE h.case_id = e.case_id AND h.seq = e.seq - 1 AND h.hash = e.prev_hash RETURNING 1)"""


@dataclass(slots=True)
class Event:
    """A fact in past tense. `occurred_at` is when it was true; when it was written is the unit's `now`."""

    case_id: UUID
    type: str
    data: dict[str, Any]
    occurred_at: datetime
    actor: str
    agency: str | None = None
    channel: str | None = None
    step: str | None = None
    schema_version: int = 1
    id: UUID = field(default_factory=new_id)


def event(case_id: UUID, type: str, data: dict[str, Any], **where: Any) -> Event:
    """An event whose data is checked against its type."""
    return Event(case_id, type, data, schema_version=checked(type, data).version, **where)


def history(case_id: UUID, *, after: int = 0, limit: int = 100) -> Select[Any]:
    """Events of a case in order, for a reader; pass it through `access.visible`."""
    return select(table).where(table.c.case_id == case_id, table.c.seq > after).order_by(table.c.seq).limit(limit)


def of_type(case_id: UUID, type: str) -> Select[Any]:
    """Events of one type of a case in order, for a reader; pass it through `access.visible`."""
    return select(table).where(table.c.case_id == case_id, table.c.type == type).order_by(table.c.seq)


def since(case_ids: Iterable[UUID], type: str, **data: str) -> Select[Any]:
    """Events of these cases from the first one of that type on whose `data` has these values, by case and in order; for a unit that holds the cases."""
    first = select(table.c.case_id, func.min(table.c.seq).label("seq")).where(table.c.case_id.in_(list(case_ids)), table.c.type == type)
    first = first.where(*(table.c.data[key].astext == value for key, value in data.items())).group_by(table.c.case_id)
    begin = first.subquery()
    found = select(table).join(begin, (table.c.case_id == begin.c.case_id) & (table.c.seq >= begin.c.seq)).order_by(table.c.case_id, table.c.seq)
    return found.execution_options(visible=True)


def of_types(case_ids: Iterable[UUID], types: Collection[str]) -> Select[Any]:
    """Events of these types of many cases, each case's in order, for a reader; pass it through `access.visible`."""
    return select(table).where(table.c.case_id.in_(list(case_ids)), table.c.type.in_(sorted(types))).order_by(table.c.case_id, table.c.seq)


def last_of(case_id: UUID, key: str, value: str) -> Select[Any]:
    """The last event of a case whose data says so, for a reader."""
    return select(table).where(table.c.case_id == case_id, table.c.data[key].astext == value).order_by(table.c.seq.desc()).limit(1)


def sealed(events: Iterable[Event], heads: Mapping[UUID, Any], recorded_at: datetime) -> list[dict[str, Any]]:
    """Rows of table `events`, in order; `heads` are rows of `case_heads` whose `seq` and `hash` are moved on."""
    rows = []
    for one in events:
        head = heads[one.case_id]
        row = {
            "case_id": one.case_id,
            "seq": head["seq"] + 1,
            "id": one.id,
            "type": one.type,
            "occurred_at": one.occurred_at,
            "recorded_at": recorded_at,
            "jurisdiction": head["jurisdiction"],
            "origin": head["origin"],
            "actor": one.actor,
            "agency": one.agency,
            "channel": one.channel,
            "step": one.step,
            "schema_version": one.schema_version,
            "data": one.data,
            "prev_hash": head["hash"],
        }
        row["hash"] = head["hash"] = seal(row, head["hash"])
        head["seq"] = row["seq"]
        rows.append(row)
    return rows


def as_json(sealed: list[dict[str, Any]]) -> str:
    """Sealed events as a JSON array, as `ONE_EACH` takes them."""
    return orjson.dumps(sealed, default=_bytes).decode()


def _bytes(value: Any) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} cannot be stored")
