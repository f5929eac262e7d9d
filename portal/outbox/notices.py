"""Notices to parties: promised, told, set aside, come back, put in the place of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.outbox.rows import leaves, placed, row_of
from portal.outbox.tables import outbox
from portal.unit_of_work import Row, Work

KIND = "notice"
#: Those that wait for the hour in which one message is made of a day's; nobody claims them (portal/dispatch/daily.py).
DAILY = "daily"
#: Rank of a report that it did not arrive, among what the far side may say (portal/outbox/texts.py).
CAME_BACK = 2


def promise(
    work: Work,
    case_id: UUID,
    *,
    party_id: UUID,
    channel: str | None,
    template: str,
    language: str,
    refs: Mapping[str, str | int | None],
    instead: Row | None = None,
    next_at: datetime | None = None,
    daily: bool = False,
) -> Row | None:
    """The party is to be told. `NoticePromised`. None, and nothing, where it looks the case up itself, or the case may not reach the outside.

    `refs`: references for the words (`due_at` as RFC 3339, `outcome`, `agency`, ...); never a value of the party's own.
    `daily`: it waits until `next_at` to be one of that day's.
    `instead`: the notice that did not arrive, in whose place this one is tried; both have the same root.
    """
    if channel is None or not leaves(work, case_id):
        return None
    body = {"party": str(party_id), "template": template, "language": language, "refs": dict(refs)}
    more: dict[str, Any] = {}
    if instead is not None:
        more = {"instead": str(instead["id"]), "root": instead["body"].get("root") or str(instead["id"])}
        body |= {**more, "tried": [*before(instead), *([instead["target"]] if instead["target"] not in before(instead) else [])]}
    row = placed(work, case_id, kind=DAILY if daily else KIND, target=channel, subject=None, body=body, next_at=next_at)
    work.record(case_id, "NoticePromised", channel=channel, notice=str(row["id"]), party=str(party_id), template=template, **more)
    return row


def before(row: Row) -> Sequence[str]:
    """Channels on which a notice was tried before this row."""
    found: Sequence[str] = row["body"].get("tried", ())
    return found


def waits_for_its_day(work: Work, case_id: UUID, id: UUID) -> Row | None:
    """One that still waits to be gathered, of a case in hand."""
    row = row_of(work, case_id, id)
    return row if row is not None and row["kind"] == DAILY and row["done_at"] is None else None


def let_go(work: Work, row: Row, channel: str) -> None:
    """The only one of its day leaves as it is."""
    if row["target"] != channel:
        work.record(row["case_id"], "NoticeMoved", channel=channel, notice=str(row["id"]), before=row["target"])
    work.change(row, kind=KIND, target=channel, next_at=work.now)
    work.wakes.add("drain")


def join(work: Work, row: Row, into: Row) -> None:
    """It is part of another, of this case or of another of the same person. `NoticeJoined`."""
    work.change(row, done_at=work.now)
    work.record(row["case_id"], "NoticeJoined", channel=into["target"], notice=str(row["id"]), into=str(into["id"]))


def one(work: Work, case_id: UUID, id: UUID) -> Row | None:
    """A notice of a case in hand."""
    row = row_of(work, case_id, id)
    return row if row is not None and row["kind"] == KIND else None


def followed(work: Work, row: Row) -> bool:
    """True where another notice was put in the place of this one already."""
    return any(one["body"].get("instead") == str(row["id"]) for one in work.rows(outbox, row["case_id"]) if one["kind"] == KIND)


def waiting(work: Work, case_id: UUID, party_id: UUID) -> list[Row]:
    """Notices to a party that have not left yet."""
    mine = (row for row in work.rows(outbox, case_id) if row["kind"] == KIND and row["body"]["party"] == str(party_id))
    return [row for row in mine if row["done_at"] is None and row["parked_at"] is None]


def move(work: Work, row: Row, channel: str) -> None:
    """What waits leaves by another channel: its party said so meanwhile. What somebody is sending just now goes where it goes. `NoticeMoved`."""
    if row["lease_until"] is not None or row["target"] == channel:
        return
    work.record(row["case_id"], "NoticeMoved", channel=channel, notice=str(row["id"]), before=row["target"])
    work.change(row, target=channel, next_at=work.now, epoch=row["epoch"] + 1)
    work.wakes.add("drain")


def words_of(work: Work, case_id: UUID, id: UUID) -> tuple[str, Mapping[str, str | int | None]]:
    """Template and references of a notice of a case in hand; empty where there is none of that id."""
    row = one(work, case_id, id)
    return (row["body"]["template"], row["body"]["refs"]) if row is not None else ("", {})


def tried(work: Work, case_id: UUID, *, channel: str, decision: UUID) -> bool:
    """Whether a decision of a case in hand was, or is being, told by that channel."""
    rows = (row for row in work.rows(outbox, case_id) if row["kind"] == KIND and row["target"] == channel)
    return any(row["body"]["refs"].get("decision") == str(decision) for row in rows)


def told(work: Work, row: Row, *, version: str | None = None) -> None:
    """The party was told. `version`: of the template's words as they left. `PartyNotified`; not where it has come back already, before its sender knew."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=None)
    if row["body"].get("returned"):
        return
    words: dict[str, Any] = {"version": version} if version else {}
    work.record(row["case_id"], "PartyNotified", channel=row["target"], notice=str(row["id"]), attempts=row["attempts"], **words)


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
    """The party could not be told this way. `NoticeParked`."""
    work.change(row, parked_at=work.now, lease_until=None, refusal=reason)
    work.record(row["case_id"], "NoticeParked", channel=row["target"], notice=str(row["id"]), refusal=code)


def returned(work: Work, row: Row, *, code: str, passing: bool = False) -> bool:
    """It had left and did not arrive: a bounce, a carrier's report, a letter that came back. False where that is known already. `NoticeReturned`.

    `passing`: it may arrive another time; else its address leads nowhere.
    """
    if row["body"].get("returned") or row["parked_at"] is not None:
        return False
    body = {**row["body"], "returned": code}
    # It had left, whether its sender came to write that down or not: it is not sent again.
    work.change(row, body=body, reported=CAME_BACK, done_at=row["done_at"] or work.now)
    work.record(row["case_id"], "NoticeReturned", channel=row["target"], notice=str(row["id"]), refusal=code, passing=passing)
    return True
