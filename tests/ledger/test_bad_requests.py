"""What goes wrong on the way to the right door: each is refused in words, or taken and brought to people; nothing of it is half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.contracts.issuer import Issuer
from tests.ledger.test_referrals import Doors
from tests.servers import Database


@pytest.fixture
def doors(fresh_database: Database, tmp_path: Path) -> Iterator[Doors]:
    """Open for one test."""
    one = Doors(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def kept(database: Database) -> int:
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute("SELECT count(*) FROM cases").fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize("text", ["", "  \n", "\u200b\u2060", "noise " * 17_000], ids=["empty", "blank", "unseen", "100-kB"])
def test_no_words_and_a_book_of_them_are_refused_and_nothing_is_kept(doors: Doors, fresh_database: Database, text: str) -> None:
    refused = doors.ask("POST", "/cases", {}, {"text": text}, status=422)
    assert [one["pointer"] for one in refused["errors"]] == ["/text"]
    assert refused["errors"][0]["detail"]
    assert kept(fresh_database) == 0


@pytest.mark.parametrize("text", ["jupqu' wIghojqang", "Ég þarf hjálp vegna götunnar", "מדרכה שבורה", "😀😀"])
def test_a_language_nobody_here_speaks_comes_to_people_word_for_word(doors: Doors, text: str) -> None:
    told = doors.ask("POST", "/cases", {}, {"text": text}, status=201)
    assert (told["service"], told["agency"]) == (None, "front-office")
    assert doors.waits(told["reference"], doors.finder, "triage")["status"] == "open"
    assert doors.ask("GET", f"/cases/{told['reference']}", doors.finder)["given"]["text"] == text


def test_an_address_that_does_not_exist_stops_no_request(doors: Doors) -> None:
    told = doors.ask("POST", "/cases", {}, {"text": "xyzzy", "location": {"address": "Nowhere Lane 999"}}, status=201)
    assert told["agency"] == "front-office"
    assert doors.waits(told["reference"], doors.finder, "triage")["status"] == "open"


def test_what_is_gone_is_not_claimed(doors: Doors) -> None:
    reference, mine = doors.noise()
    task = doors.waits(reference, doors.clerk)
    doors.ask("POST", f"/cases/{reference}/withdrawal", mine, {}, status=201)
    before = doors.events(reference)
    refused = doors.ask("POST", f"/tasks/{task['id']}/claim", doors.clerk, status=409)
    assert "finished or no longer needed" in refused["detail"]
    for verb in ("release", "undo", "complete", "refer"):
        doors.ask("POST", f"/tasks/{task['id']}/{verb}", doors.clerk, {"words": "Too late."} if verb == "refer" else {}, status=409)
    doors.ask("POST", "/tasks/00000000-0000-7000-8000-000000000000/claim", doors.clerk, status=404)
    assert doors.events(reference) == before
