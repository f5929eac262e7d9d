"""`portal token`: a bearer token of the development sign-in."""

from __future__ import annotations

from pathlib import Path

import click

from portal.local.people import NeverStarted, Nobody, person, remembered
from portal.local.signin import LIFETIME, issue


@click.command()
@click.option("--as", "name", required=True, metavar="NAME", help="One of `portal people`.")
@click.option(
    "--data", envvar="DATA", default="var", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the portal that runs here."
)
@click.option("--seconds", default=LIFETIME, show_default=True, type=click.IntRange(min=1), help="How long it is good for.")
def token(name: str, data: Path, seconds: int) -> None:
    """Print a bearer token for a sample person (local mode only)."""
    try:
        click.echo(issue(person(remembered(data), name), data, lifetime=seconds))
    except (NeverStarted, Nobody) as error:
        raise click.ClickException(str(error)) from None
