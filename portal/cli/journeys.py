"""`portal journeys`: journeys in the terminal, with the cases that are at each step where a portal runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import click

from portal.catalogue.definitions import Catalogue, Journey
from portal.catalogue.faults import CatalogueFaults, instead
from portal.catalogue.load import load
from portal.views.journey import END, StepLine, lines, text, words
from portal.views.layers import layout


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
@click.option("--language", default="en", show_default=True, help="Language of titles.")
@click.option("--svg", is_flag=True, help="The picture as SVG instead.")
def show(name: str, language: str, svg: bool) -> None:
    """Draw one journey: its steps layer by layer, who does them, what is promised, where they lead, and how many cases are there now."""
    catalogue = _catalogue()
    journey = catalogue.journeys.get(name)
    if journey is None:
        raise click.ClickException(f"there is no journey `{name}`: {instead(name, catalogue.journeys)}")
    steps = lines(catalogue, journey, language, _live(name))
    if svg:
        from portal.views.diagram import diagram

        click.echo(diagram(journey, steps, text(journey.title, language), language=language), nl=False)
        return
    for row in drawn(catalogue, journey, steps, language):
        click.echo(row)


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
            yield from (f"{rail}  {way}" for way in _ways(step, said))


def _ways(step: StepLine, said: Mapping[str, str]) -> list[str]:
    if step.at_once:
        return [f"→ {' + '.join(way.to for way in step.ways)}"]
    return [f"→ {said['end'] if way.to == END else way.to}" + (f"   ({way.label})" if way.label else "") for way in step.ways]


def _catalogue() -> Catalogue:
    try:
        return load()
    except CatalogueFaults as trouble:
        raise click.ClickException(f"the definitions have faults:\n{trouble}") from None


def _live(name: str) -> dict[str, int] | None:
    """Counted where a portal runs on DATA or DATABASE_URL is set; None where none does. A champion sees the cases of all agencies."""
    from portal.local.running import adopt

    if not adopt(os.environ.get("DATA", "var")):
        return None
    from portal.app import build_portal
    from portal.errors import Unavailable
    from portal.unit_of_work import Principal
    from portal.views.journey import live

    portal = build_portal()
    try:
        with portal.work(Principal("champion", subject="portal")) as work:
            return live(work, name)
    except Unavailable as refused:
        click.echo(f"no counts: {refused.detail}", err=True)
        return None
    finally:
        portal.engine.dispose()
