"""A case sealed to named people, named anew, and opened again: the words go to the vault, the people and the ground to the seal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from portal.access import grants, seals
from portal.errors import Invalid
from portal.parties import register
from portal.unit_of_work import Work
from portal.vault import items

_CONCERNED = "This person stands on the case as a party: name somebody it does not concern."
_NO_ADDRESS = "At least one of the people named needs an address, at which clocks and escalations find somebody."


def seal(work: Work, case_id: UUID, *, ground: str, words: str, named: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """From now on the case in hand is there for those people alone."""
    item, _ = items.put(work, case_id, "seal", words)
    seals.seal(work, case_id, ground=ground, words=item, by=str(work.principal.subject), named=_addressed(work, case_id, named))
    return shown(work, case_id)


def name(work: Work, case_id: UUID, named: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """These people from now on, and no others."""
    seals.name(work, case_id, named=_addressed(work, case_id, named))
    return shown(work, case_id)


def unseal(work: Work, case_id: UUID, words: str) -> dict[str, Any]:
    """The case in hand is there for its agencies again."""
    item, _ = items.put(work, case_id, "seal", words)
    seals.unseal(work, case_id, words=item)
    return shown(work, case_id)


def shown(work: Work, case_id: UUID) -> dict[str, Any]:
    """The seal of a case in hand, for those who see the case: its words are for those it names."""
    row = seals.of(work, case_id)
    if row is None:
        return {"sealed": False, "ground": None, "since": None, "named": [], "words": None}
    named = sorted(grants.sealed_to(work, case_id) or ())
    words = items.get(work, case_id, row["words"]) if work.principal.subject in named else None
    return {"sealed": True, "ground": row["ground"], "since": row["since"], "named": named, "words": words}


def _addressed(work: Work, case_id: UUID, named: Iterable[Mapping[str, str]]) -> dict[str, UUID | None]:
    people = list(named)
    if not any(one.get("email") for one in people):
        raise Invalid(errors=[{"pointer": "/named/0/email", "detail": _NO_ADDRESS}])
    twice = [number for number, one in enumerate(people) if one["subject"] in {two["subject"] for two in people[:number]}]
    if twice:
        raise Invalid(errors=[{"pointer": f"/named/{twice[0]}/subject", "detail": "Name each person once."}])
    parties = {row["subject"] for row in register.of_case(work, case_id)}
    if concerned := [number for number, one in enumerate(people) if one["subject"] in parties]:
        raise Invalid(errors=[{"pointer": f"/named/{number}/subject", "detail": _CONCERNED} for number in concerned])
    return {one["subject"]: items.put(work, case_id, "named", one["email"])[0] if one.get("email") else None for one in people}
