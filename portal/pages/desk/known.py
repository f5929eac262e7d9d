"""What is known of a case, as its pages for staff show it."""

from __future__ import annotations

from typing import Any

from portal.catalogue.definitions import Catalogue
from portal.pages import history, questions, reach, receipts, speech
from portal.pages.desk import words
from portal.views.fees import money


def of(catalogue: Catalogue, told: dict[str, Any]) -> dict[str, Any]:
    """`told` by `views.desk`, with dates, answers and events in the reader's words."""
    found = {**told, "words": words, "money": _money}
    if "task" in told:
        found |= {"called": words.named(told["task"], told["guided"]["title"]), "left": words.left(told["task"]["due_at"], told["now"])}
    if "case" not in told:
        return found
    zone, answers = told["zone"], told["case"]["given"]["answers"]
    answered = [(field, questions.shown(field, answers.get(field.id))) for field in told["service"].fields]
    return found | {
        "moment": lambda at: history.moment(at, zone),
        "until": lambda at: history.until(at, zone),
        "answers": [(field, value) for field, value in answered if value is not None],
        "sent": receipts.told(told["notices"], zone),
        "needed": reach.needed(told["reach"]["needs"]),
        "ways": [reach.called(one) for one in told["reach"]["channels"]],
        "lost": [reach.called(one["channel"]) for one in told["reach"]["lost"]],
        "events": words.happened(catalogue, told["events"], zone),
        "received": history.moment(told["case"]["received_at"], zone),
        "clocks": [clock | {"left": words.left(clock["due_at"], told["now"])} for clock in told["clocks"]],
        "messages": [_dated(one) for one in told["case"]["given"]["messages"]],
        "notes": [_dated(one) for one in told["case"]["given"]["notes"]],
    }


def _dated(said: dict[str, str]) -> dict[str, str]:
    return {**said, "at": said["at"][:16].replace("T", " ")}


def _money(amount: int, currency: str) -> str:
    return money(amount, currency, speech.language())
