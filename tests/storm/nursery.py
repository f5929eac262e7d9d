"""A warm process that forks parts of the portal on demand: a storm kills a thousand workers, and none takes seconds to come back.

Run as `python -m tests.storm.nursery`. A line `LOG COMMAND ARGUMENT...` on standard input starts that command of `portal`; its process id is the answer.
"""

from __future__ import annotations

import os
import signal
import sys

import portal.app
from portal.app import build_portal, create_app
from portal.cli import main as command
from portal.local.processes import die_with_parent, dies_with_us


def main() -> None:
    """Builds once, then forks until standard input ends."""
    die_with_parent()
    warm = build_portal()
    app = create_app(warm)
    # The commands are the product's own; only what they would build anew in seconds is ready.
    portal.app.build_portal = lambda settings=None: warm
    portal.app.create_app = lambda portal=None: app
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        log, *arguments = line.split()
        arm = dies_with_us(signal.SIGKILL)
        pid = os.fork()
        if pid == 0:
            _become(log, arguments, arm)
        print(pid, flush=True)


def _become(log: str, arguments: list[str], arm: object) -> None:
    """Never comes back."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    assert callable(arm)
    arm()
    for number, place, how in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), (2, log, os.O_WRONLY | os.O_APPEND)):
        os.dup2(os.open(place, how, 0o600), number)
    code = 1
    try:
        command.main(arguments, standalone_mode=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
