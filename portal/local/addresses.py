"""Ports and folders the parts meet at: free ones, and a clear word where one is taken."""

from __future__ import annotations

import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

#: A socket's path may have 107 bytes on Linux (103 on macOS); ours end in `/.s.PGSQL.5432`.
_LONGEST = 80
PREFIX = "onedoor-"


class Taken(RuntimeError):
    """A port the portal is to listen on is taken by another process."""


def demand_free(port: int, *, what: str, variable: str, host: str = "127.0.0.1") -> None:
    """Taken where another process listens on the port; tried before anything is started."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise Taken(
                f"port {port} ({what}) cannot be taken on {host}: {error.strerror}. Stop what uses it, or name another: make run {variable}={port + 1}"
            ) from error


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on just now."""
    with socket.socket() as trial:
        trial.bind((host, 0))
        number = trial.getsockname()[1]
    assert isinstance(number, int)
    return number


def listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection((host, port), 0.5).close()
    except OSError:
        return False
    return True


def private_folder() -> Path:
    """A new folder for sockets, short and closed to all others."""
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=usual if len(usual) < _LONGEST else "/tmp"))


def remove_private_folder(path: Path) -> None:
    """Remove a folder of `private_folder` that a killed start left; anything else is left alone."""
    with suppress(OSError):
        if path.name.startswith(PREFIX) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
