"""Simulated agencies that work by files: take what we put into their folder, write each handover into their ledger, and put answers back, as told."""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from portal.catalogue.definitions import Agency, Batch
from portal.local.agency_ledger import Ledger
from portal.plugins.xml import BadXml, parsed

#: What a way says of each handover, in the order of the answer files; a way that is not here says `done`.
SAYS: dict[str, tuple[str, ...]] = {
    "works": ("accepted", "done"),
    "refuses": ("refused",),
    "disorders": ("done", "accepted"),
    "half": ("accepted", "done"),
    "forgets": (),
    "loses": (),
}
#: Ways in which nothing is taken at all.
IDLE = ("hangs", "breaks", "busy", "drips", "floods")


@dataclass
class Clerk:
    """Who empties the folder of one agency and answers. Made for its definition, so that it reads and writes as that says."""

    agency: Agency
    place: Path
    ledger: Ledger
    #: How it behaves, asked at each turn.
    behaves: dict[str, str]
    _number: int = field(default=0)

    @property
    def batch(self) -> Batch:
        """What its definition says of files."""
        assert self.agency.batch is not None
        return self.agency.batch

    def turn(self) -> int:
        """Takes every whole file that lies there; how many."""
        way = self.behaves.get(self.agency.id) or self.behaves.get("*") or "works"
        if way in IDLE or not (self.place / self.batch.to).is_dir():
            return 0
        whole = [one for one in sorted((self.place / self.batch.to).glob(f"*.{self.batch.format}")) if self._whole(one)]
        for one in whole:
            self.ledger.asked(self.agency.id)
            taken = [(key, self.ledger.take(self.agency.id, key, "file", way)[0]) for key in self.keys(one.read_bytes())]
            for status in SAYS.get(way, ("done",)):
                self.answer(taken, status, way)
            self._put_away(one)
        return len(whole)

    def keys(self, content: bytes) -> list[str]:
        """Our keys, as its columns name them."""
        name = next(name for name, holds in self.batch.columns.items() if holds == "key")
        if self.batch.format == "xml":
            try:
                return [one.child(name) for one in parsed(content).inside if one.name != "control"]
            except BadXml:
                return []
        rows = list(csv.reader(io.StringIO(content.decode(self.batch.encoding), newline=""), delimiter=self._delimiter))
        rows = rows[:-1] if self.batch.control == "line" else rows
        names = rows.pop(0) if self.batch.header else list(self.batch.columns)
        return [row[names.index(name)] for row in rows]

    def answer(self, taken: Iterable[tuple[str, str]], status: str, way: str = "works") -> None:
        """An answer file; a way that lies has a wrong total, one that truncates stops in the middle, one that repeats says all three times."""
        found = list(taken)
        for _ in range(3 if way == "repeats" else 1):
            self._number += 1
            name = f"{self.batch.answer_name.replace('*', f'{self._number:06d}')}.{self.batch.format}"
            total = sum(int(key[:8], 16) for key, _ in found) + (1 if way == "lies" else 0)
            content = self._content(found, status, len(found), total)
            content = content[: len(content) // 2] if way == "truncates" else content
            self._put(name, content)
            if self.batch.control == "file":
                self._put(f"{name}.control", self._control(name, len(found), total, hashlib.sha256(content).hexdigest()))

    @property
    def _delimiter(self) -> str:
        return "\t" if self.batch.delimiter == "tab" else self.batch.delimiter

    def _content(self, found: list[tuple[str, str]], status: str, rows: int, total: int) -> bytes:
        word = next(word for word, means in self.batch.statuses.items() if means == status)
        means = self.batch.answers
        lines = [{means["key"]: key, means["status"]: word, means.get("remote_id", ""): id} for key, id in found]
        names = list(means.values())
        if self.batch.format == "xml":
            parts = ["".join(f"<{name}>{escape(line.get(name, ''), quote=False)}</{name}>" for name in names) for line in lines]
            end = f"<control><rows>{rows}</rows><total>{total}</total></control>" if self.batch.control == "line" else ""
            return f"<answers>{''.join(f'<answer>{part}</answer>' for part in parts)}{end}</answers>".encode()
        table = [names] if self.batch.header else []
        table += [[line.get(name, "") for name in names] for line in lines]
        return self._csv([*table, *([["END", str(rows), str(total)]] if self.batch.control == "line" else [])])

    def _control(self, name: str, rows: int, total: int, digest: str) -> bytes:
        said = {"file": name, "rows": str(rows), "total": str(total), "sha256": digest}
        if self.batch.format == "xml":
            return f"<control>{''.join(f'<{key}>{value}</{key}>' for key, value in said.items())}</control>".encode()
        return self._csv([list(said), list(said.values())])

    def _csv(self, table: list[list[str]]) -> bytes:
        file = io.StringIO()
        csv.writer(file, delimiter=self._delimiter).writerows(table)
        return file.getvalue().encode(self.batch.encoding)

    def _whole(self, one: Path) -> bool:
        return self.batch.control == "line" or one.with_name(f"{one.name}.control").exists()

    def _put(self, name: str, content: bytes) -> None:
        into = self.place / self.batch.back
        into.mkdir(parents=True, exist_ok=True)
        fresh = into / f"{name}.tmp"
        fresh.write_bytes(content)
        fresh.rename(into / name)

    def _put_away(self, one: Path) -> None:
        into = self.place / (self.batch.taken or "taken")
        into.mkdir(parents=True, exist_ok=True)
        for name in (f"{one.name}.control", one.name):
            if one.with_name(name).exists():
                one.with_name(name).rename(into / name)


def clerks(agencies: Iterable[Agency], exchanges: Path, ledger: Ledger, behaves: dict[str, str]) -> list[Clerk]:
    """One for each agency that works by files in a folder of this machine."""
    wanted = (one for one in agencies if one.batch and (one.endpoint or "").startswith("${EXCHANGES}/"))
    return [Clerk(one, exchanges / (one.endpoint or "").removeprefix("${EXCHANGES}/"), ledger, behaves) for one in wanted]


def work(all: list[Clerk], ended: threading.Event, every: float) -> None:
    """Turn after turn until the end."""
    while not ended.wait(every):
        for one in all:
            one.turn()
