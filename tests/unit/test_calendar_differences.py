"""What changed between two versions of a calendar, in words."""

from __future__ import annotations

from typing import Any

from portal.standards.differences import differences

BEFORE: dict[str, Any] = {
    "zone": "Europe/Brussels",
    "years": [2000, 2050],
    "weekly": {"mon": ["09:00-12:00", "13:00-17:00"], "tue": ["09:00-17:00"]},
    "special": {"2026-12-24": ["09:00-12:00"], "2026-12-31": []},
    "holidays": {"2026": ["2026-01-01", "2026-05-01"]},
    "made_with": {"tzdata": "2026a"},
}


def test_each_kind_of_change_is_one_line() -> None:
    after = BEFORE | {
        "zone": "Europe/Paris",
        "years": [2000, 2060],
        "weekly": {"mon": ["09:00-12:00"], "wed": ["09:00-17:00"]},
        "special": {"2026-12-24": ["09:00-11:00"], "2027-12-24": ["09:00-12:00"]},
        "holidays": {"2026": ["2026-01-01", "2026-11-02"]},
    }
    assert differences(BEFORE, after) == [
        "zone Europe/Brussels -> Europe/Paris",
        "years 2000 to 2050 -> 2000 to 2060",
        "mon 09:00-12:00 13:00-17:00 -> 09:00-12:00",
        "tue 09:00-17:00 -> closed",
        "wed closed -> 09:00-17:00",
        "closed 2026-11-02 (mon)",
        "no longer closed 2026-05-01 (fri)",
        "2026-12-24 (thu) 09:00-12:00 -> 09:00-11:00",
        "2026-12-31 (thu) closed -> as usual",
        "2027-12-24 (fri) as usual -> 09:00-12:00",
    ]


def test_what_made_it_is_no_difference() -> None:
    assert differences(BEFORE, BEFORE | {"made_with": {"tzdata": "2027b"}}) == []
