"""The load: one process, many keep-alive connections, one request under way on each. Run as `python -m tests.bench.load PORT PATH SECONDS CONNECTIONS < body`.

Writes JSON: `{"seconds", "accepted", "refused", "latencies"}`, latencies in seconds, sorted. The same for every HTTP target.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Callable
from uuid import uuid4

_END = b"\r\n\r\n"


def request(path: str, body: bytes) -> tuple[bytes, bytes]:
    """The request before and after its Idempotency-Key, 36 random characters."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: "
    return head.encode(), _END + body


def whole(answer: bytes) -> bool:
    """True where all of it has come."""
    end = answer.find(_END)
    if end < 0:
        return False
    start = answer.lower().find(b"content-length: ", 0, end)
    length = int(answer[start + 16 : answer.index(b"\r", start)])
    return len(answer) >= end + 4 + length


def run(port: int, path: str, body: bytes, *, seconds: float, connections: int) -> dict[str, object]:
    """Posts for so many seconds, each time with another key; answers that come later do not count."""
    before, after = request(path, body)
    return ask(port, lambda _: before + str(uuid4()).encode() + after, seconds=seconds, connections=connections)


def get(path: str, bearer: str) -> bytes:
    """A request for a page, as somebody."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()


def ask(port: int, make: Callable[[int], bytes], *, seconds: float, connections: int) -> dict[str, object]:
    """Asks for so many seconds what `make` gives for a connection, numbered from 0; answers that come later do not count."""
    poll, sockets, begun, came = select.epoll(), {}, {}, {}
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port), timeout=10)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = one
        came[one.fileno()] = b""
        poll.register(one, select.EPOLLIN)
    places = {number: place for place, number in enumerate(sockets)}
    latencies, refused, started = [], 0, time.perf_counter()
    for number, one in sockets.items():
        begun[number] = time.perf_counter()
        one.sendall(make(places[number]))
    until = started + seconds
    while (now := time.perf_counter()) < until:
        for number, _ in poll.poll(until - now):
            one = sockets[number]
            came[number] += one.recv(65536)
            if not came[number]:
                raise ConnectionError(f"port {port} closed a connection")
            if not whole(came[number]):
                continue
            now = time.perf_counter()
            if came[number].startswith(b"HTTP/1.1 20"):
                latencies.append(now - begun[number])
            else:
                refused += 1
            came[number], begun[number] = b"", now
            one.sendall(make(places[number]))
    passed = time.perf_counter() - started
    for one in sockets.values():
        one.close()
    return {"seconds": passed, "accepted": len(latencies), "refused": refused, "latencies": sorted(latencies)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), sys.argv[2], sys.stdin.buffer.read(), seconds=float(sys.argv[3]), connections=int(sys.argv[4]))))
