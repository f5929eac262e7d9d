"""Runs migrations as the owner of the tables; the address comes from the settings or from `-x url=`."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.util import find_spec

from alembic import context

import portal
from portal.db import connect, metadata
from portal.settings import settings

for room in pkgutil.iter_modules(portal.__path__):
    if room.ispkg and find_spec(f"portal.{room.name}.tables"):
        import_module(f"portal.{room.name}.tables")


def _run() -> None:
    url = context.get_x_argument(as_dictionary=True).get("url") or settings().owner_database_url or settings().database_url
    engine = connect(url, pool=1)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, compare_server_default=True, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


_run()
