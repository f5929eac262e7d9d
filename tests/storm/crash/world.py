"""A warm portal for crash points: everything in one process without threads, so that a child can be forked from it; agencies and mailbox beside it."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from flask.testing import FlaskClient

from portal.app import create_app
from portal.db import connect
from portal.dispatch.deliver import drain
from portal.local.addresses import free_port, listening
from portal.local.own_files import agency_secrets
from portal.local.processes import spawn
from portal.outbox.claims import KINDS
from portal.ports.mail import Spool
from portal.reactions import REACTIONS, sweep
from portal.settings import Settings
from portal.unit_of_work import Portal
from portal.wire.signatures import secrets_of, signed
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
from tests.ledger.waiting import until
from tests.servers import Database
from tests.stories.town import CATALOGUE, Agencies

#: Sample people by the names use cases give them: claims of their tokens.
PEOPLE: dict[str, dict[str, Any]] = {
    "clerk": {"sub": "clerk", "agency": "city-council", "teams": ["desk", "inspectors", "safety"]},
    "lead": {"sub": "lead", "agency": "city-council", "teams": ["desk"], "roles": ["caseworker", "team-lead"]},
    "duty": {"sub": "duty", "agency": "city-council", "teams": ["desk"], "roles": ["duty", "caseworker"]},
    "worker": {"sub": "worker", "agency": "social-services", "teams": ["benefits"], "name": "Wanda Worker"},
    "triage": {"sub": "triage", "agency": "front-office", "teams": ["triage"], "roles": ["caseworker", "triage"]},
    "water": {"sub": "water", "agency": "water-utility", "teams": ["desk"]},
    "roads": {"sub": "roads", "agency": "roads", "teams": ["desk"]},
    "ann": {"sub": "ann", "agency": "civil-registry", "teams": ["desk"]},
    "bob": {"sub": "bob", "agency": "civil-registry", "teams": ["desk"]},
    "town": {"sub": "town", "agency": "city-council", "teams": ["desk"]},
    "town2": {"sub": "town2", "agency": "city-council", "teams": ["desk"]},
    "admin": {"sub": "amir", "roles": ["administrator"], "agency": None, "teams": None},
    "admin2": {"sub": "ines", "roles": ["administrator"], "agency": None, "teams": None},
    "helper": {"sub": "helper", "roles": ["citizen"], "agency": None, "teams": None},
    "champion": {"sub": "champion", "roles": ["champion"], "agency": None, "teams": None},
}
#: Tables whose rows of a case must be as many after a crash as without one.
SHAPE = (
    "tasks", "clocks", "timers", "outbox", "vault_items", "asks", "step_runs", "journey_runs", "decisions", "duty_calls", "feedback", "case_parties",
    "case_access", "fees", "payments", "fee_proposals", "case_seals", "case_named", "case_glasses", "mandates", "referrals", "task_checks", "consents",
    "prints", "saved_drafts", "party_ways", "party_needs", "case_looks",
)  # fmt: skip


class Refused(Exception):
    """A door did not take what it was asked for."""


@dataclass
class Subject:
    """One case under test, and whatever its use case has to remember between the first try and the next."""

    marker: str
    key: str
    reference: str = ""
    secret: str = ""
    task: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def mine(self) -> dict[str, str]:
        """Header of its party."""
        return {"Case-Secret": self.secret}


@dataclass
class World:
    """What use cases act on."""

    portal: Portal
    client: FlaskClient
    database: Database
    folder: Path
    agencies: Agencies
    issuer: Issuer
    spool: Spool

    def subject(self) -> Subject:
        """A new one; nothing of it is there yet."""
        return Subject(f"storm-{secrets.token_hex(8)}", secrets.token_hex(16))

    def who(self, name: str) -> dict[str, str]:
        """Header of a sample person."""
        return {"Authorization": f"Bearer {self.issuer.token(**PEOPLE[name])}"}

    def ask(self, method: str, path: str, who: dict[str, str], body: Any = None, *, key: str | None = None) -> dict[str, Any]:
        """JSON of an answer; asked again while the first is still running. Refused for anything but 2xx."""
        headers = who | ({"Idempotency-Key": key} if key else {})
        for _ in range(200):
            found = self.client.open(f"/api/v1{path}", method=method, headers=headers, json=body)
            if found.status_code != 409 or "still-running" not in found.get_data(as_text=True):
                break
            until(lambda: True)
        if not 200 <= found.status_code < 300:
            raise Refused(f"{method} {path}: {found.status_code} {found.get_data(as_text=True)[:500]}")
        told: dict[str, Any] = found.json or {}
        return told

    def post(self, subject: Subject, path: str, who: dict[str, str], body: Any = None) -> dict[str, Any]:
        """A write of the use case, always with the same key."""
        return self.ask("POST", path, who, body, key=subject.key)

    # ------------------------------------------------------------------ around a use case

    def look(self, text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows, past row-level security; also for changes that stand for time passing."""
        with psycopg.connect(self.database.superuser_url) as connection:
            cursor = connection.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    def cases(self, subject: Subject) -> list[UUID]:
        """Cases that carry its marker, the oldest first."""
        found = self.look("SELECT DISTINCT case_id FROM vault_items WHERE value::text LIKE %s ORDER BY 1", f"%{subject.marker}%")
        return [*(case_id for (case_id,) in found), *subject.more.get("streams", ())]

    def alone(self, subject: Subject) -> None:
        """From here on no other case is due for anything."""
        cases = self.cases(subject)
        self.look("UPDATE timers SET armed = false WHERE armed AND case_id <> ALL(%s)", cases)
        self.look("UPDATE outbox SET parked_at = now() WHERE done_at IS NULL AND parked_at IS NULL AND case_id <> ALL(%s)", cases)
        self.look("UPDATE inbox SET status = 'parked', next_at = NULL WHERE status = 'unmatched' AND case_id <> ALL(%s)", cases)
        self.look("UPDATE breakers SET failures = 0, open_until = NULL")

    def leases_end(self) -> None:
        """Half a minute passes for whoever was killed with a row in hand."""
        self.look("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")

    def shape(self, subject: Subject) -> dict[str, int]:
        """How many rows and events of each type its cases have."""
        cases = self.cases(subject)
        found = Counter({f"cases {len(cases)}": 1})
        for type, times in self.look("SELECT type, count(*) FROM events WHERE case_id = ANY(%s) GROUP BY 1", cases):
            found[type] = times
        for table in SHAPE:
            ((found[table],),) = self.look(f"SELECT count(*) FROM {table} WHERE case_id = ANY(%s)", cases)
        ((found["done"], found["parked"]),) = self.look("SELECT count(done_at), count(parked_at) FROM outbox WHERE case_id = ANY(%s)", cases)
        ((found["armed"],),) = self.look("SELECT count(*) FROM timers WHERE armed AND case_id = ANY(%s)", cases)
        return dict(found)

    def next_timer(self, subject: Subject, kind: str | None = None) -> datetime | None:
        """When the next timer (of a kind) of its cases is due."""
        found = self.look(
            "SELECT min(due_at) FROM timers WHERE armed AND case_id = ANY(%s) AND (%s::text IS NULL OR kind = %s)", self.cases(subject), kind, kind
        )
        at: datetime | None = found[0][0]
        return at

    def until_timer(self, subject: Subject, kind: str) -> None:
        """Time passes, timer by timer, until the next one is of that kind; `subject.at` is its instant."""
        for _ in range(40):
            of_kind, first = self.next_timer(subject, kind), self.next_timer(subject)
            assert first is not None, f"no timer of kind {kind} is ever armed"
            if of_kind is not None and of_kind <= first:
                subject.at = of_kind + timedelta(seconds=1)
                return
            sweep(self.portal, at=first)
        raise AssertionError(f"no timer of kind {kind} comes first")

    def drained(self, *kinds: str, at: datetime | None = None) -> None:
        """What waits to leave leaves."""
        while drain(self.portal, at=at, kinds=kinds or KINDS):
            pass

    def effects(self) -> Path:
        """The agencies' ledger."""
        return self.folder / "simulated-agencies" / "ledger.sqlite"

    def mails(self) -> int:
        """How many mails the mailbox has."""
        return sum(1 for _ in (self.folder / "mailbox").rglob("*"))

    def sign(self, agency: str, message_id: str, body: bytes) -> dict[str, str]:
        """Headers of an agency's report."""
        return signed(secrets_of(self.portal.settings.agency_secrets)[agency][0], message_id, datetime.now(UTC), body)

    def key_of(self, subject: Subject) -> str:
        """What the agency was handed the case under."""
        with sqlite3.connect(self.effects()) as file:
            known = {key for (key,) in file.execute("SELECT key FROM effects")}
        keys = self.look("SELECT key FROM outbox WHERE kind = 'delivery' AND case_id = ANY(%s)", self.cases(subject))
        return next((str(key) for (key,) in keys if key in known), str(keys[0][0]))


