"""What the supervisor runs: a part is one process, or one command that must end well before the next parts start."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from portal.local.account import Account


def _running(pid: int) -> bool:
    return True


@dataclass(frozen=True)
class Part:
    """One process of the portal."""

    name: str
    argv: tuple[str, ...]
    #: Asked with its process id until true; the default: running is enough.
    ready: Callable[[int], bool] = _running
    #: What it writes once it is ready; None: `ready` alone tells.
    says: str | None = None
    #: A command that ends: migrations, publishing.
    once: bool = False
    #: A server of record: repeated failure stops everything, and it is stopped after all others.
    server: bool = False
    #: Asks it to stop: SIGINT is PostgreSQL's fast stop, its SIGTERM would wait for every client.
    stop: signal.Signals = signal.SIGTERM
    account: Account | None = None
    directory: str | None = None
    #: Added to the environment all parts share.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Seconds it may take to be ready (or, for a command, to end).
    patience: float = 60.0
