"""`portal calendars`: the calendars of an agency, their stored versions, and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import click

#: Coming days off and days of other hours that are shown.
SOON = 6
#: Lines of difference that are shown of one version without --all.
MOST = 12


@click.command()
@click.argument("agency", required=False, metavar="[AGENCY[/CALENDAR]]")
@click.option("--all", "whole", is_flag=True, help="Show every difference between two versions.")
def calendars(agency: str | None, whole: bool) -> None:
    """Show hours, the next days off, and the versions that are stored with what changed in each.

    The version marked * is the one new cases get. Cases begun before keep theirs until `portal replan AGENCY/CALENDAR`; how many such
    clocks are still open is shown with each version.
    """
    from portal.app import build_portal
    from portal.catalogue.versions import versions
    from portal.standards.replan import running
    from portal.unit_of_work import READER

    portal = build_portal()
    wanted = [id for id in sorted(portal.catalogue.calendars) if agency in (None, id, id.partition("/")[0])]
    if not wanted:
        raise click.ClickException(f"`{agency}` has no calendar; calendars are {', '.join(sorted(portal.catalogue.calendars))}")
    with portal.work(READER) as work:
        stored = {id: list(rows) for id, rows in groupby(work.run(versions("calendar")), key=itemgetter("id"))}
        open_clocks = running(work)
        now = work.now
    for id in wanted:
        present = portal.catalogue.hashes["calendar", id]
        click.echo("\n".join(_told(id, portal.catalogue.calendars[id], now, present, stored.get(id, []), open_clocks, most=None if whole else MOST)))


def _told(
    id: str, body: Mapping[str, Any], now: datetime, present: str, stored: list[dict[str, Any]], open_clocks: Mapping[str, int], *, most: int | None
) -> Iterator[str]:
    yield f"{id}  {body['zone']}"
    yield from (f"  {line}" for line in (*_week(body), *_soon(body, now)))
    for before, row in pairwise([None, *stored]):
        assert row is not None
        published = f"{row['published_at']:%Y-%m-%d %H:%M}"
        yield f"  {'*' if row['hash'] == present else ' '} {row['hash'][:12]}  published {published} UTC  {open_clocks.get(row['hash'], 0):,} open clocks"
        yield from (f"      {line}" for line in _changed(before, row, most))
    if present not in {row["hash"] for row in stored}:
        yield f"  * {present[:12]}  not published"
        yield from (f"      {line}" for line in _changed(stored[-1] if stored else None, {"body": body}, most))


def _changed(before: dict[str, Any] | None, after: dict[str, Any], most: int | None) -> Iterator[str]:
    from portal.standards.differences import differences

    lines = differences(before["body"], after["body"]) if before else []
    yield from lines[:most]
    if most is not None and len(lines) > most:
        yield f"... and {len(lines) - most} more (--all)"


def _week(body: Mapping[str, Any]) -> Iterator[str]:
    """Days with the same hours on one line."""
    from portal.standards.differences import hours
    from portal.standards.resolve import WEEKDAYS

    for told, days in groupby(WEEKDAYS, key=lambda day: hours(body["weekly"].get(day, ()))):
        named = list(days)
        yield f"{named[0] if len(named) == 1 else f'{named[0]}-{named[-1]}':8} {told}"


def _soon(body: Mapping[str, Any], now: datetime) -> Iterator[str]:
    from portal.standards.differences import hours, named

    today = now.astimezone(ZoneInfo(body["zone"])).date().isoformat()
    off = sorted(day for days in body["holidays"].values() for day in days if day >= today)
    if off:
        yield "days off  " + ", ".join(named(day) for day in islice(off, SOON))
    other = sorted(day for day in body["special"] if day >= today)
    if other:
        yield "other hours  " + ", ".join(f"{named(day)} {hours(body['special'][day])}" for day in islice(other, SOON))
