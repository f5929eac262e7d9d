"""`portal rebuild`: the figures' facts again from the events alone."""

from __future__ import annotations

import sys

import click

from portal.app import build_portal
from portal.kpi import rebuild as again


@click.command()
@click.option("--compare", is_flag=True, help="Only compare; exit 1 where any row differs.")
def rebuild(compare: bool) -> None:
    """Make the figures again from the events alone; with --compare, only say whether they would differ."""
    portal = build_portal()
    try:
        result = again.rebuild(portal, replace=not compare)
    finally:
        portal.engine.dispose()
    for difference in result.differences:
        click.echo(_line(difference))
    if result.differing > len(result.differences):
        click.echo(f"... and {result.differing - len(result.differences)} more")
    done = "differ" if compare else "differed and were put right"
    click.echo(f"{result.events} events of {result.cases} cases read; {result.differing} rows {done}")
    sys.exit(1 if compare and result.differing else 0)


def _line(one: again.Difference) -> str:
    key = " ".join(f"{name}={value}" for name, value in one.key.items())
    if one.stood is None:
        return f"{one.table} {key}: the row is missing"
    if one.belongs is None:
        return f"{one.table} {key}: the row is one too many"
    return f"{one.table} {key}: " + "; ".join(f"{name} is {one.stood[name]!r}, the events say {one.belongs[name]!r}" for name in one.stood)
