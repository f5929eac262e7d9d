"""`portal mailbox`: takes outgoing mail on one machine, and shows it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from portal.local.mailbox import mails, serve, text_of


@click.command()
@click.option(
    "--data", envvar="DATA", default="var", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the portal that runs here."
)
@click.option("--list", "listing", is_flag=True, help="List what came in: number, time, to whom, subject.")
@click.option("--show", type=click.IntRange(min=1), metavar="N", help="Print mail number N.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", envvar="SMTP_PORT", default=1025, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
def mailbox(data: Path, listing: bool, show: int | None, host: str, port: int) -> None:
    """Keep outgoing mail under DATA/mailbox instead of sending it; or, with --list or --show, look at it."""
    folder = data / "mailbox"
    if listing:
        for mail in mails(folder):
            click.echo(f"{mail.number}\t{mail.arrived:%Y-%m-%dT%H:%M:%SZ}\t{', '.join(mail.to)}\t{mail.subject}")
    elif show is not None:
        found = [mail for mail in mails(folder) if mail.number == show]
        if not found:
            raise click.ClickException(f"there is no mail {show} in {folder}")
        click.echo(text_of(found[0].message))
    else:
        asyncio.run(serve(folder, host, port))
