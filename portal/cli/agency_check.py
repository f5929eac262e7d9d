"""`portal check --agencies`: every adapter against the contract and against a stand-in, as a table of what was proved."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from portal.catalogue.definitions import Agency, Catalogue
from portal.catalogue.faults import instead
from portal.local.agency_trial import FILE_WAYS, WAYS, tried, tried_files
from portal.plugins import discovery
from portal.plugins.agency import Files, Reach
from portal.plugins.proofs import RULES, Trial, faults, sample


def check_agencies(catalogue: Catalogue, wanted: str) -> None:
    """Prints a line for each agency, rule and way; exits with 1 where something is against the contract. `wanted`: one agency, or `*`."""
    if wanted != "*" and wanted not in catalogue.agencies:
        raise click.ClickException(f"there is no agency `{wanted}`: {instead(wanted, set(catalogue.agencies))}")
    bad = 0
    for agency in catalogue.agencies.values():
        if wanted in ("*", agency.id):
            lines = list(_lines(agency))
            bad += sum(fault is not None for _, _, fault in lines)
            click.echo(f"{agency.id}: adapter {agency.adapter}, promise {agency.promise}")
            for name, says, fault in lines:
                if fault is not None or wanted != "*":
                    click.echo(f"  {'FAULT' if fault else 'ok   '}  {name:<17} {fault or says}")
            click.echo(f"  {sum(fault is None for _, _, fault in lines)} proved, {sum(fault is not None for _, _, fault in lines)} faults")
    sys.exit(1 if bad else 0)


def _lines(agency: Agency) -> Iterator[tuple[str, str, str | None]]:
    """Rule or way, what it says, and the fault or None."""
    try:
        adapter = discovery.adapter(agency.adapter, agency.id)
    except (LookupError, discovery.BadContent) as trouble:
        yield "adapter", "", str(trouble)
        return
    section = agency.open311 or agency.mail or agency.batch
    endpoint = agency.endpoint if agency.endpoint and not agency.endpoint.startswith("$") else "https://agency.example/in"
    reach = Reach(endpoint, asdict(section) if section else {}, None)
    trial_reach = Reach(endpoint, {**reach.options, "codes": {"pothole": "001"}} if agency.open311 else reach.options, None)
    trial = Trial(adapter, sample(agency.id, trial_reach))
    for name, rule in RULES.items():
        found = faults(name, trial)
        yield name, (rule.__doc__ or "").splitlines()[0], "; ".join(found) or None
    if agency.batch and isinstance(adapter, Files):
        for way, fault in tried_files(agency, adapter, reach).items():
            yield f"stand-in {way}", FILE_WAYS[way][0], fault
    for way, fault in tried(agency.id, agency.adapter, adapter, reach).items():
        yield f"stand-in {way}", WAYS[way][0], fault
