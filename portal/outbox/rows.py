"""Rows of the outbox: how one is placed. Only cases that live in the outside world write to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from portal.db import new_id
from portal.outbox.tables import outbox
from portal.telemetry import spans
from portal.unit_of_work import Row, Work

#: A replayed, mystery or simulated case never reaches anybody.
OUTSIDE = ("live", "demo")


def leaves(work: Work, case_id: UUID) -> bool:
    """True where this case may write to the outside."""
    return work.origin(case_id) in OUTSIDE


def placed(
    work: Work,
    case_id: UUID,
    *,
    kind: str,
    target: str,
    subject: UUID | None,
    body: dict[str, Any],
    key: str | None = None,
    next_at: datetime | None = None,
) -> Row:
    """A row that is due now, or at `next_at`. `body` holds references only. A row without a `subject` or `key` of its own is its own.

    `trace` of its body is the number of the request it comes of, `span` the span in which that was done; where there was one.
    """
    id, (trace, span) = new_id(), spans.here()
    comes_of = {name: value for name, value in (("trace", trace), ("span", span)) if value}
    work.wakes.add("drain")
    return work.add(
        outbox,
        case_id=case_id,
        id=id,
        kind=kind,
        target=target,
        subject=subject or id,
        body={**body, **comes_of},
        key=key or str(id),
        placed_at=work.now,
        next_at=next_at or work.now,
        attempts=0,
        crashes=0,
        epoch=0,
        asks=0,
    )


def row_of(work: Work, case_id: UUID, id: UUID) -> Row | None:
    """A row of a case in hand."""
    return next((row for row in work.rows(outbox, case_id) if row["id"] == id), None)
