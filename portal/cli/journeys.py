"""`portal journeys`: journeys in the terminal, with the cases that are at each step where a portal runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from portal.catalogue.definitions import Catalogue, Journey
from portal.catalogue.faults import CatalogueFaults, instead
from portal.catalogue.load import load
from portal.views.journey import END, StepLine, Way, lines, text, words
from portal.views.layers import layout

if TYPE_CHECKING:
    from portal.views.versions import Version


@click.group()
def journeys() -> None:
    """Show how life events get done: `portal journeys show NAME`, `portal journeys list`."""


@journeys.command("list")
@click.option("--language", default="en", show_default=True, help="Language of the titles.")
def list_journeys(language: str) -> None:
    """All journeys, with the services that use them."""
    catalogue = _catalogue()
    rows = [
        (one.id, f"v{one.version}", f"{len(one.steps)} steps", text(one.title, language), ", ".join(users(catalogue, one)))
        for one in catalogue.journeys.values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@journeys.command()
@click.argument("name")
@click.option("--version", "asked", metavar="NUMBER|HASH", help="A published version; without it the present one.")
@click.option("--language", default="en", show_default=True, help="Language of titles.")
@click.option("--svg", is_flag=True, help="The picture as SVG instead.")
def show(name: str, asked: str | None, language: str, svg: bool) -> None:
    """Draw one journey: its steps layer by layer, who does them, what is promised, where they lead, and how many cases are there now."""
    catalogue = _catalogue()
    journey, known, shown = catalogue.journeys.get(name), [], None
    if journey is None and asked is None:
        raise click.ClickException(f"there is no journey `{name}`: {instead(name, catalogue.journeys)}")
    seen = _seen(name, asked)
    if seen is not None:
        known, shown, journey = seen[0], seen[1], seen[2] or journey
    elif asked is not None:
        raise click.ClickException("published versions are in the database: start the portal, or set DATABASE_URL")
    assert journey is not None
    steps = lines(catalogue, journey, language, None if seen is None else shown.steps if shown else {})
    if svg:
        from portal.views.diagram import diagram

        click.echo(diagram(journey, steps, text(journey.title, language), language=language), nl=False)
        return
    for row in drawn(catalogue, journey, steps, language):
        click.echo(row)
    for one in known if len(known) > 1 else ():
        there = ", ".join(f"{step} {number}" for step, number in sorted(one.steps.items()))
        since = f"{one.published_at:%Y-%m-%d}" if one.published_at else "not published"
        click.echo(f"version {one.number} ({one.short}), {since}: {one.running:,} under way{': ' + there if there else ''}")


def users(catalogue: Catalogue, journey: Journey) -> list[str]:
    """Services that use it."""
    return [service.id for service in catalogue.services.values() if service.journey == journey.id]


def drawn(catalogue: Catalogue, journey: Journey, steps: list[StepLine], language: str) -> Iterator[str]:
    """The lines of the drawing; a layer has the steps that may be under way when those above it are done."""
    said, by_id = words(language), {step.id: step for step in steps}
    used = ", ".join(users(catalogue, journey)) or "-"
    yield f"{text(journey.title, language)} ({journey.id}, version {journey.version}; used by {used})"
    rows = [[name for name in row if name in by_id] for row in layout(journey).rows]
    for number, row in enumerate(filter(None, rows), 1):
        for place, id in enumerate(row):
            step = by_id[id]
            head = f"{number:>3} {'┬' if place == 0 and len(row) > 1 else '└' if place and place == len(row) - 1 else '├' if place else '─'} "
            rail = f"    {'│' if place < len(row) - 1 else ' '} "
            count = f"   [{step.live} {said['now']}]" if step.live is not None and step.kind not in ("join", "notify") else ""
            yield f"{head}{click.style(id, bold=True)}: {step.title}{count}"
            if about := ", ".join(filter(None, (step.says, *step.promises))):
                yield f"{rail}  {about}"
            if step.leads:
                yield f"{rail}  portal journeys show {step.leads}" + (f"   ({step.when})" if step.when else "")
            yield from (f"{rail}  {way}" for way in _ways(step, said))


def _ways(step: StepLine, said: Mapping[str, str]) -> list[str]:
    if step.at_once:
        return [f"→ {' + '.join(way.to for way in step.ways if not way.label)}", *(_said(way, said) for way in step.ways if way.label)]
    return [_said(way, said) for way in step.ways]


def _said(way: Way, said: Mapping[str, str]) -> str:
    return f"→ {said['end'] if way.to == END else way.to}" + (f"   ({way.label})" if way.label else "")


def _catalogue() -> Catalogue:
    try:
        return load()
    except CatalogueFaults as trouble:
        raise click.ClickException(f"the definitions have faults:\n{trouble}") from None


def _seen(name: str, asked: str | None) -> tuple[list[Version], Version | None, Journey | None] | None:
    """Versions with counts, the one to be shown, and its definition where it was asked for; None where no portal runs on DATA and no DATABASE_URL is set.

    A champion sees the cases of all agencies.
    """
    from portal.local.running import adopt

    if not adopt(os.environ.get("DATA", "var")):
        return None
    from portal.app import build_portal
    from portal.errors import Unavailable
    from portal.unit_of_work import READER
    from portal.views.versions import definition, of, published

    portal = build_portal()
    try:
        with portal.work(READER) as work:
            known = published(work, name, counted=True)
            shown = of(known, asked)[-1] if asked is not None else next((one for one in known if one.present), None)
            return known, shown, definition(work, shown) if shown and asked is not None else None
    except Unavailable as refused:
        click.echo(f"no counts: {refused.detail}", err=True)
        return None
    finally:
        portal.engine.dispose()
