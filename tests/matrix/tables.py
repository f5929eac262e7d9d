"""The same by table: what somebody does not see is in no table of a case, by the application's scoping alone and by the database's policies alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from portal.access.scoping import visible
from portal.db import metadata
from portal.unit_of_work import Principal
from tests.contracts.issuer import ISSUER
from tests.matrix.world import SUBJECTS, World

#: Open to everybody by design, as far as it is listed (a sealed case is not).
PUBLIC = ("public_requests", "public_changes")
TABLES: tuple[Table, ...] = tuple(
    sorted((one for one in metadata.tables.values() if one.info.get("case_table") and one.name not in PUBLIC), key=lambda one: one.name)
)


@dataclass(frozen=True)
class Reader:
    """Somebody who reads, and the cases that are not there for them."""

    name: str
    who: Principal
    closed: tuple[UUID, ...]
    #: Those of them that are closed for other reasons than a seal.
    foreign: tuple[UUID, ...]


def readers(world: World) -> list[Reader]:
    """Every subject as it comes for each kind, and what it must not find."""
    found = []
    for name, kind in world.kinds.items():
        ids = {object: world.case_of(texts[0]) for object, texts in kind.canaries.items()}
        for subject in SUBJECTS:
            who = _principal(world, subject, name, ids)
            open_to = {
                "staff-same-team": ("own", "same"),
                "staff-other-team": ("own", "same"),
                "champion-assigned": ("own", "same"),
                "owner": ("own",),
                "delegate": ("own",),
            }
            seen = open_to.get(subject, ())
            foreign = [id for object, id in ids.items() if object not in ("sealed", *seen) and not set(who.agencies) & world.also(name, object)]
            sealed = [ids["sealed"]] if "sealed" in ids else []
            found.append(Reader(f"{subject} of {name}", who, (*foreign, *sealed), tuple(foreign)))
    return found


def _principal(world: World, subject: str, name: str, ids: dict[str, UUID]) -> Principal:
    claims = world._claims(subject, world.kinds[name])
    if claims is None:
        return Principal("agency", "agency", agencies=("nowhere",)) if subject.startswith("agency") else Principal("anonymous")
    scope: Any = {"citizen": "party", "caseworker": "staff", "champion": "champion", "administrator": "admin"}[claims["roles"][0]]
    cases = (ids["own"],) if subject == "owner" and "own" in ids else ()
    agency, services = claims.get("agency"), tuple(claims.get("services", ()))
    return Principal(scope, f"{ISSUER}|{claims['sub']}", agencies=(agency,) if agency else (), roles=tuple(claims["roles"]), services=services, cases=cases)


def found(world: World, table: Table, reader: Reader, *, scoped: bool) -> set[UUID]:
    """Cases of the reader's closed ones of which it finds rows."""
    statement = select(table.c.case_id).where(table.c.case_id.in_(reader.closed))
    with world.portal.work(reader.who) as work:
        asked = visible(work, statement) if scoped else statement.execution_options(visible=True)
        return {row["case_id"] for row in work.run(asked)}


def faults(world: World, table: Table, *, scoped: bool) -> list[str]:
    """Whoever finds what is closed to them. An administrator sees what waits to leave, but for what is sealed; a referral is seen from both doors."""
    wrong = []
    for reader in readers(world):
        rows = found(world, table, reader, scoped=scoped)
        if table.name == "outbox" and reader.who.scope == "admin":
            rows -= set(reader.foreign)
        if rows:
            wrong.append(f"{table.name}: {reader.name} finds {len(rows)} cases that are closed to it")
    return wrong


def filled(world: World) -> list[Table]:
    """Tables with rows of the cases that are asked for: of the others nothing is proved."""
    ids = sorted({id for reader in readers(world) for id in reader.closed})
    return [one for one in TABLES if world._look(f"SELECT 1 FROM {one.name} WHERE case_id = ANY(%s) LIMIT 1", ids)]
