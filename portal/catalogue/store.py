"""The only writer of table `definitions`: what is published stays as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, func
from sqlalchemy.dialects.postgresql import insert

from portal.catalogue.definitions import Stored
from portal.catalogue.tables import definitions


def store(connection: Connection, rows: Iterable[Stored]) -> list[Stored]:
    """Writes those whose hash is not there yet, as the owner of the tables; answers which. Doing it twice adds nothing."""
    by_hash = {row.hash: row for row in rows}
    if not by_hash:
        return []
    values = [asdict(row) | {"published_at": func.clock_timestamp()} for row in by_hash.values()]
    written = insert(definitions).values(values).on_conflict_do_nothing(index_elements=["hash"]).returning(definitions.c.hash)
    return [by_hash[hash] for hash in connection.execute(written).scalars()]
