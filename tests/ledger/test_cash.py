"""Cash: receipts without gaps under many takings at once, a day counted by one and closed by another; sums that hold whatever is done."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random  # noqa: TID251  (seeded)
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from portal.cli.verify import Verifier
from portal.db import new_id
from portal.kpi.fold import fold_all
from tests.contracts.issuer import Issuer
from tests.ledger.test_fees import WHY, Counter, _rows
from tests.servers import Database


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Counter]:
    one = Counter(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_receipts_have_no_gap_under_two_hundred_takings_at_once(door: Counter, fresh_database: Database) -> None:
    """Two hundred fees, eight at a time, at two desks; one in five is refused and gives its number back."""
    fees = [door.apply()[2]["id"] for _ in range(200)]

    def take(place: int) -> int:
        wrong = place % 5 == 0
        client, who = door.client.application.test_client(), (door.ann, door.bob)[place % 2]
        body = {"amount": 1400 if wrong else 1500, "desk": ("desk", "hall")[place % 2]}
        found = client.post(f"/api/v1/fees/{fees[place]}/cash", headers=who, json=body).status_code
        again = client.post(f"/api/v1/fees/{fees[place]}/cash", headers=who, json=body | {"amount": 1500}).status_code
        return found * 1000 + again

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(take, range(200)))
    assert found == [422_201 if place % 5 == 0 else 201_409 for place in range(200)]
    receipts = sorted(receipt for (receipt,) in _rows(fresh_database, "SELECT receipt FROM payments"))
    year = receipts[0].split("-")[2]
    assert receipts == [f"civil-registry-{year}-{number:06d}" for number in range(1, 201)]
    assert len(_rows(fresh_database, "SELECT 1 FROM cash_days")) == 2
    fold_all(door.portal)
    verifier = Verifier(door.portal)
    assert list(verifier.faults()) == []


def test_a_day_is_counted_by_one_and_closed_by_another(door: Counter, fresh_database: Database) -> None:
    door.ask("POST", "/cash-days/civil-registry/close", door.ann, {"counted": 0}, status=404)
    first = door.paid()[2]
    door.paid()
    door.ask("POST", f"/fees/{first['id']}/refund", door.ann, WHY | {"amount": 300})
    door.ask("POST", f"/fees/{first['id']}/payout", door.bob, {}, status=201)
    short = door.ask("POST", "/cash-days/civil-registry/close", door.ann, {"counted": 2000}, status=422)
    assert short["errors"] == [{"pointer": "/words", "detail": "2700 minor units are expected and 2000 were counted: say in `words` why they differ."}]
    door.ask("POST", "/cash-days/civil-registry/close", door.town, {"counted": 2700}, status=403)
    day = door.ask("POST", "/cash-days/civil-registry/close", door.ann, {"counted": 2695, "words": "Five cents rolled under the desk."})
    assert (day["status"], day["expected"], day["difference"]) == ("counted", 2700, -5)
    late = door.paid()[2]
    assert late["entries"][0]["receipt"].endswith("-000004")
    path = f"/cash-days/civil-registry/{day['id']}/confirmation"
    assert door.ask("POST", path, door.ann, status=403)["type"].endswith("/same-person")
    door.ask("POST", path, door.town, status=404)
    closed = door.ask("POST", path, door.bob)
    assert (closed["status"], closed["counted_by"].rpartition("|")[2], closed["closed_by"].rpartition("|")[2]) == ("closed", "ann", "bob")
    door.ask("POST", path, door.bob, status=409)
    shown = door.ask("GET", "/cash-days/civil-registry", door.ann)["items"]
    assert [one["status"] for one in shown] == ["open", "closed"]
    assert door.ask("GET", "/cash-days/civil-registry", door.town)["items"] == []
    told = [type for (type,) in _rows(fresh_database, f"SELECT type FROM events WHERE case_id = '{day['id']}' ORDER BY seq")]
    assert told == ["CashDayOpened", "AccessGranted", "CashDayCounted", "CashDayClosed"]
    assert "rolled" not in str(_rows(fresh_database, "SELECT data FROM events"))


def test_the_database_adds_nothing_to_a_day_that_was_counted(door: Counter, fresh_database: Database) -> None:
    _, _, fee = door.paid()
    day = door.ask("POST", "/cash-days/civil-registry/close", door.ann, {"counted": 1500})
    with psycopg.connect(fresh_database.superuser_url) as connection:
        row = dict(zip(("case_id", "fee_id"), connection.execute("SELECT case_id, fee_id FROM payments").fetchone() or (), strict=True))
        more = {"id": str(new_id()), "agency": "civil-registry", "kind": "payment", "way": "cash", "amount": 5, "currency": "EUR", "status": "made", "asked": 0}
        late = Jsonb({key: str(value) for key, value in row.items()} | more | {"begun_at": "2026-01-01T00:00:00Z", "cash_day": day["id"]})
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="counted"):
            connection.execute("INSERT INTO payments SELECT * FROM jsonb_populate_record(NULL::payments, %s)", (late,))
    for change in ("UPDATE cash_days SET counted = 1", "UPDATE cash_days SET status = 'closed', closed_by = counted_by"):
        with psycopg.connect(fresh_database.superuser_url) as connection, pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
            connection.execute(change)  # type: ignore[arg-type]
    assert fee["status"] == "paid"


_SUMS = """SELECT f.id, f.amount, f.paid, f.refunded, f.status,
    coalesce(sum(p.amount) FILTER (WHERE p.kind = 'payment' AND p.status = 'made' AND p.unwanted IS NULL), 0)::bigint,
    coalesce(sum(p.amount) FILTER (WHERE p.kind = 'refund' AND p.status IN ('open', 'made') AND p.unwanted IS NULL), 0)::bigint
    FROM fees f LEFT JOIN payments p ON p.fee_id = f.id GROUP BY f.case_id, f.id"""


@pytest.mark.parametrize("seed", range(3))
def test_sums_hold_whatever_is_done(door: Counter, fresh_database: Database, seed: int) -> None:
    """Random acts by random people on a few fees, most of them refused: what is in never falls below what is out, and both are what the entries say."""
    chance = Random(seed)
    cases = [door.apply() for _ in range(3)]
    people = [door.ann, door.bob, door.town, door.champion]

    def act() -> tuple[str, str, dict[str, str], Any]:
        reference, mine, fee = chance.choice(cases)
        path, body = chance.choice(
            [
                ("cash", {"amount": chance.choice([1500, 1500, 1500, 700])}),
                ("refund", WHY | {"amount": chance.choice([1, 400, 1499, 1500])}),
                ("refund", WHY),
                ("payout", {}),
                ("waiver", WHY),
            ]
        )
        if chance.random() < 0.05:
            return "POST", f"/cases/{reference}/withdrawal", mine, {}
        if chance.random() < 0.1:
            return "POST", "/cash-days/civil-registry/close", door.ann, {"counted": chance.randint(0, 3000), "words": "Counted twice."}
        return "POST", f"/fees/{fee['id']}/{path}", chance.choice(people), body

    for _ in range(60):
        method, path, who, body = act()
        found = door.client.open(f"/api/v1{path}", method=method, headers=who, json=body)
        assert found.status_code < 500, found.get_data(as_text=True)
        for _, amount, paid, refunded, status, came, went in _rows(fresh_database, _SUMS):
            assert (paid, refunded) == (came, went)
            assert 0 <= went <= came <= amount
            assert (status == "refunded") == (came == went > 0)
    assert list(Verifier(door.portal).faults()) == []
