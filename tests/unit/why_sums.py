"""The date of a clock worked out again from the JSON of why it is what it is, with no code of the portal's."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Said = dict[str, Any]
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def date_of(said: Said) -> datetime:
    """The due instant. AssertionError where the parts do not fit together."""
    count, unit = int(said["rule"]["within"].split()[0]), said["rule"]["within"].split()[1]
    if said["rule"]["profile"] == "eu-1182-71" and unit != "calendar_hours":
        return _legal(said, count, unit)
    begins = at(said["counts_from"])
    assert all(one["state"] != "counted" for one in said["intervals"] if at(one["from"]) < begins)
    ends = _later(said, begins, count, unit)
    if not said["extension"]:
        return ends
    number, unit = said["extension"].split()
    if said["rule"]["profile"] == "eu-1182-71":
        event = (ends - MICROSECOND).astimezone(_zone(said)).date()
        return _midnight(said, _period(said, event, int(number), unit, "extension") + DAY)
    return _later(said, ends, int(number), unit)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _later(said: Said, begins: datetime, count: int, unit: str) -> datetime:
    profile = said["rule"]["profile"]
    to_opening = said["rule"].get("ends") == "next-open"
    if unit == "calendar_hours":
        return _spent(said, begins, timedelta(hours=count), real=True)
    if unit == "business_hours":
        return _spent(said, begins, timedelta(hours=count), to_opening=to_opening)
    if profile == "opening-hours":
        return _spent(said, begins, timedelta(seconds=count * said["usual_day"]), to_opening=to_opening)
    zone = _zone(said)
    local = begins.astimezone(zone)
    if unit != "business_days":
        nominal = _wall(_moved(local.date(), count, unit), local.time(), zone)
        return _spent(said, begins, nominal - begins, real=True)
    # A day that is due as it begins has no time in the intervals: they end with it.
    opens = sorted(_open_days(said) | {at(said["intervals"][-1]["to"]).astimezone(zone).date()})
    ends = _wall([day for day in opens if day > local.date()][count - 1], local.time(), zone)
    lost = _in(said, begins, ends, lambda one: one["instead"] == "counted")
    return _spent(said, begins, _in(said, begins, ends, _opens), to_opening=True) if lost else ends


def _spent(said: Said, begins: datetime, budget: timedelta, *, real: bool = False, to_opening: bool = False) -> datetime:
    """Where so much counted time, or time that was not paused, has passed."""
    for one in said["intervals"]:
        since, until = max(at(one["from"]), begins), at(one["to"])
        if until <= since or not (one["state"] != "paused" if real else one["state"] == "counted"):
            continue
        if budget == timedelta(0) and to_opening:
            return since
        if until - since > budget or (until - since == budget and not to_opening):
            return since + budget
        budget -= until - since
    assert budget == timedelta(0), f"{budget} are left at the end of the intervals"
    return at(said["intervals"][-1]["to"])


def _legal(said: Said, count: int, unit: str) -> datetime:
    event = at(said["counts_from"]).astimezone(_zone(said)).date() - DAY
    if "cutoff" not in said["rule"]:
        assert event == at(said["started_at"]).astimezone(_zone(said)).date()
    last = _period(said, event, count, unit, "term")
    if said["extension"]:
        number, unit = said["extension"].split()
        last = _period(said, last, int(number), unit, "extension")
    return _midnight(said, last + DAY)


def _period(said: Said, event: date, count: int, unit: str, part: str) -> date:
    """The last day of a period that begins after the event."""
    first, *runs = (one for one in said["days"] if one["part"] == part)
    assert (first["first"], first["last"], first["state"]) == (str(event), str(event), "event")
    states: list[tuple[date, str, str | None]] = []
    for run in runs:
        day = date.fromisoformat(run["first"])
        assert day == event + (len(states) + 1) * DAY
        states += [(day + after * DAY, run["state"], run["why"]) for after in range(run["days"])]
    counted = sum(state == "counted" for _, state, _ in states)
    assert counted == (count if unit == "business_days" else (_moved(event, count, unit) - event).days)
    last, state, why = states[-1]
    assert last.weekday() < 5
    assert why is None
    for day, state, why in states:
        if why == "weekend" or (state == "counted" and unit == "business_days"):
            assert (day.weekday() >= 5) == (why == "weekend")
        assert state in ("counted", "paused") or why or day == last
    return last


def _moved(day: date, count: int, unit: str) -> date:
    if unit != "calendar_months":
        return day + count * (7 if unit == "calendar_weeks" else 1) * DAY
    year, month = day.year + (day.month - 1 + count) // 12, (day.month - 1 + count) % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _opens(one: Said) -> bool:
    return "counted" in (one["state"], one["instead"])


def _open_days(said: Said) -> set[date]:
    days: set[date] = set()
    for one in said["intervals"]:
        # Outside the hours of a day means that it has some.
        if _opens(one) or {one["why"], one["instead"]} & {"outside-hours", "break", "cut-off"}:
            first, last = at(one["from"]).astimezone(_zone(said)).date(), (at(one["to"]) - MICROSECOND).astimezone(_zone(said)).date()
            days |= {first + after * DAY for after in range((last - first).days + 1)}
    return days


def _in(said: Said, begins: datetime, ends: datetime, which: Any) -> timedelta:
    return sum((max(min(at(one["to"]), ends) - max(at(one["from"]), begins), timedelta(0)) for one in said["intervals"] if which(one)), timedelta(0))


def _wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock.replace(fold=0), zone).astimezone(UTC)


def _midnight(said: Said, day: date) -> datetime:
    return _wall(day, time(), _zone(said))


def _zone(said: Said) -> ZoneInfo:
    return ZoneInfo(said["zone"])
