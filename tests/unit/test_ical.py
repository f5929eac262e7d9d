"""Closures from iCalendar files: what each form of event does to a day, and the line of what cannot be read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.catalogue.definitions import WorkingHours
from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.load import load
from portal.standards.calendar import Calendar
from portal.standards.ical import MOST_EVENTS, WrongFile
from portal.standards.resolve import WrongHours, resolve
from tests.definitions.small_city import plant, write

BRUSSELS = ZoneInfo("Europe/Brussels")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN")


def event(*lines: str) -> list[str]:
    return ["BEGIN:VEVENT", *lines, "END:VEVENT"]


def file(*events: list[str]) -> bytes:
    return "\r\n".join([*HEAD, *(line for one in events for line in one), "END:VCALENDAR", ""]).encode()


def body(raw: bytes, **changed: Any) -> dict[str, Any]:
    weekly: dict[str, tuple[str, ...]] = dict.fromkeys(WEEKDAYS, ("09:00-12:30", "13:30-17:00"))
    hours = WorkingHours(**{"id": "office", "zone": "Europe/Brussels", "weekly": weekly, "holidays_file": "closures.ics"} | changed)
    return resolve(hours, beside={"closures.ics": raw}.__getitem__)


def off(found: dict[str, Any]) -> list[str]:
    return [day for days in found["holidays"].values() for day in days]


def closed(raw: bytes, **changed: Any) -> list[str]:
    return off(body(raw, **changed))


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["DTSTART;VALUE=DATE:20260105"], ["2026-01-05"]),
        (["DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260108"], ["2026-01-05", "2026-01-06", "2026-01-07"]),
        (["DTSTART;VALUE=DATE:20260105", "DURATION:P2D"], ["2026-01-05", "2026-01-06"]),
        (["DTSTART;VALUE=DATE:20260105", "TRANSP:TRANSPARENT"], ["2026-01-05"]),
        (["DTSTART;VALUE=DATE:20260105", "STATUS:CANCELLED"], []),
        (["DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY;UNTIL=20340301"], ["2024-02-29", "2028-02-29", "2032-02-29"]),
        (["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=YEARLY;COUNT=3", "EXDATE;VALUE=DATE:20270105"], ["2026-01-05", "2028-01-05"]),
        (["DTSTART;VALUE=DATE:20260105", "RDATE;VALUE=DATE:20260309,20260310"], ["2026-01-05", "2026-03-09", "2026-03-10"]),
        (["DTSTART;VALUE=DATE:20261126", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3"], ["2026-11-26", "2027-11-25", "2028-11-23"]),
        (["DTSTART:20260105T000000", "DTEND:20260106T000000"], ["2026-01-05"]),
        (["DTSTART:20260105T000000", "DTEND:20260105T235959"], ["2026-01-05"]),
        (["DTSTART;TZID=Europe/Brussels:20260105T000000", "DURATION:P1D"], ["2026-01-05"]),
        (["DTSTART:20260104T230000Z", "DTEND:20260105T230000Z"], ["2026-01-05"]),
        (["DTSTART;VALUE=DATE:19991231", "DTEND;VALUE=DATE:20000102"], ["2000-01-01"]),
    ],
)
def test_whole_days(lines: list[str], days: list[str]) -> None:
    assert closed(file(event("UID:1", *lines))) == days


def test_a_yearly_closure_goes_on_to_the_last_year_of_the_calendar() -> None:
    assert closed(file(event("DTSTART;VALUE=DATE:20260721", "RRULE:FREQ=YEARLY"))) == [f"{year}-07-21" for year in range(2026, 2051)]


def test_one_time_of_a_series_is_moved_and_one_is_called_off() -> None:
    series = event("UID:a", "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=YEARLY;COUNT=3")
    moved = event("UID:a", "RECURRENCE-ID;VALUE=DATE:20270105", "DTSTART;VALUE=DATE:20270108")
    gone = event("UID:a", "RECURRENCE-ID;VALUE=DATE:20280105", "DTSTART;VALUE=DATE:20280105", "STATUS:CANCELLED")
    assert closed(file(series, moved, gone)) == ["2026-01-05", "2027-01-08"]


def test_folded_lines_escapes_alarms_and_a_byte_order_mark() -> None:
    folded = event(
        "SUMMARY:All souls\\, half of th", " e city\\; closed\\nand the", "\t rest", "DTSTART;VAL", " UE=DATE:2026", " 1102", "BEGIN:VALARM", "END:VALARM"
    )
    assert closed(b"\xef\xbb\xbf" + file(folded)) == ["2026-11-02"]
    assert closed(file(folded).replace(b"\r\n", b"\n")) == ["2026-11-02"]


@pytest.mark.parametrize(
    ("lines", "special"),
    [
        # 5 January 2026 is a Monday: 09:00-12:30, 13:30-17:00.
        (["DTSTART:20260105T120000", "DTEND:20260105T180000"], {"2026-01-05": ["09:00-12:00"]}),
        (["DTSTART:20260105T110000Z", "DURATION:PT6H"], {"2026-01-05": ["09:00-12:00"]}),
        (["DTSTART;TZID=America/New_York:20260105T060000", "DURATION:PT30M"], {"2026-01-05": ["09:00-12:00", "13:30-17:00"]}),
        (["DTSTART;TZID=Romance Standard Time:20260105T150000", "DURATION:PT8H"], {"2026-01-05": ["09:00-12:30", "13:30-15:00"]}),
        (["DTSTART:20260105T160000", "DTEND:20260107T100000"], {"2026-01-05": ["09:00-12:30", "13:30-16:00"], "2026-01-07": ["10:00-12:30", "13:30-17:00"]}),
        (["DTSTART:20260105T083000", "DTEND:20260105T120000", "TRANSP:TRANSPARENT"], {"2026-01-05": ["08:30-12:00"]}),
        (["DTSTART:20260110T090000", "DTEND:20260110T120000", "TRANSP:TRANSPARENT"], {"2026-01-10": ["09:00-12:00"]}),  # open on a Saturday
        (["DTSTART:20260110T090000", "DTEND:20260110T120000"], {}),  # shut where it is shut anyway
        (["DTSTART:20260105T123000", "DTEND:20260105T133000"], {}),  # lunch
        (["DTSTART;VALUE=DATE:20260105", "SUMMARY:Half day"], {"2026-01-05": ["09:00-12:00"]}),
        (["DTSTART;VALUE=DATE:20260105", "SUMMARY:Demi-journée du personnel"], {"2026-01-05": ["09:00-12:00"]}),
        (["DTSTART;VALUE=DATE:20260105", "CATEGORIES:STAFF,HALF-DAY", "SUMMARY:Party"], {"2026-01-05": ["09:00-12:00"]}),
        (["DTSTART;VALUE=DATE:20260110", "SUMMARY:half day"], {}),  # no hours to halve on a Saturday
    ],
)
def test_parts_of_days(lines: list[str], special: dict[str, list[str]]) -> None:
    found = body(file(event(*lines)), half_days="08:30-12:00")
    assert {day: windows for day, windows in found["special"].items() if windows} == special
    assert off(found) == (["2026-01-06"] if "DTEND:20260107T100000" in lines else [])


def test_what_the_definition_says_goes_before_the_file() -> None:
    half = file(event("DTSTART;VALUE=DATE:20260105", "SUMMARY:half day"), event("DTSTART;VALUE=DATE:20260106"))
    own = body(half, half_days="08:30-12:00", special={"2026-01-05": ("10:00-11:00",)}, worked=("2026-01-06",))
    assert (own["special"], off(own)) == ({"2026-01-05": ["10:00-11:00"]}, [])
    with pytest.raises(WrongHours, match="2026-01-06 is a holiday and stays closed"):
        body(half, half_days="08:30-12:00", special={"2026-01-06": ("10:00-11:00",)})
    with pytest.raises(WrongHours, match="2026-01-07 is no public holiday here"):
        body(half, half_days="08:30-12:00", worked=("2026-01-07",))


def test_file_and_country_add_up_and_a_calendar_computes_with_them() -> None:
    found = body(file(event("DTSTART;VALUE=DATE:20260720"), event("DTSTART:20260722T120000", "DURATION:PT12H")), country="BE")
    assert found["made_with"].keys() == {"holidays", "tzdata", "icalendar", "country"}
    calendar = Calendar.from_body(found)
    friday = datetime(2026, 7, 17, 16, 0, tzinfo=BRUSSELS)
    # An hour on Friday; Monday by the file and Tuesday the 21st by law are shut; three on Wednesday morning; the rest on Thursday.
    assert calendar.add(friday, 5 * 3600) == datetime(2026, 7, 23, 10, 0, tzinfo=BRUSSELS)


def test_half_holidays_of_a_country() -> None:
    def special(**changed: Any) -> dict[str, list[str]]:
        weekly: dict[str, tuple[str, ...]] = dict.fromkeys(WEEKDAYS, ("09:00-17:00",))
        found: dict[str, list[str]] = resolve(WorkingHours(**{"id": "o", "zone": "Atlantic/Reykjavik", "weekly": weekly} | changed))["special"]
        return found

    eves = special(country="IS", half_days="09:00-13:00")
    assert {day: eves[day] for day in eves if day[:4] == "2026"} == {"2026-12-24": ["09:00-13:00"], "2026-12-31": ["09:00-13:00"]}
    assert "2027-12-24" in eves and "2028-12-24" not in eves  # a Friday, a Sunday
    assert special(country="IS") == {}
    assert "2026-12-24" not in special(country="IS", half_days="09:00-13:00", worked=("2026-12-24",))
    assert special(country="IS", half_days="06:00-08:00")["2026-12-24"] == []
    with pytest.raises(WrongHours, match="no half holidays are known for BE"):
        special(country="BE", half_days="09:00-13:00")


def test_a_calendar_that_never_closes() -> None:
    always = resolve(WorkingHours(id="day-and-night", zone="Europe/Brussels", always=True))
    written = resolve(WorkingHours(id="x", zone="Europe/Brussels", weekly=dict.fromkeys((*WEEKDAYS, "sat", "sun"), ("00:00-24:00",))))
    assert always == written
    start = datetime(2026, 12, 24, 23, 0, tzinfo=BRUSSELS)
    assert Calendar.from_body(always).add(start, 7200) == start + timedelta(hours=2)
    with pytest.raises(WrongHours, match="leave out `country`") as fault:
        resolve(WorkingHours(id="x", zone="Europe/Brussels", always=True, country="BE"))
    assert fault.value.path == ("country",)


def faults(raw: bytes, **changed: Any) -> tuple[tuple[int, str], ...]:
    with pytest.raises(WrongFile) as wrong:
        body(raw, **changed)
    return wrong.value.lines


@pytest.mark.parametrize(
    ("lines", "line", "says"),
    [
        (["DTSTART;VALUE=DATE:2026010"], 5, "DTSTART"),
        (["UID:1", "SUMMARY:x"], 4, "has no DTSTART"),
        (["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=SOMETIMES"], 6, "RRULE"),
        (["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=HOURLY"], 6, "cannot come again HOURLY"),
        (["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=DAILY"], 6, "every day without end"),
        (["DTSTART:20260105T090000", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYSECOND=1,2,3"], 7, "BYSECOND"),
        (["DTSTART;VALUE=DATE:20260105", "DTEND:20260106T000000"], 6, "must both be dates"),
        (["DTSTART:20260105T000000", "DTEND:20260106T000000Z"], 6, "both have a zone"),
        (["DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260105"], 6, "ends before it has begun"),
        (["DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260106", "DURATION:P1D"], 7, "both DTEND and DURATION"),
        (["DTSTART:20260105T090000"], 4, "a time but no end"),
        (["DTSTART:20260105T090000", "DURATION:-PT1H"], 6, "lasts no time"),
        (["DTSTART;TZID=Nowhere/City:20260105T090000", "DURATION:PT1H"], 5, "`Nowhere/City` is not a time zone"),
        (["DTSTART;VALUE=DATE:20260105", "DTSTART;VALUE=DATE:20260106"], 5, "more than once"),
        (["DTSTART;VALUE=DATE:20260105", "no colon here"], 6, "is no line of an iCalendar file"),
        (["DTSTART;VALUE=DATE:20260105", "SUMMARY:half day"], 4, "has no hours for it"),
        (["DTSTART;VALUE=DATE:20260105", "BEGIN:VALARM"], 7, "END:VEVENT does not fit"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(lines: list[str], line: int, says: str) -> None:
    found = faults(file(event(*lines)))
    assert [place for place, _ in found] == [line]
    assert says in found[0][1]


@pytest.mark.parametrize(
    ("raw", "line", "says"),
    [
        (b"", 1, "BEGIN:VCALENDAR"),
        (b"hello", 1, "is no line"),
        (b"<html>: not found</html>", 1, "is no line"),
        (b"SUMMARY:x\n", 1, "first line must be"),
        (file()[:-20], 1, "has no END:VCALENDAR"),
        (file() + file(), 5, "only one"),
        (file(event("SUMMARY:\xe9")).replace("é".encode(), b"\xe9"), 5, "not UTF-8"),
        (b"x" * (1 << 20) + b"y", 1, "bytes"),
        (file(*[event("DTSTART;VALUE=DATE:20260105")] * (MOST_EVENTS + 1)), 4 + 3 * MOST_EVENTS, "more than 1000 events"),
        (file(*[event("DTSTART;VALUE=DATE:20000101", "RRULE:FREQ=DAILY;COUNT=3000")] * 2), 8, "more than 5,000"),
    ],
)
def test_files_that_are_none(raw: bytes, line: int, says: str) -> None:
    found = faults(raw)
    assert (found[0][0], says in found[0][1]) == (line, True), found


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert [line for line, _ in faults(file(event("DTSTART;VALUE=DATE:1"), event("UID:2"), event("DTSTART;VALUE=DATE:20260105", "DTEND:x")))] == [5, 7, 12]


def small(tmp_path: Path, extra: str, raw: bytes | None) -> Path:
    write(tmp_path, {"services/hall/agency.yaml": plant("services/hall/agency.yaml", "    closed: [2026-11-02]\n", f"    closed: [2026-11-02]\n{extra}")})
    if raw is not None:
        (tmp_path / "services/hall/closures.ics").write_bytes(raw)
    return tmp_path


def test_a_file_beside_its_agency_is_read_and_its_faults_carry_its_name(tmp_path: Path) -> None:
    city = small(tmp_path, "    holidays_file: closures.ics\n", file(event("DTSTART;VALUE=DATE:20260302")))
    assert "2026-03-02" in load(directories=[city], resolve_calendar=resolve).calendars["hall/office"]["holidays"]["2026"]
    small(tmp_path, "    holidays_file: closures.ics\n", file(event("DTSTART;VALUE=DATE:2026")))
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[city], resolve_calendar=resolve)
    (fault,) = trouble.value.faults
    assert (Path(fault.file).name, fault.line, fault.column) == ("closures.ics", 5, 1)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("    holidays_file: closure.ics\n", "there is no `closure.ics` beside this file: did you mean `closures.ics`?"),
        ("    holidays_file: ../closures.ics\n", "there is no `../closures.ics` beside this file"),
        ("    holidays_file: closures.csv\n", "no iCalendar file"),
        ("    half_days: morning\n", "is no window"),
        ("    half_days: 08:30-12:00\n", "no half holidays are known for BE"),
        ("    always: true\n", "leave out `weekly`"),
    ],
)
def test_faults_of_the_definition(tmp_path: Path, extra: str, says: str) -> None:
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[small(tmp_path, extra, file())], resolve_calendar=resolve)
    (fault,) = trouble.value.faults
    assert Path(fault.file).name == "agency.yaml" and says in fault.message


def test_hours_are_asked_for_where_a_calendar_has_none(tmp_path: Path) -> None:
    weekly = "    weekly:\n      mon: [09:00-12:00, 13:00-17:00]\n      tue: [09:00-17:00]\n"
    write(tmp_path, {"services/hall/agency.yaml": plant("services/hall/agency.yaml", weekly, "")})
    with pytest.raises(CatalogueFaults, match=r"`weekly` is missing: write .* or `always: true`"):
        load(directories=[tmp_path], resolve_calendar=resolve)


def test_dates_are_dates() -> None:
    """The form the stored body keeps."""
    found = body(file(event("DTSTART;VALUE=DATE:20260105")))
    assert all(date.fromisoformat(day).year == int(year) for year, days in found["holidays"].items() for day in days)
