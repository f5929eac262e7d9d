"""Asks clamd whether a file is safe: its INSTREAM command over TCP or a socket of this machine (clamd(8), "Commands")."""

from __future__ import annotations

import socket
from struct import pack
from time import monotonic
from typing import Literal

#: Seconds for one step of the talk, and for all of it.
STEP, TOTAL = 5.0, 20.0
CHUNK = 64 * 1024
#: Bytes of an answer.
LONGEST = 4096


class ScannerAway(Exception):
    """The scanner does not answer, or not with a verdict. The words say what it did; they hold nothing of the file."""


def scan(address: str, content: bytes) -> Literal["clean", "infected", "unreadable"]:
    """`clean`, `infected`, or `unreadable` where clamd says that it cannot look into this file. `address`: `HOST:PORT` or the path of a socket."""
    ends = monotonic() + TOTAL
    try:
        with _connected(address) as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                if monotonic() > ends:
                    raise ScannerAway("it takes too long")
                part = content[start : start + CHUNK]
                line.sendall(pack(">I", len(part)) + part)
            line.sendall(pack(">I", 0))
            answer = _answer(line, ends)
    except OSError as fault:
        raise ScannerAway(f"it cannot be reached ({type(fault).__name__})") from fault
    if answer == "stream: OK":
        return "clean"
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return "infected"
    if answer.endswith("size limit exceeded. ERROR"):
        return "unreadable"
    raise ScannerAway("its answer is no verdict")


def _connected(address: str) -> socket.socket:
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        return socket.create_connection((host.strip("[]"), int(port)), timeout=STEP)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(STEP)
    line.connect(address)
    return line


def _answer(line: socket.socket, ends: float) -> str:
    found = b""
    while not found.endswith(b"\0") and len(found) < LONGEST:
        if monotonic() > ends:
            raise ScannerAway("it takes too long")
        line.settimeout(max(0.1, min(STEP * 3, ends - monotonic())))
        some = line.recv(1024)
        if not some:
            break
        found += some
    return found.strip(b"\0\n").decode("ascii", "replace")
