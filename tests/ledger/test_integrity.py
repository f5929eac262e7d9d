"""What the database itself enforces: history stays, personal data stays apart, and each sees its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from portal.access.scoping import visible
from portal.cases import registry
from portal.db import new_id
from portal.errors import Conflict, KeyReused, StillRunning
from portal.events.chain import GENESIS, seal
from portal.events.tables import events
from portal.intake.receive import Submission, receive
from portal.queues import reading, worklist
from portal.unit_of_work import ANONYMOUS, ENGINE, Answer, Portal, Principal, Repeatable
from tests.ledger.test_main_job import CLERK, agency_answers, do, needed, send
from tests.servers import Database

CANARY = "Zyxwvut Q"


@pytest.fixture
def filled(city: Portal) -> UUID:
    """A case with a canary in every personal field, all the way to its end."""
    answers = needed(city, "resident-parking-permit")
    text = {field.id: CANARY for field in city.catalogue.services["resident-parking-permit"].fields if field.type in ("text", "long-text", "address")}
    sent = send(
        city,
        service="resident-parking-permit",
        answers=answers | {key: value for key, value in text.items() if key in answers},
        text=f"I am {CANARY}",
        contact={"name": CANARY, "email": "zyxwvut@example.org", "address": CANARY},
        location={"address": CANARY},
    )
    id: UUID = sent.case["case_id"]
    do(city, CLERK, id, "assess")
    agency_answers(city, id)
    do(city, CLERK, id, "decide", outcome="refused", reasons=f"{CANARY} is not a resident.")
    return id


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    """What really stands in the tables, row-level security passed by."""
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(sql).fetchall()  # type: ignore[arg-type]


def test_no_personal_data_stands_outside_the_vault(city: Portal, filled: UUID, fresh_database: Database) -> None:
    tables = [name for (name,) in rows(fresh_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    found = {name for name in tables if any("yxwvut" in str(row).lower() for row in rows(fresh_database, f"SELECT t::text FROM {name} t"))}
    assert found == {"vault_items"}


def test_the_chain_of_a_case_is_whole(city: Portal, filled: UUID) -> None:
    with city.work(ENGINE) as work:
        work.narrow([filled])
        history = work.run(visible(work, select(events).where(events.c.case_id == filled).order_by(events.c.seq)))
    previous = GENESIS
    for number, event in enumerate(history, start=1):
        assert event["seq"] == number
        assert bytes(event["prev_hash"]) == previous
        assert bytes(event["hash"]) == (previous := seal(event, previous))


@pytest.mark.parametrize("login", ["superuser_url", "owner_url", "url"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET type = 'CaseClosed'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE events SET data = '{}' WHERE seq = 1",
    ],
)
def test_history_cannot_be_changed(city: Portal, filled: UUID, fresh_database: Database, change: str, login: str) -> None:
    before = rows(fresh_database, "SELECT count(*), min(encode(hash, 'hex')) FROM events")
    with psycopg.connect(getattr(fresh_database, login)) as connection:
        if login == "url":
            connection.execute(
                "SELECT set_config('role', 'portal_engine', true), set_config('portal.scope', 'engine', true), set_config('portal.cases', %s, true)",
                (str(filled),),
            )
        if login == "owner_url" and not change.startswith("TRUNCATE"):
            connection.execute(change)  # type: ignore[arg-type]  # forced row-level security: the owner finds no row to change
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)  # type: ignore[arg-type]
    assert rows(fresh_database, "SELECT count(*), min(encode(hash, 'hex')) FROM events") == before


def test_row_level_security_alone_hides_what_is_not_yours(city: Portal, filled: UUID) -> None:
    """Without any scoping in the application: the statement passes unscoped, the database answers."""
    unscoped = registry.one(filled).execution_options(visible=True)
    sees = {
        Principal("staff", agencies=("city-council",)): 1,
        Principal("staff", agencies=("social-services",)): 0,
        Principal("staff"): 0,
        Principal("party", cases=(filled,)): 1,
        Principal("party", cases=(new_id(),)): 0,
        Principal("champion", "tests|champion", services=("*",)): 1,
        Principal("admin", "tests|admin"): 0,
        ANONYMOUS: 0,
        ENGINE: 0,
    }
    for who, count in sees.items():
        with city.work(who) as work:
            assert len(work.run(unscoped)) == count, who


def test_scoping_alone_hides_what_is_not_yours(city: Portal, filled: UUID) -> None:
    """With row-level security opened wide: the statement itself is narrow."""
    for who, count in ((CLERK, 1), (Principal("staff", agencies=("social-services",)), 0), (Principal("party", cases=(new_id(),)), 0), (ANONYMOUS, 0)):
        with city.work(Principal("champion", "tests|champion", services=("*",))) as work:
            work.principal = who
            assert len(work.run(visible(work, registry.one(filled)))) == count, who


def test_a_statement_that_was_not_scoped_fails(city: Portal) -> None:
    with city.work(CLERK) as work, pytest.raises(LookupError, match="visible"):
        work.run(reading.of_teams((), limit=50))


def test_a_party_never_sees_notes_of_staff(city: Portal, filled: UUID) -> None:
    with city.work(Principal("party", cases=(filled,))) as work:
        kinds = {row[0] for row in work.sql("SELECT kind FROM vault_items")}
    assert "note" not in kinds
    assert "answers" in kinds


def opened(city: Portal, request: Repeatable) -> tuple[Answer | None, UUID]:
    case_id = new_id()
    with city.work(ANONYMOUS, repeatable=request, new_cases=[case_id]) as work:
        if work.answer:
            return work.answer, case_id
        receive(work, Submission(text="The street is dark"), case_id=case_id)
        work.settle()
        work.keep(Answer(201, str(case_id).encode()))
    return None, case_id


def test_the_same_request_twice_is_one_case_and_one_answer(city: Portal, fresh_database: Database) -> None:
    request = Repeatable("anonymous", str(new_id()), b"1" * 32)
    first, id = opened(city, request)
    again, _ = opened(city, request)
    assert first is None
    assert again is not None
    assert again.body == str(id).encode()
    with pytest.raises(KeyReused):
        opened(city, Repeatable("anonymous", request.key, b"2" * 32))
    assert rows(fresh_database, "SELECT count(*) FROM cases") == [(1,)]
    assert str(id) not in str(rows(fresh_database, "SELECT encode(answer, 'escape') FROM idempotency"))


def test_while_the_first_runs_the_second_is_told_so(city: Portal) -> None:
    request = Repeatable("anonymous", str(new_id()), b"1" * 32)
    with city.work(ANONYMOUS, repeatable=request, new_cases=[new_id()]) as work:
        assert work.answer is None
        with pytest.raises(StillRunning):
            opened(city, request)


def test_many_claims_at_once_have_one_winner(city: Portal, fresh_database: Database) -> None:
    id = send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit")).case["case_id"]

    def claim(number: int) -> bool:
        who = Principal("staff", f"tests|{number}", agencies=("city-council",), roles=("caseworker",))
        try:
            with city.work(who) as work:
                work.narrow([id])
                worklist.claim(work, next(row for row in work.rows(worklist.tasks, id)), holder=str(who.subject), version=None)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(claim, range(24)))
    assert won.count(True) == 1
    assert rows(fresh_database, "SELECT count(*) FROM events WHERE type = 'TaskClaimed'") == [(1,)]
