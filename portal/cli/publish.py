"""`portal publish`: the definitions as they are now, stored so that cases can pin them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from portal.catalogue.definitions import Catalogue


@click.command()
def publish() -> None:
    """Check the definitions and store those that are new. Nothing stored is changed.

    A changed journey or service takes the next `version`: cases under way finish on the one they began on, `portal move` brings them over. Where
    one kept its number nothing is published.
    """
    from sqlalchemy import text

    from portal.app.building import amend
    from portal.catalogue.faults import CatalogueFaults
    from portal.catalogue.store import VersionTaken, store
    from portal.db import connect
    from portal.settings import settings

    try:
        catalogue = sound()
    except CatalogueFaults as error:
        raise click.ClickException(f"nothing was published, the definitions have faults:\n{error}") from None
    engine = connect(settings().owner_database_url or settings().database_url, pool=1)
    try:
        with engine.begin() as connection:
            new = store(connection, catalogue.stored)
            bodies: dict[str, Any] = {row.agency: row.body for row in connection.execute(text("SELECT agency, body FROM amendments"))}
            # What administrators changed lies over the definitions as they are written now.
            new += store(connection, amend(catalogue, bodies).stored) if bodies else []
    except VersionTaken as taken:
        raise click.ClickException(f"nothing was published:\n{taken.detail}") from None
    finally:
        engine.dispose()
    kinds = Counter(row.kind for row in catalogue.stored)
    click.echo(f"{len(new)} new of {len(catalogue.stored)} definitions: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


def sound() -> Catalogue:
    """The installed definitions, having passed all that `portal check` asks; CatalogueFaults where one does not."""
    from portal.catalogue.load import load
    from portal.standards.resolve import resolve
    from portal.workflow.checks import CHECKS

    return load(resolve_calendar=resolve, checks=CHECKS)
