"""A simulated clamd: answers INSTREAM, and finds the EICAR test file and nothing else. Never a scanner of anything that matters."""

from __future__ import annotations

import socketserver
from struct import unpack

#: The 68 bytes of the EICAR test file, put together here so that no scanner takes this file for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE" + rb"!$H+H*"
LARGEST = 25 * 1024 * 1024


class _Talk(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self) -> None:
        """One command, one answer."""
        command = self._line()
        if command == b"zPING":
            self.wfile.write(b"PONG\0")
        elif command == b"zINSTREAM":
            self.wfile.write(self._verdict())
        else:
            self.wfile.write(b"UNKNOWN COMMAND\0")

    def _line(self) -> bytes:
        found = b""
        while len(found) < 64 and (letter := self.rfile.read(1)) not in (b"", b"\0"):
            found += letter
        return found

    def _verdict(self) -> bytes:
        content = b""
        while True:
            head = self.rfile.read(4)
            if len(head) < 4:
                return b"stream: broken off. ERROR\0"
            (size,) = unpack(">I", head)
            if size == 0:
                break
            if len(content) + size > LARGEST:
                return b"INSTREAM size limit exceeded. ERROR\0"
            content += self.rfile.read(size)
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


class Scanner(socketserver.ThreadingTCPServer):
    """Listens until it is shut down."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), _Talk)
