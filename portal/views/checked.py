"""Definitions as an administrator sees them: what the portal runs on, what was published, and what a check of the files says now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from portal.catalogue.definitions import Catalogue, Text
from portal.catalogue.documents import Positions
from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.language_rules import spoken
from portal.catalogue.load import load
from portal.catalogue.promise_rules import warnings
from portal.catalogue.versions import SHOWN, versions
from portal.standards.resolve import resolve
from portal.unit_of_work import Work
from portal.workflow.checks import CHECKS

Kind = Literal["agency", "service", "journey", "calendar"]
KINDS: tuple[Kind, ...] = ("agency", "service", "journey", "calendar")


@dataclass(frozen=True)
class Definition:
    """One the portal runs on. `published_at`: since when the database has this content; None: it stands in the files only."""

    kind: Kind
    id: str
    title: Text | None
    version: str | None
    hash: str
    published_at: datetime | None


@dataclass(frozen=True)
class Checked:
    """What a check of the files as they are now says: faults stop the next start, warnings do not."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def definitions(work: Work) -> dict[Kind, list[Definition]]:
    """All of them by kind, by id."""
    found: dict[Kind, list[Definition]] = {}
    for kind in KINDS:
        at = {row["hash"]: row["published_at"] for row in work.run(versions(kind))}
        ids = sorted(id for one, id in work.catalogue.hashes if one == kind)
        found[kind] = [_one(work.catalogue, kind, id, at) for id in ids]
    return found


def _one(catalogue: Catalogue, kind: Kind, id: str, at: dict[str, datetime]) -> Definition:
    known: dict[str, Any] = {"agency": catalogue.agencies, "service": catalogue.services, "journey": catalogue.journeys}
    one, hash = known.get(kind, {}).get(id), catalogue.hashes[kind, id]
    version = getattr(one, "version", None)
    return Definition(kind, id, getattr(one, "title", None), str(version) if version is not None else None, hash[:SHOWN], at.get(hash))


def checked(languages: Collection[str]) -> Checked:
    """Every installed definition read again from its file and checked, every journey gone through to its ends. It takes seconds."""
    warned: list[Fault] = []

    def warn(catalogue: Catalogue, positions: Positions) -> tuple[Fault, ...]:
        warned.extend(warnings(catalogue, positions))
        return ()

    try:
        load(resolve_calendar=resolve, checks=(*CHECKS, warn, spoken(tuple(languages))))
    except CatalogueFaults as trouble:
        return Checked(tuple(sorted(set(trouble.faults))), tuple(sorted(set(warned))))
    return Checked((), tuple(sorted(set(warned))))
