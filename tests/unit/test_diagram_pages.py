"""Journeys where people look for them: on pages, and in the terminal."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from pydantic import SecretStr

from portal.app import create_app
from portal.catalogue.load import load
from portal.cli.journeys import journeys
from portal.db import connect
from portal.settings import Settings
from portal.unit_of_work import Portal


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """The pages need no database."""
    engine = connect("postgresql://nobody@127.0.0.1:1/nothing")
    return create_app(Portal(engine, load(), {}, Settings(mode="test", secret_key=SecretStr("for tests only " * 3)))).test_client()


def test_every_journey_has_its_page_with_the_picture_and_the_same_in_words(client: FlaskClient) -> None:
    listed = client.get("/docs/journeys")
    assert listed.status_code == 200
    for journey in load().journeys.values():
        assert f'href="/docs/journeys/{journey.id}"' in listed.text
        page = client.get(f"/docs/journeys/{journey.id}")
        assert page.status_code == 200
        picture, _, words = page.text.partition("</svg>")
        assert '<svg xmlns="http://www.w3.org/2000/svg" role="img"' in picture
        for step in journey.steps:
            assert f'<li id="{step.id}">' in words
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<style" not in page.text and "style=" not in page.text and "<script" not in page.text


def test_its_language_can_be_asked_for_and_only_a_language(client: FlaskClient) -> None:
    assert "Décider de la résidence" in client.get("/docs/journeys/residence-registration?language=fr").text
    hostile = client.get('/docs/journeys/moving-home?language="><script>')
    assert hostile.status_code == 200
    assert "<script" not in hostile.text


def test_there_is_no_page_for_what_is_not_there(client: FlaskClient) -> None:
    assert client.get("/docs/journeys/moving-out").status_code == 404


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> CliRunner:
    """No portal runs."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA", str(tmp_path))
    return CliRunner()


def test_the_terminal_shows_layers_people_promises_and_ways(alone: CliRunner) -> None:
    shown = alone.invoke(journeys, ["show", "moving-home"])
    assert shown.exit_code == 0
    rows = [row.strip() for row in shown.output.splitlines()]
    assert "→ residence + moving-day-near" in rows
    assert "│   → end   (refused · withdrawn)" in rows
    assert any("part: Resident parking permit · Rivermouth City Council (where needed)" in row for row in rows)
    assert any("portal journeys show staff-and-agency   (answers.has_car)" in row for row in rows)
    assert any("waits until moving_date - 5 business_days" in row for row in rows)
    assert "now]" not in shown.output


def test_the_terminal_lists_them_and_gives_the_picture(alone: CliRunner) -> None:
    listed = alone.invoke(journeys, ["list"])
    assert [row.split()[0] for row in listed.output.splitlines()] == list(load().journeys)
    assert alone.invoke(journeys, ["show", "one-desk", "--svg"]).output.startswith("<svg ")


def test_a_name_that_is_not_there_is_answered_with_the_nearest(alone: CliRunner) -> None:
    shown = alone.invoke(journeys, ["show", "moving-hom"])
    assert (shown.exit_code, shown.output) == (1, "Error: there is no journey `moving-hom`: did you mean `moving-home`?\n")
