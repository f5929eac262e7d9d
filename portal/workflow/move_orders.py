"""Asking for a move of running cases: which versions, by which mapping, who asked, who confirmed, who took it back. `moving.py` does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from portal.access.scoping import visible
from portal.cases import registry
from portal.catalogue.definitions import Service
from portal.catalogue.mapping import StepMapping, Written, check_mapping
from portal.catalogue.publish import plain
from portal.catalogue.versions import chosen, versions
from portal.db import new_id
from portal.errors import Conflict, NotAllowed, NotFound
from portal.runs import moves
from portal.runs.moves import NOBODY, Move
from portal.unit_of_work import READER, RELAY, Portal, Work

#: Reads the runs of all cases and writes none.
#: One person alone moves at most so many cases over the API.
ALONE: Final = 100


def prepare(
    portal: Portal,
    journey: str,
    *,
    asked_by: str,
    from_: str | None = None,
    to: str | None = None,
    written: Written | None = None,
    service: str | None = None,
    most: int | None = None,
) -> Move:
    """A move that can be looked at, or written down to be done. `from_`: number or hash, None: all other versions; `to`: None: the present one.

    NotFound for a version, service or journey that is not there, CatalogueFaults for a mapping that cannot be used.
    """
    written = written or Written(StepMapping())
    with portal.work(READER) as work:
        known = [(row["hash"], str(row["body"]["version"])) for row in work.run(versions("journey", id=journey))]
        present = work.catalogue.hashes.get(("journey", journey))
        if not known or (to is None and present not in dict(known)):
            raise NotFound(f"No version of a journey `{journey}` is published that cases could move to. Run `portal publish` first.")
        target = chosen(known, to)[-1] if to is not None else str(present)
        older = tuple(hash for hash in (chosen(known, from_) if from_ is not None else dict(known)) if hash != target)
        if not older:
            raise Conflict("Cases can move to another version only: name one to move from that is not the one they go to.")
        services = _services(work, journey, service)
        check_mapping(written, [work.portal.pinned(work, hash) for hash in older], work.portal.pinned(work, target), services)
        now = work.now
    return Move(
        new_id(),
        journey,
        older,
        target,
        service,
        plain(written.mapping),
        written.hash,
        most,
        "running",
        None,
        False,
        (),
        0,
        0,
        NOBODY,
        asked_by,
        None,
        None,
        now,
        None,
    )


def _services(work: Work, journey: str, service: str | None) -> list[Service]:
    if service is not None and service not in work.catalogue.services:
        raise NotFound(f"There is no service `{service}`.")
    return [one for one in work.catalogue.services.values() if service == one.id or (service is None and one.journey == journey)]


def begin(portal: Portal, move: Move, *, mine: timedelta = timedelta()) -> UUID:
    """Writes a prepared move down; `turn` does it, or the workers after `mine`. Answers its number."""
    with portal.work(RELAY) as work:
        work.narrow([])
        moves.propose(work, move, next_at=work.now + mine if move.open else None)
        if move.open and not mine:
            work.wakes.add("sweep")
    return move.id


def propose(work: Work, move: Move) -> Move:
    """Writes a prepared move down in a unit that is open; as it is then: one of more than ALONE cases waits for a second person."""
    cases = waiting(work.portal, move)
    if min(cases, move.most or cases) > ALONE:
        move = replace(move, status="proposed")
    moves.propose(work, move, next_at=work.now if move.open else None)
    if move.open:
        work.wakes.add("sweep")
    return move


def confirm(portal: Portal, id: UUID, *, by: str) -> None:
    """Lets a proposed move begin. Conflict where it has begun, NotAllowed for the person who asked for it."""
    with portal.work(RELAY) as work:
        work.narrow([])
        move = moves.one(work, id, held=True)
        if move.status != "proposed":
            raise Conflict(f"This move is `{move.status}`: there is nothing to confirm.")
        if move.asked_by == by:
            raise NotAllowed("You asked for this move: somebody else confirms it.")
        moves.confirm(work, id, by=by)
        work.wakes.add("sweep")


def one(portal: Portal, id: UUID) -> Move:
    """A move as it stands. NotFound where there is none."""
    with portal.work(READER) as work:
        return moves.one(work, id)


def latest(portal: Portal, limit: int) -> list[Move]:
    """The moves asked for last, the newest first."""
    with portal.work(READER) as work:
        return moves.latest(work, limit)


def waiting(portal: Portal, move: Move) -> int:
    """How many cases are on the versions it moves from."""
    with portal.work(READER) as work:
        return moves.waiting(work, move)


def undo(portal: Portal, id: UUID, *, by: str) -> None:
    """From here on `turn` brings its cases back. Conflict where that was asked for already, or it never began."""
    with portal.work(RELAY) as work:
        work.narrow([])
        if (status := moves.one(work, id, held=True).status) not in ("running", "done"):
            raise Conflict(f"This move is `{status}`: only one that is running or done can be undone.")
        moves.turn_back(work, id, by=by)
        work.wakes.add("sweep")


def references(portal: Portal, case_ids: Sequence[UUID]) -> dict[UUID, str]:
    """References of cases."""
    with portal.work(READER) as work:
        return {row["case_id"]: row["reference"] for row in work.run(visible(work, registry.references_of(case_ids)))}
