"""The only writer of table `definitions`: what is published stays as it was, and a number means one content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from portal.catalogue.definitions import Stored
from portal.catalogue.tables import definitions
from portal.errors import Conflict

#: Kinds whose author numbers them; the version of the others is the start of their hash.
NUMBERED = ("journey", "letter", "service")


class VersionTaken(Conflict):
    """A definition was changed under a number that is published already. Write the next number in its `version`."""

    slug = "version-taken"


def store(connection: Connection, rows: Iterable[Stored]) -> list[Stored]:
    """Writes those whose hash is not there yet, as the owner of the tables; answers which. Doing it twice adds nothing.

    VersionTaken, and nothing is written, where a changed journey, letter or service kept a number that is published.
    """
    by_hash = {row.hash: row for row in rows}
    if not by_hash:
        return []
    # Two who publish at once: the second sees what the first wrote. Readers are not kept waiting.
    connection.execute(text("LOCK TABLE definitions IN SHARE ROW EXCLUSIVE MODE"))
    if taken := _taken(connection, by_hash):
        raise VersionTaken("\n".join(taken))
    values = [asdict(row) | {"published_at": func.clock_timestamp()} for row in by_hash.values()]
    written = insert(definitions).values(values).on_conflict_do_nothing(index_elements=["hash"]).returning(definitions.c.hash)
    return [by_hash[hash] for hash in connection.execute(written).scalars()]


def _taken(connection: Connection, by_hash: dict[str, Stored]) -> list[str]:
    """A line for each that has a number under which other content is stored, with the number to write instead."""
    mine = {(row.kind, row.id): row for row in by_hash.values() if row.kind in NUMBERED}
    columns = (definitions.c.kind, definitions.c.id, definitions.c.version, definitions.c.hash)
    numbers: dict[tuple[str, str], dict[str, set[str]]] = {}
    for kind, id, version, hash in connection.execute(select(*columns).where(tuple_(definitions.c.kind, definitions.c.id).in_(list(mine)))):
        numbers.setdefault((kind, id), {}).setdefault(version, set()).add(hash)
    return [
        f"{row.kind} `{row.id}` was published before as version {row.version} with other content: "
        f"write `version: {max(map(int, known)) + 1}`, so that cases under way keep the one they began on, or take the change back"
        for key, row in sorted(mine.items())
        if (known := numbers.get(key, {})) and row.version in known and row.hash not in known[row.version]
    ]
