"""The simulated provider's own books, apart from the portal's: pages, money that came, money that went back, reports."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

_TABLES = """
CREATE TABLE IF NOT EXISTS pages (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, told TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS came (id TEXT PRIMARY KEY, key TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS went (key TEXT PRIMARY KEY, id TEXT NOT NULL, payment TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reports (message TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, answer INTEGER);
"""


class Books:
    """One SQLite file; safe from several threads."""

    def __init__(self, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._file = sqlite3.connect(place, check_same_thread=False, isolation_level=None)
        self._file.row_factory = sqlite3.Row
        self._file.executescript(_TABLES)

    def open(self, order: dict[str, Any]) -> str:
        """The page of a key, made the first time."""
        self._run("INSERT INTO pages VALUES (?, ?, ?, 'open') ON CONFLICT (key) DO NOTHING", f"P-{uuid4().hex[:12]}", order["key"], json.dumps(order))
        return str(self._run("SELECT id FROM pages WHERE key = ?", order["key"])[0]["id"])

    def order(self, id: str) -> dict[str, Any] | None:
        """What a page was asked for."""
        found = self._run("SELECT told FROM pages WHERE id = ?", id)
        return json.loads(found[0]["told"]) if found else None

    def paid(self, id: str, order: dict[str, Any], amount: int, currency: str) -> bool:
        """Money came under that name; False where it had come before."""
        self._run("UPDATE pages SET status = 'paid' WHERE key = ?", order["key"])
        return bool(self._run("INSERT INTO came VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id", id, order["key"], amount, currency))

    def declined(self, id: str) -> bool:
        """Nobody pays; False where somebody has."""
        return bool(self._run("UPDATE pages SET status = 'declined' WHERE id = ? AND status = 'open' RETURNING id", id))

    def status(self, key: str) -> dict[str, Any]:
        """As it is told to who asks."""
        came = self._run("SELECT * FROM came WHERE key = ? ORDER BY id", key)
        if came:
            return {"key": key, "id": came[0]["id"], "status": "paid", "amount": came[0]["amount"], "currency": came[0]["currency"]}
        page = self._run("SELECT status FROM pages WHERE key = ?", key)
        return {"key": key, "status": page[0]["status"] if page else "unknown", "amount": 0, "currency": ""}

    def refund(self, order: dict[str, Any]) -> str | None:
        """The name of a refund; None where more would go back than came."""
        with self._lock:
            known = self._run("SELECT id FROM went WHERE key = ?", order["key"])
            if known:
                return str(known[0]["id"])
            came = self._run("SELECT amount, currency FROM came WHERE id = ?", order["payment"])
            went = sum(row["amount"] for row in self._run("SELECT amount FROM went WHERE payment = ?", order["payment"]))
            if not came or came[0]["currency"] != order["currency"] or went + order["amount"] > came[0]["amount"]:
                return None
            id = f"R-{uuid4().hex[:12]}"
            self._run("INSERT INTO went VALUES (?, ?, ?, ?, ?)", order["key"], id, order["payment"], order["amount"], order["currency"])
            return id

    def reported(self, message: str, key: str, status: str, answer: int | None) -> None:
        """A report that was sent, and what came back."""
        self._run("INSERT INTO reports VALUES (?, ?, ?, ?)", message, key, status, answer)

    def everything(self) -> dict[str, Any]:
        """The whole record, as GET /ledger shows it."""
        return {table: self._run(f"SELECT * FROM {table}") for table in ("pages", "came", "went", "reports")}

    def _run(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._file.execute(statement, parameters)]
