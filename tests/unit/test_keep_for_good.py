"""What a process that only runs units builds is not walked for garbage again, and garbage is still found."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc, weakref
from portal.unit_of_work import keep_for_good

class Loop:
    pass

built = [[] for _ in range(10_000)]
keep_for_good()
assert gc.get_freeze_count() > 10_000
loop = Loop()
loop.itself = loop
gone = weakref.ref(loop)
del loop
kept = [[] for _ in range(200_000)]
assert gone() is None
"""


def test_what_is_built_stays_and_later_garbage_goes() -> None:
    """In a process of its own: the collector is one for all tests."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
