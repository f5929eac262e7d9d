"""`portal sweep`: finds what is due and sees that it is done."""

from __future__ import annotations

import signal
from functools import partial

import click


@click.command()
def sweep() -> None:
    """Look for what is due, nudge the workers, and do it where they do not. Several copies may run."""
    from portal.app import build_portal
    from portal.cli.telling import begin
    from portal.jobs.sweeper import Sweeper
    from portal.jobs.tasks import TASKS
    from portal.settings import settings
    from portal.unit_of_work import keep_for_good

    now = settings()
    begin(now, "sweep")
    portal = build_portal(now)
    sweeper = Sweeper(portal, {kind: partial(task, portal) for kind, task in TASKS.items()})

    def asked(number: int, frame: object) -> None:
        sweeper.stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    keep_for_good()
    click.echo("sweeping")
    sweeper.run()
