"""`portal chance`: running cases that may miss their date; and how well such chances were told, on months that came after the fit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
import orjson

from portal.app import build_portal
from portal.cli.kpi import Instant
from portal.errors import NotFound
from portal.kpi.calibration import INSTANTS, Estimate, Tenth, tenths
from portal.kpi.chance import check, fitted, keep, only_jurisdiction, threatened
from portal.kpi.fold import fold_all
from portal.unit_of_work import FIGURES, Portal

#: Tenths with fewer cases are printed and not judged.
JUDGED = 100
#: Points by which the share that missed may lie beside the chance told.
WITHIN = 5.0
_SAID = {"none": "none is needed", "each": "every part of the estimate weighed anew", "slope": "only how far the estimate is to be trusted"}


@click.command()
@click.option("--fit", "fits", is_flag=True, help="Fit on the history and print how well the months after it are told.")
@click.option("--until", type=Instant(), help="Fit on what was known then; by default now.")
@click.option("--check-from", "since", type=Instant(), help="Check on cases received from then on; by default from --until on.")
@click.option("--check-to", "to", type=Instant(), help="Check on cases due by then; by default now.")
@click.option("--keep", "keeps", is_flag=True, help="Store the fitted model, to be told from.")
@click.option(
    "--at-least", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Without --fit: list running cases with this chance or a greater one."
)
@click.option("--as-of", type=Instant(), help="Without --fit: at that instant; by default now.")
@click.option("--jurisdiction", help="Whose cases; may be left out where there is one only.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def chance(fits: bool, jurisdiction: str | None, as_json: bool, at_least: float, as_of: datetime | None, **asked: Any) -> None:
    """List running cases by their chance of missing their date, or (--fit) fit that chance and check it."""
    portal = build_portal()
    try:
        fold_all(portal)
        whose = jurisdiction or only_jurisdiction(portal)
        if fits:
            found = _fit(portal, whose, **asked)
            click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() if as_json else calibration(found))
        else:
            rows = [asdict(one) for one in threatened(portal, whose, at_least=at_least, now=as_of)]
            lines = (f"{one['chance']:6.1%}  due {one['due_at']:%Y-%m-%d %H:%M}Z  {one['case_id']}  model {one['model']}" for one in rows)
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(lines) or "none")
    finally:
        portal.engine.dispose()


def _fit(portal: Portal, whose: str, *, until: datetime | None, since: datetime | None, to: datetime | None, keeps: bool) -> dict[str, Any]:
    with portal.work(FIGURES) as work:
        at, end = until or work.now, to or work.now
        found = fitted(work, whose, at)
        if found is None:
            raise NotFound(f"Too few cases of {whose} fell due before {at:%Y-%m-%d} to tell a chance from.")
        name, model = found
        told = {
            "jurisdiction": whose,
            "model": name,
            "learned": model.learned,
            "correction": model.choice.correction.written(),
            "until": at,
            "check_from": since or at,
            "check_to": end,
        }
        if keeps:
            keep(work, whose, model)
        estimates = check(work, whose, model, since=since or at, to=end)
    return {**told, **judged(estimates), "by_instant": {f"{share:g}": _rows(one for one in estimates if one.share == share) for share in INSTANTS}}


def judged(estimates: list[Estimate]) -> dict[str, Any]:
    """The table, by how much the worst judged tenth was told wrong, and the error of all (Brier score) beside that of one share told to everybody."""
    rows = tenths(estimates)
    worst = max((row.off for row in rows if row.cases >= JUDGED), default=None)
    size = max(1, len(estimates))
    overall = sum(one.missed for one in estimates) / size
    brier = sum((one.chance - one.missed) ** 2 for one in estimates) / size
    return {
        "tenths": [_row(row) for row in rows],
        "worst": worst,
        "within": worst is not None and worst <= WITHIN,
        "brier": brier,
        "brier_of_one_share": overall * (1 - overall),
    }


def _rows(estimates: Any) -> list[dict[str, Any]]:
    return [_row(row) for row in tenths(estimates)]


def _row(row: Tenth) -> dict[str, Any]:
    return {**asdict(row), "off": row.off, "luck": row.luck}


def calibration(found: dict[str, Any]) -> str:
    """The table for people."""
    head = f"model {found['model']} of {found['learned']:,} cases due by {found['until']:%Y-%m-%d}"
    lines = [f"{head}; checked on cases received from {found['check_from']:%Y-%m-%d} on", "tenth        cases  estimates   told  missed    off   luck"]
    lines.insert(1, f"correction taken: {_SAID[found['correction']['kind']]} (the least wrong of four on that history, each told before the outcome was known)")
    for row in found["tenths"]:
        span = f"{row['low']:.1f} - {row['low'] + 0.1:.1f}"
        few = "" if row["cases"] >= JUDGED else "  (fewer than 100 cases: not judged)"
        lines.append(f"{span}  {row['cases']:8,}  {row['estimates']:9,}  {row['told']:5.1%}  {row['missed']:6.1%}  {row['off']:5.2f}  {row['luck']:5.2f}{few}")
    if found["worst"] is None:
        return "\n".join([*lines, "nothing to judge"])
    verdict = "within" if found["within"] else "NOT within"
    return "\n".join(
        [
            *lines,
            f"worst: {found['worst']:.2f} points, {verdict} {WITHIN:g}; Brier {found['brier']:.4f}, of one share for all {found['brier_of_one_share']:.4f}",
        ]
    )
