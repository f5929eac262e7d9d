"""The contract of an adapter as rules that can be proved one by one, without a server: `portal check --agencies` and tests of agency teams run them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from portal.plugins.agency import PASSING, Adapter, Answer, Answers, Asked, Asks, Delivery, File, Files, HttpCall, Mail, Reach, Receipt, Refusal, Task
from portal.plugins.checks import HOSTILE, adapter_faults

#: Mails no adapter may take for a word that something was done.
NOT_DONE = (
    ("Out of office", "I am away until Monday."),
    ("Re: Request", "It is not done."),
    ("Re: Request", "Done tomorrow, I hope"),
    ("Re: Request", "> DONE"),
    ("", ""),
    ("Undeliverable: Request", "DONE-NOT: 550 no such mailbox"),
)
_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Trial:
    """What an adapter is tried with."""

    adapter: Adapter
    delivery: Delivery
    #: Answers of the real far side that mean it was taken, as the agency's team knows them.
    receipts: tuple[Answer, ...] = field(default=())

    @property
    def deliveries(self) -> list[Delivery]:
        """The one given, and odd ones any citizen may cause."""
        odd = dict.fromkeys(self.delivery.answers, "é\u202e'\"<&>\n\x00, ;")
        return [
            self.delivery,
            replace(self.delivery, answers={}, text=None),
            replace(self.delivery, answers=odd, text="x" * 20_000 + "\r\n.\r\n"),
            replace(self.delivery, item=2),
        ]


def shape(trial: Trial) -> Iterable[str]:
    """It offers `promise`, `prepare` and `read`."""
    return adapter_faults(trial.adapter)


def describes(trial: Trial) -> Iterable[str]:
    """`prepare` describes one of HttpCall, Mail, File, Task for whatever a citizen wrote, and changes nothing of what it was given."""
    for one in trial.deliveries:
        before = copy.deepcopy(dict(one.answers))
        made: object = trial.adapter.prepare(one)
        if not isinstance(made, HttpCall | Mail | File | Task):
            yield f"prepare gives {type(made).__name__}"
        if dict(one.answers) != before:
            yield "prepare changes the answers it was given"


def same_again(trial: Trial) -> Iterable[str]:
    """The same handover is the same call, at whatever attempt: only so can the far side see that it is a repeat."""
    first = trial.adapter.prepare(trial.delivery)
    if first != trial.adapter.prepare(trial.delivery):
        yield "prepare gives another call at the second time: the far side cannot see that it is the same"
    if first != trial.adapter.prepare(replace(trial.delivery, attempt=7)):
        yield "the call changes with the attempt: the far side cannot see that it is the same"


def carries_key(trial: Trial) -> Iterable[str]:
    """An idempotent far side knows a repeat by our key: the call carries it."""
    made = trial.adapter.prepare(trial.delivery)
    if trial.adapter.promise == "idempotent" and isinstance(made, HttpCall):
        whole = " ".join([made.url, *made.headers.values(), made.body.decode("utf-8", "replace")])
        if trial.delivery.key not in whole:
            yield "it promises `idempotent`, and the call does not carry the key: promise `blind`, or send it"


def keeps_secrets(trial: Trial) -> Iterable[str]:
    """No key of the agency and no answer of the citizen stands where machines on the way write it down: in an address or a subject."""
    made = trial.adapter.prepare(trial.delivery)
    seen = made.url if isinstance(made, HttpCall) else made.subject if isinstance(made, Mail) else ""
    private = [trial.delivery.reach.secret, trial.delivery.text, *(value for value in trial.delivery.answers.values() if isinstance(value, str))]
    if any(one and len(one) > 3 and one in seen for one in private):
        yield "the address or subject holds a key, an answer or the citizen's words"


def one_line(trial: Trial) -> Iterable[str]:
    """Headers and subjects have one line, whatever a citizen wrote."""
    for one in trial.deliveries:
        made = trial.adapter.prepare(one)
        lines = [made.subject, made.to] if isinstance(made, Mail) else [*made.headers.values(), made.url] if isinstance(made, HttpCall) else []
        if any(letter in line for line in lines for letter in "\r\n\x00"):
            yield "a header, address or subject has more than one line"


def believes_nothing(trial: Trial) -> Iterable[str]:
    """No answer but an understood one is a receipt: not HTML with 200, not half a JSON, not a redirect."""
    for answer in HOSTILE:
        meaning: object = trial.adapter.read(answer)
        if isinstance(meaning, Receipt):
            yield f"read takes HTTP {answer.status} {answer.body[:40]!r} for a receipt"
        elif not isinstance(meaning, Refusal):
            yield f"read gives {type(meaning).__name__} for HTTP {answer.status}"


def tells_passing(trial: Trial) -> Iterable[str]:
    """5xx, 408, 425 and 429 may pass and are tried again, after the time they ask for; every other no is for people."""
    if not isinstance(trial.adapter.prepare(trial.delivery), HttpCall):
        return
    for status in (*range(400, 600),):
        meaning = trial.adapter.read(Answer(status, {"retry-after": "7"}, b""))
        if isinstance(meaning, Refusal) and meaning.retry != (status in PASSING or status >= 500):
            yield f"HTTP {status}: {'tried again for nothing' if meaning.retry else 'given up, though it may pass'}"
        elif isinstance(meaning, Refusal) and meaning.retry and meaning.after != 7:
            yield f"HTTP {status}: Retry-After is not heard"


def takes_receipts(trial: Trial) -> Iterable[str]:
    """An answer that means yes is read as one; cut short anywhere, it is not."""
    for answer in trial.receipts:
        if not isinstance(trial.adapter.read(answer), Receipt):
            yield f"read does not take {answer.body[:60]!r} for a receipt"
        half = replace(answer, body=answer.body[: len(answer.body) // 2])
        if answer.body and isinstance(trial.adapter.read(half), Receipt):
            yield f"read takes half of an answer for a receipt: {half.body[:60]!r}"


def can_be_asked(trial: Trial) -> Iterable[str]:
    """A queryable far side can be asked for a key; asking changes nothing there, and no broken answer says that something was done."""
    if not isinstance(trial.adapter, Asks):
        if trial.adapter.promise == "queryable":
            yield "it promises `queryable`, and offers no `ask(reach, asked)` and `told(reach, asked, answer)`"
        return
    asked = [Asked(trial.delivery.key, None, _AT), Asked("k-2", "R-2", _AT)]
    for question in trial.adapter.ask(trial.delivery.reach, asked):
        if question.call.method != "GET":
            yield f"ask sends {question.call.method}: a question changes nothing"
        if not question.keys or not set(question.keys) <= {one.key for one in asked}:
            yield "a question names keys that were not asked for"
    for answer in HOSTILE:
        told: object = trial.adapter.told(trial.delivery.reach, asked, answer)
        if isinstance(told, Mapping):
            if any(news.status in ("done", "refused", "accepted") for news in told.values()):
                yield f"told believes HTTP {answer.status} {answer.body[:40]!r}"
        elif not isinstance(told, Refusal):
            yield f"told gives {type(told).__name__} for HTTP {answer.status}"


def believes_no_mail(trial: Trial) -> Iterable[str]:
    """An answer by mail that is not clear is for people."""
    if isinstance(trial.adapter, Answers):
        for subject, text in NOT_DONE:
            said = trial.adapter.understand(subject, text)
            if said is not None and said.status != "question":
                yield f"understand takes {subject!r} {text!r} for `{said.status}`"


def adds_up(trial: Trial) -> Iterable[str]:
    """A file of handovers is the same for the same ones, holds every key once, and no answer that does not add up is believed."""
    adapter, reach = trial.adapter, trial.delivery.reach
    if not isinstance(adapter, Files):
        if isinstance(adapter.prepare(trial.delivery), File):
            yield "it prepares files, and offers no `collect`, `answers` and `understand_file`"
        return
    many = [replace(one, key=f"{number:08x}-0000-7000-8000-000000000000") for number, one in enumerate(trial.deliveries, start=0xA0000001)]
    made = list(adapter.collect(reach, many, 7))
    if made != list(adapter.collect(reach, [replace(one, attempt=9) for one in many], 7)):
        yield "collect gives another file at the second time: whether it arrived cannot be told"
    if {file.name for file in made} & {file.name for file in adapter.collect(reach, many, 8)}:
        yield "two numbers have the same name: one file overwrites the other"
    for one in many:
        if made[0].content.count(_as_there(one.key, made[0].content)) != 1:
            yield f"the key {one.key} does not stand in the file once"
    if any(not name.replace("-", "").replace("_", "").replace(".", "").isalnum() for name in (file.name for file in made)):
        yield "a name holds other letters than letters, digits, `-`, `_` and `.`"
    for content in (b"", b"\xff\xfe\x00", b'"' * 1_000, b"<a" * 1_000, b"[" * 1_000, made[0].content):
        told: object = adapter.understand_file(reach, [File("answers.x", content), File("answers.x.control", content)])
        if not isinstance(told, Refusal):
            yield f"understand_file believes {content[:20]!r}"


def _as_there(key: str, content: bytes) -> bytes:
    return key.encode("utf-16-le" if content[:2] == b"\xff\xfe" else "ascii")


RULES: dict[str, Callable[[Trial], Iterable[str]]] = {
    "shape": shape,
    "describes": describes,
    "same-again": same_again,
    "carries-key": carries_key,
    "keeps-secrets": keeps_secrets,
    "one-line": one_line,
    "believes-nothing": believes_nothing,
    "tells-passing": tells_passing,
    "takes-receipts": takes_receipts,
    "can-be-asked": can_be_asked,
    "believes-no-mail": believes_no_mail,
    "adds-up": adds_up,
}


def faults(rule: str, trial: Trial) -> list[str]:
    """What an adapter does against one rule; an exception is one."""
    try:
        return list(RULES[rule](trial))
    except Exception as fault:
        return [f"it fails with {type(fault).__name__}: {fault}"[:200]]


def sample(agency: str, reach: Reach | None = None, **changed: Any) -> Delivery:
    """A handover to try an adapter with."""
    reach = reach or Reach("https://agency.example/in")
    given = {
        "id": "0190a000-0000-7000-8000-000000000001",
        "key": "0190a000-0000-7000-8000-000000000002",
        "action": "repair",
        "agency": agency,
        "service": "pothole",
        "step": "repair",
        "answers": {"place": "Élysée 1", "depth_cm": 3},
        "text": "Très profond, près du nº 5",
        "language": "fr",
        "callback_url": f"https://portal.example/api/v1/agencies/{agency}/callbacks",
        "attempt": 1,
        "endpoint": reach.endpoint,
        "reach": reach,
    }
    return Delivery(**{**given, **changed})
