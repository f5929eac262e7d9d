"""A request reaches an agency over real HTTP, and what the agency does about it comes back, however it behaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from portal.dispatch import deliver
from portal.dispatch.calls import Calls
from portal.outbox.schedule import CRASHES
from portal.outbox.tables import outbox
from portal.unit_of_work import ENGINE
from portal.wire import http
from tests.ledger.waiting import until
from tests.servers import Servers
from tests.stories.town import Town, town

POTHOLE = {"service": "pothole", "answers": {"place": "Rue Haute 1"}}


@pytest.fixture(scope="module")
def shared(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = servers.database()
    with town(database, tmp_path_factory.mktemp("town")) as one:
        yield one
    servers.drop(database.name)


@pytest.fixture
def place(shared: Town) -> Iterator[Town]:
    """The town, its agencies at work, and nothing left over from another test."""
    shared.agencies.behave(all="works", roads="works", water_utility="works")
    yield shared
    shared.agencies.behave(roads="rejects", water_utility="rejects")
    with shared.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        connection.exec_driver_sql("SELECT set_config('portal.scope', 'relay', true)")
        connection.exec_driver_sql("UPDATE outbox SET parked_at = now() WHERE done_at IS NULL AND parked_at IS NULL")
        connection.exec_driver_sql("UPDATE breakers SET failures = 0, open_until = NULL")


def test_it_is_taken_done_and_reported_back(place: Town) -> None:
    case = place.ask(**POTHOLE, text="A deep one", contact={"email": "ann@example.org"})
    while place.drain():
        pass
    place.until(case, "CaseClosed")
    (sent,) = place.history(case, "DeliverySent")
    (reported,) = place.history(case, "AgencyReported")
    assert (sent["data"]["attempts"], reported["data"]["status"], reported["actor"]) == (1, "done", "agency:roads")
    assert sent["data"]["remote_id"] == reported["data"]["remote_id"]
    (effect,) = [one for one in place.agencies.ledger()["effects"] if one["remote_id"] == sent["data"]["remote_id"]]
    assert (effect["agency"], effect["key"], effect["times"]) == ("roads", sent["data"]["step_run"], 1)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [("rejects", "http-422"), ("lies", "not-understood"), ("truncates", "not-understood"), ("redirects", "http-307"), ("floods", "not-understood")],
)
def test_what_will_not_pass_by_itself_goes_to_people_at_once(behaviour: str, code: str, place: Town) -> None:
    place.agencies.behave(roads=behaviour)
    case = place.ask(**POTHOLE)
    assert place.drain(kinds=["delivery"]) == 1
    (parked,) = place.history(case, "DeliveryParked")
    assert (parked["data"]["refusal"], parked["data"]["attempts"]) == (code, 1)
    assert any(event["data"]["kind"] == "parked" for event in place.history(case, "TaskQueued"))
    assert not place.history(case, "DeliverySent")


def test_an_address_that_is_not_set_here_is_told_in_words(place: Town) -> None:
    """As in a trial of production, where no agency is simulated: its adapter cannot be blamed for it."""
    case = place.ask(**POTHOLE)
    bare = replace(place.portal, settings=place.portal.settings.model_copy(update={"simulated_agencies": ""}))
    assert deliver.drain(bare, kinds=["delivery"]) == 1
    (parked,) = place.history(case, "DeliveryParked")
    assert parked["data"]["refusal"] == "no-address"


@pytest.mark.parametrize("behaviour", ["breaks", "busy", "hangs", "drips"])
def test_what_may_pass_is_tried_again_and_has_one_effect(behaviour: str, place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TOTAL", 0.5)
    monkeypatch.setitem(http.send.__kwdefaults__, "total", 0.5)
    place.agencies.behave(roads=behaviour)
    case = place.ask(**POTHOLE)
    assert place.drain(kinds=["delivery"]) == 1
    assert not place.history(case, "DeliverySent", "DeliveryParked")
    assert place.drain(kinds=["delivery"]) == 0, "not before its wait is over"
    place.agencies.behave(roads="works")
    soon = place.history(case)[-1]["recorded_at"] + timedelta(minutes=1)
    assert place.drain(kinds=["delivery"], at=soon) == 1
    (sent,) = place.history(case, "DeliverySent")
    assert sent["data"]["attempts"] == 2
    assert [one["times"] for one in place.agencies.ledger()["effects"] if one["key"] == sent["data"]["step_run"]] == [1]


def test_an_answer_that_is_lost_does_not_double_the_effect(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    place.agencies.behave(roads="forgets")
    case = place.ask(**POTHOLE)
    with monkeypatch.context() as lost:
        lost.setattr(deliver.claims, "complete", lambda *_, **__: None)
        place.drain(kinds=["delivery"])
    with place.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        connection.exec_driver_sql("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
    assert place.drain(kinds=["delivery"]) == 1
    (sent,) = place.history(case, "DeliverySent")
    assert [one["times"] for one in place.agencies.ledger()["effects"] if one["key"] == sent["data"]["step_run"]] == [2]


def test_an_agency_that_refuses_politely_ends_the_step(place: Town) -> None:
    place.agencies.behave(roads="refuses")
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    place.until(case, "AgencyReported")
    assert [event["data"]["outcome"] for event in place.history(case, "StepEnded")] == ["refused"]


def test_reports_that_repeat_or_come_in_disorder_count_once(place: Town) -> None:
    for behaviour in ("repeats", "disorders"):
        place.agencies.behave(roads=behaviour)
        case = place.ask(**POTHOLE)
        place.drain(kinds=["delivery"])
        place.until(case, "CaseClosed")
        key = place.history(case, "DeliveryPlaced")[0]["data"]["key"]
        until(lambda key=key: all(one["answer"] == 202 for one in place.agencies.ledger()["reports"] if one["key"] == key))  # type: ignore[misc]
        reported = [event["data"]["status"] for event in place.history(case, "AgencyReported")]
        assert reported == (["accepted", "done"] if behaviour == "repeats" else ["done"])


def test_one_that_does_it_at_once_needs_no_report(place: Town) -> None:
    place.agencies.behave(roads="at-once")
    case = place.ask(**POTHOLE)
    place.drain(kinds=["delivery"])
    assert [event["type"] for event in place.history(case, "DeliverySent", "AgencyReported", "CaseClosed")] == ["DeliverySent", "AgencyReported", "CaseClosed"]


def test_an_agency_that_is_down_delays_no_other(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(http.send.__kwdefaults__, "total", 1.0)
    place.agencies.behave(roads="hangs")
    slow = [place.ask(**POTHOLE) for _ in range(12)]
    other = place.ask(service="water-meter-reading", answers=answers(place, "water-meter-reading"))
    place.drain(kinds=["delivery"], limit=100)
    assert place.history(other, "DeliverySent")
    assert not any(place.history(case, "DeliverySent", "DeliveryParked") for case in slow)
    attempts = place.agencies.ledger()["requests"]["roads"]
    soon = place.history(slow[0])[-1]["recorded_at"] + timedelta(seconds=20)
    assert place.drain(kinds=["delivery"], at=soon) == 0, "its breaker is open"
    assert place.agencies.ledger()["requests"]["roads"] == attempts
    place.agencies.behave(roads="works")
    while place.drain(kinds=["delivery"], at=soon + timedelta(minutes=12)):
        pass
    assert all(place.history(case, "DeliverySent") for case in slow)


def test_a_call_that_hangs_outlasts_the_turn_it_began_in(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(http.send.__kwdefaults__, "total", 5.0)
    place.agencies.behave(roads="hangs")
    calls = Calls("test")
    slow = place.ask(**POTHOLE)
    assert place.drain(kinds=["delivery"], calls=calls) == 1
    assert not outcomes(place, slow), "the turn is over, the call is not"
    other = place.ask(service="water-meter-reading", answers=answers(place, "water-meter-reading"))
    assert place.drain(kinds=["delivery"], calls=calls) == 1, "and nobody waits for it"
    assert place.history(other, "DeliverySent")
    while calls.one_ended(place.portal, patient=True):
        pass
    assert outcomes(place, slow) == ["unreachable"], "what came of it is recorded all the same"


def outcomes(place: Town, case: UUID) -> list[str]:
    """Codes of the attempts to hand it over."""
    with place.portal.work(ENGINE) as work:
        work.narrow([case])
        return [one["code"] for row in work.rows(outbox, case) if row["kind"] == "delivery" for one in row["tries"] or []]


def answers(place: Town, service: str) -> dict[str, object]:
    """One for each field that must be there."""
    samples = {"integer": 1, "decimal": "1.5", "date": "2026-12-01", "boolean": True, "email": "a@example.org", "phone": "+3222796111"}
    return {
        field.id: samples.get(field.type) or (field.options[0].id if field.options else "Rue Haute 1")
        for field in place.portal.catalogue.services[service].fields
        if field.required and not field.when
    }


def test_a_handover_that_kills_its_workers_is_set_aside_and_the_others_go_on(place: Town) -> None:
    poison, other = place.ask(**POTHOLE), place.ask(**POTHOLE)
    key = place.history(poison, "DeliveryPlaced")[0]["data"]["key"]
    with place.portal.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE portal_relay")
        killed = "UPDATE outbox SET lease_until = now() - interval '1 second', crashes = %(crashes)s WHERE key = %(key)s"
        connection.exec_driver_sql(killed, {"crashes": CRASHES - 1, "key": key})
    place.drain(kinds=["delivery"])
    assert [event["data"]["refusal"] for event in place.history(poison, "DeliveryParked")] == ["crashes"]
    assert place.history(other, "DeliverySent")


def test_an_agency_without_a_known_address_is_never_called(place: Town) -> None:
    settings = place.portal.settings
    place.portal.settings = settings.model_copy(update={"simulated_agencies": "http://169.254.169.254"})
    try:
        case = place.ask(**POTHOLE)
        place.drain(kinds=["delivery"])
    finally:
        place.portal.settings = settings
    assert [event["data"]["refusal"] for event in place.history(case, "DeliveryParked")] == ["forbidden-address"]
