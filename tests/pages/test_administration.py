"""What administrators change on pages, without YAML: hours and closures with the dates they move, lists, teams, people for a second person."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal.administration.stream import STREAM
from portal.app.building import amend
from portal.catalogue.store import store
from portal.db import connect
from portal.unit_of_work import ENGINE, Portal
from tests.ledger.conftest import catalogue
from tests.pages.conftest import Browser
from tests.pages.people import ADMIN, CHAMPION, DESK, colleague, sign_in
from tests.pages.test_desk import noise, send
from tests.servers import Database

COUNCIL = "/admin/agencies/city-council"
HOURS = f"{COUNCIL}/hours/office"


@pytest.fixture
def admin(city: Portal, app: Flask, fresh_database: Database) -> Browser:
    """Somebody who keeps the portal."""
    city.amend = amend
    owner = connect(fresh_database.owner_url)
    with owner.begin() as connection:
        store(connection, catalogue().stored)
    owner.dispose()
    return sign_in(Browser(app), city, ADMIN)


def told(database: Database) -> list[dict[str, Any]]:
    """Events of administration."""
    with psycopg.connect(database.superuser_url) as connection:
        return [{"type": type, **data} for type, data in connection.execute("SELECT type, data FROM events WHERE case_id = %s ORDER BY seq", (STREAM,))]


def form(browser: Browser, what: str, **fields: str) -> None:
    """One of the forms of the page of hours."""
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', browser.html.partition(f'name="what" value="{what}"')[0].rpartition("<form")[2]))
    browser.post(HOURS, **{**hidden, "what": what, **fields})


def test_a_closure_shows_its_dates_before_it_is_kept_and_moves_them_when_that_is_wanted(city: Portal, admin: Browser, fresh_database: Database) -> None:
    noise(city)
    first, last = ((date.today() + timedelta(days=days)).isoformat() for days in (1, 60))
    admin.get(COUNCIL)
    assert admin.title and HOURS in admin.html
    admin.get(HOURS)
    form(admin, "days", first_day=first, last_day=last, kind="closed", hours="")
    assert admin.title == "Which dates it moves" and "From now on" in admin.html and 'name="move"' in admin.html
    assert told(fresh_database) == [], "nothing is kept by looking"
    send(admin, HOURS, move="yes")
    assert admin.place == HOURS and "The hours hold from now on." in admin.html and re.search(r"[1-9]\d* dates? (was|were) moved", admin.html)
    events = told(fresh_database)
    assert [one["type"] for one in events] == ["AgencyAmended"] and events[0]["what"] == "calendar office" and events[0]["official"] == ADMIN.subject
    assert admin.html.count("Take it back") == 60
    with city.work(ENGINE) as work:
        assert first in work.catalogue.calendars["city-council/office"]["holidays"][first[:4]]


def test_half_a_day_is_hours_of_its_own_and_goes_back(city: Portal, admin: Browser) -> None:
    day = (date.today() + timedelta(days=400)).isoformat()
    admin.get(HOURS)
    form(admin, "days", first_day=day, last_day="", kind="special", hours="9:00 \u2013 12:00")
    assert "09:00-12:00" in admin.html
    send(admin, HOURS, move="no")
    with city.work(ENGINE) as work:
        assert work.catalogue.calendars["city-council/office"]["special"][day] == ["09:00-12:00"]
    form(admin, "back", day=day)
    send(admin, HOURS)
    assert "every week is like the other" in admin.html
    with city.work(ENGINE) as work:
        assert day not in work.catalogue.calendars["city-council/office"]["special"]


@pytest.mark.parametrize(
    ("what", "fields", "box"),
    [
        ("days", {"first_day": "tomorrow", "last_day": "", "kind": "closed"}, "first_day"),
        ("days", {"first_day": "2027-05-04", "last_day": "2027-05-03", "kind": "closed"}, "last_day"),
        ("days", {"first_day": "2027-01-01", "last_day": "2027-12-31", "kind": "closed"}, "last_day"),
        ("days", {"first_day": "1999-05-04", "last_day": "", "kind": "closed"}, "first_day"),
        ("days", {"first_day": "2027-05-04", "last_day": "", "kind": "special", "hours": ""}, "hours"),
        ("days", {"first_day": "2027-05-04", "last_day": "", "kind": "special", "hours": "noon"}, "hours"),
        ("weekly", {"weekly-mon": "17:00-09:00"}, "weekly-mon"),
        ("weekly", {}, "weekly-mon"),
    ],
)
def test_hours_that_cannot_be_keep_what_was_typed(admin: Browser, what: str, fields: dict[str, str], box: str) -> None:
    admin.get(HOURS)
    if what == "weekly":
        fields = {f"weekly-{day}": "" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")} | fields
    form(admin, what, **fields)
    assert admin.status == 422 and f'href="#{box}"' in admin.html and f'id="{box}-error"' in admin.html
    assert all(f'value="{value}"' in admin.html for name, value in fields.items() if value and name != "kind")


def test_two_tabs_overwrite_nothing(city: Portal, app: Flask, admin: Browser, fresh_database: Database) -> None:
    other = sign_in(Browser(app), city, colleague(ADMIN))
    for browser in (admin, other):
        browser.get(f"{COUNCIL}/lists/duty")
    send(admin, f"{COUNCIL}/lists/duty", **{"name-0": "Nadia Noon", "email-0": "noon@council.example"})
    assert admin.place == COUNCIL and "Nadia Noon" in admin.html
    send(other, f"{COUNCIL}/lists/duty", **{"name-0": "Otto Old", "email-0": "otto@council.example"})
    assert other.status == 422 and "Somebody has changed this" in other.html and "Otto Old" in other.html and "Nadia Noon" in other.html
    send(other, f"{COUNCIL}/lists/duty", **{"name-0": "Otto Old", "email-0": "otto@council.example"})
    assert other.place == COUNCIL and "Otto Old" in other.html
    assert [one["what"] for one in told(fresh_database)] == ["duty", "duty"]


def test_a_form_sent_twice_is_kept_once(admin: Browser, fresh_database: Database) -> None:
    admin.get(f"{COUNCIL}/teams")
    page = admin.html
    for _ in range(2):
        admin.html = page
        send(admin, f"{COUNCIL}/teams", **{"team-desk": "night-desk"})
        assert admin.place == COUNCIL and "night-desk" in admin.html
    assert len(told(fresh_database)) == 1


def test_lists_say_which_box_is_wrong_and_take_rows_away(admin: Browser) -> None:
    address = f"{COUNCIL}/lists/absences"
    admin.get(address)
    assert admin.html.count("<fieldset") == 2
    send(admin, address, do="more", **{"email-0": "ada@council.example", "first_day-0": "2027-05-03", "last_day-0": "", "deputy-0": ""})
    assert admin.status == 200 and admin.html.count("<fieldset") == 3 and "ada@council.example" in admin.html
    send(admin, address, **{"email-0": "", "email-1": "ada", "first_day-1": "2027-05-03", "last_day-1": "2027-05-02", "deputy-1": "x"})
    assert admin.status == 422 and 'id="email-1-error"' in admin.html and 'id="deputy-1-error"' in admin.html, "an empty row in between is left out"
    send(admin, address, **{"email-0": "ada@council.example", "first_day-0": "2027-05-03", "last_day-0": "2027-05-02", "deputy-0": ""})
    assert 'id="last_day-0-error"' in admin.html
    send(admin, address, **{"email-0": "ada@council.example", "first_day-0": "2027-05-03", "last_day-0": "2027-05-07", "deputy-0": ""})
    assert admin.place == COUNCIL and "2027-05-07" in admin.html
    admin.get(f"{COUNCIL}/lists/people")
    send(admin, f"{COUNCIL}/lists/people", **dict.fromkeys(re.findall(r'name="((?:role|name|email)-\d+)"', admin.html), ""))
    assert admin.status == 422 and "name somebody for each" in admin.html


def test_roles_are_proposed_and_a_second_administrator_confirms(city: Portal, app: Flask, admin: Browser, fresh_database: Database) -> None:
    admin.get("/admin/people/new")
    fields = {
        "issuer": "https://idp.example",
        "subject": "zoe",
        "name": "Zoë <Ray>",
        "agency": "city-council",
        "teams": "desk, nowhere",
        "services": "",
        "until": "",
    }
    send(admin, "/admin/people/new", **fields)
    assert admin.status == 422 and 'href="#roles"' in admin.html and "Zoë &lt;Ray&gt;" in admin.html
    send(admin, "/admin/people/new", **fields, roles="caseworker")
    assert admin.status == 422 and 'href="#teams"' in admin.html
    send(admin, "/admin/people/new", **{**fields, "teams": "desk", "until": "2031-01-31"}, roles="caseworker")
    assert admin.place == "/admin/proposals" and "Zoë &lt;Ray&gt;" in admin.html and 'value="confirm"' not in admin.html
    address = re.findall(r'action="(/admin/proposals/[^"]+)"', admin.html)[0]
    send(admin, address, do="confirm")
    assert admin.status == 422 and "Another administrator has to confirm it" in admin.html
    second = sign_in(Browser(app), city, colleague(ADMIN))
    second.get("/admin/proposals")
    send(second, address, do="confirm")
    assert "That is settled." in second.html and "confirmed" in second.html
    second.get("/admin/people")
    place = re.findall(r'href="(/admin/people/[0-9a-f]{20})"', second.html)[0]
    assert "zoe" not in place
    second.get(place)
    assert 'value="2031-01-31"' in second.html and 'value="desk"' in second.html
    send(second, f"{place}/end")
    assert "their sessions are over" in second.html and "ended" in second.html
    assert [one["type"] for one in told(fresh_database)] == ["ProposalMade", "ProposalEnded", "PersonKept", "PersonKept"]


def test_an_address_is_proposed(admin: Browser) -> None:
    admin.get("/admin/agencies/roads/address")
    send(admin, "/admin/agencies/roads/address", endpoint="ftp//nowhere")
    assert admin.status == 422 and "ftp//nowhere" in admin.html
    send(admin, "/admin/agencies/roads/address", endpoint="https://roads.example/new")
    assert "The address is proposed" in admin.html
    admin.get("/admin/agencies/roads/address")
    assert "proposed already" in admin.html
    admin.get("/admin/proposals")
    assert "https://roads.example/new" in admin.html


def test_nobody_else_comes_here(city: Portal, app: Flask) -> None:
    for who in (DESK, CHAMPION):
        browser = sign_in(Browser(app), city, who)
        for address in ("/admin/agencies", COUNCIL, HOURS, f"{COUNCIL}/lists/duty", f"{COUNCIL}/teams", "/admin/proposals", "/admin/people/new"):
            browser.get(address)
            assert browser.status == 403, address


def test_what_is_not_there_is_not_found(admin: Browser) -> None:
    for address in ("/admin/agencies/nowhere", f"{COUNCIL}/hours/none", f"{COUNCIL}/lists/none", "/admin/agencies/x/lists/duty", "/admin/people/0123"):
        admin.get(address)
        assert admin.status == 404, address
