"""Warnings come in working time only, whatever kind of time the promise counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.standards.calendar import Calendar
from portal.standards.clockwork import begun, share_at
from portal.standards.terms import parse_term

OFFICE = Calendar.from_pairs(
    {"timezone": "Europe/Brussels", "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}, "holidays": []}
)


@pytest.mark.parametrize("within", ["14 calendar_days", "30 calendar_hours", "2 calendar_weeks", "10 business_days", "40 business_hours"])
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_people_are_warned_while_they_work_and_before_the_date(within: str, hour: int) -> None:
    clock = begun(parse_term(within), OFFICE, datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(hours=hour))
    for thousandths in (500, 750, 900):
        at = share_at(clock, thousandths)
        assert at == clock.due_at or OFFICE.is_open(at)
        assert clock.started_at < at <= clock.due_at
