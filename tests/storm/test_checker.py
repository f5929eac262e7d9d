"""The checker of storms can fail: each violation, planted, is seen and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copy

import psycopg
import pytest

from portal.kpi.rebuild import rebuild
from tests.servers import Database, Servers
from tests.stories.town import Town, town
from tests.storm.checker import Checker
from tests.storm.history import Intent

MARKERS = ("storm-00000000000000aa", "storm-00000000000000bb")


@dataclass
class Quiet:
    """A town in which two requests went all the way, and what their clients heard."""

    town: Town
    database: Database
    ledger: Path
    intents: list[Intent]

    def look(self) -> Checker:
        return Checker(self.database.superuser_url, ledger=self.ledger, portal=self.town.portal)


@pytest.fixture(scope="module")
def quiet(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quiet]:
    database, place = servers.database(), tmp_path_factory.mktemp("town")
    with town(database, place) as one:
        intents = []
        for marker in MARKERS:
            case = one.ask(service="pothole", answers={"place": marker}, contact={"email": "ann@example.org"})
            with psycopg.connect(database.superuser_url) as connection:
                (reference,) = connection.execute("SELECT reference FROM cases WHERE case_id = %s", (case,)).fetchone() or ("",)
            intents.append(Intent(marker, "open", "/cases", {}, "key", state="ok", reference=reference))
            while one.drain():
                pass
            one.until(case, "CaseClosed")
            while one.drain():
                pass
        yield Quiet(one, database, next(place.rglob("ledger.sqlite")), intents)
    servers.drop(database.name)


def test_nothing_is_found_where_nothing_is_wrong(quiet: Quiet) -> None:
    with quiet.look() as look:
        assert look.everything(quiet.intents) == []


PLANTED = {
    "I1 lost": ("DELETE FROM vault_items WHERE value::text LIKE '%storm-00000000000000aa%'", "I1", "is not there"),
    "I1 doubled": (
        "INSERT INTO vault_items SELECT case_id, gen_random_uuid(), party_id, kind, salt, value, recorded_at FROM vault_items WHERE value::text LIKE '%aa%'",
        "I1",
        "is there 2 times",
    ),
    "I1 elsewhere": ("UPDATE cases SET reference = 'X' || reference", "I1", "another case"),
    "I2 event gone": ("DELETE FROM events WHERE seq = 3 AND case_id = (SELECT min(case_id::text)::uuid FROM events)", "I2", "event 3 is missing"),
    "I2 tail gone": ("DELETE FROM events e WHERE seq = (SELECT max(seq) FROM events WHERE case_id = e.case_id)", "I2", "its head says"),
    "I2 changed": ("UPDATE events SET actor = 'somebody' WHERE seq = 2", "I2", "not as it was written"),
    "I2 all gone": ("DELETE FROM events", "I2", "there is none"),
    "I3 overdue": ("UPDATE outbox SET done_at = NULL, next_at = now() - interval '5 minutes' WHERE kind = 'notice'", "I3", "is overdue"),
    "I3 lease over": (
        "UPDATE outbox SET done_at = NULL, lease_until = now() - interval '5 minutes', next_at = now() - interval '9 minutes'",
        "I3",
        "is overdue",
    ),
    "I3 row gone": ("DELETE FROM outbox WHERE kind = 'delivery'", "I3", "has no row"),
    "I4 handed over twice": (
        """INSERT INTO outbox SELECT (o.r).* FROM (SELECT jsonb_populate_record(outbox, jsonb_build_object('id', gen_random_uuid(),
        'key', gen_random_uuid())) AS r FROM outbox WHERE kind = 'delivery') o""",
        "I4",
        "is handed over 2 times",
    ),
    "I4 sent twice": (
        """INSERT INTO events SELECT (e.r).* FROM (SELECT jsonb_populate_record(events, jsonb_build_object('seq', 99)) AS r
        FROM events WHERE type = 'DeliverySent') e""",
        "I4",
        "DeliverySent of",
    ),
    "I4 told twice": (
        """INSERT INTO events SELECT (e.r).* FROM (SELECT jsonb_populate_record(events, jsonb_build_object('seq', seq + 90)) AS r
        FROM events WHERE type = 'PartyNotified') e""",
        "I4",
        "PartyNotified of",
    ),
    "I5 not fired": ("UPDATE timers SET armed = true, due_at = now() - interval '5 minutes'", "I5", "has not fired"),
    "I5 silent": ("UPDATE clocks SET status = 'running', due_at = now() - interval '5 minutes'", "I5", "missed in silence"),
    "I5 fired twice": (
        """INSERT INTO events SELECT (e.r).* FROM (SELECT jsonb_populate_record(events, jsonb_build_object('seq', 90 + n, 'type', 'StandardMissed',
        'data', jsonb_build_object('clock', 'c'))) AS r FROM events, generate_series(1, 2) n WHERE seq = 1) e""",
        "I5",
        "StandardMissed of clock c",
    ),
    "I7 row gone": ("DELETE FROM outbox WHERE kind = 'notice'", "I7", "was promised and has no row"),
    "I7 nothing promised": ("UPDATE events SET type = 'NoteAdded' WHERE type = 'NoticePromised'", "I7", "was promised nothing"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_named(name: str, quiet: Quiet) -> None:
    statement, invariant, says = PLANTED[name]
    with quiet.look() as look:
        look.connection.execute("SET session_replication_role = replica")
        assert look.connection.execute(statement).rowcount > 0, "nothing was planted"
        found = look.everything(quiet.intents) if invariant != "I6" else []
        look.connection.rollback()
    assert any(one.invariant == invariant and says in one.says for one in found), found
    assert all(one.lost + one.doubled for one in found)


def test_a_refused_request_must_not_be_there_and_an_unknown_one_may(quiet: Quiet) -> None:
    refused, unknown = replace(quiet.intents[0], state="refused"), replace(quiet.intents[1], state="unknown")
    with quiet.look() as look:
        assert [one.invariant for one in look.intents([refused, unknown])] == ["I1"]
        assert list(look.intents([Intent("storm-00", "open", "/cases", {}, "k")])) == []


def test_agencies_know_what_we_say_we_sent_and_nothing_else(quiet: Quiet, tmp_path: Path) -> None:
    for name, statement, says in (
        ("gone", "DELETE FROM effects", "knows nothing of it"),
        ("more", "INSERT INTO effects SELECT agency, 'another', 'R-2', action, behaviour, at, 1 FROM effects LIMIT 1", "nobody asked for"),
        ("twice", "INSERT INTO doubled SELECT * FROM effects", "has 2 effects"),
    ):
        place = tmp_path / f"{name}.sqlite"
        with sqlite3.connect(quiet.ledger) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy(quiet.ledger, place)
        with sqlite3.connect(place) as file:
            if name == "twice":  # a careless agency, without a key of its own
                file.execute("CREATE TABLE doubled AS SELECT * FROM effects")
            file.execute(statement)
            if name == "twice":
                file.executescript("DROP TABLE effects; ALTER TABLE doubled RENAME TO effects")
        with Checker(quiet.database.superuser_url, ledger=place) as look:
            assert any(one.invariant == "I4" and says in one.says for one in look.effects()), name


def test_figures_that_differ_are_seen(quiet: Quiet) -> None:
    with psycopg.connect(quiet.database.superuser_url) as connection:
        connection.execute("UPDATE case_facts SET missed = NOT missed")
    with quiet.look() as look:
        assert [one.invariant for one in look.figures()] == ["I6"]
    rebuild(quiet.town.portal, replace=True)
    with quiet.look() as look:
        assert list(look.figures()) == []
