"""`portal why REFERENCE`: the dates of a case, explained from its events."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from portal.app import build_portal
from portal.cases import reference as references
from portal.cases import registry
from portal.standards import clocks
from portal.unit_of_work import ENGINE, Portal
from portal.views import why as reasons


@click.command()
@click.argument("reference")
@click.option("--language", default="en", show_default=True, help="Of the sentences: en or fr.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="As it stood then; the database's time where it is not given.")
@click.option("--json", "as_json", is_flag=True, help="Sentences, intervals and who held the case, as JSON.")
def why(reference: str, language: str, at: datetime | None, as_json: bool) -> None:
    """Explain each date of the case REFERENCE, sentence by sentence, from the log alone."""
    found = explained(build_portal(), reference, language=language, at=at)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo(f"{one['standard']} ({one['covers']}, {one['status']})")
        for sentence in one["sentences"]:
            click.echo(f"  {sentence}")
        click.echo()


def explained(portal: Portal, reference: str, *, language: str, at: datetime | None = None) -> list[dict[str, Any]]:
    """Each clock of the case with its sentences, intervals and holders; NotFound for a reference that is not there."""
    with portal.work(ENGINE, at=at) as work:
        case_id, _ = registry.find(work, references.read(reference))
        work.narrow([case_id])
        told = reasons.of_case(work, case_id, now=work.now, language=language)
        return [
            {"standard": row["standard"], "covers": row["covers"], "status": row["status"], **told[str(row["id"])]} for row in clocks.of_case(work, case_id)
        ]
