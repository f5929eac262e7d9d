"""Letters in: counted from the day they were received, by the agency or a champion, back to a bound; to a request or as a new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.reactions import sweep
from tests.channels.conftest import House
from tests.channels.test_post import HOME, api

POTHOLE = {"place": "Rue Haute 1", "surface": "pavement"}


def day(back: int) -> str:
    """So many days ago, where the office is."""
    return str((datetime.now(UTC).astimezone(ZoneInfo("Europe/Brussels")) - timedelta(days=back)).date())


def letter(house: House, *, back: int = 3, status: int = 201, who: dict[str, str] | None = None, **more: Any) -> Any:
    """A letter that came in some days ago."""
    body = {"kind": "new", "service": "pothole", "answers": POTHOLE, "contact": {"name": "Ann", "address": HOME}, "received_on": day(back), **more}
    found = house.client.post("/api/v1/letters", json={k: v for k, v in body.items() if v is not None}, headers=who or house.staff("roads"))
    assert found.status_code == status, found.data
    return found.json


def told(house: House, reference: str, type: str, agency: str = "roads") -> list[dict[str, Any]]:
    """Events of a type."""
    return [one for one in api(house, "GET", f"/cases/{reference}/events?limit=200", agency=agency)["items"] if one["type"] == type]


def test_a_new_request_counts_from_the_day_it_was_received(house: House) -> None:
    taken = letter(house, back=3)
    received = datetime.fromisoformat(taken["received_at"]).astimezone(ZoneInfo("Europe/Brussels"))
    assert taken["secret"] and received.isoformat().startswith(f"{day(3)}T00:00")
    case = api(house, "GET", f"/cases/{taken['reference']}")
    assert case["channel"] == "post" and case["received_at"] == taken["received_at"]
    (event,) = told(house, taken["reference"], "LetterReceived")
    assert event["data"] | {"reason": None, "commitment": None} == event["data"]
    assert (event["data"]["kind"], event["data"]["days"], event["data"]["beyond"]) == ("new", 3, False)
    fresh = api(house, "POST", "/cases", {"service": "pothole", "answers": POTHOLE}, status=201)
    assert taken["promise"]["due_at"] < fresh["promise"]["due_at"]


def test_a_promise_that_the_day_of_receipt_has_broken_is_missed(house: House) -> None:
    lead = house.staff("roads", sub="lead", roles=["caseworker", "team-lead"])
    taken = letter(house, back=120, reason="It lay in a drawer.", who=lead)
    assert taken["promise"]["due_at"] < datetime.now(UTC).isoformat()
    while sweep(house.portal):
        pass
    assert told(house, taken["reference"], "StandardMissed")
    (event,) = told(house, taken["reference"], "LetterReceived")
    assert event["data"]["beyond"] is True and "drawer" not in str(event)


def test_how_far_back_is_bounded(house: House) -> None:
    assert letter(house, back=14)["reference"]
    assert letter(house, back=15, status=403)["type"].endswith("second-person")
    lead = house.staff("roads", sub="lead", roles=["caseworker", "team-lead"])
    assert letter(house, back=15, who=lead, status=422)["errors"][0]["pointer"] == "/reason"
    assert letter(house, back=15, who=lead, reason="Found behind the radiator.")["reference"]
    champion = {"Authorization": f"Bearer {house.issuer.token(sub='c', roles=['champion'], services=['*'], agency=None, teams=None)}"}
    assert letter(house, back=15, who=champion, reason="Found.", status=422)["errors"][0]["pointer"] == "/agency"
    assert letter(house, back=15, who=champion, reason="Found.", agency="roads")["reference"]
    assert letter(house, back=-1, status=422)["errors"][0]["pointer"] == "/received_on"
    letter(house, back=5000, who=lead, reason="x", status=422)
    letter(house, agency="treasury", status=403)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"service": None, "answers": None}, "/text"),
        ({"kind": "reply"}, "/reference"),
        ({"reference": "AAAA-AAAA-AAAA"}, "/reference"),
        ({"kind": "poem"}, "/kind"),
    ],
)
def test_what_does_not_say_whom_it_is_about_is_refused(house: House, change: dict[str, Any], pointer: str) -> None:
    assert letter(house, status=422, **change)["errors"][0]["pointer"] == pointer


def test_answers_that_lack_stay_open_where_there_are_words(house: House) -> None:
    assert "place" in letter(house, answers={}, text="A hole in the road.")["answers"]
    letter(house, answers={}, status=422)


def test_a_letter_about_a_request(house: House) -> None:
    reference = letter(house)["reference"]
    about = {"reference": reference, "service": None, "answers": None, "contact": None}
    assert letter(house, kind="reply", text="The hole is deeper now.", back=1, **about)["reference"] == reference
    (message,) = told(house, reference, "MessageReceived")
    assert (message["channel"], message["data"]["sender"]) == ("post", "party")
    letter(house, kind="reply", text="Not mine.", status=404, who=house.staff("treasury"), **about)
    assert letter(house, kind="objection", text="No.", status=409, **about)
    assert letter(house, kind="withdrawal", text="Forget it.", **about)["status"] == "withdrawn"
    letter(house, kind="withdrawal", status=409, **about)


def test_the_same_letter_sent_twice_is_one(house: House) -> None:
    key = {**house.staff("roads"), "Idempotency-Key": "a-letter-of-its-own"}
    first, second = letter(house, who=key), letter(house, who=key)
    assert first == second


def test_a_scan_is_a_file_of_the_party(house: House) -> None:
    import io

    reference = letter(house)["reference"]
    sent = {"file": (io.BytesIO(b"%PDF-1.4 a scan"), "scan.pdf"), "letter": "true"}
    found = house.client.post(f"/api/v1/cases/{reference}/documents", headers=house.staff("roads"), data=sent)
    assert (found.json["channel"], found.json["sender"]) == ("post", "party")
