"""A process that is warm and does nothing but fork: each piece of work is done by a child that dies of it alone, without an interpreter that starts anew.

Work and answers go through its standard input and output, each with its length before it. It ends with the process that began it.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import BinaryIO

_LENGTH = struct.Struct(">Q")
_CHUNK = 1 << 20


class Room:
    """The process as its user sees it; begun when first asked, and anew after one that died or answered too late."""

    def __init__(self, argv: Sequence[str], *, patience: float) -> None:
        self._argv = list(argv)
        self._patience = patience
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        os.register_at_fork(after_in_child=self._leave)

    def read(self, work: bytes) -> bytes:
        """What a child made of it; TimeoutError or OSError where there is no answer."""
        with self._lock:
            try:
                return self._asked(work)
            except BaseException:
                self._end()
                raise

    def _asked(self, work: bytes) -> bytes:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            pipe, none = subprocess.PIPE, subprocess.DEVNULL
            # A group of its own: a child that hangs ends with it.
            process = self._process = subprocess.Popen(self._argv, stdin=pipe, stdout=pipe, stderr=none, bufsize=0, start_new_session=True)
            assert process.stdin is not None
            os.set_blocking(process.stdin.fileno(), False)
        assert process.stdin is not None
        assert process.stdout is not None
        until = time.monotonic() + self._patience
        message = memoryview(_LENGTH.pack(len(work)) + work)
        while message:
            _wait(process.stdin.fileno(), until, write=True)
            message = message[os.write(process.stdin.fileno(), message[:_CHUNK]) :]
        (length,) = _LENGTH.unpack(_taken(process.stdout.fileno(), _LENGTH.size, until))
        return _taken(process.stdout.fileno(), length, until)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _leave(self) -> None:
        """After a fork it belongs to the other process."""
        self._process, self._lock = None, Lock()


def serve(work: Callable[[bytes], bytes], *, before: Callable[[], None]) -> None:
    """Forks a child for each piece of work until its user is gone; `before` is run in the child first."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while (head := source.read(_LENGTH.size)) and len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        given = source.read(length)
        if len(given) < length:
            return
        _send(target, _by_a_child(work, given, before))


def _by_a_child(work: Callable[[bytes], bytes], given: bytes, before: Callable[[], None]) -> bytes:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(ours)
            before()
            with os.fdopen(theirs, "wb") as pipe:
                pipe.write(work(given))
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        answer = pipe.read()
    _, ended = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(ended)
    return answer if code == 0 else b'{"fault": "the reader ended with %d"}' % code


def _send(target: BinaryIO, answer: bytes) -> None:
    with suppress(BrokenPipeError):
        target.write(_LENGTH.pack(len(answer)) + answer)
        target.flush()


def _taken(number: int, length: int, until: float) -> bytes:
    found = bytearray()
    while len(found) < length:
        _wait(number, until)
        some = os.read(number, min(length - len(found), _CHUNK))
        if not some:
            raise BrokenPipeError("it ended without an answer")
        found += some
    return bytes(found)


def _wait(number: int, until: float, *, write: bool = False) -> None:
    ready = select.poll()
    ready.register(number, select.POLLOUT if write else select.POLLIN)
    if not ready.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TimeoutError
