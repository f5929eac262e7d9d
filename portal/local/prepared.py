"""Whether a database is prepared for the code and content that stand here now: a second start skips migrating and publishing then."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from portal.catalogue.sources import installed
from portal.local.postgres import Postgres

#: What else a published calendar depends on.
_PACKAGES = ("holidays", "tzdata")


def fingerprint() -> str:
    """Digest of every file of the engine, the migrations and the content (path, size, time of change), and of the packages calendars are made with."""
    engine = Path(__file__).parent.parent
    places = [engine, engine.parent / "migrations", *(Path(found.origin).parent for name in installed() if (found := find_spec(name)) and found.origin)]
    files = sorted(file for place in places for file in place.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    lines = [f"{file} {now.st_size} {now.st_mtime_ns}" for file in files for now in (file.stat(),)]
    return sha256("\n".join([*lines, *map(version, _PACKAGES)]).encode()).hexdigest()


def prepared_for(postgres: Postgres, database: str) -> str | None:
    """The fingerprint it was prepared for. It stands in the database itself, as its comment, so that no restored or emptied database claims it."""
    with psycopg.connect(postgres.url(database=database)) as connection:
        found = connection.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()").fetchone()
    return found[0] if found else None


def note(postgres: Postgres, database: str, mark: str) -> None:
    """Write down that it is prepared."""
    with psycopg.connect(postgres.url(database=database), autocommit=True) as connection:
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(mark)))
