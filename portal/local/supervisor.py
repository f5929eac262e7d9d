"""Starts the parts in order, keeps them running, and stops them all: the only loop of the one-machine mode."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from portal.local.parts import Part
from portal.local.processes import LOG_LIMIT, spawn, tail, tell, wait_all
from portal.local.sweeping import MARK, marked

#: Seconds: the first pause before a restart (doubled each time), the longest, and how long a part must stay up for its failures to be forgotten.
FIRST_PAUSE, LONGEST_PAUSE, FORGIVEN_AFTER = 0.25, 10.0, 30.0
#: A server of record that dies so often within `FORGIVEN_AFTER` stops everything.
SERVER_FAILURES = 3
#: Seconds to stop: all parts together, then the servers; together under ten.
GRACE_PARTS, GRACE_SERVERS = 4.0, 4.0
_PROBE = 0.05


class PartFailed(RuntimeError):
    """A part did not start, or a server would not stay up. The message ends with its last log lines."""


class Stopped(Exception):
    """SIGTERM, SIGINT or SIGHUP came in."""


@dataclass
class Running:
    """A part and its present process."""

    part: Part
    process: subprocess.Popen[bytes]
    since: float
    #: Size of its log when it started.
    log_from: int = 0
    failures: int = 0
    #: Instant of the monotonic clock at which it is started again; None while it runs.
    again_at: float | None = None


@dataclass
class Supervisor:
    """Runs parts; use it as a context: leaving it stops everything."""

    logs: Path
    environment: Mapping[str, str]
    mark: str
    #: Told after every (re)start: name -> process id.
    changed: Callable[[dict[str, int]], None] = lambda pids: None
    #: Told a line for the operator.
    say: Callable[[str], None] = lambda line: None
    _running: dict[str, Running] = field(default_factory=dict)
    _wake: tuple[int, int] = (-1, -1)
    _stop: bool = False

    def __enter__(self) -> Supervisor:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)
        for end in self._wake:
            os.close(end)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def pids(self) -> dict[str, int]:
        """Name -> process id of the parts that run."""
        return {name: one.process.pid for name, one in self._running.items() if one.again_at is None and not one.part.once}

    def start(self, parts: Sequence[Part]) -> None:
        """Start these side by side and wait until each is ready; PartFailed with its last log lines where one is not, Stopped where we are told to stop."""
        for part in parts:
            log_from = self.log(part).stat().st_size if self.log(part).exists() else 0
            self._running[part.name] = Running(part, self._spawn(part), time.monotonic(), log_from)
        waiting = {part.name for part in parts}
        while waiting:
            for name in sorted(waiting):
                if self._settled(self._running[name]):
                    waiting.discard(name)
            if waiting:
                self._sleep(_PROBE)
        for part in parts:
            if part.once:
                del self._running[part.name]
        self.changed(self.pids())

    def _settled(self, one: Running) -> bool:
        code = one.process.poll()
        if one.part.once and code == 0:
            return True
        if code is not None:
            raise PartFailed(f"{one.part.name} ended with code {code} while starting. Its last lines ({self.log(one.part)}):\n{tail(self.log(one.part))}")
        if not one.part.once and self._said(one) and one.part.ready(one.process.pid):
            return True
        if time.monotonic() - one.since > one.part.patience:
            raise PartFailed(
                f"{one.part.name} is not ready after {one.part.patience:.0f} seconds. Its last lines ({self.log(one.part)}):\n{tail(self.log(one.part))}"
            )
        return False

    def _said(self, one: Running) -> bool:
        if one.part.says is None:
            return True
        with open(self.log(one.part), "rb") as file:
            # A log that was set aside meanwhile begins anew.
            file.seek(min(one.log_from, file.seek(0, os.SEEK_END)) if one.log_from <= LOG_LIMIT else 0)
            return one.part.says.encode() in file.read()

    def log(self, part: Part) -> Path:
        """Where the output of a part goes."""
        return self.logs / f"{part.name}.log"

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        environment = {**self.environment, **part.environment, MARK: self.mark}
        return spawn(part.argv, log=self.log(part), environment=environment, account=part.account, death=part.stop, directory=part.directory)

    def _sleep(self, seconds: float) -> None:
        """Until something happens (a child died, a signal came) or the seconds have passed."""
        if select.select([self._wake[0]], [], [], seconds)[0]:
            os.read(self._wake[0], 512)
        if self._stop:
            raise Stopped

    def watch(self) -> None:
        """Restart what dies, with growing pauses, until told to stop (returns), or a server fails again and again (PartFailed)."""
        try:
            while True:
                now = time.monotonic()
                restarted = [self._look_after(one, now) for one in self._running.values()]
                if any(restarted):
                    self.changed(self.pids())
                due = [one.again_at for one in self._running.values() if one.again_at is not None]
                self._sleep(max(0.0, min(due) - time.monotonic()) if due else 3600.0)
        except Stopped:
            return

    def _look_after(self, one: Running, now: float) -> bool:
        """True where its process changed."""
        if one.again_at is not None:
            if now < one.again_at:
                return False
            one.process, one.since, one.again_at = self._spawn(one.part), now, None
            return True
        code = one.process.poll()
        if code is None:
            return False
        one.failures = 1 if now - one.since > FORGIVEN_AFTER else one.failures + 1
        if one.part.server and one.failures >= SERVER_FAILURES:
            raise PartFailed(
                f"{one.part.name} ended {one.failures} times in a row (code {code}). Its last lines ({self.log(one.part)}):\n{tail(self.log(one.part))}"
            )
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (one.failures - 1))
        one.again_at = now + pause
        self.say(f"{one.part.name} ended with code {code}; starting it again in {pause:g} s (log: {self.log(one.part)})")
        return True

    def stop(self) -> None:
        """Doors and workers first, the servers last; whatever does not go in time is killed."""
        alive = [one for one in self._running.values() if one.process.poll() is None]
        for servers, grace in ((False, GRACE_PARTS), (True, GRACE_SERVERS)):
            group = [one for one in alive if one.part.server is servers]
            for one in group:
                tell(one.process, one.part.stop)
            for process in wait_all([one.process for one in group], seconds=grace):
                tell(process, signal.SIGQUIT if servers else signal.SIGKILL, group=not servers)
                if servers and wait_all([process], seconds=1.0):
                    tell(process, signal.SIGKILL)
                process.wait()
            if not servers:
                # Jobs run in sessions of their own; their worker is gone, so they go too, before the servers they talk to.
                for pid in marked(self.mark) - {one.process.pid for one in alive if one.part.server}:
                    os.kill(pid, signal.SIGKILL)
        self._running.clear()
