"""Files of a case as their reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from portal.access import once
from portal.access.scoping import visible
from portal.documents import ledger
from portal.documents.stores import store_of
from portal.errors import NotFound, Unavailable
from portal.events import log
from portal.events.chain import stamp
from portal.unit_of_work import Portal, Work
from portal.vault import items

#: Whatever a browser makes of it: it is saved, not shown, and could do nothing if it were.
_SHUT = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store"}
_TOLD = ("id", "lineage", "number", "media_type", "size", "original", "sender", "channel", "status", "received_at")


def of_case(work: Work, case_id: UUID) -> list[dict[str, Any]]:
    """All files, oldest first; `current` is false for what was replaced. Names stand in the vault: who may not read them there gets none."""
    rows = work.run(visible(work, ledger.of(case_id)))
    kept = {one["id"]: one["value"] for one in once.rows(work, items.kept, case_id)} if rows else {}
    newest = {row["lineage"]: row["number"] for row in rows}
    return [_shown(row, kept.get(row["item"]), current=row["number"] == newest[row["lineage"]]) for row in rows]


def one(work: Work, case_id: UUID, id: UUID) -> tuple[dict[str, Any], Any]:
    """A file as it is told of, and its row; NotFound where the reader may not see it, or its name was erased."""
    found = next((row for row in work.run(visible(work, ledger.of(case_id))) if row["id"] == id), None)
    told = next((one for one in of_case(work, case_id) if one["id"] == id), None)
    if found is None or told is None:
        raise NotFound
    return told, found


def content(portal: Portal, kept_as: str) -> bytes:
    """The file itself, with no transaction open; Unavailable where the store is away."""
    try:
        return store_of(portal.settings).read(kept_as)
    except OSError as away:
        raise Unavailable("The file cannot be fetched just now. Try again in a moment.", retry_after=30) from away


def headers(told: Mapping[str, Any]) -> dict[str, str]:
    """Headers under which it is saved by its name (RFC 6266) and never shown."""
    name = told["name"] or "document"
    plain = "".join(letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name)
    return {**_SHUT, "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


def receipt(work: Work, case_id: UUID, id: UUID, reference: str) -> dict[str, Any]:
    """What a party can keep: that this file came in, then, with its SHA-256, and the event of the chain that says so."""
    told, _ = one(work, case_id, id)
    event = next(row for row in work.run(visible(work, log.of_type(case_id, "DocumentReceived"))) if row["data"]["document"] == str(id))
    return {
        "reference": reference,
        **{name: told[name] for name in ("id", "name", "media_type", "size", "sha256", "original")},
        "received_at": stamp(event["recorded_at"]),
        "event": {"number": event["seq"], "hash": event["hash"].hex()},
    }


def _shown(row: Mapping[str, Any], kept: Any, *, current: bool) -> dict[str, Any]:
    named = kept if isinstance(kept, dict) else {}
    return {**{name: row[name] for name in _TOLD}, "name": named.get("name"), "sha256": named.get("sha256"), "current": current}
