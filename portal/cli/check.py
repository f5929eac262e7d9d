"""`portal check`: every definition, and each fault with its place and what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from portal.catalogue.definitions import Catalogue
from portal.catalogue.documents import Positions
from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from portal.standards.terms import parse_term


@click.command()
@click.argument("directories", nargs=-1, metavar="[DIR]...", type=click.Path(path_type=Path))
def check(directories: tuple[Path, ...]) -> None:
    """Check every definition: those installed, or those in the folders named.

    A DIR holds `services/` and `journeys/`, or is one of these, or one agency's folder. What such a part refers to and has no place
    for is looked up among the installed definitions. Exit status: 0 all is well, 1 there are faults, 2 a DIR cannot be used.
    """
    try:
        catalogue = load(directories=directories, resolve_calendar=resolve, checks=(terms,))
    except CatalogueFaults as trouble:
        click.echo(str(trouble))
        click.echo(f"{len(trouble.faults)} faults in {len({fault.file for fault in trouble.faults})} files", err=True)
        sys.exit(1)
    except (NotADirectoryError, ValueError) as trouble:
        click.echo(f"portal check: {trouble}", err=True)
        sys.exit(2)
    if not catalogue.services:
        click.echo("portal check: no content is installed; name the folders to check", err=True)
        sys.exit(1)
    counted = (
        f"{len(catalogue.agencies)} agencies, {len(catalogue.services)} services, {len(catalogue.journeys)} journeys, {len(catalogue.calendars)} calendars"
    )
    click.echo(f"{counted}: no faults")


def terms(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """Terms whose unit and way of counting have no meaning together."""
    for service in catalogue.services.values():
        for index, standard in enumerate(service.standards):
            try:
                parse_term(standard.within, profile=standard.profile)
            except ValueError as wrong:
                yield positions.fault("service", service.id, ("standards", index, "within"), str(wrong))
