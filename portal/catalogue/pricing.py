"""What a request costs its citizen, and who may ask: from the tables of the service. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.catalogue.definitions import Service
from portal.catalogue.tabled import Found, judged, table_of


@dataclass(frozen=True)
class Price:
    """A fee as it would be due, in minor units of the currency. `found`: the table's own finding, None for a fixed amount."""

    amount: int
    currency: str
    found: Found | None = None


def price(service: Service, facts: Mapping[str, Any]) -> Price | None:
    """The fee on these facts; None where the service has none. TableFails where its table cannot tell."""
    fee = service.fee
    if fee is None:
        return None
    if fee.table is None:
        return Price(fee.amount or 0, fee.currency)
    found = judged(table_of(service, fee.table), service.fields, facts)
    return Price(int(found.told["amount"]), fee.currency, found)


def bounds(service: Service) -> tuple[int, int] | None:
    """Least and most a citizen may have to pay; None where the service has no fee, or its rows add up."""
    fee = service.fee
    if fee is None:
        return None
    if fee.table is None:
        return fee.amount or 0, fee.amount or 0
    table = table_of(service, fee.table)
    if table.aggregate == "sum":
        return None
    amounts = [int(told["amount"]) for told in (*(rule.then for rule in table.rules), table.otherwise) if "amount" in told]
    return min(amounts), max(amounts)


def eligible(service: Service, facts: Mapping[str, Any]) -> Found | None:
    """Whether these facts let somebody ask (`told["eligible"]`); None where the service has no rule about it. TableFails where its table cannot tell."""
    return judged(table_of(service, service.eligibility), service.fields, facts) if service.eligibility else None
