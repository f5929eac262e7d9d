"""Random histories of the clocks of one case: any act, at any instant, in any order the ledger takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random  # noqa: TID251  # seeded by each history's number
from typing import Any
from uuid import UUID

from portal.catalogue.definitions import Extension
from portal.db import new_id
from portal.errors import IllegalMove
from portal.standards import changes, clocks
from portal.standards.tables import timers
from tests.unit.clock_desk import LAW, Desk, standard, strict

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
TERMS = (
    ("5 business_days", "same-time"),
    ("7 business_hours", "same-time"),
    ("3 business_days", "opening-hours"),
    ("30 calendar_days", "eu-1182-71"),
    ("8 calendar_weeks", "eu-1182-71"),
    ("2 calendar_months", "eu-1182-71"),
    ("10 business_days", "eu-1182-71"),
    ("72 calendar_hours", "same-time"),
    ("72 calendar_hours", "eu-1182-71"),
    ("1 calendar_months", "same-time"),
)
CALENDARS = ("tests-brussels", "tests-always")


class History:
    """One case: what is done to it is drawn from `chance`; time only goes forward, timers fire when due."""

    calendars = CALENDARS

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.desk = Desk(FIRST + timedelta(microseconds=self.chance.randrange(4 * 365 * 86_400_000_000)))
        self.keys: list[UUID] = []
        self.acts: tuple[Callable[[], None], ...] = (
            self.start, self.ask, self.ask, self.answer, self.answer, self.agency, self.extend, self.edit, self.refer, self.stop, self.reset, self.cancel,
            self.reset_while_waiting, self.late,
        )  # fmt: skip

    def run(self, steps: int = 12) -> Desk:
        """The desk after that many acts."""
        self.start()
        for _ in range(steps):
            self.desk.now += timedelta(microseconds=int(self.chance.choice((1, 3_600e6, 86_400e6, 9 * 86_400e6)) * self.chance.random()) + 1)
            self.fire()
            self.chance.choice(self.acts)()
        return self.desk

    def fire(self) -> None:
        """What was due by now, in the order it was due."""
        now = self.desk.now
        while due := sorted((row for row in self.desk.rows(timers, self.desk.case) if row["armed"] and row["due_at"] <= now), key=lambda row: row["due_at"]):
            timer = due[0]
            self.desk.change(timer, armed=False)
            if timer["kind"] == "breach":
                clocks.miss(self.desk.work, self.desk.case, timer["subject"])
            elif timer["kind"] == "warning":
                clocks.warn(self.desk.work, self.desk.case, timer["subject"], share=timer["share"])
            elif timer["kind"] == "lapse":
                changes.lapse(self.desk.work, self.desk.case, timer["subject"], at=timer["due_at"])

    def start(self) -> None:
        within, profile = self.chance.choice(TERMS)
        make = self.chance.choice((standard, strict))
        more: dict[str, Any] = {"extend": Extension("2 business_days" if profile == "opening-hours" else "1 calendar_weeks", LAW)}
        ends = self.chance.choice(("closing", "next-open"))
        warn_at = self.chance.choice(((), (0.5,), (0.2, 0.7)))
        name = f"s{len(self.desk.events)}"
        given = {"within": within, "profile": profile, "ends": ends, "resets_on": ("reported",), "warn_at": warn_at} | more | self.more(within, profile)
        self.desk.start(make(name, **given), calendar=self.chance.choice(self.calendars))

    def more(self, within: str, profile: str) -> dict[str, Any]:
        """Whatever else a standard says."""
        return {}

    def ask(self) -> None:
        key, days = new_id(), self.chance.choice((None, 1, 3, 14))
        until = self.desk.now + timedelta(days=days * self.chance.random()) if days else None
        changes.pause(self.desk.work, self.desk.case, awaits="answer", key=key, at=self.desk.now, until=until)
        self.keys.append(key)

    def agency(self) -> None:
        key = new_id()
        changes.pause(self.desk.work, self.desk.case, awaits="agency", key=key, at=self.desk.now, step="consult")
        self.keys.append(key)

    def answer(self) -> None:
        if self.keys:
            changes.resume(self.desk.work, self.desk.case, self.chance.choice(self.keys), at=self.desk.now, why="answered")

    def extend(self) -> None:
        for row in clocks.of_case(self.desk.work, self.desk.case)[:1]:
            with suppress(IllegalMove):
                changes.extend(self.desk.work, row)

    def edit(self) -> None:
        """A party changes its answers: nothing of it concerns the clocks."""
        self.desk.record(self.desk.case, "AnswersGiven", item=None, commitment=None, fields=["home"], task=None)

    def refer(self) -> None:
        self.desk.record(self.desk.case, "CaseReferred", agency="roads", to_agency="roads", to_service=None, from_agency="hall", from_service=None, words=None)

    def stop(self) -> None:
        chosen = self.chance.choice(clocks.of_case(self.desk.work, self.desk.case))["id"]
        clocks.stop(self.desk.work, self.desk.case, lambda row: row["id"] == chosen, at=self.desk.now)

    def cancel(self) -> None:
        chosen = self.chance.choice(clocks.of_case(self.desk.work, self.desk.case))["id"]
        clocks.cancel(self.desk.work, self.desk.case, lambda row: row["id"] == chosen, why="withdrawn")

    def reset(self) -> None:
        if self.chance.random() < 0.3:
            changes.happened(self.desk.work, self.desk.case, "reported", at=self.desk.now)

    def reset_while_waiting(self) -> None:
        """One or two waits begin, time passes, and what resets comes while some of them last."""
        for act in self.chance.sample((self.ask, self.ask, self.agency), 2):
            act()
            self.desk.now += timedelta(microseconds=int(86_400e6 * self.chance.random()))
            self.fire()
        changes.happened(self.desk.work, self.desk.case, "reported", at=self.desk.now)

    def late(self) -> None:
        """What resets is told later than it was true."""
        at = self.desk.now - timedelta(microseconds=int(3 * 86_400e6 * self.chance.random()))
        changes.happened(self.desk.work, self.desk.case, "reported", at=at)


def warned_twice(desk: Desk) -> list[tuple[str, int]]:
    """Clock and share of each warning that was given a second time before the clock was measured anew."""
    given: set[tuple[str, int]] = set()
    twice = []
    for event in desk.events:
        if event.type == "ClockReset":
            given = {one for one in given if one[0] != event.data["clock"]}
        elif event.type == "StandardWarned":
            one = (event.data["clock"], event.data["share"])
            twice += [one] if one in given else []
            given.add(one)
    return twice


def differs(seed: int) -> str | None:
    """What the log and the rows of one history do not agree on; None where they do."""
    desk = History(seed).run()
    live, told = desk.live(), desk.replayed()
    if twice := warned_twice(desk):
        return f"seed {seed}: warned twice: {twice}"
    return None if live == told else f"seed {seed}: {live} is not {told}"


def exhaustive(histories: int = 10_000) -> int:
    """For `make long`: how many histories were the same live and replayed; AssertionError with the first that was not."""
    for seed in range(histories):
        found = differs(seed)
        assert found is None, found
    return histories
