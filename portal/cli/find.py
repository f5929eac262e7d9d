"""`portal find`: the services a sentence may mean, and why; `--learn` learns anew from where requests ended and says how well that finds them."""

from __future__ import annotations

import json

import click

from portal.app import build_portal
from portal.catalogue import find as finding_words
from portal.kpi import finding
from portal.kpi.finding import Figures

ADVICE = {"straight": "goes straight to the first", "choose": "the person chooses among these", "people": "people find its door"}


@click.command()
@click.argument("text", required=False)
@click.option("--learn", "learns", is_flag=True, help="Learn anew from where requests ended; used only where it finds more of those held out.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def find(text: str | None, learns: bool, as_json: bool) -> None:
    """List the services a sentence may mean, the best first, with the words that spoke for each."""
    portal = build_portal()
    if learns:
        lesson = finding.relearn(portal)
        if lesson is None:
            raise click.ClickException(f"Fewer than {finding.LEAST} requests in words have ended: nothing was learned.")
        said = {"share": lesson.share, "alone": lesson.alone.told(), "together": lesson.figures.told()}
        click.echo(json.dumps(said) if as_json else _lesson(lesson.share, lesson.alone, lesson.figures))
        return
    if not (text or "").strip():
        raise click.UsageError("Say what is wanted, in a sentence, or write --learn.")
    finding.fresh(portal)
    ranked = finding_words.rank(portal.catalogue, text or "")
    if as_json:
        items = [{"service": one.service_id, "score": round(one.score, 4), "why": list(one.why)} for one in ranked[:5]]
        click.echo(json.dumps({"advice": finding_words.advice(ranked), "items": items}, ensure_ascii=False))
        return
    for one in ranked[:5]:
        click.echo(f"{one.score:6.3f}  {one.service_id:32}  {', '.join(one.why)}")
    click.echo(ADVICE[finding_words.advice(ranked)])


def _lesson(share: float, alone: Figures, together: Figures) -> str:
    lines = [f"{'':24} {'words alone':>12} {'with learned':>12}"]
    for name, says in (
        ("first", "is the first"),
        ("among_three", "is among three"),
        ("sure", "sure of"),
        ("right_of_sure", "right, of sure"),
        ("wrong_agency_of_sure", "wrong agency, of sure"),
        ("surprise", "Brier score of the first"),
    ):
        lines.append(f"{says:24} {getattr(alone, name):>12.4f} {getattr(together, name):>12.4f}")
    lines.append(f"{alone.n} requests held out; " + (f"used with a share of {share}" if share else "not better, and not used"))
    return "\n".join(lines)