@contextmanager
def world(database: Database, folder: Path) -> Iterator[World]:
    """Everything up; gone at the end."""
    agencies, payments, smtp, texts, scanner, issuer = *(free_port() for _ in range(5)), Issuer(folder / "keys.json")
    settings = Settings(
        PORTAL_MODE="test",
        secret_key="a secret of the tests, long enough to be one",  # type: ignore[arg-type]
        data=str(folder),
        public_url="http://127.0.0.1:9",
        smtp_port=smtp,
        mail_from="portal@rivermouth.example",
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        token_keys=str(issuer.place),
        agency_secrets=str(agency_secrets(folder, [*sorted(CATALOGUE.agencies), "card-payments"])),
        simulated_agencies=f"http://127.0.0.1:{agencies}",
        exchanges=str(folder / "exchanges"),
        simulated_payments=f"http://127.0.0.1:{payments}",
        sms_endpoint=f"http://127.0.0.1:{texts}",
        sms_account="ACdevelopment",
        sms_secret="development",  # type: ignore[arg-type]
        sms_sender="+3225550199",
        scanner=f"127.0.0.1:{scanner}",
    )
    with ExitStack() as stack:
        engine = connect(database.url, pool=20)
        stack.callback(engine.dispose)
        portal = Portal(engine, CATALOGUE, REACTIONS, settings)
        environment = {
            **os.environ,
            "AGENCY_SECRETS": settings.agency_secrets,
            "DATA": str(folder),
            "SMS_SECRET": "development",
            "SMS_ACCOUNT": "ACdevelopment",
        }
        parts = {"simulated_agencies": agencies, "simulated_payments": payments, "mailbox": smtp, "simulated_texts": texts, "simulated_scanner": scanner}
        for name, port in parts.items():
            more = ("--delay", "86400") if name == "simulated_agencies" else ()
            argv = [sys.executable, "-c", f"from portal.cli.{name} import {name} as command; command()", "--port", str(port), *more]
            process = spawn(argv, log=folder / f"{name}.log", environment=environment)
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
            until(lambda port=port, process=process: listening(port) or process.poll() is not None, 60)  # type: ignore[misc]
        client = create_app(portal).test_client()
        yield World(portal, client, database, folder, Agencies(agencies), issuer, Spool(folder / "mail"))


def as_json(body: Any) -> bytes:
    """A body as it is signed."""
    return json.dumps(body).encode()
