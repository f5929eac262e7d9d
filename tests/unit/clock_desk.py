"""A unit of work on no database: the real ledger of clocks on the real rows, held in memory."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from portal.catalogue.definitions import Consequence, Escalation, Extension, Law, PauseRule, Standard, WorkingHours
from portal.db import new_id
from portal.events.log import Event, event
from portal.standards import clocks
from portal.standards.calendar import Calendar
from portal.standards.clockwork import Clock
from portal.standards.history import clocks as replayed
from portal.standards.hours import calendar
from portal.standards.resolve import resolve
from portal.unit_of_work import Row, Work
from portal.unit_of_work.rows import Rows

WEEK: dict[str, tuple[str, ...]] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-12:00", "13:00-17:00"))
BRUSSELS = resolve(WorkingHours("office", "Europe/Brussels", WEEK, country="BE"), years=range(2024, 2033))
ROUND_THE_CLOCK = resolve(WorkingHours("always", "America/New_York", dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ("00:00-24:00",))))
#: Noon breaks, half days and a closed day; the clocks go by half an hour.
LORD_HOWE = resolve(
    WorkingHours(
        "island", "Australia/Lord_Howe", WEEK, special={f"{year}-12-24": ("09:00-12:00",) for year in range(2024, 2033)} | {"2026-04-07": ()}, country="AU"
    ),
    years=range(2024, 2033),
)
#: A weekend on Friday and Saturday.
GULF = resolve(WorkingHours("gulf", "Asia/Kuwait", dict.fromkeys(("sun", "mon", "tue", "wed", "thu"), ("07:30-14:00",)), country="KW"), years=range(2024, 2033))
BODIES = {"tests-brussels": BRUSSELS, "tests-always": ROUND_THE_CLOCK, "tests-island": LORD_HOWE, "tests-gulf": GULF}
CALENDARS = {hash: Calendar.from_body(body) for hash, body in BODIES.items()}
LAW = Law({"en": "Code of the tests", "fr": "Code des tests"}, "15")


def standard(id: str = "decided", *, within: str = "5 business_days", **more: Any) -> Standard:
    """A standard that may be paused for both reasons and extended once, unless `more` says otherwise."""
    pauses = (PauseRule("answer", LAW, starts="at-once"), PauseRule("agency", LAW, starts="at-once", within="10 business_days"))
    given: dict[str, Any] = {"kind": "law", "within": within, "law": LAW, "pauses": pauses, "extend": Extension("1 calendar_weeks", LAW)} | more
    return Standard(id, {"en": id, "fr": id}, **given)


def strict(id: str = "strict", **more: Any) -> Standard:
    """Counted as Union law counts, paused as Awb 4:15 says, with what follows from a breach."""
    given: dict[str, Any] = {
        "within": "14 calendar_days",
        "profile": "eu-1182-71",
        "pauses": (PauseRule("answer", LAW),),
        "escalate": (Escalation("1 business_days", "team-lead"), Escalation("3 business_days", "head")),
        "consequence": Consequence("redress", LAW, "desk"),
    }
    return standard(id, **(given | more))


class _Portal:
    def pinned(self, _: Any, hash: str) -> Any:
        return BODIES[hash]


class Desk:
    """What the ledger of clocks uses of a unit of work, for one case; each act at an instant of the test's choice."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.case = new_id()
        self.portal = _Portal()
        self.events: list[Event] = []
        self._rows = Rows()

    @property
    def work(self) -> Work:
        """As the ledger takes it."""
        return self  # type: ignore[return-value]  # the part of a unit of work that the ledger of clocks uses

    def rows(self, table: Table, case_id: UUID) -> list[Row]:
        return self._rows.held(table, case_id) or []

    def add(self, table: Table, **values: Any) -> Row:
        return self._rows.add(table, values)

    def change(self, row: Row, **values: Any) -> None:
        self._rows.change(row, values)

    def origin(self, _: UUID) -> str:
        return "demo"

    def record(
        self, case_id: UUID, type: str, /, *, occurred_at: datetime | None = None, agency: str | None = None, step: str | None = None, **data: Any
    ) -> None:
        self.events.append(event(case_id, type, data, occurred_at=occurred_at or self.now, actor="tests", agency=agency, step=step))

    def start(self, what: Standard, *, calendar: str = "tests-brussels", step_run: UUID | None = None) -> Row:
        """A clock that starts now."""
        return clocks.start(self.work, self.case, what, agency="hall", started_at=self.now, calendar_hash=calendar, step_run_id=step_run)

    def types(self) -> list[str]:
        """What was recorded."""
        return [event.type for event in self.events]

    def live(self) -> dict[str, Clock]:
        """The clocks as their rows say."""
        return {str(row["id"]): clocks.standing(self.work, row) for row in clocks.of_case(self.work, self.case)}

    def replayed(self) -> dict[str, Clock]:
        """The clocks as the events alone say."""
        return replayed(self.events, lambda hash: calendar(self.work, hash))
