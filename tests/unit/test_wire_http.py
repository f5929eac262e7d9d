"""Whatever a far side answers, a call ends in time, takes a bounded answer, and follows nothing."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from portal.wire import http
from portal.wire.http import Garbled, Guard, Unreachable, send

Script = Callable[[socket.socket], None]


@pytest.fixture
def far_side() -> Iterator[Callable[[Script], str]]:
    """Starts a server that reads one request and then does as the script says; gives its address."""
    opened: list[socket.socket] = []

    def start(script: Script) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)

        def run() -> None:
            # Either end may be closed under it: that is what is tried here.
            with suppress(OSError):
                connection, _ = server.accept()
                opened.append(connection)
                connection.recv(65_536)
                script(connection)
                connection.close()

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/x?y=1"

    yield start
    for one in opened:
        one.close()


def get(url: str, **times: float) -> http.Received:
    return send(Guard.of([url], local=True), "GET", url, {}, b"", **times)


def plain(head: str, body: bytes = b"") -> Script:
    return lambda connection: connection.sendall(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def endlessly(what: bytes, pause: threading.Event, head: bytes = b"") -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        while not pause.wait(0.005):
            connection.sendall(what)

    return script


def test_an_answer(far_side: Callable[[Script], str]) -> None:
    got = get(far_side(plain("201 Made\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: text/plain", b"hello")))
    assert (got.status, got.headers["x-a"], got.headers["content-type"], got.body) == (201, "2", "text/plain", b"hello")


def test_no_redirect_is_followed(far_side: Callable[[Script], str]) -> None:
    asked: list[bool] = []
    other = far_side(lambda connection: asked.append(True))
    assert get(far_side(plain(f"302 Found\r\nLocation: {other}"))).status == 302
    assert not asked


def test_no_proxy_of_the_environment_is_used(far_side: Callable[[Script], str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert get(far_side(plain("200 OK", b"straight"))).body == b"straight"


@pytest.mark.parametrize(
    "script",
    [
        lambda end: lambda connection: end.wait(5),
        lambda end: endlessly(b" ", end, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        lambda end: endlessly(b"X-More: yes\r\n", end, b"HTTP/1.1 200 OK\r\n"),
        lambda end: endlessly(b"HTTP/1.1 102 Processing\r\n\r\n", end),
        lambda end: lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        lambda end: lambda connection: connection.sendall(b"\x00\x01nonsense\r\n\r\n"),
        lambda end: lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda end: lambda connection: None,
    ],
    ids=["hangs", "drips", "endless-headers", "endless-1xx", "cut-off", "no-http", "bad-chunk", "closes"],
)
def test_what_does_not_end_well_ends_in_time(script: Callable[[threading.Event], Script], far_side: Callable[[Script], str]) -> None:
    end = threading.Event()
    with pytest.raises(Unreachable):
        get(far_side(script(end)), total=0.4, read=0.2)
    end.set()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable):
        get(f"http://127.0.0.1:{port}/")


def test_an_endless_body_is_not_swallowed(far_side: Callable[[Script], str]) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b" " * 65_536)

    with pytest.raises(Garbled):
        get(far_side(script))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_packed_bodies_are_unpacked_up_to_the_limit(pack: Callable[[bytes], bytes], far_side: Callable[[Script], str]) -> None:
    name = "gzip" if pack is gzip.compress else "deflate"
    assert get(far_side(plain(f"200 OK\r\nContent-Encoding: {name}", pack(b"words")))).body == b"words"
    assert len(get(far_side(plain(f"200 OK\r\nContent-Encoding: {name}", pack(b" " * http.LARGEST)))).body) == http.LARGEST
    for bad in (pack(b" " * (http.LARGEST + 1)), pack(b"words")[:-6], b"no packing"):
        with pytest.raises(Garbled):
            get(far_side(plain(f"200 OK\r\nContent-Encoding: {name}", bad)))
