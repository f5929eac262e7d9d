"""`portal kpi`: indicators as a table or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
import orjson

from portal.app import build_portal
from portal.kpi.fold import fold_all
from portal.kpi.instants import instant
from portal.kpi.measures import ORIGINS, SLICES
from portal.kpi.report import Figure, report


class Instant(click.ParamType[datetime]):
    """A date (00:00 UTC) or an RFC 3339 instant with its offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """An aware instant."""
        try:
            return value if isinstance(value, datetime) else instant(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def __init__(self, known: tuple[str, ...]) -> None:
        self.known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The names, in the order they were given."""
        names = tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else tuple(value)
        for name in names:
            if name not in self.known:
                self.fail(f"{name!r} is none of {', '.join(self.known)}", param, ctx)
        return names


@click.command()
@click.option("--from", "since", type=Instant(), help="Closed, for measures of intake received, at or after this instant.")
@click.option("--to", "until", type=Instant(), help="Before this instant.")
@click.option("--by", type=Names(SLICES), default=(), help=f"Slices: {','.join(SLICES)}.")
@click.option("--as-of", type=Instant(), help="Instant at which open and overdue are judged; by default now.")
@click.option("--jurisdiction", help="Whose cases; by default all.")
@click.option("--origin", type=Names(ORIGINS), help="By default live,demo; with --jurisdiction live,demo,replay.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
def kpi(by: tuple[str, ...], origin: tuple[str, ...] | None, as_json: bool, **asked: Any) -> None:
    """Print indicators, from all events there are until now."""
    portal = build_portal()
    try:
        fold_all(portal)
        figures = report(portal, by=by, origins=origin, **asked)
    finally:
        portal.engine.dispose()
    click.echo(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode() if as_json else table(figures, by))


def table(figures: list[Figure], by: tuple[str, ...]) -> str:
    """Columns aligned, numbers to the right."""
    rows = [[*by, "indicator", "value", "n"]]
    rows += [[*(str(one["slice"][name] or "-") for name in by), one["indicator"], SAID[one["unit"]](one["value"]), f"{one['n']:,}"] for one in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    words = len(by) + 1
    cells = ([text.ljust(width) if at < words else text.rjust(width) for at, (text, width) in enumerate(zip(row, widths, strict=True))] for row in rows)
    return "\n".join("  ".join(row).rstrip() for row in cells)


def _mean(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _count(value: int) -> str:
    return f"{value:,}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} %"


def _lasting(seconds: float | None) -> str:
    """`3 d 04:05:06`."""
    if seconds is None:
        return "-"
    days, rest = divmod(abs(round(seconds)), 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{'-' if seconds < 0 else ''}{days} d {clock}"


#: How a value is told, by its unit.
SAID: dict[str, Callable[[Any], str]] = {"requests": _count, "percent": _percent, "seconds": _lasting, "referrals": _mean}
