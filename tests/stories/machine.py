"""Starts `portal up` in a folder of its own, as a person would, and looks at what it leaves."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.local.addresses import free_port

PORTAL = Path(sys.executable).with_name("portal")
#: Settings of whoever runs the tests must not reach the portal under test.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "DATA", "PORT", "MAIL_PORT", "SECRET_KEY", "RQ_WORKERS")
}


def eventually(holds: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
    """Wait until it holds; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


@dataclass
class Machine:
    """One DATA folder with its ports, and the `portal up` that runs on it."""

    data: Path
    port: int
    mail_port: int
    process: subprocess.Popen[str] | None = None
    said: list[str] = field(default_factory=list)
    #: Settings beside those of its own.
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        """What a person types."""
        return [str(PORTAL), "up", "--data", str(self.data), "--port", str(self.port), "--mail-port", str(self.mail_port)]

    def launch(self, *before: str, more: tuple[str, ...] = ()) -> None:
        """Start it, perhaps under another command, and wait for nothing."""
        self.process = subprocess.Popen(
            [*before, *self.command, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**CLEAN, **self.settings}
        )

    def start(self, *before: str, more: tuple[str, ...] = ()) -> None:
        """Start it and wait for its last line."""
        self.launch(*before, more=more)
        self.wait_for(f"ready {self.url}")

    def wait_for(self, line: str, *, seconds: float = 90.0) -> None:
        """Read what it says until this line."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.said, text, deadline = [], "", time.monotonic() + seconds
        while line not in self.said:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no {line!r} within {seconds:g} s:\n{text}"
            more = os.read(self.process.stdout.fileno(), 65536).decode()
            assert more, f"it ended without saying {line!r}:\n{text}"
            text += more
            self.said = text.splitlines()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the portal, on this DATA."""
        return subprocess.run([str(PORTAL), *arguments], env={**CLEAN, "DATA": str(self.data)}, capture_output=True, text=True, timeout=60)

    def running(self) -> dict[str, Any]:
        """What running.json says."""
        said: dict[str, Any] = json.loads((self.data / "running.json").read_text())
        return said

    def answers(self) -> bool:
        """Whether the web is ready."""
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/health/ready", timeout=10) as answer:
            return bool(answer.status == 200)
        return False

    def processes(self) -> dict[int, str]:
        """All that still runs with this folder in its command line or environment, zombies excepted."""
        wanted, found = str(self.data).encode(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                line, around = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
                if line and (wanted in line or wanted in around) and int(folder.name) != os.getpid():
                    found[int(folder.name)] = line.replace(b"\0", b" ").decode("utf-8", "replace")
        return found


@contextmanager
def machine() -> Iterator[Machine]:
    """A new folder and free ports; whatever runs on it is stopped at the end, and the folder removed."""
    data = Path(tempfile.mkdtemp(prefix="onedoor-story-", dir="/tmp"))
    data.chmod(0o711)
    one = Machine(data / "var", free_port(), free_port())
    try:
        yield one
    finally:
        if one.process is not None and one.process.poll() is None:
            one.stop()
        eventually(lambda: not one.processes(), f"processes left: {one.processes()}")
        shutil.rmtree(data)
