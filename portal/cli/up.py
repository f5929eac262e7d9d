"""`portal up`: the whole portal on this one machine."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click

from portal.catalogue.definitions import Catalogue
from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.load import load
from portal.local.account import NoAccount
from portal.local.addresses import Taken
from portal.local.one_machine import OneMachine, Plan, one_machine
from portal.local.people import Person, front_office, people
from portal.local.postgres import NoServer
from portal.local.processes import die_with_parent
from portal.local.running import AlreadyRunning
from portal.local.supervisor import PartFailed, Stopped


@click.command()
@click.option(
    "--data",
    envvar="DATA",
    default="var",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of databases, keys, mailbox and logs.",
)
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port of the web pages and the API.")
@click.option("--mail-port", envvar="MAIL_PORT", default=2525, show_default=True, type=click.IntRange(1, 65535), help="Port the mail intake listens on.")
@click.option("--workers", envvar="RQ_WORKERS", default=2, show_default=True, type=click.IntRange(1, 16), help="RQ workers.")
@click.option("--with-parent", is_flag=True, help="Stop when the process that started this one ends, however it ends.")
def up(data: Path, port: int, mail_port: int, workers: int, with_parent: bool) -> None:
    """Start everything on this machine: PostgreSQL, Valkey, web, workers, mail, simulated agencies, development sign-in. Ctrl-C stops it."""
    if with_parent:
        die_with_parent()
    root = click.get_current_context().find_root()
    commands = root.command.list_commands(root) if isinstance(root.command, click.Group) else []
    plan = Plan(data.absolute(), port, mail_port, workers, frozenset(commands))
    try:
        catalogue = load()
        everybody = people(catalogue.agencies.values(), front_office(catalogue), catalogue.services)
        with one_machine(plan, signers(catalogue), everybody, say=_say) as portal:
            _table(portal, everybody)
            portal.stay()
            _say("stopping")
    except Stopped:
        _say("stopped while starting")
    except CatalogueFaults as error:
        raise click.ClickException(f"the definitions have faults:\n{error}") from None
    except (AlreadyRunning, Taken, NoServer, NoAccount, PartFailed, OSError) as error:
        raise click.ClickException(str(error)) from None


def signers(catalogue: Catalogue) -> list[str]:
    """Everybody we share a secret with: agencies, and the accounts of their providers of card payments."""
    return [*catalogue.agencies, *sorted({agency.card.account for agency in catalogue.agencies.values() if agency.card})]


def _say(line: str) -> None:
    """To whoever still reads."""
    with suppress(OSError):
        click.echo(line)
        sys.stdout.flush()


def _table(portal: OneMachine, everybody: list[Person]) -> None:
    url, data, environment = portal.plan.url, portal.plan.data, portal.environment
    rows = [
        ("portal", f"{url}/   API to read and try {url}/docs   journeys {url}/docs/journeys   OpenAPI {url}/api/openapi.json"),
        ("mail in", f"127.0.0.1:{portal.plan.mail_port} (SMTP, any recipient)"),
        ("mail out", "kept here: portal mailbox --list"),
        ("texts", "kept here: portal texts; portal texts --write 'there is a pothole' begins a conversation"),
        ("PostgreSQL", environment["DATABASE_URL"]),
        ("Redis", environment["REDIS_URL"]),
        ("data, logs", f"{data}, {data / 'logs'}"),
        ("sign in", f"{url}/sign-in   or a bearer token: portal token --as NAME; as one of"),
        *(("", f"{one.id:<28} {', '.join(one.roles):<24} {one.name}") for one in everybody if not one.id.endswith("-2")),
        ("", "and a second person of each team, NAME-2"),
    ]
    for label, text in rows:
        _say(f"{label:<12} {text}")
    _say(f"ready {url}")
