"""The flood: one process, many connections, a request after the other on each, whatever it is told.

Run as `python -m tests.limits.flooding PORT REQUESTS CONNECTIONS ADDRESSES`. Writes JSON: statuses and how often each came, references of what was taken.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from collections import Counter
from uuid import uuid4

from tests.bench.load import whole

BODY = {"service": "pothole", "answers": {"place": "Rue Haute 1"}}


def request(address: str, *, number: int) -> bytes:
    """One new request of somebody behind that address, as a proxy of ours hands it on."""
    body = json.dumps({**BODY, "text": f"flood {number}"}).encode()
    head = (
        f"POST /api/v1/cases HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Forwarded-For: {address}\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: {uuid4()}\r\n\r\n"
    )
    return head.encode() + body


class Flood:
    """Sends so many; a closed connection is opened again and counted as `closed`."""

    def __init__(self, port: int, requests: int, addresses: int) -> None:
        self._port, self._requests, self._addresses = port, requests, addresses
        self._poll, self._sockets, self._came = select.epoll(), dict[int, socket.socket](), dict[int, bytes]()
        self._sent = 0
        self.told, self.references = Counter[str](), list[str]()

    def run(self, connections: int) -> None:
        """Until each was answered; a minute and a half of silence ends it too."""
        for _ in range(min(connections, self._requests)):
            self._send(self._connect())
        while self.told.total() < self._requests:
            ready = self._poll.poll(90)
            if not ready:
                self.told["silent"] = self._requests - self.told.total()
            for number, _ in ready:
                chunk = self._sockets[number].recv(65536)
                self._came[number] += chunk
                if not chunk or whole(self._came[number]):
                    self._answered(number, closed=not chunk)
        for one in self._sockets.values():
            one.close()

    def _answered(self, number: int, *, closed: bool) -> None:
        came = self._came[number]
        status = "closed" if closed else came[9:12].decode()
        self.told[status] += 1
        if status == "201":
            self.references.append(json.loads(came.partition(b"\r\n\r\n")[2])["reference"])
        again = self._sent < self._requests
        if closed or b"\r\nConnection: close" in came:
            self._poll.unregister(number)
            self._sockets.pop(number).close()
            number = self._connect() if again else number
        if again:
            self._send(number)

    def _connect(self) -> int:
        one = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        self._sockets[one.fileno()] = one
        self._poll.register(one, select.EPOLLIN)
        return one.fileno()

    def _send(self, number: int) -> None:
        self._sent += 1
        self._came[number] = b""
        self._sockets[number].sendall(request(f"203.0.113.{self._sent % self._addresses}", number=self._sent))


if __name__ == "__main__":
    port, requests, connections, addresses = map(int, sys.argv[1:])
    flood = Flood(port, requests, addresses)
    flood.run(connections)
    sys.stdout.write(json.dumps({"told": flood.told, "references": flood.references}))
