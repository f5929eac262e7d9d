"""`portal replan`: brings the open cases of a changed calendar to its present version, or says what that would do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from portal.standards.replan import Change, Outcome, Progress, Target
    from portal.unit_of_work import Portal, Work

#: Lines of a preview that are shown without --all.
MOST = 20
_SAYS = {
    "same": "date stays",
    "later": "later",
    "earlier": "earlier",
    "kept": "kept as promised (the date would be earlier, or has passed)",
}


@click.command()
@click.argument("calendar", metavar="AGENCY/CALENDAR")
@click.option("--preview", is_flag=True, help="Write nothing; list the dates that would change.")
@click.option("--also-earlier", is_flag=True, help="Also make dates earlier. Without it, a promise once given is never shortened.")
@click.option("--workers", type=click.IntRange(1, 16), default=min(os.cpu_count() or 1, 4), show_default=True, help="Processes that share the work.")
@click.option("--all", "whole", is_flag=True, help="List every date that would change.")
def replan(calendar: str, preview: bool, also_earlier: bool, workers: int, whole: bool) -> None:
    """Compute the dates of open cases anew on the present version of a calendar, which `portal publish` has stored.

    Publishing alone moves no date. Each case gets its events and each citizen whose date moves is told. It can be stopped at any time and run
    again: what is done stays done. Exit 1: some cases were held by others all the while; run it again.
    """
    from portal.app import build_portal
    from portal.standards.replan import target
    from portal.unit_of_work import keep_for_good

    portal = build_portal()
    keep_for_good()
    of = target(portal, calendar)
    click.echo(f"{of.calendar}: {len(of.older)} earlier {'version' if len(of.older) == 1 else 'versions'}, present version {of.hash[:12]}")
    sys.exit(_preview(portal, of, also_earlier, None if whole else MOST) if preview else _apply(portal, of, also_earlier, workers))


def _apply(portal: Portal, of: Target, also_earlier: bool, workers: int) -> int:
    from portal.standards.replan import replan as apply

    begun = perf_counter()
    with _progress() as progress:
        outcome = apply(portal, of, also_earlier=also_earlier, progress=progress, workers=workers)
    seconds = perf_counter() - begun
    _count(outcome, "cases told of a new date")
    click.echo(f"seconds: {seconds:.1f}")
    if outcome.busy:
        click.echo(f"{outcome.busy:,} cases were held by others all the while: run this again", err=True)
    return 1 if outcome.busy else 0


def _preview(portal: Portal, of: Target, also_earlier: bool, most: int | None) -> int:
    from portal.parties.register import reachable
    from portal.standards.replan import Outcome, promised
    from portal.standards.replan import preview as look

    outcome, citizens, shown, moving = Outcome.none(), 0, 0, 0
    zone = ZoneInfo(portal.catalogue.calendars[of.calendar]["zone"])
    for work, page in look(portal, of, also_earlier=also_earlier):
        for some in page.values():
            outcome.count(some)
        citizens += reachable(work, [case_id for case_id, some in page.items() if promised(some)])
        moves = [change for some in page.values() for change in some if change.moves]
        moving += len(moves)
        listed = moves if most is None else moves[: most - shown]
        shown += len(listed)
        for line in _lines(work, listed, zone):
            click.echo(line)
    if moving > shown:
        click.echo(f"... and {moving - shown:,} more (--all)")
    _count(outcome, "cases whose promised date would change")
    click.echo(f"citizens to be told: {citizens:,}")
    return 0


def _lines(work: Work, some: list[Change], zone: ZoneInfo) -> Iterator[str]:
    """One line a clock that would get another date."""
    from portal.access.scoping import visible
    from portal.cases.registry import references_of

    if some:
        known = {row["case_id"]: row["reference"] for row in work.run(visible(work, references_of({change.case_id for change in some})))}
        yield from (f"{known[one.case_id]}  {one.standard:20} {_at(one.due_from, zone)} -> {_at(one.due_at, zone)}" for one in some)


def _at(instant: datetime, zone: ZoneInfo) -> str:
    """The end of a day is that day, not the next."""
    from portal.standards.terms import last_moment

    day, time = last_moment(instant, zone)
    return f"{day:%a %Y-%m-%d} {time:%H:%M}" if time else f"{day:%a %Y-%m-%d}      "


def _count(outcome: Outcome, told: str) -> None:
    click.echo(f"cases: {outcome.cases:,}\nclocks: {outcome.fates.total():,}")
    for fate, says in _SAYS.items():
        if count := outcome.fates[fate]:  # type: ignore[index]
            click.echo(f"  {says}: {count:,}")
    click.echo(f"{told}: {outcome.told:,}")


@contextmanager
def _progress() -> Iterator[Progress]:
    """A line that grows on a terminal; a line every ten seconds elsewhere."""
    terminal = sys.stderr.isatty()
    begun = told = perf_counter()

    def tell(done: int, of: int) -> None:
        nonlocal told
        if perf_counter() - told >= (0.2 if terminal else 10.0):
            told = perf_counter()
            line = f"{done:,} of {of:,} cases, {done / (told - begun):,.0f} a second"
            click.echo(f"\r{line}" if terminal else line, err=True, nl=not terminal)

    yield tell
    if terminal:
        click.echo("\r\033[K", err=True, nl=False)
