"""What came in from an agency and belongs to no case we know: kept as a stream of its own, put before people, attached to a case or dismissed."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select

from portal.db import new_id
from portal.errors import Conflict, NotFound
from portal.outbox.tables import strays
from portal.unit_of_work import Row, Work

#: `mail` could not be read, `automatic` came from a machine and is only kept; `report`: its reference is not known;
#: `file`: it was not taken, or what an agency did not take back; of either nothing was applied.
Kind = Literal["report", "file", "mail", "automatic"]
TASK = "stray"


def found(work: Work, *, agency: str, kind: Kind, name: str, known: dict[str, Any]) -> UUID:
    """Begins its stream in a unit as that agency; the unit is the engine's from here on. `StrayFound`.

    `name`: what people call it (the reference it names, the name of the file); `known` holds no personal data.
    """
    id = new_id()
    origin = "live" if work.portal.settings.mode == "production" else "demo"
    work.begin_case(id, jurisdiction=work.catalogue.agencies[agency].jurisdiction, origin=origin)
    work.narrow([])
    work.add(strays, case_id=id, agency=agency, kind=kind, name=name, known=known, found_at=work.now)
    work.record(id, "StrayFound", agency=agency, kind=kind, name=name)
    return id


def settle(work: Work, row: Row, *, how: Literal["attached", "dismissed"], official: str, to: UUID | None = None, words: UUID | None = None) -> None:
    """Somebody said what becomes of it. `StraySettled`; Conflict where somebody did before."""
    if row["settled_at"] is not None:
        raise Conflict("Somebody has settled this already.")
    work.change(row, settled_at=work.now, settled=how, settled_by=official, attached_to=to, words=words)
    told: dict[str, Any] = {"how": how, "official": official, "to": str(to) if to else None, "words": str(words) if words else None}
    work.record(row["case_id"], "StraySettled", agency=row["agency"], **told)


def of(work: Work, id: UUID) -> Row:
    """The stray whose stream is in hand; NotFound where it is none."""
    rows = work.rows(strays, id)
    if not rows:
        raise NotFound("This task is about a case, and about nothing that strayed.")
    return rows[0]


def one(id: UUID) -> Select[Any]:
    """A stray by its stream, for a reader; pass it through `access.visible`."""
    return select(strays).where(strays.c.case_id == id)


def mails(kind: str | None, *, limit: int) -> Select[Any]:
    """Mail that became no request, the newest first, for a reader; pass it through `access.visible`."""
    wanted = (kind,) if kind else ("mail", "automatic")
    return select(strays).where(strays.c.kind.in_(wanted)).order_by(strays.c.found_at.desc(), strays.c.case_id).limit(limit)
