"""Fees: due by a journey, paid in cash, waived, lapsed, paid back, with a second person above an amount; one of two who race wins."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.access.scoping import visible
from portal.cases import registry
from portal.dispatch import words
from portal.fees import cash, ledger
from portal.fees.moves import MOVES, STATUSES, moved
from portal.reactions import sweep
from portal.unit_of_work import ENGINE, Principal
from portal.vault import items
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_main_job import agency_answers, history, needed
from tests.servers import Database

BIRTH, TREE, PARKING = "birth-certificate", "tree-felling-permit", "resident-parking-permit"
WHY = {"law": "14 § 2", "words": "She was born in the flood year; the ordinance waives it."}


class Counter(Door):
    """The door, with people of the agencies fees are owed to."""

    def __init__(self, url: str, issuer: Issuer) -> None:
        super().__init__(url, issuer)
        self.ann = self._bearer(issuer, sub="ann", agency="civil-registry", teams=["desk"])
        self.bob = self._bearer(issuer, sub="bob", agency="civil-registry", teams=["desk"])
        self.town = self._bearer(issuer, sub="town", agency="city-council", teams=["desk"])
        self.town2 = self._bearer(issuer, sub="town2", agency="city-council", teams=["desk"])

    def apply(self, service: str = BIRTH, **answers: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
        """A request: its reference, the header of its party, and its fee, if one is due."""
        body = {"service": service, "answers": needed(self.portal, service) | answers, "contact": {"email": "zoe@example.org"}}
        told = self.ask("POST", "/cases", {}, body, status=201)
        mine = {"Case-Secret": told["secret"]}
        return told["reference"], mine, next(iter(self.case(told["reference"], mine)["fees"]), {})

    def case(self, reference: str, mine: dict[str, str]) -> dict[str, Any]:
        shown: dict[str, Any] = self.ask("GET", f"/cases/{reference}", mine)
        return shown

    def id(self, reference: str) -> UUID:
        with self.portal.work(ENGINE) as work:
            return registry.find(work, reference)[0]

    def paid(self, service: str = BIRTH, who: dict[str, str] | None = None, **answers: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
        """A request whose fee was paid in cash."""
        reference, mine, fee = self.apply(service, **answers)
        self.ask("POST", f"/fees/{fee['id']}/cash", who or self.ann, {"amount": fee["amount"]}, status=201)
        return reference, mine, self.case(reference, mine)["fees"][0]

    def decide(self, reference: str, who: dict[str, str], outcome: str) -> None:
        """Goes through the tasks of the case until it is decided."""
        for _ in range(5):
            task = next((one for one in self.ask("GET", "/tasks", who)["items"] if one["reference"] == reference and one["kind"] == "step"), None)
            if task is None:
                return
            body = {"outcome": outcome, "reasons": "See the ordinance."} if task["step"] == "decide" else {}
            self.ask("POST", f"/tasks/{task['id']}/claim", who)
            self.ask("POST", f"/tasks/{task['id']}/complete", who, body)


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Counter]:
    one = Counter(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_nothing_is_done_before_it_is_paid(door: Counter) -> None:
    reference, mine, fee = door.apply()
    assert (fee["amount"], fee["currency"], fee["status"], fee["ways"][-1], fee["says"]) == (1500, "EUR", "due", "cash", "€15.00 is to be paid.")
    assert door.case(reference, mine)["next"] == "pay"
    assert door.case(reference, mine | {"Accept-Language": "fr"})["fees"][0]["says"] == "15,00\xa0€ est à payer."
    assert [one for one in door.ask("GET", "/tasks", door.ann)["items"] if one["reference"] == reference] == []
    taken = door.ask("POST", f"/fees/{fee['id']}/cash", door.ann, {"amount": 1500, "currency": "EUR"}, status=201)["fee"]
    assert (taken["status"], taken["entries"][0]["receipt"]) == ("paid", f"civil-registry-{taken['settled_at'][:4]}-000001")
    shown = door.case(reference, mine)
    assert (shown["next"], shown["fees"][0]["entries"][0]["receipt"]) == ("wait", taken["entries"][0]["receipt"])
    assert [one["step"] for one in door.ask("GET", "/tasks", door.ann)["items"] if one["reference"] == reference] == ["handle"]
    told = history(door.portal, door.id(reference))
    assert told.index("FeeDue") < told.index("FeePaid") < told.index("TaskQueued")
    assert any(one["standard"] == "issued-promptly" for one in door.ask("GET", f"/cases/{reference}/clocks", mine)["items"])
    again = door.ask("POST", f"/fees/{fee['id']}/cash", door.ann, {"amount": 1500}, status=409)
    assert again["detail"] == "Nothing is due any more: this fee is paid."


def test_an_unpaid_fee_lapses_and_the_journey_goes_on_by_that_way(door: Counter) -> None:
    reference, mine, fee = door.apply()
    with door.portal.work(ENGINE) as work:
        later = work.now + timedelta(days=30)
    assert fee["pay_by"] is not None
    sweep(door.portal, at=later)
    shown = door.case(reference, mine)
    assert (shown["status"], shown["outcome"], shown["fees"][0]["status"], shown["fees"][0]["why"]) == ("closed", "not-paid", "cancelled", "lapsed")
    door.ask("POST", f"/fees/{fee['id']}/cash", door.ann, {"amount": 1500}, status=409)


def test_a_fee_after_the_decision(door: Counter) -> None:
    reference, mine, fee = door.apply(TREE)
    assert fee == {}
    inspector = door._bearer(Issuer(door_keys(door)), sub="i", agency="city-council", teams=["inspectors", "desk"])
    door.decide(reference, inspector, "granted")
    shown = door.case(reference, mine)
    assert (shown["status"], shown["next"], shown["fees"][0]["amount"]) == ("decided", "pay", 2500)
    door.ask("POST", f"/fees/{shown['fees'][0]['id']}/cash", door.town, {"amount": 2500}, status=201)
    assert door.case(reference, mine)["status"] == "closed"


def door_keys(door: Counter) -> Path:
    return Path(door.portal.settings.token_keys)


@pytest.mark.parametrize(("vehicle", "amount"), [("own", None), ("shared", 1800), ("company", 3600)])
def test_a_table_says_how_much(door: Counter, vehicle: str, amount: int | None) -> None:
    reference, mine, _ = door.apply(PARKING, vehicle=vehicle)
    agency_answers(door.portal, door.id(reference))
    door.decide(reference, door.town, "granted")
    shown = door.case(reference, mine)
    assert [fee["amount"] for fee in shown["fees"]] == ([amount] if amount else [])
    assert shown["status"] == ("decided" if amount else "closed")


def test_a_small_fee_is_waived_by_one_official(door: Counter) -> None:
    reference, mine, fee = door.apply()
    changed = door.ask("POST", f"/fees/{fee['id']}/waiver", door.ann, WHY)
    assert (changed["fee"]["status"], changed["proposal"]) == ("waived", None)
    assert [one["step"] for one in door.ask("GET", "/tasks", door.ann)["items"] if one["reference"] == reference] == ["handle"]
    waived = next(one for one in door.ask("GET", f"/cases/{reference}/events", door.ann)["items"] if one["type"] == "FeeWaived")
    assert (waived["data"]["law"], waived["data"]["official"].endswith("|ann")) == ("14 § 2", True)
    mine_sees = next(one for one in door.ask("GET", f"/cases/{reference}/events", mine)["items"] if one["type"] == "FeeWaived")
    assert not {"official", "words"} & mine_sees["data"].keys()
    assert "flood" not in str(door.ask("GET", f"/cases/{reference}/events", door.ann))
    door.ask("POST", f"/fees/{fee['id']}/waiver", door.ann, WHY, status=409)


def test_only_the_competent_agency_decides_about_a_fee(door: Counter) -> None:
    _, mine, fee = door.apply()
    for path, body in (("waiver", WHY), ("refund", WHY), ("cash", {"amount": 1500}), ("payout", {})):
        door.ask("POST", f"/fees/{fee['id']}/{path}", door.town, body, status=404)
        door.ask("POST", f"/fees/{fee['id']}/{path}", door.champion, body, status=403)
        door.ask("POST", f"/fees/{fee['id']}/{path}", mine, body, status=401)
    door.ask("GET", f"/fees/{fee['id']}", door.town, status=404)
    assert door.ask("GET", f"/fees/{fee['id']}", door.ann)["amount"] == 1500
    # An agency that has a step of the case sees the fee, and may still not touch it.
    reference, _, _ = door.apply(PARKING, vehicle="company")
    agency_answers(door.portal, door.id(reference))
    door.decide(reference, door.town, "granted")
    seen = door.ask("GET", f"/cases/{reference}", door.roads)["fees"][0]
    door.ask("POST", f"/fees/{seen['id']}/waiver", door.roads, WHY, status=403)
    door.ask("POST", f"/fees/{seen['id']}/cash", door.roads, {"amount": 3600}, status=403)


def company(door: Counter) -> tuple[str, dict[str, str], dict[str, Any]]:
    """A decided parking permit whose fee of 3600 is above what one official may decide."""
    reference, mine, _ = door.apply(PARKING, vehicle="company")
    agency_answers(door.portal, door.id(reference))
    door.decide(reference, door.town, "granted")
    return reference, mine, door.case(reference, mine)["fees"][0]


def test_above_the_limit_a_second_person_confirms(door: Counter, fresh_database: Database) -> None:
    reference, mine, fee = company(door)
    changed = door.ask("POST", f"/fees/{fee['id']}/waiver", door.town, WHY)
    proposal = changed["proposal"]
    assert (changed["fee"]["status"], proposal["status"], proposal["kind"]) == ("due", "open", "waiver")
    assert [one["id"] for one in door.ask("GET", "/fee-proposals", door.town2)["items"]] == [proposal["id"]]
    assert door.ask("GET", "/fee-proposals", door.ann)["items"] == []
    same = door.ask("POST", f"/fee-proposals/{proposal['id']}/confirmation", door.town, status=403)
    assert same["type"].endswith("/same-person")
    door.ask("POST", f"/fee-proposals/{proposal['id']}/confirmation", door.ann, status=404)
    door.ask("POST", f"/fee-proposals/{proposal['id']}/confirmation", door.roads, status=403)
    with psycopg.connect(fresh_database.superuser_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE fee_proposals SET status = 'confirmed', decided_by = proposed_by")
    assert door.ask("POST", f"/fee-proposals/{proposal['id']}/confirmation", door.town2)["fee"]["status"] == "waived"
    assert door.case(reference, mine)["status"] == "closed"
    assert "proposed_by" not in str(door.ask("GET", f"/cases/{reference}/events", mine))
    door.ask("POST", f"/fee-proposals/{proposal['id']}/confirmation", door.town2, status=409)
    waived = next(one for one in door.ask("GET", f"/cases/{reference}/events", door.town)["items"] if one["type"] == "FeeWaived")["data"]
    assert (waived["official"].rpartition("|")[2], waived["second"].rpartition("|")[2]) == ("town", "town2")


def test_a_proposal_is_refused_or_expires(door: Counter) -> None:
    reference, mine, fee = company(door)
    first = door.ask("POST", f"/fees/{fee['id']}/waiver", door.town, WHY)["proposal"]
    door.ask("POST", f"/fees/{fee['id']}/waiver", door.town2, WHY, status=409)
    assert door.ask("POST", f"/fee-proposals/{first['id']}/refusal", door.town)["proposal"]["status"] == "refused"
    second = door.ask("POST", f"/fees/{fee['id']}/waiver", door.town2, WHY)["proposal"]
    with door.portal.work(ENGINE) as work:
        later = work.now + timedelta(days=8)
    sweep(door.portal, at=later)
    assert door.ask("GET", "/fee-proposals", door.town)["items"] == []
    door.ask("POST", f"/fee-proposals/{second['id']}/confirmation", door.town, status=409)
    assert door.case(reference, mine)["fees"][0]["status"] == "due"
    told = [one["data"]["status"] for one in door.ask("GET", f"/cases/{reference}/events", door.town)["items"] if one["type"] == "FeeProposalEnded"]
    assert told == ["refused", "expired"]


def test_paying_makes_a_proposal_to_waive_moot(door: Counter) -> None:
    _, _, fee = company(door)
    proposal = door.ask("POST", f"/fees/{fee['id']}/waiver", door.town, WHY)["proposal"]
    door.ask("POST", f"/fees/{fee['id']}/cash", door.town2, {"amount": 3600}, status=201)
    door.ask("POST", f"/fee-proposals/{proposal['id']}/confirmation", door.town2, status=409)


def test_cash_goes_back_over_the_counter(door: Counter) -> None:
    reference, _, fee = door.paid()
    part = door.ask("POST", f"/fees/{fee['id']}/refund", door.ann, WHY | {"amount": 500})["fee"]
    assert (part["status"], part["refunded"], part["entries"][1]["status"]) == ("paid", 500, "open")
    task = next(one for one in door.ask("GET", "/tasks", door.ann)["items"] if one["reference"] == reference and one["kind"] == "refund")
    door.ask("POST", f"/tasks/{task['id']}/claim", door.ann)
    assert "payout" in door.ask("POST", f"/tasks/{task['id']}/complete", door.ann, {}, status=409)["detail"]
    handed = door.ask("POST", f"/fees/{fee['id']}/payout", door.ann, {}, status=201)["fee"]
    assert handed["entries"][1]["status"] == "made"
    assert handed["entries"][1]["receipt"].endswith("-000002")
    door.ask("POST", f"/fees/{fee['id']}/payout", door.ann, {}, status=409)
    assert [one for one in door.ask("GET", "/tasks", door.ann)["items"] if one["kind"] == "refund"] == []
    over = door.ask("POST", f"/fees/{fee['id']}/refund", door.ann, WHY | {"amount": 1001}, status=422)
    assert over["errors"][0]["detail"] == "At most 1000 minor units can be paid back of this fee."
    assert door.ask("POST", f"/fees/{fee['id']}/refund", door.ann, WHY)["fee"]["status"] == "refunded"
    door.ask("POST", f"/fees/{fee['id']}/refund", door.ann, WHY, status=409)


def test_withdrawn_before_anybody_worked_on_it_goes_back_by_itself(door: Counter) -> None:
    reference, mine, _ = door.paid()
    door.ask("POST", f"/cases/{reference}/withdrawal", mine, {}, status=201)
    assert door.case(reference, mine)["fees"][0]["status"] == "refunded"
    worked, theirs, _ = door.paid()
    task = next(one for one in door.ask("GET", "/tasks", door.ann)["items"] if one["reference"] == worked and one["kind"] == "step")
    door.ask("POST", f"/tasks/{task['id']}/claim", door.ann)
    door.ask("POST", f"/cases/{worked}/withdrawal", theirs, {}, status=201)
    assert door.case(worked, theirs)["fees"][0]["status"] == "paid"
    unpaid, hers, _ = door.apply()
    door.ask("POST", f"/cases/{unpaid}/withdrawal", hers, {}, status=201)
    assert (door.case(unpaid, hers)["fees"][0]["status"], door.case(unpaid, hers)["next"]) == ("cancelled", "nothing")


def test_refused_goes_back_by_itself_and_its_task_outlives_the_case(door: Counter) -> None:
    reference, mine, fee = door.paid()
    door.decide(reference, door.ann, "refused")
    assert (door.case(reference, mine)["status"], door.case(reference, mine)["fees"][0]["status"]) == ("closed", "refunded")
    waits = [one["kind"] for one in door.ask("GET", "/tasks", door.ann)["items"] if one["reference"] == reference]
    assert waits == ["refund"]
    door.ask("POST", f"/fees/{fee['id']}/payout", door.ann, {}, status=201)


HOSTILE: list[tuple[Any, int]] = [
    (-1, 422), (0, 422), (1499, 422), (1501, 422), (2**53, 422), (2**63, 422), (1500.5, 422), (1501.0, 422), ("1500", 422), (True, 422),
    (None, 422), ([1500], 422), ({"EUR": 1500}, 422), ("1e3", 422),
]  # fmt: skip


@pytest.mark.parametrize(("amount", "status"), HOSTILE)
def test_hostile_amounts(door: Counter, amount: Any, status: int) -> None:
    reference, mine, fee = door.apply()
    found = door.ask("POST", f"/fees/{fee['id']}/cash", door.ann, {"amount": amount}, status=status)
    assert found["errors"][0]["pointer"].startswith("/amount")
    door.ask("POST", f"/fees/{fee['id']}/cash", door.ann, {"amount": 1500, "currency": "USD"}, status=422)
    assert door.case(reference, mine)["fees"][0]["status"] == "due"
    numbers = door.ask("POST", f"/fees/{fee['id']}/cash", door.ann, {"amount": 1500}, status=201)["fee"]["entries"][0]["receipt"]
    assert numbers.endswith("-000001"), "a refused taking used up a number"


def test_a_repeated_taking_gets_the_first_receipt(door: Counter) -> None:
    _, _, fee = door.apply()
    key = door.ann | {"Idempotency-Key": "k" * 40}
    first = door.ask("POST", f"/fees/{fee['id']}/cash", key, {"amount": 1500}, status=201)
    assert door.ask("POST", f"/fees/{fee['id']}/cash", key, {"amount": 1500}, status=201) == first


def test_of_two_refunds_that_race_one_is_made(door: Counter) -> None:
    _, _, fee = door.paid()

    def refund(_: int) -> int:
        client = door.client.application.test_client()
        return client.post(f"/api/v1/fees/{fee['id']}/refund", headers=door.ann, json=WHY).status_code

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(refund, range(4)))
    assert found == [200, 409, 409, 409]
    assert door.ask("GET", f"/fees/{fee['id']}", door.ann)["refunded"] == 1500


def test_moves_are_a_table() -> None:
    for verb, move in MOVES.items():
        for status in STATUSES:
            if status in move.start:
                assert moved(verb, status) == move.end
            else:
                with pytest.raises(Exception, match=status):
                    moved(verb, status)


def _rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[arg-type]


def test_each_layer_alone_hides_other_people_s_fees(door: Counter) -> None:
    reference, _, _ = door.paid()
    id = door.id(reference)
    who = {
        "theirs": (Principal("staff", "x", agencies=("civil-registry",)), True),
        "other agency": (Principal("staff", "x", agencies=("roads",)), False),
        "party": (Principal("party", cases=(id,)), True),
        "stranger": (Principal("party", cases=(UUID(int=7),)), False),
        "anonymous": (Principal("anonymous"), False),
        "champion": (Principal("champion", "c", services=("*",)), True),
        "provider": (Principal("agency", "p", agencies=("p",)), False),
    }
    for name, (principal, sees) in who.items():
        with door.portal.work(principal) as work:
            unscoped = [work.run(one.execution_options(visible=True)) for one in (ledger.of(id), ledger.entries(id))]
            assert [bool(found) for found in unscoped] == [sees, sees], f"row-level security, {name}"
            scoped = visible(work, ledger.of(id))
            days = work.run(cash.days("civil-registry", 10).execution_options(visible=True))
            assert bool(days) == (name in ("theirs", "champion")), name
        with door.portal.work(ENGINE) as work:
            work.narrow([id])
            assert bool(work.run(scoped)) == sees, f"scoping, {name}"


def test_what_was_made_cannot_be_changed(door: Counter, fresh_database: Database) -> None:
    door.paid()
    for change in (
        "UPDATE payments SET amount = 1",
        "UPDATE payments SET status = 'failed'",
        "DELETE FROM payments",
        "DELETE FROM cash_days",
    ):
        with psycopg.connect(fresh_database.superuser_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change)  # type: ignore[arg-type]
    for change in ("UPDATE fees SET refunded = paid + 1", "UPDATE fees SET refunded = -1", "UPDATE fees SET paid = 1"):
        with psycopg.connect(fresh_database.superuser_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(change)  # type: ignore[arg-type]


def test_a_row_added_before_hides_none_that_lie_there(door: Counter) -> None:
    """What a unit adds before it reads does not stand for all there is."""
    id = door.id(door.apply()[0])
    with door.portal.work(ENGINE) as work:
        work.narrow([id])
        items.put(work, id, "note", "Later.")
        assert items.of_kind(work, id, "answers", "note")[-1] == "Later."
        assert len(items.of_kind(work, id, "answers", "note")) == 2


@pytest.mark.parametrize(
    ("template", "language", "subject", "says"),
    [
        ("fee-due", "en", "A fee is due: Birth certificate", "€15.00 is to be paid"),
        ("fee-due", "fr", "Un montant est à payer : Acte de naissance", "15,00\xa0€ est à payer"),
        ("fee-paid", "en", "Your payment has arrived: Birth certificate", "Receipt X-1."),
        ("fee-paid", "fr", "Votre paiement est arrivé : Acte de naissance", "Reçu X-1."),
        ("fee-waived", "en", "You need not pay: Birth certificate", "need not be paid"),
        ("fee-waived", "fr", "Vous ne devez pas payer : Acte de naissance", "ne doit pas être payé"),
        ("fee-refunded", "en", "You were paid back: Birth certificate", "went back to you"),
        ("fee-refunded", "fr", "Vous avez été remboursé : Acte de naissance", "vous a été remboursé"),
    ],
)
def test_the_party_is_told_in_its_language(door: Counter, template: str, language: str, subject: str, says: str) -> None:
    reference, _, fee = door.apply()
    refs = {"due_at": fee["pay_by"], "amount": 1500, "currency": "EUR", "receipt": "X-1"}
    with door.portal.work(ENGINE) as work:
        work.narrow([door.id(reference)])
        spoken, line, text = words.written(template, language, words.facts(work, door.id(reference), refs, language), default="en")
    assert (spoken, line) == (language, subject)
    assert says in text
    assert reference in text


def test_each_change_of_a_fee_promises_a_notice(door: Counter) -> None:
    reference, _, fee = door.paid()
    door.ask("POST", f"/fees/{fee['id']}/refund", door.ann, WHY)
    door.ask("POST", f"/fees/{fee['id']}/payout", door.ann, {}, status=201)
    other, _, due = door.apply()
    door.ask("POST", f"/fees/{due['id']}/waiver", door.ann, WHY)
    told = {
        one: [event["data"]["template"] for event in door.ask("GET", f"/cases/{one}/events", door.ann)["items"] if event["type"] == "NoticePromised"]
        for one in (reference, other)
    }
    assert told == {reference: ["received", "fee-due", "fee-paid", "fee-refunded"], other: ["received", "fee-due", "fee-waived"]}
