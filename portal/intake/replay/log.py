"""Reads a log, one request at a time: CSV, or XES (portal/intake/replay/xes.py), packed by gzip or not. A broken row is told; the rest goes on."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_GZIP: Final = b"\x1f\x8b"
#: Bytes of a line; longer ones are no log.
_LONGEST: Final = 1 << 20


class UnreadableLog(ValueError):
    """This log cannot be read; the sentence is `file:line:column: what is wrong`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, or one trace: its number from 1, the line it begins in, and its texts by column; `fault` says why there are none."""

    number: int
    line: int
    texts: dict[str, str]
    fault: str | None = None


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked. OSError where it cannot be opened."""
    with file.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        if not packed:
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield io.BufferedReader(unpacked, 1 << 18)


class Lines:
    """Lines of a text, counted; some can be put back, so that a row that was never closed swallows no others."""

    def __init__(self, file: Path, raw: BinaryIO, encoding: str) -> None:
        self.file = file
        self._raw, self._encoding = raw, encoding
        self._waiting: deque[str] = deque()
        #: Lines given since the last row, and how many before it.
        self.taken: list[str] = []
        self.before = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def _read(self) -> str:
        try:
            line = self._raw.readline(_LONGEST)
        except (OSError, EOFError, zlib.error) as wrong:
            raise UnreadableLog(f"{self.file}:{self.before + len(self.taken) + 1}:1: the file cannot be read on from here: {wrong}") from None
        if len(line) == _LONGEST:
            raise UnreadableLog(f"{self.file}:{self.before + len(self.taken) + 1}:1: this line has no end within {_LONGEST:,} bytes")
        # A mark of byte order is no text. Bytes that are no text come through as lone surrogates, and the row that holds them is told.
        first = not self.before and not self.taken
        return line.removeprefix(codecs.BOM_UTF8 if first else b"").decode(self._encoding, "surrogateescape")

    def next_row(self) -> None:
        """The lines taken so far are done with."""
        self.before += len(self.taken)
        self.taken = []

    def put_back_all_but_first(self) -> None:
        """The lines after the first will be given again."""
        self._waiting.extendleft(reversed(self.taken[1:]))
        self.taken = self.taken[:1]


def csv_rows(file: Path, raw: BinaryIO, *, encoding: str, delimiter: str) -> tuple[list[str], Iterator[Entry]]:
    """The header, and the rows after it. UnreadableLog where there is no header, or when the bytes end too early."""
    lines = Lines(file, raw, encoding)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        header = next(reader, [])
    except csv.Error as wrong:
        raise UnreadableLog(f"{file}:1:1: the header cannot be read: {wrong}") from None
    if not any(name.strip() for name in header):
        raise UnreadableLog(f"{file}:1:1: there is no header: the first line must name the columns")
    lines.next_row()
    return header, _entries(lines, reader, header)


def _entries(lines: Lines, reader: Iterator[list[str]], header: list[str]) -> Iterator[Entry]:
    number, width = 0, len(header)
    while True:
        fault, row = None, None
        try:
            row = next(reader, None)
        except csv.Error as wrong:
            fault, row = f"this is no row of a CSV: {wrong}", []
        if row is None:
            return
        if row or fault:
            number += 1
            fault = fault or _broken(row, width)
            if len(lines.taken) > 1 and (fault or sum(line.count('"') for line in lines.taken) % 2):
                lines.put_back_all_but_first()
                fault = "a quotation mark is not closed" + (f", or {fault}" if fault else "")
            yield Entry(number, lines.before + 1, {} if fault else dict(zip(header, row, strict=True)), fault)
        lines.next_row()


def _broken(row: list[str], width: int) -> str | None:
    if len(row) != width:
        return f"it has {len(row)} columns, the header {width}"
    return unusable(row)


def unusable(texts: list[str]) -> str | None:
    """Why these texts cannot be stored; None where they can."""
    whole = "".join(texts)
    if whole.isascii() and "\0" not in whole:
        return None
    if "\0" in whole:
        return "it holds a NUL character"
    try:
        whole.encode()
    except UnicodeEncodeError:
        return "it holds bytes that are not in the encoding of the log"
    return None
