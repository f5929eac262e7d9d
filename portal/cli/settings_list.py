"""`portal settings`: what an operator can set."""

from __future__ import annotations

import json
import os
from typing import Any

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help='A JSON list of {"name","default","set","description"}.')
def settings(as_json: bool) -> None:
    """List the environment variables, their defaults, and which are set here. Values that are set are never shown: some are secrets."""
    rows = listed()
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        click.echo(f"{row['name']:<{width}}  {'set' if row['set'] else '   '}  {row['description']}")
        click.echo(f"{'':<{width}}       default: {'none' if row['default'] in (None, '') else row['default']}")


def listed() -> list[dict[str, Any]]:
    """One mapping a setting; the default of a secret is not told either."""
    from pydantic import SecretStr

    from portal.settings import Settings

    rows = []
    for field_name, field in Settings.model_fields.items():
        name = field.alias or field_name.upper()
        default = None if isinstance(field.default, SecretStr) else field.default
        rows.append({"name": name, "default": default, "set": bool(os.environ.get(name)), "description": field.description or ""})
    return rows
