"""Notices to parties: promised, told, set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from portal.outbox.rows import leaves, placed, row_of
from portal.outbox.tables import outbox
from portal.unit_of_work import Row, Work

KIND = "notice"


def promise(
    work: Work, case_id: UUID, *, party_id: UUID, channel: str | None, template: str, language: str, refs: Mapping[str, str | int | None]
) -> Row | None:
    """The party is to be told. `NoticePromised`. None, and nothing, where it looks the case up itself, or the case may not reach the outside.

    `refs`: references for the words (`due_at` as RFC 3339, `outcome`, `agency`, ...); never a value of the party's own.
    """
    if channel is None or not leaves(work, case_id):
        return None
    body = {"party": str(party_id), "template": template, "language": language, "refs": dict(refs)}
    row = placed(work, case_id, kind=KIND, target=channel, subject=None, body=body)
    work.record(case_id, "NoticePromised", channel=channel, notice=str(row["id"]), party=str(party_id), template=template)
    return row


def words_of(work: Work, case_id: UUID, id: UUID) -> tuple[str, Mapping[str, str | int | None]]:
    """Template and references of a notice of a case in hand; empty where there is none of that id."""
    row = row_of(work, case_id, id)
    return (row["body"]["template"], row["body"]["refs"]) if row is not None and row["kind"] == KIND else ("", {})


def tried(work: Work, case_id: UUID, *, channel: str, decision: UUID) -> bool:
    """Whether a decision of a case in hand was, or is being, told by that channel."""
    rows = (row for row in work.rows(outbox, case_id) if row["kind"] == KIND and row["target"] == channel)
    return any(row["body"]["refs"].get("decision") == str(decision) for row in rows)


def told(work: Work, row: Row) -> None:
    """The party was told. `PartyNotified`."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=None)
    work.record(row["case_id"], "PartyNotified", channel=row["target"], notice=str(row["id"]), attempts=row["attempts"])


def handed(work: Work, row: Row) -> None:
    """It is on its way by hand: whoever carries it says when its party was told, or that it was not (`carried`, `come_back`)."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=None)


def carried(work: Work, case_id: UUID, id: UUID, *, at: datetime) -> None:
    """A notice that was handed on has left. `PartyNotified`."""
    row = row_of(work, case_id, id)
    if row is not None:
        work.record(case_id, "PartyNotified", occurred_at=at, channel=row["target"], notice=str(id), attempts=row["attempts"])


def come_back(work: Work, case_id: UUID, id: UUID, *, code: str) -> None:
    """A notice that was handed on did not reach its party, for good. `NoticeParked`."""
    row = row_of(work, case_id, id)
    if row is not None:
        work.record(case_id, "NoticeParked", channel=row["target"], notice=str(id), refusal=code)


def parked(work: Work, row: Row, *, reason: str, code: str) -> None:
    """The party could not be told. `NoticeParked`."""
    work.change(row, parked_at=work.now, lease_until=None, refusal=reason)
    work.record(row["case_id"], "NoticeParked", channel=row["target"], notice=str(row["id"]), refusal=code)
