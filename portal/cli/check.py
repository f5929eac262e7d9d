"""`portal check`: every definition, and each fault with its place and what to write instead."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from portal.catalogue.definitions import Catalogue
from portal.catalogue.documents import Positions
from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.language_rules import spoken
from portal.catalogue.load import load
from portal.catalogue.promise_rules import warnings
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS


@click.command()
@click.option("--agencies", is_flag=False, flag_value="*", default=None, metavar="[AGENCY]", help="Prove adapters as well: all, or those of one agency.")
@click.option("--languages", default="", metavar="CODES", help="Demand every text in these languages too, such as `en,fr,es,ar`.")
@click.argument("directories", nargs=-1, metavar="[DIR]...", type=click.Path(path_type=Path))
def check(directories: tuple[Path, ...], agencies: str | None, languages: str) -> None:
    """Check every definition: those installed, or those in the folders named.

    A DIR holds `services/` and `journeys/`, or is one of these, or one agency's folder. What such a part refers to and has no place
    for is looked up among the installed definitions. Every journey is gone through to its ends, whatever happens in it. Exit status:
    0 all is well (there may be warnings), 1 there are faults, 2 a DIR cannot be used.

    With --agencies, adapters are tried against the contract, and those that ship against a stand-in that works, refuses, breaks, hangs and lies.
    """
    warned: list[Fault] = []

    def warn(catalogue: Catalogue, positions: Positions) -> tuple[Fault, ...]:
        warned.extend(warnings(catalogue, positions))
        return ()

    try:
        catalogue = load(directories=directories, resolve_calendar=resolve, checks=(*CHECKS, warn, spoken(tuple(filter(None, languages.split(","))))))
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
    for fault in sorted(set(warned)):
        click.echo(f"{fault.file}:{fault.line}:{fault.column}: warning: {fault.message}")
    counted = (
        f"{len(catalogue.agencies)} agencies, {len(catalogue.services)} services, {len(catalogue.journeys)} journeys, {len(catalogue.calendars)} calendars"
    )
    click.echo(f"{counted}: no faults")
    if agencies:
        from portal.cli.agency_check import check_agencies

        check_agencies(catalogue, agencies)
