"""Sockets of outgoing calls: a name is resolved once, every address is checked, and the connection goes to one that was; all against one deadline."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from httpcore2 import SOCKET_OPTION as SocketOption
from httpcore2 import ConnectError, ConnectTimeout, NetworkBackend, NetworkStream, ReadTimeout, WriteTimeout

from portal.wire.addresses import reachable

#: Host and port -> addresses, as text.
Resolve = Callable[[str, int], list[str]]


class Forbidden(Exception):
    """The guard does not let a call go there."""


def resolved(host: str, port: int) -> list[str]:
    """Every address of a name, as the system's resolver gives them."""
    return list(dict.fromkeys(f"{found[4][0]}" for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


class Deadline:
    """One instant for a whole call."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self, wanted: float | None, late: type[Exception]) -> float:
        """Seconds an operation may take: what it wants, or what is left of the call. Raises `late` where nothing is."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise late("the whole call took too long")
        return left if wanted is None else min(wanted, left)


class PinnedBackend(NetworkBackend):
    """Connects only to addresses that were checked."""

    def __init__(self, deadline: Deadline, *, loopback: bool, resolve: Resolve = resolved) -> None:
        self._deadline = deadline
        self._loopback = loopback
        self._resolve = resolve
        #: Where the connection went, for the record of the tests.
        self.address: str | None = None
        #: Something could be sent: connected, and where there is TLS its handshake is over.
        self.ready = False

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> NetworkStream:
        """A connection to the first address that takes it, once all of them were found to be allowed."""
        found = connected(host, port, self._deadline, timeout, loopback=self._loopback, resolve=self._resolve)
        self.address = str(found.getpeername()[0])
        self.ready = True
        return _Timed(found, self._deadline, self)


def connected(host: str, port: int, deadline: Deadline, timeout: float | None, *, loopback: bool, resolve: Resolve = resolved) -> socket.socket:
    """A connection to the first address of a name that takes it, once all of them were found to be allowed. Forbidden, ConnectTimeout, ConnectError."""
    for number, address in enumerate(addresses := _checked(host, port, deadline.left(timeout, ConnectTimeout), loopback, resolve)):
        try:
            found = socket.create_connection((address, port), deadline.left(timeout, ConnectTimeout))
        except OSError as refused:
            if number == len(addresses) - 1:
                raise (ConnectTimeout if isinstance(refused, TimeoutError) else ConnectError)(f"no connection: {refused.strerror or refused}") from refused
            continue
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found
    raise ConnectError("the name has no address")


def _checked(host: str, port: int, timeout: float, loopback: bool, resolve: Resolve) -> list[str]:
    addresses = _in_time(lambda: resolve(host, port), timeout)
    if any(not reachable(address, loopback=loopback) for address in addresses):
        raise Forbidden(f"{host} has an address that calls may not reach")
    return addresses


def _in_time(look_up: Callable[[], list[str]], timeout: float) -> list[str]:
    """The system's resolver takes no timeout: it runs beside us, and we stop waiting."""
    answer: list[Any] = []

    def run() -> None:
        try:
            answer.append(look_up())
        except OSError as error:
            answer.append(error)

    beside = threading.Thread(target=run, daemon=True, name="resolve")
    beside.start()
    beside.join(timeout)
    if not answer:
        raise ConnectTimeout("the name was not resolved in time")
    if isinstance(answer[0], OSError):
        raise ConnectError("the name was not found") from answer[0]
    found: list[str] = answer[0]
    return found


class _Timed(NetworkStream):
    """A stream every read and write of which ends by the deadline of the call."""

    def __init__(self, inner: socket.socket, deadline: Deadline, backend: PinnedBackend) -> None:
        self._inner = inner
        self._deadline = deadline
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._inner.settimeout(self._deadline.left(timeout, ReadTimeout))
        try:
            return self._inner.recv(max_bytes)
        except TimeoutError as late:
            raise ReadTimeout("no answer in time") from late
        except OSError as broken:
            raise ConnectError("the connection broke") from broken

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        try:
            while view:
                self._inner.settimeout(self._deadline.left(timeout, WriteTimeout))
                view = view[self._inner.send(view) :]
        except TimeoutError as late:
            raise WriteTimeout("the request was not taken in time") from late
        except OSError as broken:
            raise ConnectError("the connection broke") from broken

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> NetworkStream:
        self._backend.ready = False
        self._inner.settimeout(self._deadline.left(timeout, ConnectTimeout))
        try:
            found = _Timed(ssl_context.wrap_socket(self._inner, server_hostname=server_hostname), self._deadline, self._backend)
            self._backend.ready = True
            return found
        except TimeoutError as late:
            self.close()
            raise ConnectTimeout("no TLS in time") from late
        except OSError as broken:
            self.close()
            raise ConnectError(f"no TLS: {getattr(broken, 'verify_message', None) or getattr(broken, 'reason', None) or 'the connection broke'}") from broken

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object" and isinstance(self._inner, ssl.SSLSocket):
            return self._inner
        return self._inner if info == "socket" else None
