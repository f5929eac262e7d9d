"""A small town for stories: the portal, its callback door over HTTP, simulated agencies in their own process, and a mailbox."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from werkzeug.serving import make_server

from portal.api import docs, problems
from portal.catalogue.load import load
from portal.db import connect, new_id
from portal.dispatch.deliver import drain
from portal.events import log
from portal.intake.receive import Submission, receive
from portal.local.addresses import free_port, listening
from portal.local.own_files import agency_secrets
from portal.local.processes import spawn
from portal.ports.callbacks import callbacks
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal
from portal.wire.signatures import secrets_of
from tests.ledger.waiting import until
from tests.servers import Database

CATALOGUE = load(resolve_calendar=resolve)


class Mailbox:
    """Takes all outgoing mail, unless told how to refuse it."""

    def __init__(self) -> None:
        self.mails: list[tuple[str | None, list[str], EmailMessage]] = []
        self.refuse: str | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), message))
        return "250 kept"


@dataclass
class Agencies:
    """The simulated agencies, from outside."""

    port: int

    def ledger(self) -> dict[str, Any]:
        return self._ask("GET", "/ledger")

    def behave(self, **how: str) -> None:
        """`roads="breaks"`; underscores stand for hyphens, `all` for every agency."""
        self._ask("POST", "/control", {name.replace("_", "-").replace("all", "*"): value for name, value in how.items()})

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, json.dumps(body) if body else None)
            answer = connection.getresponse()
            found = json.loads(answer.read())
            assert answer.status == 200, found
            assert isinstance(found, dict)
            return found
        finally:
            connection.close()


@dataclass
class Town:
    """What a story acts on."""

    portal: Portal
    agencies: Agencies
    mailbox: Mailbox
    secrets: Mapping[str, tuple[str, ...]]
    reports: http.client.HTTPConnection = field(repr=False)

    def ask(self, **given: Any) -> UUID:
        """A request; its case."""
        case_id = new_id()
        with self.portal.work(ANONYMOUS, new_cases=[case_id]) as work:
            receive(work, Submission(**given), case_id=case_id)
        return case_id

    def drain(self, **how: Any) -> int:
        return drain(self.portal, **how)

    def history(self, case_id: UUID, *types: str) -> list[dict[str, Any]]:
        """Events of a case, of these types or all."""
        with self.portal.work(ENGINE) as work:
            work.narrow([case_id])
            rows = work.run(log.history(case_id, limit=1000).execution_options(visible=True))
        return [row for row in rows if not types or row["type"] in types]

    def until(self, case_id: UUID, type: str) -> None:
        """Waits until the case has an event of that type."""
        until(lambda: self.history(case_id, type))

    def report(self, agency: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """One POST to the callback door."""
        self.reports.request("POST", f"/api/v1/agencies/{agency}/callbacks", body, {"Content-Type": "application/json", **headers})
        answer = self.reports.getresponse()
        found = json.loads(answer.read())
        return answer.status, found


@contextmanager
def town(database: Database, place: Path) -> Iterator[Town]:
    """Everything up; gone at the end."""
    door, agencies, smtp = free_port(), free_port(), free_port()
    settings = Settings(
        PORTAL_MODE="test",
        secret_key="a secret of the tests, long enough to be one",  # type: ignore[arg-type]
        data=str(place),
        public_url=f"http://127.0.0.1:{door}",
        smtp_port=smtp,
        mail_from="portal@rivermouth.example",
        agency_secrets=str(agency_secrets(place, sorted(CATALOGUE.agencies))),
        simulated_agencies=f"http://127.0.0.1:{agencies}",
        exchanges=str(place / "exchanges"),
    )
    with ExitStack() as stack:
        engine = connect(database.url, pool=12)
        stack.callback(engine.dispose)
        portal = Portal(engine, CATALOGUE, REACTIONS, settings)
        stack.enter_context(_door(portal, door))
        stack.enter_context(_agencies(settings, place, agencies))
        mailbox = Mailbox()
        listener = Controller(mailbox, hostname="127.0.0.1", port=smtp)
        listener.start()
        stack.callback(listener.stop)
        reports = http.client.HTTPConnection("127.0.0.1", door, timeout=10)
        stack.callback(reports.close)
        yield Town(portal, Agencies(agencies), mailbox, secrets_of(settings.agency_secrets), reports)


@contextmanager
def _door(portal: Portal, port: int) -> Iterator[None]:
    app = Flask("callbacks")
    problems.install(app, docs.error_page)
    app.register_blueprint(callbacks(portal))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def _agencies(settings: Settings, place: Path, port: int) -> Iterator[None]:
    command = "from portal.cli.simulated_agencies import simulated_agencies as command; command()"
    argv = [sys.executable, "-c", command, "--port", str(port), "--delay", "0.02"]
    process = spawn(argv, log=place / "agencies.log", environment={**os.environ, "AGENCY_SECRETS": settings.agency_secrets, "DATA": str(place)})
    until(lambda: listening(port) or process.poll() is not None)
    assert process.poll() is None, (place / "agencies.log").read_text("utf-8")
    yield
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0, (place / "agencies.log").read_text("utf-8")
