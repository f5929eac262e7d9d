"""`portal simulated-agencies`: agencies to try the portal with."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from portal.settings import settings


@click.command("simulated-agencies")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one.")
@click.option("--data", default=None, type=click.Path(file_okay=False, path_type=Path), help="Folder of their ledger; absent: DATA/simulated-agencies.")
@click.option("--delay", default=0.2, show_default=True, type=click.FloatRange(min=0), help="Seconds from a handover to its report.")
def simulated_agencies(host: str, port: int, data: Path | None, delay: float) -> None:
    """Run simulated agencies, one path each: POST /AGENCY takes a handover, GET /ledger shows every effect, POST /control says how they behave.

    Those that work by files empty their folder below EXCHANGES and answer there.
    """
    from portal.catalogue.load import load
    from portal.local import agency_files as files
    from portal.local.agencies import Town, serve
    from portal.local.agency_ledger import Ledger
    from portal.local.agency_reports import Reporter
    from portal.wire.signatures import secrets_of

    try:
        secrets = secrets_of(settings().agency_secrets)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"AGENCY_SECRETS ({settings().agency_secrets}): {error}") from error
    ledger = Ledger((data or Path(settings().data) / "simulated-agencies") / "ledger.sqlite")
    reporter, ended, behaviour = Reporter(ledger, secrets, delay=delay), threading.Event(), dict[str, str]()
    try:
        server = serve(Town(secrets, ledger, reporter, behaviour, ended), host, port)
    except OSError as error:
        raise click.ClickException(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    reporter.start()
    threading.Thread(target=server.serve_forever, daemon=True, name="server").start()
    if settings().exchanges:
        clerks = files.clerks(load().agencies.values(), Path(settings().exchanges), ledger, behaviour)
        threading.Thread(target=files.work, args=(clerks, ended, max(delay, 0.05)), daemon=True, name="files").start()
    click.echo(f"listening on {host}:{server.server_port}")
    ended.wait()
    reporter.stop()
    server.shutdown()
    server.server_close()
