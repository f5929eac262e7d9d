"""A provider with a page of its own, spoken to in JSON over HTTP, signed as Standard Webhooks says; the one the simulator plays."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from portal.plugins.agency import Answer, HttpCall, Receipt, Refusal, not_understood, usual
from portal.plugins.payment import Callback, Page, Payment, Report, Return, Status

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_KEY = re.compile(r"[0-9a-f-]{36}")
_STATUSES: dict[str, Status] = {"open": "open", "paid": "made", "declined": "failed", "expired": "failed", "unknown": "unknown"}
_LARGEST = 2**53 - 1


class HostedPage:
    """The far side makes one page of a key, however often it comes."""

    def prepare(self, payment: Payment) -> HttpCall:
        """One page for one payment."""
        members = {"key": payment.key, "amount": payment.amount, "currency": payment.currency, "title": payment.title, "language": payment.language}
        return _post(payment.endpoint, "payments", members | {"return_url": payment.return_url, "callback_url": payment.callback_url})

    def read(self, answer: Answer) -> Page | Refusal:
        """Its address."""
        found = _object(answer)
        if isinstance(found, Refusal):
            return found
        at, id = found.get("pay_at"), found.get("id")
        if not isinstance(at, str) or not at.isascii() or not at.isprintable() or len(at) > 2000 or urlsplit(at).scheme not in ("http", "https"):
            return not_understood("it has no `pay_at` that is an address")
        return Page(at, id) if isinstance(id, str) and _ID.fullmatch(id) else not_understood("it has no `id` of up to 100 plain characters")

    def ask(self, key: str, endpoint: str) -> HttpCall:
        """Asked by our own key."""
        return _post(endpoint, "status", {"key": key})

    def told(self, answer: Answer) -> Report | Refusal:
        """As a report of its own would say it."""
        found = _object(answer)
        return found if isinstance(found, Refusal) else _report(found)

    def pay_back(self, back: Return) -> HttpCall:
        """Once for a key, however often it comes."""
        return _post(back.endpoint, "refunds", {"key": back.key, "payment": back.remote_id, "amount": back.amount, "currency": back.currency})

    def paid_back(self, answer: Answer) -> Receipt | Refusal:
        """Only an answer that says `refunded`."""
        found = _object(answer)
        if isinstance(found, Refusal):
            return found
        id = found.get("id")
        if found.get("status") != "refunded" or not isinstance(id, str) or not _ID.fullmatch(id):
            return not_understood("it does not say `refunded` with an `id`")
        return Receipt(id, done=True)

    def verify(self, callback: Callback) -> Report | Refusal:
        """A report of its own."""
        found = _read(callback.body)
        return _report(found) if isinstance(found, dict) else not_understood("it is not a JSON object")


def _post(endpoint: str, what: str, members: dict[str, Any]) -> HttpCall:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": f'"{members["key"]}"'}
    return HttpCall("POST", f"{endpoint}/{what}", headers, json.dumps(members, ensure_ascii=False, sort_keys=True).encode())


def _object(answer: Answer) -> dict[str, Any] | Refusal:
    refused = usual(answer)
    if refused:
        return refused
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return not_understood("it is not JSON")
    found = _read(answer.body)
    return found if isinstance(found, dict) else not_understood("it is not a JSON object")


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _report(found: dict[str, Any]) -> Report | Refusal:
    key, status, id = found.get("key"), found.get("status"), found.get("id")
    amount, currency = found.get("amount", 0), found.get("currency", "")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or not isinstance(status, str) or status not in _STATUSES:
        return not_understood("it has no `key` of ours or no `status` we know")
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount <= _LARGEST or not isinstance(currency, str) or len(currency) > 3:
        return not_understood("its amount is none")
    if status == "paid" and (not isinstance(id, str) or not _ID.fullmatch(id) or amount == 0 or not re.fullmatch("[A-Z]{3}", currency)):
        return not_understood("it says `paid` without an `id`, an amount and a currency")
    return Report(key, _STATUSES[status], amount, currency, id if isinstance(id, str) and _ID.fullmatch(id) else None)


PROVIDER = HostedPage()
