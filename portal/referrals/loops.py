"""When a referral goes in a circle: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: Answers that say "not here".
NOT_HERE = frozenset({"declined", "lapsed"})


def closed_doors(before: Iterable[Mapping[str, Any]]) -> tuple[set[str], set[str]]:
    """Agencies and services that referred the case away, said no to it, or let an offer of it lapse."""
    agencies: set[str] = set()
    services: set[str] = set()
    for one in before:
        if one["scope"] != "case":
            continue
        if one["status"] == "accepted":
            services |= {one["from_service"]} - {None}
            if one["from_agency"] != one["to_agency"] and one["from_service"]:
                agencies.add(one["from_agency"])
        elif one["status"] in NOT_HERE and one["to_service"]:
            services.add(one["to_service"])
        elif one["status"] in NOT_HERE:
            agencies.add(one["to_agency"])
    return agencies, services


def loops(before: Iterable[Mapping[str, Any]], *, from_agency: str, to_agency: str, to_service: str | None, finding: bool) -> bool:
    """Whether an offer would go back to a door that was found wrong before.

    `finding`: people who find doors offer it; they may have found another service of an agency that sent it away.
    """
    agencies, services = closed_doors(before)
    if to_service in services:
        return True
    return not finding and from_agency != to_agency and to_agency in agencies
