"""Live counts on a journey: what a champion sees is all that is under way, what staff see is theirs, on the page as in the terminal."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from portal.cli.journeys import journeys
from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.settings import settings
from portal.unit_of_work import ANONYMOUS, Portal, Principal
from portal.views.versions import live

CHAMPION = Principal("champion", "tests|champion", roles=("champion",), services=("*",))
ROADS = Principal("staff", "tests|roads", agencies=("roads",), roles=("caseworker",))
WATER = Principal("staff", "tests|water", agencies=("water-utility",), roles=("caseworker",))


def open_some(city: Portal, number: int) -> None:
    for _ in range(number):
        case_id = new_id()
        with city.work(ANONYMOUS, new_cases=[case_id]) as work:
            receive(work, Submission(service="street-light-fault", answers=answers(city), contact={"email": "ann@example.org"}), case_id=case_id)


def answers(city: Portal) -> dict[str, object]:
    samples = {"integer": 1, "boolean": True, "date": "2026-12-01"}
    fields = city.catalogue.services["street-light-fault"].fields
    return {one.id: one.options[0].id if one.type == "choice" else samples.get(one.type, "Rue Haute 1") for one in fields if one.required}


def test_cases_at_each_step_are_counted_as_far_as_one_may_see_them(city: Portal) -> None:
    open_some(city, 3)
    hash = city.catalogue.hashes["journey", "report-and-repair"]
    for who, expected in ((CHAMPION, {hash: {"repair": 3}}), (ROADS, {hash: {"repair": 3}}), (WATER, {})):
        with city.work(who) as work:
            assert live(work, "report-and-repair") == expected
    with city.work(CHAMPION) as work:
        assert live(work, "moving-home") == {}


def test_the_terminal_counts_where_a_portal_runs(city: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    open_some(city, 2)
    monkeypatch.setenv("DATABASE_URL", city.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, long enough to be one")
    settings.cache_clear()
    shown = CliRunner().invoke(journeys, ["show", "report-and-repair"])
    settings.cache_clear()
    assert shown.exit_code == 0, shown.output
    assert "repair: Repair   [2 now]" in shown.output
