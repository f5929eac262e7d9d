"""The sent ledger: what left and what was answered, in a folder apart from the database, so that a restore repeats nothing. Append-only; no values."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

ENDING = ".jsonl"


class Unwritable(OSError):
    """The folder SENT_LEDGER names cannot be written."""


@dataclass(frozen=True)
class SentLedger:
    """A file a day and machine below one folder; several processes append to it, a line at a time. Without a folder nothing is kept."""

    folder: str

    def left(self, day: str, line: Mapping[str, Any], *, demanded: bool = False) -> None:
        """One line, on the disk when this returns. Where that fails it is told, or raised where it is `demanded` before anything leaves."""
        try:
            self._append(day, line, sync=True)
        except OSError as trouble:
            if demanded:
                raise Unwritable(trouble.errno, trouble.strerror) from trouble
            log.error("the sent ledger cannot be written (%s): after a restore this may leave twice", trouble.strerror)

    def answered(self, day: str, line: Mapping[str, Any]) -> None:
        """One line, safe from the death of this process; it waits for no disk, because somebody waits for the answer."""
        try:
            self._append(day, line, sync=False)
        except OSError as trouble:
            log.error("the sent ledger cannot be written (%s): after a restore nobody knows of this", trouble.strerror)

    def _append(self, day: str, line: Mapping[str, Any], *, sync: bool) -> None:
        if not self.folder:
            return
        # A line of its own even after one a power cut broke off.
        said = b"\n" + json.dumps(line, separators=(",", ":")).encode() + b"\n"
        handle = os.open(Path(self.folder) / f"{day}.{socket.gethostname()}{ENDING}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            if os.write(handle, said) != len(said):
                raise OSError(28, "no space left")
            if sync:
                os.fdatasync(handle)
        finally:
            os.close(handle)


def lines(folder: Path) -> Iterator[dict[str, Any] | None]:
    """All lines of a ledger, day by day; None for one that was broken off."""
    for file in sorted(folder.glob(f"*{ENDING}")):
        with open(file, "rb") as text:
            for line in text:
                if line.strip():
                    yield _read(line)


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "what" in found and "at" in found else None
