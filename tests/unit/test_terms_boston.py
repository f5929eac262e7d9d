"""Promised dates of a real city, computed again: 15,301 requests of Boston's 311 in 2015."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

from portal.catalogue.definitions import WorkingHours
from portal.standards.calendar import Calendar, resolve
from portal.standards.terms import due, parse_term

CITY_HALL = WorkingHours(
    id="city-hall",
    zone="America/New_York",
    weekly=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("08:30-17:00",)),
    country="US",
    subdivision="MA",
    # A Sunday; the city lists its observed Monday alone.
    worked=("2016-12-25",),
)


def test_the_holidays_are_the_ones_the_city_kept(shared_data: Path) -> None:
    written = json.loads((shared_data / "requests-311" / "boston311-2015-ten-types.oracle.json").read_text())["sla_clock"]["calendar"]
    body = resolve(CITY_HALL)
    assert body["holidays"]["2015"] + body["holidays"]["2016"] == written["holidays"]
    assert body["zone"] == written["timezone"]


def test_every_promised_date_is_the_one_the_city_gave_to_two_minutes(shared_data: Path) -> None:
    calendar, wrong, rows = Calendar.from_body(resolve(CITY_HALL)), [], 0
    with gzip.open(shared_data / "requests-311" / "boston311-2015-ten-types.due-dates.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            opened, promised = (datetime.fromisoformat(row[column]) for column in ("opened_local", "city_target_local"))
            computed = due(parse_term(f"{row['business_days']} business_days"), calendar, calendar.at(opened.date(), opened.time()))
            if abs(computed - calendar.at(promised.date(), promised.time())) > timedelta(seconds=120):
                wrong.append((row, computed))
            rows += 1
    assert wrong == []
    assert rows == 15_301
