"""What can be told before anything is asked for: who may, what it costs, what is still open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.cases import findings
from portal.catalogue.definitions import Service, Text
from portal.catalogue.pricing import Price, eligible, price
from portal.catalogue.tabled import Found, TableFails
from portal.intake import answers as rules
from portal.unit_of_work import Work


@dataclass(frozen=True)
class Foretold:
    """`eligible` and `price` None: cannot be told on these answers, or the service has no rule about it."""

    eligible: bool | None
    says: Text | None
    law: str | None
    price: Price | None
    missing: list[str]


def foretold(service: Service, given: Mapping[str, Any], facts: Mapping[str, Any]) -> Foretold:
    """On some answers, nothing being kept of them. Raises Invalid with a pointer for each answer that cannot be taken."""
    answers = rules.checked(service, given, facts=facts, complete=False)
    known = {**facts, "answers": answers}
    found = _found(service, known)
    return Foretold(
        bool(found.told["eligible"]) if found else None,
        found.says if found else None,
        found.law if found else None,
        _price(service, known),
        rules.missing(service, answers, facts=facts),
    )


def tell(work: Work, case_id: UUID, service: Service, facts: Mapping[str, Any]) -> Found | None:
    """Whether the request that was taken may count on being granted, recorded; None where no table can tell. No wrong door: it is taken either way."""
    found = _found(service, facts)
    if found is not None:
        findings.told(work, case_id, found, "eligibility", agency=service.agency)
    return found


def _found(service: Service, facts: Mapping[str, Any]) -> Found | None:
    try:
        return eligible(service, facts)
    except TableFails:
        return None


def _price(service: Service, facts: Mapping[str, Any]) -> Price | None:
    try:
        return price(service, facts)
    except TableFails:
        return None
