"""The entries of a log, in either format, held against what the mapping asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from portal.intake.replay.log import Entry, UnreadableLog, csv_rows, opened
from portal.intake.replay.mapping import Mapping
from portal.intake.replay.reading import Document
from portal.intake.replay.xes import xes_traces


def entries(file: Path, mapping: Mapping, document: Document) -> Iterator[Entry]:
    """Rows of the log. UnreadableLog where it cannot be read, or lacks a column the mapping names."""
    wanted = {role: column.column for role in mapping.columns.__dataclass_fields__ if (column := getattr(mapping.columns, role))}
    try:
        with opened(file) as raw:
            if mapping.log.format == "csv":
                header, found = csv_rows(file, raw, encoding=mapping.log.encoding, delimiter=mapping.log.delimiter)
                _check_header(file, header, wanted, document)
                yield from found
            else:
                yield from _traces(file, xes_traces(file, raw), wanted, document)
    except OSError as wrong:
        raise UnreadableLog(f"{file}:1:1: the file cannot be read: {wrong.strerror or wrong}") from None


def _check_header(file: Path, header: Sequence[str], wanted: dict[str, str], document: Document) -> None:
    for role, column in wanted.items():
        count = header.count(column)
        if count != 1:
            says = f"there is no column `{column}`" if not count else f"the column `{column}` stands here {count} times"
            there = ", ".join(f"`{name}`" for name in header[:40])
            raise UnreadableLog(f"{file}:1:1: {says}, which {document.place('columns', role)} takes for `{role}`; there are {there}")


def _traces(file: Path, found: Iterator[Entry], wanted: dict[str, str], document: Document) -> Iterator[Entry]:
    """The traces; a key that none of them holds is a fault of the mapping, told at the end and before anything is written."""
    missing = dict(wanted)
    for entry in found:
        for role in [role for role, key in missing.items() if key in entry.texts or f"first:{key}" in entry.texts]:
            del missing[role]
        yield entry
    for role, key in missing.items():
        raise UnreadableLog(f"{file}:1:1: no trace has an attribute `{key}`, which {document.place('columns', role)} takes for `{role}`")
