"""`portal simulated-payments`: a provider of card payments to try the portal with."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from portal.settings import settings


@click.command("simulated-payments")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one.")
@click.option("--account", default="card-payments", show_default=True, help="Name it signs as; its secret stands in AGENCY_SECRETS.")
@click.option("--data", default=None, type=click.Path(file_okay=False, path_type=Path), help="Folder of its books; absent: DATA/simulated-payments.")
def simulated_payments(host: str, port: int, account: str, data: Path | None) -> None:
    """Run a simulated provider: GET /pay/ID is its page, GET /ledger shows its books, POST /control says how it behaves."""
    from portal.local.card_books import Books
    from portal.local.card_provider import Provider, serve
    from portal.wire.signatures import secrets_of

    try:
        secrets = secrets_of(settings().agency_secrets)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"AGENCY_SECRETS ({settings().agency_secrets}): {error}") from error
    if account not in secrets:
        raise click.ClickException(
            f"AGENCY_SECRETS ({settings().agency_secrets}) has no secret for `{account}`: write `{account}: whsec_...` on a line of its own"
        )
    books = Books((data or Path(settings().data) / "simulated-payments") / "books.sqlite")
    ended = threading.Event()
    try:
        server = serve(Provider(account, secrets[account], books), host, port)
    except OSError as error:
        raise click.ClickException(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True, name="server").start()
    click.echo(f"listening on {host}:{server.server_port}")
    ended.wait()
    server.shutdown()
    server.server_close()
