"""The broom: a process that outlives the supervisor by seconds and ends whatever a kill -9 of it left behind. Run as `python -m portal.local.sweeping`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

#: Environment variable every process of one start carries; its children inherit it.
MARK = "PORTAL_UP"
#: Seconds a process has after it was asked to stop.
GRACE = 5.0


def marked(mark: str) -> set[int]:
    """Ids of the running processes that carry this mark, ours excepted (Linux; elsewhere none). Those we may not look at are not ours."""
    wanted = f"{MARK}={mark}".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    return found - {os.getpid()}


def postmaster(place: Path) -> int | None:
    """Process id of the PostgreSQL that works in this data folder. It overwrites its environment, so that the mark does not show it."""
    try:
        pid = int((place / "postmaster.pid").read_text().split("\n", 1)[0])
        return pid if os.path.samefile(f"/proc/{pid}/cwd", place) else None
    except (OSError, ValueError):
        return None


def _ask(pids: set[int], what: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, what)


def _gone(left: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while left():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def sweep(mark: str, places: list[Path]) -> None:
    """End all that is left of one start: politely, then not."""

    def servers() -> set[int]:
        return {pid for place in places if (pid := postmaster(place)) is not None}

    _ask(marked(mark) - servers(), signal.SIGTERM)
    _ask(servers(), signal.SIGINT)
    if _gone(lambda: bool(marked(mark) | servers()), GRACE):
        return
    _ask(marked(mark) - servers(), signal.SIGKILL)
    _ask(servers(), signal.SIGQUIT)
    if not _gone(lambda: bool(servers()), 2.0):
        _ask(servers(), signal.SIGKILL)


class Broom:
    """Started before anything else; `end()` tells it that we cleaned up ourselves. Any other end of this process makes it sweep."""

    def __init__(self, mark: str, *, places: list[Path], remove: list[Path], log: Path, keep: tuple[int, ...] = ()) -> None:
        """`remove`: folders and files to delete afterwards. `keep`: descriptors it holds meanwhile, a lock for example."""
        arguments = [part for name, paths in (("--place", places), ("--remove", remove)) for path in paths for part in (name, str(path))]
        with open(log, "ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "portal.local.sweeping", "--mark", mark, *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=keep,
            )

    def end(self) -> None:
        """All is stopped already: let it remove the files and go."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(b"done")
                self._process.stdin.close()
        self._process.wait()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mark", required=True)
    parser.add_argument("--place", type=Path, action="append", default=[])
    parser.add_argument("--remove", type=Path, action="append", default=[])
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Ends when the last holder of the other side is gone, however it went.
    if sys.stdin.buffer.read() != b"done":
        sweep(given.mark, given.place)
    for path in given.remove:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    _main()
