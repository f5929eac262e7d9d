"""Fees of a case as their reader may see them: what is due, how it is paid and until when, what was paid, waived and paid back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from babel.numbers import format_currency, get_currency_precision

from portal.access import reads
from portal.access.scoping import visible
from portal.catalogue.definitions import Text
from portal.catalogue.languages import say
from portal.errors import NotFound
from portal.fees import ledger
from portal.unit_of_work import Work
from portal.views.words import locale

_SAYS: dict[str, Text] = {
    "due": {"en": "{amount} is to be paid.", "fr": "{amount} est à payer.", "es": "Hay que pagar {amount}.", "ar": "المبلغ المستحق {amount}."},
    "paid": {"en": "{amount} was paid.", "fr": "{amount} a été payé.", "es": "Se ha pagado {amount}.", "ar": "تم دفع {amount}."},
    "waived": {"en": "{amount} need not be paid.", "fr": "{amount} ne doit pas être payé.", "es": "No hay que pagar {amount}.", "ar": "لا يلزم دفع {amount}."},
    "cancelled": {"en": "{amount} is owed no more.", "fr": "{amount} n'est plus dû.", "es": "Ya no se debe {amount}.", "ar": "لم يعد {amount} مستحقاً."},
    "refunded": {
        "en": "{amount} was or will be paid back.",
        "fr": "{amount} a été ou sera remboursé.",
        "es": "Se ha devuelto o se devolverá {amount}.",
        "ar": "أُعيد أو سيُعاد {amount}.",
    },
}
_ENTRY = ("id", "kind", "way", "amount", "currency", "status", "receipt", "begun_at", "ended_at")


def of_case(work: Work, case_id: UUID, language: str) -> list[dict[str, Any]]:
    """All fees of a case, oldest first."""
    owed = work.run(visible(work, ledger.of(case_id)))
    entries = work.run(visible(work, ledger.entries(case_id))) if owed else []
    return [shown(work, fee, entries, language) for fee in owed]


def one(work: Work, id: UUID) -> dict[str, Any]:
    """The row of a fee; NotFound where the reader may not see it."""
    found = work.run(visible(work, ledger.one(id)))
    if not found:
        raise NotFound("There is no fee of that number, or you may not see it.")
    reads.note(work, found[0]["case_id"])
    return found[0]


def shown(work: Work, fee: Any, entries: Iterable[Any], language: str) -> dict[str, Any]:
    """A fee with its entries."""
    agency = work.catalogue.agencies.get(fee["agency"])
    told = {name: fee[name] for name in ("id", "agency", "amount", "currency", "status", "due_at", "pay_by", "settled_at", "paid", "refunded", "why")}
    mine = [entry for entry in entries if entry["fee_id"] == fee["id"]]
    told["says"] = say(_SAYS[fee["status"]], language).format(amount=money(fee["amount"], fee["currency"], language))
    told["entries"] = [{name: entry[name] for name in _ENTRY} for entry in mine]
    told["ways"] = (["card"] if agency and agency.card else []) + ["cash"] if fee["status"] == "due" else []
    told["counter"] = (agency.contact.get(language) or agency.contact.get("en")) if agency and agency.contact and fee["status"] == "due" else None
    return told


def money(amount: int, currency: str, language: str) -> str:
    """An amount in minor units as people of that language write it."""
    return format_currency(amount / 10 ** get_currency_precision(currency), currency, locale=locale(language))
