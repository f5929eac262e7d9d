"""`portal simulated-texts`: a carrier of text messages to try the portal with."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from portal.settings import settings


@click.command("simulated-texts")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one.")
@click.option("--data", default=None, type=click.Path(file_okay=False, path_type=Path), help="Folder of its messages; absent: DATA/texts.")
def simulated_texts(host: str, port: int, data: Path | None) -> None:
    """Play a carrier as Twilio is one: it keeps what the portal sends, says what became of it, and POST /write `{"from", "words"}` brings a message in."""
    from portal.local.text_carrier import Carrier, serve

    known = settings()
    secret = known.sms_secret.get_secret_value()
    if not secret:
        raise click.ClickException("SMS_SECRET is empty: the carrier would sign with nothing")
    base = known.channel_url or known.public_url
    carrier = Carrier(data or Path(known.data) / "texts", known.sms_account, secret, known.sms_sender, f"{base}/channels/sms")
    ended = threading.Event()
    try:
        server = serve(carrier, host, port)
    except OSError as error:
        raise click.ClickException(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True, name="server").start()
    click.echo(f"listening on {host}:{server.server_port}")
    ended.wait()
    server.shutdown()
    server.server_close()
