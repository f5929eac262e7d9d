"""`portal simulated-scanner`: a stand-in for clamd, to try the portal with."""

from __future__ import annotations

import signal
import threading

import click


@click.command("simulated-scanner")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one.")
def simulated_scanner(host: str, port: int) -> None:
    """Run a simulated virus scanner: it finds the EICAR test file and nothing else."""
    from portal.local.scanner import Scanner

    ended = threading.Event()
    try:
        server = Scanner(host, port)
    except OSError as error:
        raise click.ClickException(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True, name="server").start()
    click.echo(f"listening on {host}:{server.server_address[1]}")
    ended.wait()
    server.shutdown()
    server.server_close()
