"""`portal development-sign-in`: an OpenID provider with the sample people."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from portal.settings import settings


@click.command("development-sign-in")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; of this machine alone.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one.")
@click.option("--data", envvar="DATA", default="var", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of keys and people.")
def development_sign_in(host: str, port: int, data: Path) -> None:
    """Run the development sign-in: everybody may be anybody, so only the local mode has one."""
    from portal.cli.web import loopback
    from portal.local.people import NeverStarted, remembered
    from portal.local.provider import Provider, client_of
    from portal.local.provider_server import serve
    from portal.local.signin import client_secret, private

    chosen = settings()
    if chosen.mode == "production":
        raise click.UsageError("this is production (PORTAL_MODE): people sign in with the providers SIGN_IN names, never with this one")
    if not loopback(f"{host}:{port}"):
        raise click.UsageError(f"the development sign-in listens on the loopback address only, not on {host}: everybody could sign in as anybody")
    try:
        everybody = remembered(data)
    except NeverStarted as error:
        raise click.ClickException(str(error)) from None
    ended = threading.Event()
    try:
        server = serve(Provider(everybody, private(data), client_of(client_secret(data), chosen.public_url)), host, port)
    except (OSError, SystemExit) as error:
        raise click.ClickException(f"{host}:{port} cannot be listened on: {error}") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True, name="server").start()
    click.echo(f"listening on {host}:{server.server_port}")
    ended.wait()
    server.shutdown()
    server.server_close()
