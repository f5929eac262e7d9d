"""Simulated agencies: take our handovers over HTTP, check our signature, de-duplicate on our key, report back signed, and misbehave when told to."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

from portal.local import agency_open311 as open311
from portal.local.agency_ledger import Ledger
from portal.local.agency_reports import Reporter
from portal.wire.signatures import BadSignature, verify

#: Bytes of a handover that are taken.
LARGEST = 1024 * 1024
#: Longest that a hanging or dripping answer holds its connection, seconds.
PATIENCE = 60.0
#: How an agency may behave; chosen by POST /control, or for one handover by the words `simulate:NAME` in it.
BEHAVIOURS = {
    "works": "takes it, and reports `done` after a while",
    "at-once": "answers `done` at once, and reports nothing",
    "refuses": "takes it, and reports `refused`",
    "rejects": "answers 422 with a problem document",
    "busy": "answers 429 with Retry-After: 1",
    "breaks": "answers 500",
    "hangs": "takes the connection and never answers",
    "drips": "answers one byte a second",
    "floods": "answers without end",
    "lies": "answers 200 with a page of HTML",
    "truncates": "answers 200 with half of its JSON",
    "redirects": "answers 307 to somewhere else",
    "repeats": "reports everything three times",
    "disorders": "reports `done` before `accepted`",
    "forgets": "takes it, and never reports",
    "loses": "takes it, then breaks off: the effect is there and no answer comes",
}
#: Where the Open311 servers of the simulated agencies are.
PREFIX = "/open311/"
_ASKED = re.compile(r"simulate:([a-z-]+)")


@dataclass(frozen=True)
class Town:
    """All simulated agencies of one process: their secrets, their ledger, and who reports for them."""

    secrets: dict[str, tuple[str, ...]]
    ledger: Ledger
    reporter: Reporter
    behaviour: dict[str, str]
    ended: threading.Event

    def behaves(self, agency: str, asked: str | None) -> str:
        """What this handover meets: what its words ask for, what the agency was told, what all were told, or `works`."""
        for one in (asked, self.behaviour.get(agency), self.behaviour.get("*")):
            if one in BEHAVIOURS:
                return one
        return "works"

    def fate(self, behaviour: str) -> str:
        """What an agency that is asked says of a handover it met with that behaviour."""
        return {"refuses": "refused", "forgets": "accepted"}.get(behaviour, "done")

    def take(self, agency: str, order: dict[str, Any], behaviour: str) -> tuple[int, dict[str, Any]]:
        """The effect, once for each key; every repeat gets the first receipt."""
        remote_id, first = self.ledger.take(agency, str(order["key"]), str(order.get("action")), behaviour)
        if first:
            self.reporter.plan(agency, str(order["key"]), remote_id, behaviour, str(order.get("callback_url") or ""))
        return 202, {"id": remote_id, "status": "done" if behaviour == "at-once" else "accepted"}


def serve(town: Town, host: str, port: int) -> ThreadingHTTPServer:
    """A server that listens; `serve_forever` runs it."""
    server = ThreadingHTTPServer((host, port), partial(_Door, town))
    server.daemon_threads = True
    return server


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def __init__(self, town: Town, *arguments: Any) -> None:
        self._town = town
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if self.path == "/ledger":
            return self._json(200, self._town.ledger.everything())
        if self.path == "/control":
            return self._json(200, {"behaviours": BEHAVIOURS, "now": self._town.behaviour})
        if self.path == "/health":
            return self._json(200, {})
        return self._open311("GET", b"") if self.path.startswith(PREFIX) else self._asked()

    def _asked(self) -> None:
        """GET /AGENCY/KEY: whether a handover is known, and what became of it."""
        agency, _, key = self.path.strip("/").partition("/")
        try:
            verify(self._town.secrets.get(agency, ()), dict(self.headers.items()), b"")
        except BadSignature:
            return self._json(401, {"title": "The question is not signed with the secret of this agency"}, "application/problem+json")
        behaviour = self._town.behaves(agency, None)
        self._town.ledger.asked(f"{agency}?")
        if behaviour in ("breaks", "hangs", "drips", "floods", "lies", "truncates", "redirects", "busy"):
            return self._answer(agency, {}, behaviour)
        found = self._town.ledger.known(agency, key)
        if found is None:
            return self._json(404, {"title": "There is no such handover here"}, "application/problem+json")
        return self._json(200, {"id": found["remote_id"], "status": self._town.fate(found["behaviour"])})

    def _open311(self, method: str, body: bytes) -> None:
        """A GeoReport v2 server at /open311/AGENCY; it misbehaves like the others."""
        agency = self.path.removeprefix(PREFIX).partition("/")[0]
        self._town.ledger.asked(agency if method == "POST" else f"{agency}?")
        asked = _ASKED.search(unquote_plus(body.decode("utf-8", "replace")))
        behaviour = self._town.behaves(agency, asked[1] if asked else None)
        if behaviour in ("rejects", "breaks", "hangs", "drips", "floods", "lies", "truncates", "redirects", "busy"):
            return self._answer(agency, {}, behaviour)
        told = open311.answer(self._town.ledger, method, self.path, body, behaviour, self._town.fate)
        if behaviour == "loses":
            self.close_connection = True
            return None
        return self._send(*told)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LARGEST))
        if self.path == "/control":
            return self._control(body)
        if self.path.startswith(PREFIX):
            return self._open311("POST", body)
        agency = self.path.strip("/")
        self._town.ledger.asked(agency)
        try:
            key = verify(self._town.secrets.get(agency, ()), dict(self.headers.items()), body)
            order = json.loads(body)
            if order["key"] != key:
                raise BadSignature
        except (BadSignature, ValueError, KeyError, TypeError):
            return self._json(401, {"title": "The handover is not signed with the secret of this agency"}, "application/problem+json")
        asked = _ASKED.search(json.dumps(order, ensure_ascii=False))
        return self._answer(agency, order, self._town.behaves(agency, asked[1] if asked else None))

    def _control(self, body: bytes) -> None:
        try:
            told = json.loads(body)
            unknown = set(told.values()) - set(BEHAVIOURS)
        except (ValueError, AttributeError, TypeError):
            return self._json(400, {"title": 'Send {"AGENCY or *": "BEHAVIOUR"}'})
        if unknown:
            return self._json(400, {"title": f"There are no such behaviours: {sorted(map(str, unknown))}"})
        self._town.behaviour.update(told)
        return self._json(200, self._town.behaviour)

    def _answer(self, agency: str, order: dict[str, Any], behaviour: str) -> None:
        misbehave: dict[str, Callable[[], None]] = {
            "rejects": partial(self._json, 422, {"title": "This is not for us", "detail": "names nobody"}, "application/problem+json"),
            "busy": partial(self._send, 429, b"", "text/plain", {"Retry-After": "1"}),
            "breaks": partial(self._send, 500, b"Internal Server Error", "text/plain"),
            "hangs": self._hang,
            "drips": self._drip,
            "floods": self._flood,
            "lies": partial(self._send, 200, b"<html><body>OK</body></html>", "text/html"),
            "truncates": partial(self._send, 200, b'{"id": "R-1", "status": "acc', "application/json"),
            "redirects": partial(self._send, 307, b"", "text/plain", {"Location": f"/{agency}/elsewhere"}),
        }
        if behaviour in misbehave:
            return misbehave[behaviour]()
        answer = self._town.take(agency, order, behaviour)
        if behaviour == "loses":
            self.close_connection = True
            return None
        return self._json(*answer)

    def _hang(self) -> None:
        self._town.ended.wait(PATIENCE)
        self.close_connection = True

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(int(PATIENCE)):
            self.wfile.write(b" ")
            if self._town.ended.wait(1.0):
                break
        self.close_connection = True

    def _flood(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        while not self._town.ended.is_set():
            self.wfile.write(b" " * 65_536)

    def _json(self, status: int, body: Any, kind: str = "application/json") -> None:
        self._send(status, json.dumps(body).encode(), kind)

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        """The caller may go away in the middle: that is its right."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """No access log: the ledger is the record."""
