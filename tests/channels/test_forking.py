"""Mail is read by a child of a process that is kept warm: what kills one kills none of the others."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from portal.ports import letters
from portal.ports.forking import Room

#: Dies, never answers, takes too much memory, or says what it was given and by which process and which parent.
WORK = """
import os, resource, signal
from portal.ports.forking import serve

def work(given):
    if given == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if given == b"hang":
        signal.pause()
    if given == b"grow":
        bytearray(1 << 30)
    return given + b" %d %d" % (os.getpid(), os.getppid())

serve(work, before=lambda: resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20)))
"""


@pytest.fixture
def room() -> Iterator[Room]:
    """A room whose work does what it is told."""
    one = Room([sys.executable, "-c", WORK], patience=20.0)
    yield one
    one._end()


def test_each_is_done_by_a_child_of_the_same_warm_process(room: Room) -> None:
    first, second = (room.read(b"x").split() for _ in range(2))
    assert first[0] == second[0] == b"x"
    assert first[1] != second[1] and first[2] == second[2] != str(os.getpid()).encode()


@pytest.mark.parametrize("bad", [b"die", b"grow"])
def test_what_kills_a_child_kills_nothing_else(bad: bytes, room: Room) -> None:
    before = room.read(b"x").split()[2]
    assert b"the reader ended with" in room.read(bad)
    assert room.read(b"x").split()[2] == before


def test_who_never_answers_is_left_with_the_process_it_hangs_in(room: Room) -> None:
    before = room.read(b"x").split()[2]
    room._patience = 0.2
    with pytest.raises(TimeoutError):
        room.read(b"hang")
    room._patience = 20.0
    assert room.read(b"x").split()[2] != before


def test_a_room_that_was_killed_begins_anew(room: Room) -> None:
    before = int(room.read(b"x").split()[2])
    os.kill(before, signal.SIGKILL)
    answered = []
    for _ in range(2):  # the first may find it dying
        try:
            answered.append(room.read(b"x"))
        except OSError:
            continue
    assert answered and answered[-1].startswith(b"x ")


def test_work_of_many_megabytes_goes_through_both_ways(room: Room) -> None:
    given = os.urandom(1 << 20) * 20
    assert room.read(given).startswith(given)


def test_the_limits_of_a_letter_hold_in_the_child() -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@example.org", "A hole"
    mail.set_content("In the road.")
    assert letters.read(mail.as_bytes()).text == "In the road."
    with pytest.raises(letters.Unreadable, match="too large"):
        letters.read(b"From: a@example.org\n\n" + b"x" * letters.LARGEST)
    assert letters.read(mail.as_bytes()).sender == "a@example.org"
