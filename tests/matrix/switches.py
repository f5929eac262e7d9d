"""One layer at a time: the application's scoping, or the database's policies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import true

from portal.access import scoping
from tests.matrix.world import World

LAYERS = ("both", "scoping", "policies")


@contextmanager
def only(world: World, layer: str) -> Iterator[None]:
    """Both layers, or one of them alone."""
    if layer == "scoping":
        _switch(world, "DISABLE")
    seen, opened = scoping._seen, scoping._open
    if layer == "policies":
        scoping._seen = scoping._open = lambda work, of: true()  # type: ignore[assignment]
    try:
        yield
    finally:
        scoping._seen, scoping._open = seen, opened
        if layer == "scoping":
            _switch(world, "ENABLE")


def _switch(world: World, verb: str) -> None:
    with psycopg.connect(world.database.superuser_url, autocommit=True) as connection:
        for (table,) in connection.execute("SELECT DISTINCT tablename FROM pg_policies").fetchall():
            connection.execute(f'ALTER TABLE "{table}" {verb} ROW LEVEL SECURITY')  # type: ignore[arg-type]
