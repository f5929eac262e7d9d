"""Files put into and taken out of another's folder, on this machine or an SFTP server: whole or not at all, nowhere but below one folder, bounded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from portal.wire.pinned import Forbidden

#: Bytes of a file that is read, and names of a folder that are looked at.
LARGEST, MOST_NAMES = 16 * 1024 * 1024, 10_000
#: Names of ours that are not whole yet.
PART = ".part"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


class Unreached(Exception):
    """The folder could not be reached, or broke off. `sent`: a file may have arrived all the same."""

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent


class Unfit(Exception):
    """What lies there cannot be taken: too large, no plain file, or another than was to be put there."""


class Place(Protocol):
    """A folder of somebody else's, open. Names are plain: letters, digits, `_`, `.`, `-`; others are not seen."""

    def names(self, folder: str) -> list[str]:
        """Plain files in a folder, by name; none where there is no such folder."""
        ...

    def read(self, folder: str, name: str) -> bytes:
        """A whole file; Unfit where it is larger than LARGEST, or gone."""
        ...

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Puts it there under a name of its own first, then under `name`, all at once. Same content there already: nothing; other: Unfit."""
        ...

    def move(self, folder: str, name: str, to: str) -> None:
        """Moves a file into another folder, over one of the same name; nothing where it is gone."""
        ...


class Folder:
    """One below `root` on this machine."""

    def __init__(self, root: Path, place: Path) -> None:
        self._root = root.resolve()
        self._place = place
        self._below(place)

    def names(self, folder: str) -> list[str]:
        try:
            with os.scandir(self._below(self._place / folder)) as entries:
                found = [entry.name for _, entry in zip(range(MOST_NAMES), entries, strict=False) if entry.is_file(follow_symlinks=False)]
        except FileNotFoundError:
            return []
        except OSError as trouble:
            raise Unreached(_says(trouble)) from trouble
        return plain(found)

    def read(self, folder: str, name: str) -> bytes:
        try:
            with open(os.open(self._below(self._place / folder) / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                return _whole(file.read(LARGEST + 1), name)
        except FileNotFoundError:
            raise Unfit(f"{name} is gone") from None
        except OSError as trouble:
            raise Unreached(_says(trouble)) from trouble

    def put(self, folder: str, name: str, content: bytes) -> None:
        try:
            into = self._below(self._place / folder)
            into.mkdir(parents=True, exist_ok=True)
            if name in self.names(folder):
                return same(self.read(folder, name), content, name)
            fresh = into / f".{name}{PART}"
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(into / name)
            _settle(into)
        except OSError as trouble:
            raise Unreached(_says(trouble), sent=True) from trouble

    def move(self, folder: str, name: str, to: str) -> None:
        try:
            into = self._below(self._place / to)
            into.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                (self._below(self._place / folder) / name).rename(into / name)
        except OSError as trouble:
            raise Unreached(_says(trouble)) from trouble

    def _below(self, place: Path) -> Path:
        """The folder, if no link leads it out of the root."""
        found = place.resolve()
        if not found.is_relative_to(self._root):
            raise Forbidden("this folder is not below the one EXCHANGES names")
        return found


@contextmanager
def folder(address: str, root: str) -> Iterator[Place]:
    """The folder of a `file:` address, which must be below `root`. Forbidden where it is not."""
    path = urlsplit(address).path
    if not root or not path.startswith("/"):
        raise Forbidden("a folder is allowed below the one EXCHANGES names, and nowhere else")
    yield Folder(Path(root), Path(path))


def plain(names: list[str]) -> list[str]:
    """Those that are plain, and not on their way, in order."""
    return sorted(name for name in names if _PLAIN.fullmatch(name) and not name.endswith((PART, ".tmp", ".filepart")))


def same(there: bytes, content: bytes, name: str) -> None:
    """Unfit where a file of that name holds something else."""
    if there != content:
        raise Unfit(f"a file {name} with other content lies there already: ask the agency what it is")


def _whole(content: bytes, name: str) -> bytes:
    if len(content) > LARGEST:
        raise Unfit(f"{name} has more than {LARGEST} bytes")
    return content


def _settle(into: Path) -> None:
    """The new name is on the disk too."""
    handle = os.open(into, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _says(trouble: OSError) -> str:
    return f"the folder cannot be used: {trouble.strerror or type(trouble).__name__}"
