"""`portal texts`: text messages of the simulated carrier, and writing one."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import click

from portal.local import running
from portal.local.text_carrier import texts as kept


@click.command()
@click.option(
    "--data", envvar="DATA", default="var", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the portal that runs here."
)
@click.option("--write", "words", metavar="WORDS", help="Write to the portal, as somebody with a telephone would, and print what it answers.")
@click.option("--from", "sender", default="+32470123456", show_default=True, help="Number it is written from.")
def texts(data: Path, words: str | None, sender: str) -> None:
    """List text messages: time, in or out, number, parts, words; or, with --write, send one in."""
    if words is None:
        for one in kept(data / "texts"):
            click.echo(f"{one['at']}\t{one['way']}\t{one['number']}\t{one['parts']}\t{one['text']}".replace("\n", " / "))
        return
    try:
        address = urlsplit(running.environment(data)["SMS_ENDPOINT"])
    except (running.NotRunning, KeyError) as error:
        raise click.ClickException(str(error)) from None
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        connection.request("POST", "/write", json.dumps({"from": sender, "words": words}), {"Content-Type": "application/json"})
        found = json.loads(connection.getresponse().read())
    except OSError as error:
        raise click.ClickException(f"the simulated carrier does not answer: {error}") from None
    finally:
        connection.close()
    for answer in found["answers"]:
        click.echo(answer)
