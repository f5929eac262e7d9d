"""The stream of administration: events that belong to no case, in one chain of their own."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from portal.unit_of_work import Work

STREAM: UUID = uuid5(NAMESPACE_URL, "urn:onedoor:administration")
_LOCK = int.from_bytes(STREAM.bytes[:8], signed=True)


def hold(work: Work) -> None:
    """Takes the stream in hand; it is begun by the first who does. One administrator changes something at a time."""
    work.sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    work.narrow([STREAM])
    if not work.holds(STREAM):
        work.begin_case(STREAM, jurisdiction="portal", origin="live" if work.portal.settings.mode == "production" else "demo")


def record(work: Work, type: str, *, agency: str | None = None, **data: Any) -> None:
    """An event of the stream in hand."""
    work.record(STREAM, type, agency=agency, **data)
