"""What administrators write into an agency's lists: each entry whole, or told where it is not; and which state of the agency it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

import orjson

from portal.access.identity import NAME
from portal.administration import amendments
from portal.errors import Invalid, Stale
from portal.intake import answers
from portal.unit_of_work import Work

#: List -> its members. Those with a mark may be left out.
MEMBERS: dict[str, tuple[str, ...]] = {
    "duty": ("name", "email"),
    "people": ("role", "name", "email"),
    "absences": ("email", "first_day", "last_day", "deputy?"),
}


def version(work: Work, agency: str) -> int:
    """Of an agency as it is now: another number whenever it is amended, or written otherwise."""
    hashes = work.portal.written.hashes
    own = sorted(hash for (kind, id), hash in hashes.items() if (kind, id) == ("agency", agency) or (kind == "calendar" and id.startswith(f"{agency}/")))
    return int(sha256(orjson.dumps([own, amendments.of(work, agency)], option=orjson.OPT_SORT_KEYS)).hexdigest()[:7], 16)


def demand_version(work: Work, agency: str, seen: int | None) -> None:
    """Stale where the change was made of another state than this. The stream is in hand, so that nobody else changes it meanwhile."""
    if seen is not None and seen != version(work, agency):
        raise Stale


def demand_entries(what: str, value: Any) -> None:
    """Invalid, with a pointer to each, where entries of a list cannot be."""
    wrong = _teams(value) if what == "teams" else [one for place, entry in enumerate(value) for one in _entry(what, place, entry)]
    if not wrong and what == "absences":
        wrong = [
            _fault(what, place, "last_day", "Write a day that is not before the first.")
            for place, one in enumerate(value)
            if one["last_day"] < one["first_day"]
        ]
    if wrong:
        raise Invalid(errors=wrong)


def _entry(what: str, place: int, entry: Mapping[str, Any]) -> Sequence[dict[str, str]]:
    found = []
    for member in MEMBERS[what]:
        name, said = member.rstrip("?"), entry.get(member.rstrip("?"))
        if said or not member.endswith("?"):
            wrong = _bad(name, said or "")
            found += [_fault(what, place, name, wrong)] if wrong else []
    return found


def _bad(name: str, said: str) -> str | None:
    if name in ("email", "deputy"):
        try:
            answers.email(None, said)
        except answers.Wrong:
            return "Write an e-mail address, such as name@example.org."
        return None
    if name == "role":
        return None if NAME.fullmatch(said) else "Write small letters, digits and hyphens."
    if name == "name":
        return None if len(said.strip()) > 0 and len(said) <= 200 and said.isprintable() else "Write a name of at most 200 characters."
    try:
        date.fromisoformat(said)
    except ValueError:
        return "Write a day as 2026-12-24."
    return None if len(said) == len("2026-12-24") else "Write a day as 2026-12-24."


def _teams(value: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"pointer": f"/teams/{queue}", "detail": "Write small letters, digits and hyphens."} for queue, team in value.items() if not NAME.fullmatch(team)]


def _fault(what: str, place: int, name: str, said: str) -> dict[str, str]:
    return {"pointer": f"/{what}/{place}/{name}", "detail": said}
