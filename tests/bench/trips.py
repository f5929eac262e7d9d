"""Counts round trips between the portal and PostgreSQL: a proxy on a socket of its own, one trip each time the client speaks after the server did."""

from __future__ import annotations

import selectors
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType


class Trips:
    """The proxy; `count` grows with every round trip of every connection."""

    def __init__(self, server: Path, folder: Path) -> None:
        self.count = 0
        self._server = server
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / server.name))
        self._door.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Trips:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._server))
        other = {client: server, server: client}
        with selectors.DefaultSelector() as ready, client, server:
            for one in other:
                ready.register(one, selectors.EVENT_READ)
            last = server
            while True:
                for key, _ in ready.select():
                    one = key.fileobj
                    assert isinstance(one, socket.socket)
                    some = one.recv(65536)
                    if not some:
                        return
                    if one is client and last is server:
                        self.count += 1
                    last = one
                    other[one].sendall(some)


@contextmanager
def counted(sockets: Path) -> Iterator[tuple[Trips, Path]]:
    """The proxy before the server whose socket lies in `sockets`, and the folder of its own socket."""
    with tempfile.TemporaryDirectory(prefix="trips-", dir="/tmp") as folder, Trips(sockets / ".s.PGSQL.5432", Path(folder)) as trips:
        yield trips, Path(folder)
