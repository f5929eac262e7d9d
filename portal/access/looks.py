"""Looks across: somebody who handles a matter sees where the same person's other matters stand, for a purpose, by consent or by law, and for a while."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from portal.access.tables import case_looks
from portal.db import new_id
from portal.errors import Conflict, NotAllowed
from portal.unit_of_work import Work

#: How long one look lasts.
LASTS = timedelta(minutes=30)
#: Matters one look shows at most, the newest.
MOST = 100


class NoGround(NotAllowed):
    """Neither the party's consent nor a ground in law of this service opens their other matters to your office for this purpose. The party can agree to it
    on the page of the request, under "What you agreed to"."""

    slug = "no-ground"


class NotHandled(Conflict):
    """Take a task of this request first: only who handles a matter of somebody's may look at where their others stand."""

    slug = "not-handled"


@dataclass(frozen=True)
class Ground:
    """By what a look is allowed: `consent`, and which; or `law`, and which article."""

    kind: str
    consent: UUID | None = None
    law: str | None = None


@dataclass(frozen=True)
class Looker:
    """Who looks: as `Principal.subject`, in which role, for which agency."""

    subject: str
    role: str
    agency: str | None


def open_one(work: Work, case_id: UUID, others: Collection[UUID], *, looker: Looker, purpose: str, ground: Ground, words: UUID) -> UUID:
    """The look somebody who handles the case in hand takes at those others, all in hand; its id.

    `MattersShown` on the case, `MatterLookedAt` on each other one.
    """
    look, until = new_id(), work.now + LASTS
    who = {"subject": looker.subject, "role": looker.role, "agency": looker.agency}
    why = {"purpose": purpose, "ground": ground.kind, "consent": ground.consent, "law": ground.law}
    for id in (case_id, *others):
        work.add(case_looks, case_id=id, look=look, by_case=case_id, **who, **why, words=words if id == case_id else None, since=work.now, until=until)
    told: dict[str, Any] = {"look": str(look), "purpose": purpose, "ground": ground.kind, "law": ground.law, "official": looker.subject}
    consent = str(ground.consent) if ground.consent else None
    work.record(case_id, "MattersShown", agency=looker.agency, number=len(others), words=str(words), consent=consent, **told)
    for id in others:
        work.record(id, "MatterLookedAt", agency=looker.agency, **told)
    return look


def of_look(look: UUID) -> Select[Any]:
    """Rows of one look, for a reader; pass it through `access.visible`."""
    return select(case_looks).where(case_looks.c.look == look)


def at_case(case_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int) -> Select[Any]:
    """Looks a case was seen in, or was the reason of, the last first, for a reader. `after`: `since` and `look` of the row before."""
    found = select(case_looks).where(case_looks.c.case_id == case_id)
    return _paged(found, after, limit)


def all_of(*, after: tuple[datetime, UUID] | None, limit: int) -> Select[Any]:
    """Looks by the matters they were taken for, the last first, for a reader."""
    return _paged(select(case_looks).where(case_looks.c.case_id == case_looks.c.by_case), after, limit)


def _paged(found: Select[Any], after: tuple[datetime, UUID] | None, limit: int) -> Select[Any]:
    if after:
        found = found.where(tuple_(case_looks.c.since, case_looks.c.look) < tuple_(*after))
    return found.order_by(case_looks.c.since.desc(), case_looks.c.look.desc()).limit(limit)
