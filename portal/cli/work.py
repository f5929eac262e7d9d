"""`portal work`: one RQ worker on one queue."""

from __future__ import annotations

from functools import partial

import click


@click.command()
@click.option("--queue", required=True, metavar="NAME", help="The one queue it works on: portal-1, portal-2, ... up to RQ_WORKERS.")
@click.option("--memory", default=512, show_default=True, type=click.IntRange(min=64), help="MiB above which it ends after a job, to be started again.")
def work(queue: str, memory: int) -> None:
    """Do what RQ wakes us for. Start one for each queue."""
    from portal.app import build_portal
    from portal.cli.telling import begin
    from portal.jobs.tasks import TASKS
    from portal.jobs.wake import queue_names
    from portal.jobs.worker import serve
    from portal.settings import settings
    from portal.unit_of_work import keep_for_good

    now = settings()
    begin(now, "work")
    portal = build_portal(now)
    known = queue_names(portal.settings.rq_workers)
    if queue not in known:
        raise click.UsageError(f"nobody would put jobs on {queue!r}: the queues are {', '.join(known)} (RQ_WORKERS={portal.settings.rq_workers})")
    keep_for_good()
    click.echo(f"working on {queue}")
    serve(queue, {kind: partial(task, portal) for kind, task in TASKS.items()}, redis_url=portal.settings.redis_url, memory=memory)
