"""Who works here, as far as the portal knows: whom administrators wrote down, who has worked, who is signed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.unit_of_work import Work


@dataclass(frozen=True)
class Known:
    """Somebody of the staff. `name`: where administrators wrote it down; `works`: now, as somebody who may see cases."""

    name: str | None
    agency: str | None
    teams: tuple[str, ...]
    works: bool


def known(work: Work, subjects: Iterable[str]) -> dict[str, Known]:
    """What is known of these people, whoever asks; those nobody knows have nothing."""
    rows = work.sql("SELECT subject, name, agency, teams, works FROM portal_staff(%s, %s)", (sorted({*subjects}), work.now))
    return {subject: Known(name, agency, tuple(teams), bool(works)) for subject, name, agency, teams, works in rows}


def of_agency(work: Work, agency: str) -> dict[str, Known]:
    """Whoever works at an agency now, for its staff and for champions; asked before a case is in hand."""
    found = known(work, (subject for (subject,) in work.sql("SELECT portal_staff_of(%s, %s)", (agency, work.now))))
    return {subject: one for subject, one in found.items() if one.works}
