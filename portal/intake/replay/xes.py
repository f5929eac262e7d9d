"""Reads XES (IEEE 1849-2016) trace by trace with expat; document types and entities are refused, so nothing expands and nothing is fetched."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from portal.intake.replay.log import Entry, UnreadableLog, unusable

_CHUNK = 1 << 16
#: Elements inside one another; attributes of attributes are legal, but not without end.
_DEEPEST = 64
_ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})
#: When an event took place (XES Time extension).
TIME = "time:timestamp"
FIRST, LAST = "first:", "last:"


def xes_traces(file: Path, raw: BinaryIO) -> Iterator[Entry]:
    """Each trace with its attributes by key, and those of its first and last event in time by `first:KEY` and `last:KEY`.

    Nested attributes, lists and the log's own attributes are passed over. UnreadableLog where the XML is not well formed, or is no log.
    """
    traces = _Traces(file)
    while True:
        try:
            chunk = raw.read(_CHUNK)
        except (OSError, EOFError, zlib.error) as wrong:
            raise UnreadableLog(f"{file}:{traces.parser.CurrentLineNumber}:1: the file cannot be read on from here: {wrong}") from None
        traces.feed(chunk)
        yield from traces.done
        traces.done.clear()
        if not chunk:
            return


class _Traces:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.done: list[Entry] = []
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] = []
        self._number = self._line = 0
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._events: list[dict[str, str]] = []

    def feed(self, chunk: bytes) -> None:
        """Parse on; an empty chunk is the end."""
        try:
            self.parser.Parse(chunk, not chunk)
        except expat.ExpatError as wrong:
            says = expat.ErrorString(wrong.code)
            raise UnreadableLog(f"{self.file}:{wrong.lineno}:{wrong.offset + 1}: this is not well-formed XML: {says}") from None
        except UnicodeError as wrong:
            raise self._fault(f"this is not text: {wrong}") from None

    def _fault(self, says: str) -> UnreadableLog:
        return UnreadableLog(f"{self.file}:{self.parser.CurrentLineNumber}:{self.parser.CurrentColumnNumber + 1}: {says}")

    def _doctype(self, *_: object) -> None:
        raise self._fault("a document type is not taken: a XES log needs none")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition("}")[2]
        depth = len(self._path)
        if depth == 0 and name != "log":
            raise self._fault(f"this is no XES log: it begins with `{name}`, not with `log`")
        if depth >= _DEEPEST:
            raise self._fault(f"more than {_DEEPEST} elements inside one another")
        if name == "trace" and depth == 1:
            self._number += 1
            self._line, self._trace, self._events = self.parser.CurrentLineNumber, {}, []
        elif name == "event" and depth == 2 and self._path[1] == "trace":
            self._event = {}
            self._events.append(self._event)
        elif name in _ATTRIBUTES and self._path[1:2] == ["trace"]:
            if depth == 2:
                self._trace[attributes.get("key", "")] = attributes.get("value", "")
            elif depth == 3 and self._path[2] == "event":
                self._event[attributes.get("key", "")] = attributes.get("value", "")
        self._path.append(name)

    def _end(self, _: str) -> None:
        name = self._path.pop()
        if name != "trace" or len(self._path) != 1:
            return
        texts = self._trace
        if self._events:
            timed = sorted(self._events, key=lambda event: _order(event.get(TIME, "")))
            texts |= {FIRST + key: value for key, value in timed[0].items()} | {LAST + key: value for key, value in timed[-1].items()}
        self.done.append(Entry(self._number, self._line, texts, unusable([*texts.values()])))


def _order(text: str) -> datetime:
    """When an event took place; one without a usable time comes first. Equal times keep the file's order."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
