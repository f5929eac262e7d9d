"""Personal data in, personal data out: the rest of the portal holds the id of an item and a salted commitment to its value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from hmac import new as hmac_new
from os import urandom
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, select

from portal.db import new_id
from portal.errors import NotFound
from portal.unit_of_work import Work
from portal.vault.tables import vault_items


def put(work: Work, case_id: UUID, kind: str, value: Any, *, party_id: UUID | None = None) -> tuple[UUID, str]:
    """Stores a JSON value; its id and its commitment (hex). The commitment means nothing once salt and value are erased."""
    id, salt = new_id(), urandom(16)
    work.add(vault_items, case_id=case_id, id=id, party_id=party_id, kind=kind, salt=salt, value=value, recorded_at=work.now)
    return id, commitment(salt, value)


def get(work: Work, case_id: UUID, id: UUID) -> Any:
    """The value of an item of a case in hand; None where it was erased, NotFound where it never was."""
    for row in work.rows(vault_items, case_id):
        if row["id"] == id:
            return row["value"]
    raise NotFound


def replace(work: Work, case_id: UUID, id: UUID, value: Any) -> str:
    """Another value of an item of a case in hand, for what is still being written; its commitment. NotFound where it is gone."""
    for row in work.rows(vault_items, case_id):
        if row["id"] == id and row["erased_at"] is None:
            salt = urandom(16)
            work.change(row, value=value, salt=salt, recorded_at=work.now)
            return commitment(salt, value)
    raise NotFound


def erase(work: Work, case_id: UUID, id: UUID) -> None:
    """The value of an item of a case in hand is gone, and so is what could prove it."""
    for row in work.rows(vault_items, case_id):
        if row["id"] == id and row["erased_at"] is None:
            work.change(row, value=None, salt=None, erased_at=work.now)


def kept(case_id: UUID) -> Select[Any]:
    """What is kept of a case and was not erased, oldest first, for a reader; pass it through `access.visible`."""
    return select(vault_items).where(vault_items.c.case_id == case_id, vault_items.c.erased_at.is_(None)).order_by(vault_items.c.recorded_at, vault_items.c.id)


def of_kind(work: Work, case_id: UUID, *kinds: str, until: datetime | None = None) -> list[Any]:
    """Values of all items of these kinds, oldest first; those kept by an instant, where one is named."""
    rows = (row for row in work.rows(vault_items, case_id) if until is None or row["recorded_at"] <= until)
    return [row["value"] for row in rows if row["kind"] in kinds and row["value"] is not None]


def commitment(salt: bytes, value: Any) -> str:
    """HMAC-SHA256 of the canonical JSON under the item's salt, hex."""
    return hmac_new(salt, orjson.dumps(value, option=orjson.OPT_SORT_KEYS), sha256).hexdigest()


def published(work: Work, wanted: Mapping[UUID, UUID]) -> dict[UUID, Any]:
    """Values of what was approved for everybody, by case; `wanted`: case -> item. What was erased is not there (a unit as anonymous)."""
    if not wanted:
        return {}
    found = work.sql(
        "SELECT case_id, value FROM vault_items WHERE case_id = ANY(%s) AND id = ANY(%s) AND kind = 'published' AND value IS NOT NULL",
        (list(wanted), list(wanted.values())),
    )
    return dict(found)


def some(ids: Collection[UUID]) -> Select[Any]:
    """Items of these ids that were not erased, for a reader; pass it through `access.visible`."""
    return select(vault_items).where(vault_items.c.id.in_(ids), vault_items.c.erased_at.is_(None))


def answers_of(case_ids: Collection[UUID]) -> Select[Any]:
    """What was answered on many cases and not erased, oldest first, for a reader; pass it through `access.visible`."""
    found = select(vault_items).where(vault_items.c.case_id.in_(case_ids), vault_items.c.kind == "answers", vault_items.c.erased_at.is_(None))
    return found.order_by(vault_items.c.recorded_at, vault_items.c.id)
