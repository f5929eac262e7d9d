"""The only writer of amendments: what is put over an agency's definition from now on, in every process, by its next unit of work."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from portal.administration import stream
from portal.catalogue.definitions import Catalogue, Stored
from portal.unit_of_work import Work


def of(work: Work, agency: str) -> dict[str, Any]:
    """The amendment of an agency; empty where there is none."""
    found = work.sql("SELECT body FROM amendments WHERE agency = %s", (agency,))
    return dict(found[0][0]) if found else {}


def keep(work: Work, agency: str, body: dict[str, Any], new: Catalogue, *, what: str) -> None:
    """From now on this is what is put over that agency; `new` is the catalogue it makes, whose definitions are stored. The stream is in hand.

    `AgencyAmended` names what was changed and the hashes of what it is now.
    """
    old = work.catalogue
    work.sql(
        """INSERT INTO amendments (agency, body, made_by, made_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (agency) DO UPDATE SET body = excluded.body, made_by = excluded.made_by, made_at = excluded.made_at""",
        (agency, Jsonb(body), work.principal.subject, work.now),
    )
    work.sql("UPDATE amended SET number = number + 1")
    changed = [one for one in new.stored if old.hashes.get((one.kind, one.id)) != one.hash]
    for one in changed:
        _store(work, one)
    hashes = {one.id: one.hash for one in changed}
    stream.record(work, "AgencyAmended", agency=agency, what=what, official=str(work.principal.subject), hashes=hashes)


def _store(work: Work, one: Stored) -> None:
    work.sql(
        "INSERT INTO definitions (hash, kind, id, version, body, published_at) VALUES (%s, %s, %s, %s, %s, clock_timestamp()) ON CONFLICT DO NOTHING",
        (one.hash, one.kind, one.id, one.version, Jsonb(one.body)),
    )
