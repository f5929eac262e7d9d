"""`portal mail`: the mail intake."""

from __future__ import annotations

import signal
import threading

import click

from portal.settings import settings


@click.command()
@click.option("--host", default=None, help="Address to listen on; absent: MAIL_HOST.")
@click.option("--port", default=None, type=click.IntRange(1, 65535), help="Port to listen on; absent: MAIL_PORT.")
def mail(host: str | None, port: int | None) -> None:
    """Take mail over SMTP and make requests of it, until SIGTERM or Ctrl-C."""
    from portal.app import build_portal
    from portal.cli.telling import begin
    from portal.ports.mail import Intake

    begin(settings(), "mail")
    host, port = host or settings().mail_host, port or settings().mail_port
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    intake = Intake(build_portal(), host, port)
    try:
        intake.start()
    except OSError as error:
        raise click.ClickException(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    click.echo(f"listening on {host}:{port}")
    ended.wait()
    intake.stop()
