"""`portal settings`: what an operator can set."""

from __future__ import annotations

import json
import os
from typing import Any

import click

#: What production must be told, with examples of the form; secrets stay empty.
NEEDED = {
    "PORTAL_MODE": "production",
    "DATABASE_URL": "postgresql://onedoor:PASSWORD@/onedoor?host=/run/postgresql",
    "OWNER_DATABASE_URL": "postgresql://onedoor_owner:PASSWORD@/onedoor?host=/run/postgresql",
    "REDIS_URL": "redis://onedoor:PASSWORD@127.0.0.1:6379/0",
    "SECRET_KEY": "",
    "PUBLIC_URL": "https://portal.example",
    "TOKEN_ISSUER": "https://sign-in.example",
    "TOKEN_KEYS": "/etc/onedoor/token-keys.json",
    "SMTP_HOST": "mail.example",
    "MAIL_FROM": "portal@portal.example",
    "AGENCY_SECRETS": "/etc/onedoor/agency-secrets.yaml",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help='A JSON list of {"name","default","set","description"}.')
@click.option("--example", is_flag=True, help="A file of all of them, as systemd and containers read it, to fill in.")
def settings(as_json: bool, example: bool) -> None:
    """List the environment variables, their defaults, and which are set here. Values that are set are never shown: some are secrets."""
    rows = listed()
    if example:
        click.echo(as_file(rows), nl=False)
        return
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        click.echo(f"{row['name']:<{width}}  {'set' if row['set'] else '   '}  {row['description']}")
        click.echo(f"{'':<{width}}       default: {'none' if row['default'] in (None, '') else row['default']}")


def as_file(rows: list[dict[str, Any]]) -> str:
    """`# what it is`, then `#NAME=default`; what production cannot do without stands open."""
    told = ["# Settings of the portal; made by `portal settings --example`, looked at by `portal doctor`. Only its account may read this file.\n"]
    for row in rows:
        default = "" if row["default"] is None else row["default"]
        told.append(f"# {row['description']}\n{'' if row['name'] in NEEDED else '#'}{row['name']}={NEEDED.get(row['name'], default)}\n")
    return "\n".join(told)


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
