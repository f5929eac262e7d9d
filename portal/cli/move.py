"""`portal move`: brings running cases to another version of their journey, or says what that would do; and back again before it was used."""

from __future__ import annotations

import getpass
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

if TYPE_CHECKING:
    from portal.unit_of_work import Portal
    from portal.workflow.crossing import Line

#: Lines of a dry run that are shown without --all.
MOST = 20
#: A batch takes less: until then the workers leave the move to this command.
MINE = timedelta(seconds=30)


@click.command()
@click.argument("journey", required=False)
@click.option("--from", "from_", metavar="NUMBER|HASH", help="The version cases are on; without it every other one.")
@click.option("--to", metavar="NUMBER|HASH", help="The version they go to; without it the present one.")
@click.option("--mapping", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="YAML that says where steps go (journeys/README.md).")
@click.option("--service", help="Only cases of this service.")
@click.option("--limit", type=click.IntRange(1), help="At most so many cases.")
@click.option("--dry-run", is_flag=True, help="Write nothing; list what would become of each case.")
@click.option("--all", "whole", is_flag=True, help="List every case.")
@click.option("--json", "as_json", is_flag=True, help="The list as JSON, one case a line, and the totals last.")
@click.option("--continue", "again", metavar="ID", type=click.UUID, help="Go on with a move that was stopped.")
@click.option("--undo", metavar="ID", type=click.UUID, help="Undo a move on all cases that have not gone on since.")
def move(
    journey: str | None,
    from_: str | None,
    to: str | None,
    file: Path | None,
    service: str | None,
    limit: int | None,
    dry_run: bool,
    whole: bool,
    as_json: bool,
    again: UUID | None,
    undo: UUID | None,
) -> None:
    """Bring running cases of a journey to another published version.

    What is under way is kept: step runs, tasks, who holds them, promised dates and the law they rest on. A case that could not get to its end from
    where it would stand stays, and the reason is told. Each case is moved once: if this command is stopped, the workers go on with it, or --continue
    does. Exit 1: some cases were held by others all the while.
    """
    from portal.app import build_portal
    from portal.catalogue.faults import CatalogueFaults
    from portal.catalogue.mapping import read_mapping
    from portal.workflow import move_orders, moving

    if sum(one is not None for one in (journey, again, undo)) != 1:
        raise click.UsageError("name a journey, or --continue or --undo with the number of a move")
    portal = build_portal()
    by = f"operator|{getpass.getuser()}"
    tell = _Telling(portal, None if whole else MOST, as_json)
    if journey is None:
        sys.exit(_do(portal, again or _turned_back(portal, undo, by), tell))
    try:
        written = read_mapping(str(file), file.read_bytes()) if file else None
        asked = move_orders.prepare(portal, journey, asked_by=by, from_=from_, to=to, written=written, service=service, most=limit)
    except CatalogueFaults as faults:
        raise click.ClickException(f"the mapping cannot be used:\n{faults}") from None
    if dry_run:
        for lines in moving.preview(portal, asked):
            tell(lines)
        tell.totals("would move", dates=True)
        return
    sys.exit(_do(portal, move_orders.begin(portal, asked, mine=MINE), tell))


def _turned_back(portal: Portal, id: UUID | None, by: str) -> UUID:
    from portal.workflow import move_orders

    assert id is not None
    move_orders.undo(portal, id, by=by)
    return id


def _do(portal: Portal, id: UUID, tell: _Telling) -> int:
    from portal.workflow import move_orders, moving

    if not tell.as_json:
        click.echo(f"move {id} begins; if it is interrupted, the workers go on with it, or `portal move --continue {id}` does", err=True)
    while (done := moving.turn(portal, id, mine=MINE)) is not None and not done.held:
        tell(done.lines)
    tell.totals("moved" if move_orders.one(portal, id).undone_by is None else "brought back")
    if done is not None:
        click.echo(f"{done.held:,} cases are held by others: go on with `portal move --continue {id}`", err=True)
    elif not tell.as_json and tell.moved and move_orders.one(portal, id).undone_by is None:
        click.echo(f"to take it back on all cases that do not go on meanwhile: `portal move --undo {id}`", err=True)
    return 1 if done is not None else 0


class _Telling:
    """One line a case, and the totals."""

    def __init__(self, portal: Portal, most: int | None, as_json: bool) -> None:
        self.portal, self.most, self.as_json = portal, most, as_json
        self.cases = self.moved = self.dates = 0
        self.stays: Counter[str] = Counter()
        self.ways: Counter[tuple[str, str, str]] = Counter()

    def __call__(self, lines: list[Line]) -> None:
        """Lists some cases, as far as there is room, and counts them all."""
        room = len(lines) if self.as_json or self.most is None else max(0, self.most - self.cases)
        shown = lines[:room]
        names = _references(self.portal, [line.case_id for line in shown])
        for line in shown:
            for text in [json.dumps(_plain(line, names))] if self.as_json else _said(line, names):
                click.echo(text)
        self.cases += len(lines)
        for line in lines:
            self.stays.update([line.stays] if line.stays else [])
            self.moved += line.stays is None
            self.dates += sum(date.was != date.due for date in line.dates)
            self.ways.update(line.steps if line.stays is None else ())

    def totals(self, did: str, *, dates: bool = False) -> None:
        """What all of it came to."""
        if self.as_json:
            ways = [{"from": old, "to": new, "how": how, "cases": number} for (old, new, how), number in sorted(self.ways.items())]
            click.echo(json.dumps({"cases": self.cases, "moved": self.moved, "dates": self.dates, "stays": dict(self.stays), "steps": ways}))
            return
        if self.most is not None and self.cases > self.most:
            click.echo(f"... and {self.cases - self.most:,} more (--all)")
        click.echo(f"cases: {self.cases:,}\n{did}: {self.moved:,}" + (f"\ndates that change: {self.dates:,}" if dates else ""))
        for (old, new, how), number in sorted(self.ways.items()):
            click.echo(f"  {old} -> {new} ({how}): {number:,}")
        for why, number in self.stays.most_common():
            click.echo(f"stay, {number:,}: {why}")


def _references(portal: Portal, ids: list[UUID]) -> dict[UUID, str]:
    from portal.workflow.move_orders import references

    return references(portal, ids) if ids else {}


def _said(line: Line, names: dict[UUID, str]) -> Iterator[str]:
    steps = ", ".join(f"{old} -> {new}" + (f" ({how})" if how != "kept" else "") for old, new, how in line.steps)
    yield f"{names.get(line.case_id, line.case_id)}  {steps}" + (f"  STAYS: {line.stays}" if line.stays else "")
    for date in line.dates:
        if date.was != date.due:
            yield f"    {date.standard}: {_at(date.was)} -> {_at(date.due)}"
    if line.dates and all(date.was == date.due for date in line.dates):
        yield "    dates unchanged: " + ", ".join(f"{date.standard} {_at(date.due)}" for date in line.dates)


def _plain(line: Line, names: dict[UUID, str]) -> dict[str, Any]:
    def instant(at: datetime | None) -> str | None:
        return at.isoformat() if at else None

    dates = [{"standard": date.standard, "was": instant(date.was), "due": instant(date.due)} for date in line.dates]
    steps = [{"from": old, "to": new, "how": how} for old, new, how in line.steps]
    return {"reference": names.get(line.case_id), "steps": steps, "dates": dates, "stays": line.stays}


def _at(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z" if at else "-"
