"""Who stands on a case, and how they want to be told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from portal.db import new_id
from portal.parties.tables import case_parties
from portal.unit_of_work import Mandate, Row, Work

#: Role of who waits for the same as another: told when it ends, and of nothing else.
FOLLOWER = "follower"


def put_on(
    work: Work,
    case_id: UUID,
    *,
    party_id: UUID | None = None,
    role: str,
    subject: str | None,
    language: str,
    channel: str | None,
    contact: UUID | None,
    **mandate: Any,
) -> Row:
    """A party on a case. `channel` None: it looks the case up itself; `mandate`: `scope` and `until` of a representative. The case's own event names it."""
    return work.add(
        case_parties,
        case_id=case_id,
        party_id=party_id or new_id(),
        role=role,
        subject=subject,
        language=language,
        channel=channel,
        contact=contact,
        since=work.now,
        **mandate,
    )


def load(work: Work, case_ids: Collection[UUID]) -> None:
    """Reads who stands on many cases in hand at once."""
    work.load(case_parties, case_ids)


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """Who stands on a case in hand now; those who only follow it do not."""
    return [row for row in _now(work, case_id) if row["role"] != FOLLOWER]


def followers(work: Work, case_id: UUID) -> list[Row]:
    """Who follows a case in hand: they wait for the same, and are told no more of it than everybody may see."""
    return [row for row in _now(work, case_id) if row["role"] == FOLLOWER]


def follow(work: Work, case_id: UUID, *, party_id: UUID, subject: str, language: str, channel: str, contact: UUID) -> Row:
    """Somebody wants the same, and follows the request of another instead of making one. `CaseFollowed`."""
    row = put_on(work, case_id, party_id=party_id, role=FOLLOWER, subject=subject, language=language, channel=channel, contact=contact)
    work.record(case_id, "CaseFollowed", party=str(party_id), number=len(followers(work, case_id)))
    return row


def unfollow(work: Work, row: Row) -> None:
    """Somebody follows it no more. `CaseUnfollowed`."""
    work.change(row, until=work.now)
    work.record(row["case_id"], "CaseUnfollowed", party=str(row["party_id"]), number=len(followers(work, row["case_id"])))


def _now(work: Work, case_id: UUID) -> list[Row]:
    return [row for row in work.rows(case_parties, case_id) if row["until"] is None or row["until"] > work.now]


def told(work: Work, case_id: UUID) -> list[Row]:
    """Parties to be told of the case now, and by a channel of their own."""
    return [row for row in of_case(work, case_id) if row["channel"]]


def reachable(work: Work, case_ids: Collection[UUID]) -> int:
    """How many parties of those cases would be told of something now."""
    load(work, case_ids)
    return sum(len(told(work, case_id)) for case_id in case_ids)


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands on a case: for itself (`mandate` None), or with a mandate."""

    mandate: Mandate | None


#: The widest first: for itself, then what a mandate lets do.
_WIDEST: tuple[Mandate | None, ...] = (None, "all", "act", "read")


def standing(work: Work, case_id: UUID, subject: str | None) -> Standing | None:
    """How the person who signed in stands on the case now, None where not at all; asked as that person, so row-level security answers too."""
    if subject is None:
        return None
    asked = "SELECT scope FROM case_parties WHERE case_id = %s AND subject = %s AND (until IS NULL OR until > %s)"
    scopes = {scope for (scope,) in work.sql(asked, (case_id, subject, work.now))}
    return next((Standing(one) for one in _WIDEST if one in scopes), None)


def keep(work: Work, case_id: UUID, subject: str) -> bool:
    """Who proved the case by its secret, and signed in, keeps it among its own from now on. `PartyKnown`; False where somebody is known there already."""
    mine = [row for row in of_case(work, case_id) if row["role"] != "representative"]
    if any(row["subject"] == subject for row in mine):
        return True
    unknown = next((row for row in mine if row["subject"] is None), None)
    if unknown is None or any(row["subject"] for row in mine):
        return False
    work.change(unknown, subject=subject)
    work.record(case_id, "PartyKnown", party=str(unknown["party_id"]))
    return True


def standing_for_itself(work: Work, subject: str) -> list[UUID]:
    """Cases somebody who signed in stands on for itself now, in a unit of that person; the newest first, as many as are changed at once."""
    asked = """SELECT case_id FROM case_parties WHERE subject = %s AND role NOT IN ('representative', 'follower') AND (until IS NULL OR until > %s)
    GROUP BY case_id ORDER BY case_id DESC LIMIT 200"""
    return [case_id for (case_id,) in work.sql(asked, (subject, work.now))]


def seen(case_id: UUID) -> Select[Any]:
    """Who stands on a case, for a reader; pass it through `access.visible`."""
    return select(case_parties).where(case_parties.c.case_id == case_id).order_by(case_parties.c.since, case_parties.c.party_id)


def of_subject(subject: str, now: datetime, *, after: UUID | None, limit: int) -> Select[Any]:
    """On which cases somebody stands now and in which role, the newest case first; pass it through `access.visible`."""
    mine = select(case_parties.c.case_id, func.min(case_parties.c.role).label("role")).where(
        case_parties.c.subject == subject, or_(case_parties.c.until.is_(None), case_parties.c.until > now)
    )
    if after is not None:
        mine = mine.where(case_parties.c.case_id < after)
    return mine.group_by(case_parties.c.case_id).order_by(case_parties.c.case_id.desc()).limit(limit)


def for_itself(subject: str, now: datetime, *, limit: int) -> Select[Any]:
    """Cases somebody stands on for itself now, the newest first: whose answers are theirs to use again; pass it through `access.visible`."""
    mine = select(case_parties.c.case_id).where(
        case_parties.c.subject == subject,
        case_parties.c.scope.is_(None),
        case_parties.c.role.not_in((FOLLOWER, "representative")),
        or_(case_parties.c.until.is_(None), case_parties.c.until > now),
    )
    return mine.distinct().order_by(case_parties.c.case_id.desc()).limit(limit)
