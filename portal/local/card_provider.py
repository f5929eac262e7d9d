"""A simulated provider of card payments: a page of its own, signed calls in, signed reports out, its own books, and every misbehaviour on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from portal.local.agency_reports import post
from portal.local.card_books import Books
from portal.wire.signatures import BadSignature, signed, verify

LARGEST = 64 * 1024
#: How the provider may behave; chosen by POST /control `{"now": NAME}`.
BEHAVIOURS = {
    "works": "takes the money and reports it",
    "loses": "takes the money, and its report never arrives",
    "repeats": "reports everything three times",
    "forges": "reports with a secret that is not ours",
    "disorders": "reports `declined` after `paid`",
    "differs": "takes one unit less than was asked",
    "changes": "takes another currency than was asked",
    "doubles": "takes the money twice, under two names",
    "refuses-refunds": "answers 422 to a refund",
    "breaks": "answers 500",
    "lies": "answers 200 with a page of HTML",
}
#: Signs what a forger sends.
FORGED = "whsec_Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2Vk"


@dataclass
class Provider:
    """The provider of one process: its account's secrets, its books, and how it behaves now."""

    account: str
    secrets: tuple[str, ...]
    books: Books
    address: str = ""
    behaviour: str = "works"
    #: Sends a report; answers its status.
    send: Callable[[str, dict[str, str], bytes], int | None] = field(default=post)

    def open(self, order: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """A page for a payment; the same one for the same key."""
        id = self.books.open(order)
        return 201, {"id": id, "pay_at": f"{self.address}/pay/{id}"}

    def status(self, order: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What became of the payment of a key."""
        return 200, self.books.status(str(order["key"]))

    def refund(self, order: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Money back, once for a key and never more than came."""
        if self.behaviour == "refuses-refunds":
            return 422, {"title": "The card was closed"}
        id = self.books.refund(order)
        return (200, {"id": id, "status": "refunded"}) if id else (422, {"title": "There is no such payment, or not so much of it"})

    def pay(self, id: str, choice: str) -> str | None:
        """Somebody pays on the page, or declines: where to go back to; None for a page that is not there. Reports follow at once."""
        order = self.books.order(id)
        if order is None:
            return None
        amount, currency = order["amount"], order["currency"]
        if choice == "pay":
            amount -= self.behaviour == "differs"
            currency = "USD" if self.behaviour == "changes" else currency
            names = [id, f"{id}-again"] if self.behaviour == "doubles" else [id]
            for name in names:
                if self.books.paid(name, order, amount, currency):
                    self._report(order, {"key": order["key"], "id": name, "status": "paid", "amount": amount, "currency": currency})
            if self.behaviour == "disorders":
                self._report(order, {"key": order["key"], "id": id, "status": "declined", "amount": amount, "currency": currency})
        elif self.books.declined(id):
            self._report(order, {"key": order["key"], "id": id, "status": "declined", "amount": amount, "currency": currency})
        return str(order["return_url"])

    def _report(self, order: dict[str, Any], members: dict[str, Any]) -> None:
        if self.behaviour == "loses":
            return
        body, message = json.dumps(members).encode(), f"msg_{uuid4().hex}"
        secret = FORGED if self.behaviour == "forges" else self.secrets[0]
        for _ in range(3 if self.behaviour == "repeats" else 1):
            status = self.send(str(order["callback_url"]), signed(secret, message, datetime.now(UTC), body), body)
            self.books.reported(message, members["key"], members["status"], status)


def serve(provider: Provider, host: str, port: int) -> ThreadingHTTPServer:
    """A server that listens; `serve_forever` runs it."""
    server = ThreadingHTTPServer((host, port), partial(_Door, provider))
    server.daemon_threads = True
    provider.address = f"http://{host}:{server.server_port}"
    return server


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30.0

    def __init__(self, provider: Provider, *arguments: Any) -> None:
        self._provider = provider
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if self.path == "/ledger":
            return self._json(200, self._provider.books.everything())
        if self.path.startswith("/pay/"):
            return self._page(self.path.removeprefix("/pay/"))
        return self._json(200 if self.path == "/health" else 404, {"behaviours": BEHAVIOURS, "now": self._provider.behaviour})

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST))
        if self.path == "/control":
            return self._control(body)
        if self.path.startswith("/pay/"):
            return self._chosen(self.path.removeprefix("/pay/"), body)
        calls = {"/payments": self._provider.open, "/status": self._provider.status, "/refunds": self._provider.refund}
        try:
            key = verify(self._provider.secrets, dict(self.headers.items()), body)
            order = json.loads(body)
            if order["key"] != key or self.path not in calls:
                raise BadSignature
        except (BadSignature, ValueError, KeyError, TypeError):
            return self._json(401, {"title": "The call is not signed with the secret of this account"})
        if self._provider.behaviour == "breaks":
            return self._send(500, b"Internal Server Error", "text/plain")
        if self._provider.behaviour == "lies":
            return self._send(200, b"<html>OK</html>", "text/html")
        return self._json(*calls[self.path](order))

    def _control(self, body: bytes) -> None:
        try:
            told = json.loads(body)["now"]
        except (ValueError, KeyError, TypeError):
            told = None
        if told not in BEHAVIOURS:
            return self._json(400, {"title": f'Send {{"now": NAME}} with one of {", ".join(BEHAVIOURS)}'})
        self._provider.behaviour = told
        return self._json(200, {"now": told})

    def _page(self, id: str) -> None:
        order = self._provider.books.order(id)
        if order is None:
            return self._send(404, b"<p>There is no such payment.</p>", "text/html")
        says = f"{escape(str(order['title']))}: {order['amount'] / 100:.2f} {escape(str(order['currency']))}"
        form = '<button name="choice" value="pay">Pay</button> <button name="choice" value="decline">Do not pay</button>'
        page = f'<!doctype html><html lang="en"><title>Pay</title><h1>Simulated card payment</h1><p>{says}</p><form method="post">{form}</form></html>'
        return self._send(200, page.encode(), "text/html; charset=utf-8")

    def _chosen(self, id: str, body: bytes) -> None:
        back = self._provider.pay(id, parse_qs(body.decode("utf-8", "replace")).get("choice", [""])[0])
        if back is None:
            return self._send(404, b"<p>There is no such payment.</p>", "text/html")
        return self._send(303, b"", "text/plain", {"Location": back})

    def _json(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

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

    def log_message(self, format: str, *args: Any) -> None:
        """No access log: the books are the record."""


def in_thread(provider: Provider, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """A server that serves beside its caller, until `shutdown`."""
    server = serve(provider, host, port)
    threading.Thread(target=server.serve_forever, daemon=True, name="card-provider").start()
    return server
