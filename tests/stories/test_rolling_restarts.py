"""Web servers are replaced under load behind one socket that stays, as systemd keeps it: nobody's connection is refused or cut."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers import ROOT
from tests.stories.machine import CLEAN, eventually

#: Takes the socket at the named descriptor as systemd passes it (sd_listen_fds(3)).
PASSED = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3, inheritable=True); os.environ |= {'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())}; "
    "sys.argv[:] = ['portal', *sys.argv[2:]]; from portal.cli import main; main()"
)
CLIENTS = 4


@dataclass
class Load:
    """Clients that ask without pause: half with a connection a request, half over one they keep while the server lets them."""

    port: int
    ended: threading.Event = field(default_factory=threading.Event)
    told: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, keeps: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self.ended.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("GET", "/health/live")
                answer = connection.getresponse()
                answer.read()
                what, stays = str(answer.status), keeps and not answer.will_close
            except (OSError, http.client.HTTPException) as error:
                what, stays = type(error).__name__, False
            with self.lock:
                self.told[what] += 1
            if not stays:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


@contextmanager
def under_load(port: int) -> Iterator[Load]:
    """Clients that run meanwhile."""
    load = Load(port)
    threads = [threading.Thread(target=load.ask, args=(number % 2 == 0,), daemon=True) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.ended.set()
        for thread in threads:
            thread.join(40)


def begin(listening: socket.socket, log: Path) -> subprocess.Popen[bytes]:
    """A web server on that socket, once its worker runs."""
    environment = {**CLEAN, "PORTAL_MODE": "test", "SECRET_KEY": "0123456789abcdef" * 3, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    command = [sys.executable, "-c", PASSED, str(listening.fileno()), "web", "--workers", "1", "--drain", "1"]
    with open(log, "wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=(listening.fileno(),), stdout=output, stderr=output)

    def runs() -> bool:
        assert process.poll() is None, log.read_text()
        return "Booting worker" in log.read_text()

    eventually(runs, "a web server that starts", seconds=90)
    return process


def roll(restarts: int, folder: Path) -> Counter[str]:
    """What clients met while so many servers took over from each other."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        running = begin(listening, folder / "web-0.log")
        try:
            with under_load(listening.getsockname()[1]) as load:
                eventually(lambda: load.told["200"] > 0, "the first answer")
                for number in range(1, restarts + 1):
                    following = begin(listening, folder / f"web-{number}.log")
                    running.send_signal(signal.SIGTERM)
                    assert running.wait(60) == 0
                    running, before = following, load.told["200"]
                    eventually(lambda before=before: load.told["200"] > before, "answers of the new server")  # type: ignore[misc]
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)
    return load.told


@pytest.mark.slow
def test_nobody_is_refused_while_servers_are_replaced(tmp_path: Path) -> None:
    told = roll(2, tmp_path)
    assert set(told) == {"200"}, told


def exhaustive() -> tuple[int, int]:
    """Twenty, for `make long`: requests made, and those that failed."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        told = roll(int(os.environ.get("RESTARTS", "20")), Path(folder))
    return told.total(), told.total() - told["200"]
