"""`portal schema`: what a definition may say, for editors and other programs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from portal.catalogue.schema import KINDS
from portal.catalogue.schema import schema as schema_of

#: Where the content keeps each, beside the definitions that name it in their first line.
FILES = {
    "journey": "journeys/schema.json",
    "service": "services/service.schema.json",
    "agency": "services/agency.schema.json",
    "table": "services/table.schema.json",
    "letter": "services/letter.schema.json",
}


@click.command()
@click.option("--kind", type=click.Choice(sorted(KINDS)), default="journey", show_default=True, help="Kind of definition.")
@click.option("--write", "folder", type=click.Path(file_okay=False, exists=True, path_type=Path), help="Write all kinds to their places in this folder.")
def schema(kind: str, folder: Path | None) -> None:
    """Print the JSON Schema (2020-12) of one kind of definition, made from the code that reads it.

    `# yaml-language-server: $schema=schema.json` as the first line of a journey gives completion in editors.
    """
    if folder is None:
        click.echo(text(kind), nl=False)
        return
    for one, name in FILES.items():
        (folder / name).write_text(text(one), encoding="utf-8")
        click.echo(folder / name)


def text(kind: str) -> str:
    """As it is printed and kept."""
    return json.dumps(schema_of(kind), indent=1, ensure_ascii=False) + "\n"
