"""The socket for providers of card payments: code that says how one is asked. It describes calls and reads answers; the engine does the I/O and the signatures.

The citizen pays on the provider's own page; no card data comes near the portal. Amounts are minor units of the currency (ISO 4217).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from portal.plugins.agency import Answer, HttpCall, Receipt, Refusal

#: What became of a payment: the page is still open, it was made, it will not be; `unknown`: the provider never heard of it.
Status = Literal["open", "made", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that is to be made. `key` is the same at every attempt: the provider makes one page of it, and names it when it reports."""

    key: str
    amount: int
    currency: str
    #: What it is for, in the citizen's language.
    title: str
    language: str
    endpoint: str
    #: Where the citizen comes back to, and where the provider reports, signed.
    return_url: str
    callback_url: str


@dataclass(frozen=True, slots=True)
class Return:
    """Money that goes back; `remote_id` is the provider's own name for the payment it was part of. `key` is the same at every attempt."""

    key: str
    remote_id: str
    amount: int
    currency: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Page:
    """Where the citizen pays."""

    pay_at: str
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the payment of that key: of its amount, as the provider says it was made."""

    key: str
    status: Status
    amount: int
    currency: str
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """A message whose signature (Standard Webhooks) the engine has found good. Header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


@runtime_checkable
class Provider(Protocol):
    """What a module of `services/payments/` offers as `PROVIDER`."""

    def prepare(self, payment: Payment) -> HttpCall:
        """The call that opens a page for a payment; the same bytes at every attempt."""
        ...

    def read(self, answer: Answer) -> Page | Refusal:
        """What its answer means. An answer that is not understood is a Refusal, never a Page."""
        ...

    def ask(self, key: str, endpoint: str) -> HttpCall:
        """The call that asks what became of a payment."""
        ...

    def told(self, answer: Answer) -> Report | Refusal:
        """What its answer means."""
        ...

    def pay_back(self, back: Return) -> HttpCall:
        """The call that sends money back."""
        ...

    def paid_back(self, answer: Answer) -> Receipt | Refusal:
        """What its answer means."""
        ...

    def verify(self, callback: Callback) -> Report | Refusal:
        """What a message of the provider says; a Refusal where it says nothing that can be understood."""
        ...
