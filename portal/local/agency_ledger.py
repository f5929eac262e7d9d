"""The simulated agencies' own record, apart from the portal's: every request, every distinct effect, every report."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

_TABLES = """
CREATE TABLE IF NOT EXISTS requests (agency TEXT PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS effects (agency TEXT, key TEXT, remote_id TEXT NOT NULL, action TEXT, behaviour TEXT NOT NULL, at TEXT NOT NULL,
    times INTEGER NOT NULL, PRIMARY KEY (agency, key));
CREATE TABLE IF NOT EXISTS reports (message_id TEXT PRIMARY KEY, agency TEXT NOT NULL, key TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,
    answer INTEGER, tries INTEGER NOT NULL);
"""


class Ledger:
    """One SQLite file; safe from several threads."""

    def __init__(self, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file = sqlite3.connect(place, check_same_thread=False, isolation_level=None)
        self._file.row_factory = sqlite3.Row
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.executescript(_TABLES)

    def asked(self, agency: str) -> None:
        """One more request, whatever became of it."""
        self._run("INSERT INTO requests VALUES (?, 1) ON CONFLICT (agency) DO UPDATE SET times = times + 1", agency)

    def take(self, agency: str, key: str, action: str, behaviour: str) -> tuple[str, bool]:
        """The agency's own name for a handover, and whether this is the first time its key comes."""
        found = self._run(
            "INSERT INTO effects VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT (agency, key) DO UPDATE SET times = times + 1 RETURNING remote_id, times",
            *(agency, key, f"R-{uuid4().hex[:12]}", action, behaviour, datetime.now(UTC).isoformat()),
        )[0]
        return found["remote_id"], found["times"] == 1

    def known(self, agency: str, key: str) -> dict[str, Any] | None:
        """The effect of a key; None where there was none."""
        return next(iter(self._run("SELECT * FROM effects WHERE agency = ? AND key = ?", agency, key)), None)

    def numbered(self, agency: str, remote_ids: list[str]) -> list[dict[str, Any]]:
        """Effects by the agency's own names for them."""
        marks = ", ".join("?" * len(remote_ids))
        return self._run(f"SELECT * FROM effects WHERE agency = ? AND remote_id IN ({marks})", agency, *remote_ids)

    def plan(self, message_id: str, agency: str, key: str, url: str, body: str) -> None:
        """A report that is to be sent."""
        self._run("INSERT INTO reports VALUES (?, ?, ?, ?, ?, NULL, 0)", message_id, agency, key, url, body)

    def answered(self, message_id: str, status: int | None) -> None:
        """What came back to a report; None: nothing."""
        self._run("UPDATE reports SET answer = ?, tries = tries + 1 WHERE message_id = ?", status, message_id)

    def unsent(self) -> list[dict[str, Any]]:
        """Reports a stopped process still owes."""
        return self._run("SELECT * FROM reports WHERE answer IS NULL OR answer >= 500")

    def requests(self) -> dict[str, int]:
        """How often each agency was called, whatever it answered."""
        return {row["agency"]: row["times"] for row in self._run("SELECT * FROM requests")}

    def effects(self) -> list[dict[str, Any]]:
        """Every distinct effect, with how often it was asked for."""
        return self._run("SELECT * FROM effects ORDER BY at, key")

    def reports(self) -> list[dict[str, Any]]:
        """Every report, with what came back."""
        return self._run("SELECT message_id, agency, key, body, answer, tries FROM reports")

    def everything(self) -> dict[str, Any]:
        """The whole record, as GET /ledger shows it."""
        return {"requests": self.requests(), "effects": self.effects(), "reports": self.reports()}

    def close(self) -> None:
        """The file is closed; nothing more is recorded."""
        with self._lock:
            self._file.close()

    def _run(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._file.execute(statement, parameters)]
