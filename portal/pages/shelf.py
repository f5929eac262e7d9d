"""Where a form lies while it is filled: sealed under this browser's key, or saved for other days and devices. Pages do not mind which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect

from portal.errors import NotFound
from portal.intake import saving
from portal.intake.saving import Place
from portal.pages import cookies, grants, speech
from portal.pages.opening import as_citizen, the_portal
from portal.unit_of_work import ANONYMOUS, Row, Work
from portal.vault import drafts

#: The cookie that opens what this browser has typed.
COOKIE = "draft"
#: The step at which a form is saved for later.
LATER = "your:draft"


@dataclass(frozen=True)
class Kept:
    """One form. `row` and `version`: of one that was saved."""

    id: UUID
    typed: dict[str, Any]
    sent: bool
    row: Row | None = None
    version: int | None = None


def place() -> Place:
    """A citizen's own browser."""
    return Place("web", speech.language())


def load(work: Work, id: UUID, *, alone: bool = False) -> Kept:
    """The form; NotFound where it is not there, or not for this browser and whoever signed in with it."""
    try:
        found = drafts.load(work, id, cookies.given(COOKIE) or "", alone=alone)
    except NotFound:
        row = saving.opened(work, id, as_citizen(), proved=id in grants.held(the_portal()))
        sent = row["status"] == "sent"
        typed = {"case": str(row["became"])} if sent else saving.filled(work, row, place())
        return Kept(id, typed, sent, row, work.version(id))
    return Kept(id, found.typed, found.sent)


def read(id: UUID) -> Kept:
    """The form, to be looked at."""
    with the_portal().work(ANONYMOUS) as work:
        return load(work, id)


def save(work: Work, kept: Kept, typed: dict[str, Any], *, version: int | None = None) -> None:
    """What is typed now, kept where it lies. Stale where a saved one was changed since that version."""
    if kept.row is None:
        drafts.save(work, kept.id, cookies.given(COOKIE) or "", typed)
    else:
        saving.save(work, kept.row, typed, place(), version=version)


def put_away(id: UUID) -> None:
    """A form of this browser alone is saved under the same address; nothing where that has happened."""
    who = as_citizen()
    with the_portal().work(who, new_cases=[id]) as work:
        try:
            found = drafts.load(work, id, cookies.given(COOKIE) or "", alone=True)
        except NotFound:
            return
        if not found.sent:
            drafts.forget(work, id)
            saving.begin(work, id, found.typed, place(), subject=who.subject)


def to(draft: UUID, step: str) -> Response:
    """On to that step of the form."""
    return Response(status=303, headers={"Location": redirect(f"/request/{draft}/{step}").location})
