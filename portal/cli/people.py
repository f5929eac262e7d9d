"""`portal people`: whom the development sign-in knows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from portal.local.people import NeverStarted, remembered


@click.command()
@click.option(
    "--data", envvar="DATA", default="var", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the portal that runs here."
)
@click.option("--json", "as_json", is_flag=True, help="A JSON list of id, name, roles, agency, teams.")
def people(data: Path, as_json: bool) -> None:
    """List the sample people of the development sign-in."""
    try:
        everybody = remembered(data)
    except NeverStarted as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps([asdict(one) for one in everybody], ensure_ascii=False, indent=1))
        return
    for one in everybody:
        click.echo(f"{one.id:<28} {', '.join(one.roles):<24} {one.agency or '-':<18} {', '.join(one.teams) or '-':<14} {one.name}")
