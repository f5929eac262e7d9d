"""Agencies are asked what became of handovers: before a second send where they can be, and time after time where they do not call back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.catalogue.definitions import Agency, Asks, OAuth, Open311
from portal.dispatch.ask import ask
from portal.outbox import claims
from portal.unit_of_work import RELAY
from portal.wire import http
from tests.servers import Servers
from tests.stories.town import CATALOGUE, Town, town

POTHOLE = {"service": "pothole", "answers": {"place": "Rue Haute 1"}, "text": "A deep one"}


@pytest.fixture(scope="module")
def shared(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = servers.database()
    with town(database, tmp_path_factory.mktemp("town")) as one:
        keys = Path(one.portal.settings.data) / "keys"
        keys.write_text("# given by the agencies\nROADS_KEY: k-1\nROADS_SECRET: s3cret\n")
        one.portal.settings = one.portal.settings.model_copy(update={"agency_keys": str(keys)})
        yield one
    servers.drop(database.name)


@pytest.fixture
def place(shared: Town) -> Iterator[Town]:
    shared.agencies.behave(all="forgets", roads="works")
    yield shared
    shared.portal.catalogue = CATALOGUE
    with shared.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        connection.exec_driver_sql("UPDATE outbox SET parked_at = coalesce(parked_at, now()), ask_at = NULL WHERE done_at IS NULL OR ask_at IS NOT NULL")
        connection.exec_driver_sql("UPDATE breakers SET failures = 0, open_until = NULL")


def roads(place: Town, **changed: Any) -> Agency:
    """The roads agency is reached otherwise from here on."""
    agency = replace(CATALOGUE.agencies["roads"], **changed)
    place.portal.catalogue = replace(CATALOGUE, agencies={**CATALOGUE.agencies, "roads": agency})
    return agency


def open311(place: Town, **changed: Any) -> None:
    section = Open311(codes={"pothole": "slow-1" if changed.pop("token", False) else "001"}, attributes={"place": "address_string"}, api_key="ROADS_KEY")
    how = {"adapter": "open311", "endpoint": "${SIMULATED_AGENCIES}/open311/roads", "promise": "blind", "asks": Asks(60, 3)}
    roads(place, **how, open311=replace(section, **changed))


def now(place: Town, case: UUID) -> datetime:
    found: datetime = place.history(case)[-1]["recorded_at"]
    return found


def effects(place: Town, before: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.agencies.ledger()["effects"]
    return found[before:]


def lapse(place: Town) -> None:
    with place.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        connection.exec_driver_sql("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL AND done_at IS NULL")


def types(place: Town, case: UUID) -> list[str]:
    wanted = ("DeliverySent", "DeliveryParked", "DeliveryRetried", "AgencyReported", "AgencySilent", "CaseClosed")
    return [event["type"] for event in place.history(case, *wanted)]


def test_a_queryable_agency_is_asked_before_it_is_sent_a_second_time(place: Town) -> None:
    roads(place, promise="queryable")
    place.agencies.behave(roads="loses")
    before = len(effects(place))
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    assert types(place, case) == [] and len(effects(place, before)) == 1
    place.agencies.behave(roads="works")
    place.drain(kinds=["delivery"], at=now(place, case) + timedelta(minutes=1))
    (effect,) = effects(place, before)
    assert effect["times"] == 1, "it had it, said so, and was not sent it again"
    assert place.history(case, "DeliverySent")[0]["data"]["remote_id"] == effect["remote_id"]


def test_a_queryable_agency_that_has_it_not_is_sent_it(place: Town) -> None:
    roads(place, promise="queryable")
    before = len(effects(place))
    case = place.ask(**POTHOLE)
    (one,) = [one for one in claims.claim(place.portal, 50, ["delivery"]) if one.case_id == case]
    assert one.epoch == 1
    lapse(place)
    place.drain(kinds=["delivery"])
    (effect,) = effects(place, before)
    assert (effect["times"], types(place, case)[0]) == (1, "DeliverySent")


def test_a_queryable_agency_that_does_not_answer_the_question_is_sent_nothing(place: Town) -> None:
    roads(place, promise="queryable")
    before = len(effects(place))
    case = place.ask(**POTHOLE)
    claims.claim(place.portal, 50, ["delivery"])
    lapse(place)
    place.agencies.behave(roads="breaks")
    place.drain(kinds=["delivery"])
    assert effects(place, before) == [] and types(place, case) == []


@pytest.mark.parametrize(("on_doubt", "sent"), [("staff", 1), ("resend", 2)])
def test_a_blind_agency_is_sent_it_once_or_at_least_once_as_declared(on_doubt: str, sent: int, place: Town) -> None:
    roads(place, promise="blind", on_doubt=on_doubt)
    place.agencies.behave(roads="loses")
    before = len(effects(place))
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    place.agencies.behave(roads="forgets")
    place.drain(kinds=["delivery"], at=now(place, case) + timedelta(minutes=1))
    (effect,) = effects(place, before)
    assert effect["times"] == sent
    assert types(place, case) == (["DeliveryParked"] if on_doubt == "staff" else ["DeliverySent"])
    if on_doubt == "staff":
        assert place.history(case, "DeliveryParked")[0]["data"]["refusal"] == "in-doubt"


def test_a_blind_agency_is_not_sent_twice_after_a_process_died(place: Town) -> None:
    roads(place, promise="blind")
    before = len(effects(place))
    case = place.ask(**POTHOLE)
    claims.claim(place.portal, 50, ["delivery"])
    lapse(place)
    place.drain(kinds=["delivery"])
    assert types(place, case) == ["DeliveryParked"] and effects(place, before) == []


def test_a_blind_agency_that_nobody_reached_is_tried_again(place: Town) -> None:
    roads(place, promise="blind", endpoint="http://127.0.0.1:1/roads")
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    assert types(place, case) == [], "no connection stood, so there is no doubt"


@pytest.mark.parametrize(
    "how", [{}, {"format": "xml"}, {"updates": True}, {"format": "xml", "updates": True}, {"token": True}, {"token": True, "format": "xml"}]
)
def test_an_open311_server_is_asked_until_it_closed_the_request(how: dict[str, Any], place: Town) -> None:
    open311(place, **how)
    place.agencies.behave(roads="forgets")
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    (sent,) = place.history(case, "DeliverySent")
    assert sent["data"]["remote_id"].startswith("token:" if how.get("token") else "R-")
    at = now(place, case)
    assert ask(place.portal, at=at + timedelta(minutes=59)) == 0, "its hour is not over"
    assert ask(place.portal, at=at + timedelta(minutes=61)) == 1
    for hours in (4, 12):
        ask(place.portal, at=at + timedelta(hours=hours))
    assert [event["data"]["status"] for event in place.history(case, "AgencyReported")] == ["accepted"], "open means that work has begun, once"


def test_the_last_status_of_an_open311_request_ends_the_step_and_the_questions(place: Town) -> None:
    for behaviour, outcome in (("works", "done"), ("refuses", "refused")):
        open311(place)
        place.agencies.behave(roads=behaviour)
        case = place.ask(**POTHOLE)
        place.drain(kinds=["delivery"])
        at = now(place, case) + timedelta(minutes=61)
        assert ask(place.portal, at=at) == 1
        assert [event["data"]["outcome"] for event in place.history(case, "StepEnded")] == [outcome]
        assert ask(place.portal, at=at + timedelta(days=9)) == 0
    open311(place, statuses={"closed": "refused"})
    place.agencies.behave(roads="works")
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    ask(place.portal, at=now(place, case) + timedelta(minutes=61))
    assert [event["data"]["outcome"] for event in place.history(case, "StepEnded")] == ["refused"], "as agency.yaml says"


def test_many_are_asked_for_in_one_call(place: Town) -> None:
    open311(place)
    cases = [place.ask(**POTHOLE) for _ in range(7)]
    while place.drain(kinds=["delivery"]):
        pass
    before = place.agencies.ledger()["requests"].get("roads?", 0)
    assert ask(place.portal, at=now(place, cases[-1]) + timedelta(minutes=61)) == 7
    assert place.agencies.ledger()["requests"]["roads?"] == before + 1
    assert all(place.history(case, "CaseClosed") for case in cases)


def test_people_are_told_of_an_agency_that_says_nothing(place: Town) -> None:
    """It calls back or it does not: one that cannot be asked about it counts as silent too."""
    roads(place, asks=Asks(60, 2))
    place.agencies.behave(roads="forgets")
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    at = now(place, case)
    for hours in (2, 6, 30, 60, 90):
        ask(place.portal, at=at + timedelta(hours=hours))
    # It says `accepted` once; then twice nothing new; then a day passes between two questions.
    assert types(place, case) == ["DeliverySent", "AgencyReported", "AgencySilent"]
    assert [event["data"]["kind"] for event in place.history(case, "TaskQueued")] == ["unheard"]


def test_an_agency_that_breaks_when_asked_is_left_alone_after_a_while(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(http.send.__kwdefaults__, "total", 0.5)
    open311(place)
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    place.agencies.behave(roads="breaks")
    at = now(place, case)
    for day in range(1, 8):
        ask(place.portal, at=at + timedelta(days=day))
    assert types(place, case) == ["DeliverySent", "AgencySilent"]
    assert place.history(case, "AgencySilent")[0]["data"] == place.history(case, "AgencySilent")[0]["data"] | {"asked": 3, "heard": "http-500"}
    with place.portal.work(RELAY) as work:
        assert work.sql("SELECT failures FROM breakers WHERE target = 'roads'")[0][0] >= 5


def test_every_attempt_is_told_of(place: Town) -> None:
    place.agencies.behave(roads="breaks")
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    place.agencies.behave(roads="works")
    place.drain(kinds=["delivery"], at=now(place, case) + timedelta(minutes=1))
    with place.portal.work(RELAY) as work:
        ((tries,),) = work.sql("SELECT tries FROM outbox WHERE case_id = %s AND kind = 'delivery'", (case,))
    assert [(one["attempt"], one["code"]) for one in tries] == [(1, "http-500"), (2, "taken")]


class TokenServer(BaseHTTPRequestHandler):
    """A token server and an agency that wants its tokens: the first token is revoked at once."""

    given = 0
    asked: list[tuple[str | None, bytes]] = []
    calls: list[str | None] = []
    refuse = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            type(self).given += 1
            self.asked.append((self.headers["Authorization"], body))
            if self.refuse:
                return self._json(401, {"error": "invalid_client"})
            return self._json(200, {"access_token": f"t-{self.given}", "token_type": "Bearer", "expires_in": 3600})
        self.calls.append(self.headers["Authorization"])
        if self.headers["Authorization"] == "Bearer t-1":
            return self._json(401, {})
        return self._json(202, {"id": "R-1", "status": "accepted"})

    def _json(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_calls_carry_a_token_renewed_once_when_it_is_refused(place: Town) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        roads(place, endpoint=f"{base}/in", oauth=OAuth(f"{base}/token", "portal", "ROADS_SECRET", ("orders.write", "x")))
        cases = [place.ask(**POTHOLE) for _ in range(3)]
        for _ in cases:
            place.drain(kinds=["delivery"], limit=1)
        assert all(types(place, case) == ["DeliverySent"] for case in cases)
        assert TokenServer.calls == ["Bearer t-1", *["Bearer t-2"] * 3], "one token for all, renewed once"
        assert TokenServer.asked[0] == ("Basic cG9ydGFsOnMzY3JldA==", b"grant_type=client_credentials&scope=orders.write+x")
        TokenServer.refuse = True
        roads(place, endpoint=f"{base}/in", oauth=OAuth(f"{base}/token", "other", "ROADS_SECRET"))
        case = place.ask(**POTHOLE)
        place.drain(kinds=["delivery"])
        assert place.history(case, "DeliveryParked")[0]["data"]["refusal"] == "token-refused"
        roads(place, endpoint=f"{base}/in", oauth=OAuth("http://169.254.169.254/token", "third", "ROADS_SECRET"))
        case = place.ask(**POTHOLE)
        place.drain(kinds=["delivery"])
        assert place.history(case, "DeliveryParked")[0]["data"]["refusal"] == "forbidden-address", "the same guard"
    finally:
        server.shutdown()
        server.server_close()
