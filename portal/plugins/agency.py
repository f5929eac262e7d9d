"""The socket for adapters: code that says how an agency is reached. It describes a call and reads the answer; the engine does the I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol, runtime_checkable

#: What the far side can promise about one delivery (promises.md 3.3): it accepts our key, it can be asked for our key, or neither.
Promise = Literal["idempotent", "queryable", "blind"]
#: Statuses that may pass by themselves: all other 4xx are for people.
PASSING = frozenset({408, 425, 429})
#: Longest that `Retry-After` is obeyed, seconds.
LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Reach:
    """How an agency is reached, as its definition says."""

    #: Its address, settings filled in.
    endpoint: str | None = None
    #: What `agency.yaml` says below the adapter's own name (`open311:`, `mail:`); empty where it says nothing.
    options: Mapping[str, Any] = field(default_factory=dict)
    #: The key it gave us (`api_key`), from the file AGENCY_KEYS names.
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One handover to an agency. `key` is the same at every attempt: the far side may de-duplicate on it, and names it when it reports back."""

    id: str
    key: str
    #: What the agency is asked to do, as the journey says.
    action: str
    agency: str
    service: str | None
    step: str
    answers: Mapping[str, Any]
    #: What the citizen wrote, in the citizen's words.
    text: str | None
    language: str
    #: Where the agency reports back, signed (Standard Webhooks).
    callback_url: str
    #: Counts from 1.
    attempt: int
    #: Address of the agency as its definition says.
    endpoint: str | None = None
    #: Of a step that is done for each item of a list the citizen gave: which, from 1.
    item: int | None = None
    reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One HTTP request. The engine signs it, guards the address, and follows no redirect."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class File:
    """One file for an agency's collection point, or beside a mail."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to an agency. An answer goes to an address of the engine's own, made for this handover."""

    to: str
    subject: str
    text: str
    #: The same for machines; JSON.
    beside: File | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Nothing leaves: people of the agency do it in the portal, in this queue (None: its first)."""

    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The agency has it. `done`: it did it at once, no report follows."""

    remote_id: str | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The agency did not take it. `retry`: it may pass by itself, not before `after` seconds; else people look at it.

    `code` goes into the record: a short token. `reason` is shown to staff: no personal data.
    """

    reason: str
    retry: bool
    after: float | None = None
    code: str = "refused"
    #: It may have had its effect all the same: asked for first (queryable), or looked into by people (blind) before it is sent again.
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A handover whose fate is asked for."""

    key: str
    #: The agency's own name for it; None where no receipt ever came.
    remote_id: str | None
    #: Since when nothing new was heard.
    since: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """One call that asks for the handovers of these keys."""

    call: HttpCall
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class News:
    """What an agency says of one handover. `unknown`: it does not have it; None: it has it and says nothing of its status."""

    status: Literal["accepted", "refused", "done", "unknown"] | None
    remote_id: str | None = None
    outcome: str | None = None


@runtime_checkable
class Adapter(Protocol):
    """What an adapter module offers as `ADAPTER`."""

    promise: Promise

    def prepare(self, delivery: Delivery) -> HttpCall | Mail | File | Task:
        """What is to leave. Called at every attempt, with the same key."""
        ...

    def read(self, answer: Answer) -> Receipt | Refusal:
        """What the answer to an HttpCall means. An answer that is not understood is a Refusal, never a Receipt."""
        ...


@runtime_checkable
class Asks(Protocol):
    """What an adapter of a system that can be asked offers besides: `queryable` demands it, `asks` in agency.yaml uses it."""

    def ask(self, reach: Reach, asked: Sequence[Asked]) -> Sequence[Question]:
        """The calls that ask for these handovers, none twice; what cannot be asked for is left out. Nothing is changed there by them."""
        ...

    def told(self, reach: Reach, asked: Sequence[Asked], answer: Answer) -> Mapping[str, News] | Refusal:
        """What the answer to one question says, by key; a key that is not there: nothing was said of it."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer by mail means. `words`: why it is refused, or what is asked; staff read them."""

    status: Literal["accepted", "refused", "done", "question"]
    words: str | None = None


@runtime_checkable
class Answers(Protocol):
    """What an adapter of an agency that answers by mail offers besides."""

    def understand(self, subject: str, text: str) -> Said | None:
        """What a mail says that came from one of the agency's own addresses; None where a person must read it. Automatic mail never comes here."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """What one line of an answer file says of one handover. `words`: why it is refused; staff read them."""

    key: str
    status: Literal["accepted", "refused", "done"]
    remote_id: str | None = None
    outcome: str | None = None
    words: str | None = None


@runtime_checkable
class Files(Protocol):
    """What an adapter of an agency that works by files offers besides; its `prepare` describes the line of one handover as a file of its own."""

    def collect(self, reach: Reach, deliveries: Sequence[Delivery], number: int) -> Sequence[File]:
        """The file of these handovers, the same for the same ones and number, and what goes beside it: in the order in which they are put there."""
        ...

    def answers(self, reach: Reach, names: Sequence[str]) -> Sequence[tuple[str, ...]]:
        """Which of the files that lie there are answers: each with what must lie beside it. What is not whole yet is left out."""
        ...

    def understand_file(self, reach: Reach, files: Sequence[File]) -> Sequence[Written] | Refusal:
        """All that an answer file says, or why nothing of it is believed: a file is taken whole or not at all."""
        ...


def not_understood(why: str) -> Refusal:
    """The answer says yes but not in a way we know: nobody may take it for success."""
    return Refusal(f"answer not understood: {why}", retry=False, code="not-understood", doubt=True)


def usual(answer: Answer) -> Refusal | None:
    """What every HTTP answer but a 2xx means (RFC 9110): 5xx, 408, 425 and 429 pass, all else is for people. None for a 2xx."""
    if 200 <= answer.status < 300:
        return None
    reason = f"HTTP {answer.status}"
    if answer.status in PASSING or 500 <= answer.status < 600:
        clear = answer.status in PASSING or answer.status == 503
        return Refusal(reason, retry=True, after=retry_after(answer), code=f"http-{answer.status}", doubt=not clear)
    title = _title(answer)
    return Refusal(f"{reason}: {title}" if title else reason, retry=False, code=f"http-{answer.status}")


def retry_after(answer: Answer) -> float | None:
    """Seconds the far side asks us to wait, at most a day; None where it does not say. A date counts from the answer's own `Date`."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_WAIT)
    try:
        wait = (parsedate_to_datetime(value) - parsedate_to_datetime(answer.headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _title(answer: Answer) -> str | None:
    """Title of a problem document: it names the kind of problem and does not change from case to case (RFC 9457, 3.1.4); its detail may."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        title = json.loads(answer.body)["title"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return "".join(letter for letter in title if letter.isprintable())[:120] if isinstance(title, str) else None
