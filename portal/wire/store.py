"""Where files lie: a folder of this machine, or a bucket of an S3-compatible store. Names are random and say nothing; what was kept is never changed."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_NAME = re.compile(r"[0-9a-f]{40}")


class StoreAway(OSError):
    """The store of files does not answer, or is full."""


class Store(Protocol):
    """Keeps files under names it gives."""

    def keep(self, content: bytes) -> str:
        """Its name once it is safe; StoreAway where it is not."""
        ...

    def read(self, name: str) -> bytes:
        """The file; FileNotFoundError where it is not there, StoreAway where the store is not."""
        ...

    def forget(self, name: str) -> None:
        """Removes what no row names."""
        ...

    def names(self, *, older_than: float) -> Iterator[str]:
        """Files kept so many seconds ago or longer."""
        ...


class Folder:
    """Files below one folder, two levels deep; only this account reads them. Safe once written, synced and named (fsync of file and folder)."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def keep(self, content: bytes) -> str:
        name = secrets.token_hex(20)
        place = self._at(name)
        fresh = place.with_suffix(".part")
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(place)
            _sync(place.parent)
        except OSError as fault:
            with suppress(OSError):
                fresh.unlink()
            raise StoreAway(f"a file cannot be kept: {fault.strerror}") from fault
        return name

    def read(self, name: str) -> bytes:
        return self._at(name).read_bytes()

    def forget(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._at(name).unlink()

    def names(self, *, older_than: float) -> Iterator[str]:
        latest = time.time() - older_than
        for found in sorted(self._place.glob("??/??/*")):
            with suppress(FileNotFoundError):
                if _NAME.fullmatch(found.name) and found.stat().st_mtime <= latest:
                    yield found.name

    def _at(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise FileNotFoundError(name)
        return self._place / name[:2] / name[2:4] / name


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
