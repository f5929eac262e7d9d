"""Its party is at the counter or on the telephone: a caseworker reads, answers and takes back for it; both stand in the history, and sealed stays sealed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.access import seals
from portal.errors import NotFound
from portal.intake import presence
from portal.unit_of_work import ENGINE, Principal
from portal.vault import items
from portal.views import presence as views
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.test_clocks_api import Door
from tests.pages.people import DESK
from tests.pages.test_counter import Clerk
from tests.servers import Database

WORKER = Principal("staff", "test|worker", agencies=("social-services",), teams=("benefits",), roles=("caseworker",), name="Wim Maes")
HERE = {"channel": "counter", "how": "spoken"}


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    one = Door(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def look(database: Database, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(sql, values).fetchall()


def asked(door: Door) -> tuple[str, dict[str, str]]:
    """A request whose party is asked for its income."""
    reference, mine = door.housing()
    task = door.task(reference)
    body = {"fields": ["monthly_income"], "words": "The new one?", "reply_within": "14 calendar_days"}
    door.ask("POST", f"/tasks/{task['id']}/ask", door.worker, body)
    return reference, mine


def case_id(database: Database, reference: str) -> UUID:
    ((id,),) = look(database, "SELECT case_id FROM cases WHERE reference = %s", reference)
    assert isinstance(id, UUID)
    return id


def test_answers_and_withdrawal_are_the_partys_through_the_official(door: Door, fresh_database: Database) -> None:
    reference, mine = asked(door)
    place = f"/cases/{reference}/presence"
    for method, path, body in (("GET", "", None), ("POST", "/answers", {"answers": {"monthly_income": 1000}}), ("POST", "/withdrawal", {})):
        refused = door.ask(method, place + path, door.worker, body, status=409)
        assert refused["type"].endswith("/not-present"), refused
    said = door.ask("POST", place, door.worker, HERE | {"language": "fr"}, status=201)
    assert said["reference"] == reference and said["until"]
    aloud = door.ask("GET", place, door.worker)
    as_party = door.ask("GET", f"/cases/{reference}", {**mine, "Accept-Language": "fr"})
    assert aloud["language"] == "fr" and aloud["promise"] == as_party["promise"] and aloud["asked"] == as_party["asked"] and aloud["given"]["notes"] == []
    told = door.ask("POST", f"{place}/answers", door.worker, {"answers": {"monthly_income": 1000}}, status=201)
    assert told["status"] == "in-progress" or told["status"] == "received"
    assert door.ask("GET", f"/cases/{reference}", mine)["given"]["answers"]["monthly_income"] in (1000, "1000", "1000.00")
    door.ask("POST", f"{place}/withdrawal", door.worker, {}, status=201)
    worker = f"{ISSUER}|worker"
    rows = look(fresh_database, "SELECT type, actor, channel, data FROM events WHERE case_id = %s ORDER BY seq", case_id(fresh_database, reference))
    acts = {type: actor for type, actor, _, _ in rows}
    assert acts["AnswersGiven"] == acts["CaseWithdrawn"] == f"party through staff:{worker}"
    ((actor, channel, data),) = [row[1:] for row in rows if row[0] == "PartyPresent"]
    assert (actor, channel, data) == (f"staff:{worker}", "counter", {"official": worker, "how": "spoken", "language": "fr"})
    contacts = door.ask("GET", f"/cases/{reference}/contacts", door.worker)["items"]
    assert [(one["channel"], one["reason"]) for one in contacts if one["reason"] == "progress-chasing"] == [("counter", "progress-chasing")]
    shown = [one for one in door.ask("GET", f"/cases/{reference}/events", mine)["items"] if one["type"] in ("AnswersGiven", "PartyPresent")]
    assert {one["actor"] for one in shown} == {"party through staff", "staff"} and "worker" not in str(shown)


def test_who_is_not_there_and_who_has_no_access(door: Door, fresh_database: Database) -> None:
    reference, mine = door.housing()
    place = f"/cases/{reference}/presence"
    door.ask("POST", place, door.roads, HERE, status=404)
    door.ask("POST", place, door.roads, {"channel": "phone", "how": "secret"}, status=422)
    door.ask("POST", place, door.roads, {"channel": "phone", "how": "secret", "secret": "AAAAA-AAAAA"}, status=404)
    door.ask("GET", place, door.roads, status=404)
    door.ask("POST", place, mine, HERE, status=403)
    door.ask("POST", place, door.roads, {"channel": "phone", "how": "secret", "secret": mine["Case-Secret"]}, status=201)
    assert door.ask("GET", place, door.roads)["reference"] == reference, "at any counter, with reference and secret"
    door.ask("GET", place, door.worker, status=409)
    assert "roads" in str(look(fresh_database, "SELECT subject FROM case_reads WHERE case_id = %s", case_id(fresh_database, reference))), "its party is told"
    roads = Principal("staff", f"{ISSUER}|roads", agencies=("roads",), teams=("streets",), roles=("caseworker",))
    with door.portal.work(roads) as work:
        later = work.now + presence.WHILE + timedelta(seconds=1)
    with pytest.raises(NotFound), door.portal.work(roads, at=later) as work:
        views.speak_for(work, reference)


def test_a_case_sealed_to_others_stays_closed_whatever_was_proved(door: Door, fresh_database: Database) -> None:
    reference, mine = door.housing()
    place, secret = f"/cases/{reference}/presence", {"channel": "counter", "how": "secret", "secret": mine["Case-Secret"]}
    door.ask("POST", place, door.worker, HERE, status=201)
    id = case_id(fresh_database, reference)
    with door.portal.work(ENGINE) as work:
        work.narrow([id])
        words, _ = items.put(work, id, "note", "protection")
        named = Principal("staff", f"{ISSUER}|named", agencies=("social-services",), teams=("benefits",), roles=("caseworker",))
        work.principal = named
        seals.seal(work, id, ground="protection", words=words, by=str(named.subject), named={str(named.subject): None})
    for who in (door.worker, door.roads):
        door.ask("POST", place, who, HERE, status=404)
        door.ask("POST", place, who, secret, status=404)
        door.ask("GET", place, who, status=404)
        door.ask("POST", f"{place}/answers", who, {"answers": {"monthly_income": 1}}, status=404)
        door.ask("POST", f"{place}/withdrawal", who, {}, status=404)
    named_one = door._bearer(door.issuer, sub="named", agency="social-services", teams=["benefits"])
    door.ask("POST", place, named_one, HERE, status=201)
    assert door.ask("GET", place, named_one)["reference"] == reference


def test_on_the_page_in_their_language(door: Door, fresh_database: Database) -> None:
    reference, _ = asked(door)
    clerk = Clerk(door.client.application, door.portal, WORKER)
    clerk.get(f"/desk/cases/{reference}")
    assert f"/desk/presence?reference={reference}" in clerk.html
    clerk.get(f"/desk/presence/{reference}")
    assert clerk.title == "They ask about a request" and f'value="{reference}"' in clerk.html
    clerk.post("/desk/presence", reference=reference, spoken="ar", channel="phone")
    assert clerk.status == 422 and "Ask them first" in clerk.html
    clerk.post("/desk/presence", reference=reference, spoken="ar", channel="phone", how="signed", once="a")
    assert clerk.place == f"/desk/presence/{reference}"
    aloud = "".join(re.findall(r'<div class="od-aloud" lang="ar" dir="rtl">(.*?)</div>', clerk.html, re.S))
    assert "ننتظر" in unescape(aloud) and "The new one?" in aloud and "We are waiting" not in aloud
    clerk.post(f"/desk/presence/{reference}/answers", monthly_income="", once="b")
    assert clerk.status == 422
    clerk.post(f"/desk/presence/{reference}/answers", monthly_income="much", once="c")
    assert clerk.status == 422 and 'value="much"' in clerk.html
    clerk.post(f"/desk/presence/{reference}/answers", monthly_income="1000", once="d")
    assert "We have your answers." in clerk.html and "What they are asked" not in clerk.html
    clerk.post(f"/desk/presence/{reference}/withdrawal", words="moved away", once="e")
    assert clerk.status == 422 and "ask whether they are sure" in clerk.html
    clerk.post(f"/desk/presence/{reference}/withdrawal", words="moved away", sure="yes", once="f")
    assert look(fresh_database, "SELECT status FROM cases WHERE reference = %s", reference) == [("withdrawn",)]
    assert "They take the request back" not in clerk.html


def test_at_any_counter_with_reference_and_secret(door: Door) -> None:
    reference, mine = door.housing()
    clerk = Clerk(door.client.application, door.portal, DESK)
    clerk.post("/desk/presence", reference=reference, how="spoken", once="a")
    assert clerk.status == 422 and "no such request" in clerk.html
    clerk.post("/desk/presence", reference=reference, how="secret", secret="AAAAA-AAAAA", once="b")
    assert clerk.status == 422 and "no such request" in clerk.html
    clerk.post("/desk/presence", reference="not a reference", how="secret", secret="AAAAA-AAAAA", once="c")
    assert clerk.status == 422
    clerk.post("/desk/presence", reference=reference.lower(), how="secret", secret=mine["Case-Secret"], once="d")
    assert clerk.status == 200 and reference in clerk.html and "We have received it." in clerk.html
