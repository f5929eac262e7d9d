"""Crash lists of what is rarely done on pages: mandates, seals, tills, words for everybody, word from outside, approvals taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.storm.crash.closing import CLAIMED, mandated, sealed, taken
from tests.storm.crash.desk import by, press
from tests.storm.crash.doors import opened, silent, tasked
from tests.storm.crash.fees import counted, paid
from tests.storm.crash.pages import proved, send
from tests.storm.crash.run import UseCase
from tests.storm.crash.world import Refused, Subject, World

PERSON = {"subject-0": "clerk", "email-0": "clerk@office.example"}
DAY = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def give(world: World, subject: Subject) -> None:
    """An `act`: the party lets somebody act; the page shows the code."""
    found = world.client.post(f"/cases/{subject.reference}/mandates", data={"scope": "act", "until": DAY, "once": subject.key})
    if found.status_code != 200:
        raise Refused(f"mandate: {found.status_code}")


def end(world: World, subject: Subject) -> None:
    """An `act`: the party ends it."""
    send(world, f"/cases/{subject.reference}/mandates/{subject.more['mandate']}/end", once=subject.key)


def take(world: World, subject: Subject) -> None:
    """An `act`: somebody who signed in takes it up."""
    press("/mandates", reference="{reference}", code=subject.more["code"])(world, subject)


def back(world: World, subject: Subject) -> None:
    """An `act`: the approval holds no more from the day after tomorrow on."""
    day = subject.more.setdefault("from", (datetime.now(UTC) + timedelta(days=2)).date().isoformat())
    press("/cases/{reference}/revocation", words="The tree is protected.", effective_on=day)(world, subject)


def _desk(name: str, route: str, who: str, prepare: Any, path: str, **fields: str) -> UseCase:
    return UseCase(name, (f"route {route}",), by(who, prepare), press(path, **fields))


CASE = "/cases/{reference}"
RARE = (
    UseCase("page-mandate", ("route mandates_pages.give",), proved(opened("noise-complaint")), give),
    UseCase("page-mandate-ended", ("route mandates_pages.end",), proved(taken), end),
    UseCase("page-mandate-taken", ("route mandates_pages.take",), by("helper", mandated), take),
    _desk(
        "page-seal",
        "desk_sealing_pages.close",
        "clerk",
        tasked(*CLAIMED, claimed=True),
        f"{CASE}/seal",
        ground="other",
        words="She is hidden.",
        **PERSON,
    ),
    _desk("page-seal-named", "desk_sealing_pages.rename", "clerk", sealed, f"{CASE}/seal/names", **PERSON),
    _desk("page-unseal", "desk_sealing_pages.unseal", "clerk", sealed, f"{CASE}/seal/end", why="She has moved."),
    _desk("page-till", "desk_cash_pages.count", "ann", paid, "/cash/count", agency="civil-registry", counted="0", words="It was emptied before."),
    _desk("page-day", "desk_cash_pages.close", "bob", counted, "/cash/{day}/close"),
    _desk("page-publication", "desk_rare_pages.publish", "roads", opened("pothole"), f"{CASE}/publication", words="A hole."),
    _desk("page-signal", "desk_rare_pages.signal", "champion", opened("water-account-move"), f"{CASE}/signal", event="meter-read"),
    UseCase("page-revocation", ("route desk_rare_pages.revoke",), by("clerk", silent), back),
)
