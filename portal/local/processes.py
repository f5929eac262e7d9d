"""One child process: started so that it dies with us, and stopped in order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from portal.local.account import Account

_PR_SET_PDEATHSIG = 1
#: A log above this many bytes is set aside (`NAME.log.1`) when its process starts.
LOG_LIMIT = 10 * 1024 * 1024
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    account: Account | None = None,
    death: signal.Signals = signal.SIGTERM,
    directory: str | None = None,
    stdin: int = subprocess.DEVNULL,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, output appended to `log`. The kernel sends it `death` when this thread ends, however it ends."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))
    with open(log, "ab") as output:
        return subprocess.Popen(
            list(argv),
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=directory,
            pass_fds=tuple(keep),
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=dies_with_us(death),
        )


def dies_with_us(death: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends the child `death` when this thread ends.

    It runs after the child has dropped to its account: a change of user clears the parent-death signal.
    """
    parent = os.getpid()

    def arm() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(death))
            if os.getppid() != parent:
                os._exit(1)

    return arm


def die_with_parent() -> None:
    """This process gets SIGTERM when its parent ends (Linux); elsewhere nothing."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


def tell(process: subprocess.Popen[bytes], what: signal.Signals, *, group: bool = False) -> None:
    """Send a signal to a process, or to its whole session's group; gone already is fine."""
    with suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process.pid, what)
        elif process.poll() is None:
            process.send_signal(what)


def wait_all(processes: Sequence[subprocess.Popen[bytes]], *, seconds: float) -> list[subprocess.Popen[bytes]]:
    """Wait for the ends of all, at most so many seconds together; those still running are given back."""
    deadline = time.monotonic() + seconds
    left = []
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            left.append(process)
    return left


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, log.stat().st_size - 64 * 1024))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])
