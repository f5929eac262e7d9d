"""Outgoing HTTP behind a guard: known hosts only, no private address, no redirect, no proxy, bounded time and size."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

import httpcore2

from portal.wire.pinned import Deadline, Forbidden, PinnedBackend, Resolve, resolved

__all__ = ["Forbidden", "Garbled", "Guard", "Received", "Unreachable", "send"]

CONNECT, READ, TOTAL = 3.0, 10.0, 20.0
#: Bytes of an answer's body, after decompression.
LARGEST = 1024 * 1024
#: Zlib with either of its wrappers (RFC 1950, RFC 1952).
_ANY_WRAPPER = 47


class Unreachable(Exception):
    """No whole answer came in time. `sent`: a connection stood, so it may have arrived all the same."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


class Garbled(Exception):
    """An answer came, and its body cannot be taken: too large, or packed in a way that was not asked for."""


@dataclass(frozen=True)
class Guard:
    """Where calls may go: (host, port) pairs, by name. `local`: one machine or tests, where plain http and loopback are allowed."""

    hosts: frozenset[tuple[str, int]]
    local: bool = False
    resolve: Resolve = field(default=resolved, compare=False)

    @classmethod
    def of(cls, addresses: Iterable[str], *, local: bool, resolve: Resolve = resolved) -> Guard:
        """A guard that lets calls through to the hosts of these addresses."""
        hosts = set()
        for address in addresses:
            # One that cannot be read lets nothing through: a call there is refused, and the other agencies' go on.
            with suppress(Forbidden):
                _, host, port, _ = _parts(address)
                hosts.add((host, port))
        return cls(frozenset(hosts), local, resolve)

    def admit(self, url: str) -> httpcore2.URL:
        """The address in parts; Forbidden where no call may go there. What it resolves to is checked when it connects."""
        scheme, host, port, target = _parts(url)
        if scheme != "https" and not self.local:
            raise Forbidden(f"{scheme or 'this'} is not allowed: https only")
        if (host, port) not in self.hosts:
            raise Forbidden(f"{host}:{port} is not among the addresses of the agencies")
        return httpcore2.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=target.encode())


@dataclass(frozen=True, slots=True)
class Received:
    """An answer. Header names in lower case; of a header that comes several times, the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(guard: Guard, method: str, url: str, headers: Mapping[str, str], body: bytes, *, total: float = TOTAL, read: float = READ) -> Received:
    """One request, one answer. Forbidden before anything leaves, Unreachable, or Garbled; times in seconds."""
    address = guard.admit(url)
    backend = PinnedBackend(Deadline(total), loopback=guard.local, resolve=guard.resolve)
    fields = {"User-Agent": "onedoor", **headers, "Accept-Encoding": "identity"}
    wait = {"connect": CONNECT, "read": read, "write": read, "pool": CONNECT}
    try:
        with (
            httpcore2.ConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=1, http1=True, http2=False) as pool,
            pool.stream(method, address, headers=list(fields.items()), content=body, extensions={"timeout": wait}) as response,
        ):
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Received(response.status, found, _unpacked(_read(response.iter_stream()), found.get("content-encoding", "")))
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as failed:
        raise Unreachable(_words(failed), sent=backend.ready) from failed


@cache
def _tls() -> ssl.SSLContext:
    """Names and chains are verified against the system's authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _parts(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and target of an absolute http(s) address; Forbidden for anything odd, so that no two readers disagree about it."""
    if not url.isascii() or any(letter <= " " or letter in '\\"<>`{}|^\x7f' for letter in url):
        raise Forbidden("the address holds letters that do not belong in one")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as odd:
        raise Forbidden("the address cannot be read") from odd
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise Forbidden("give scheme, host and path, nothing else")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), target


def _read(chunks: Iterable[bytes]) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > LARGEST:
            raise Garbled(f"more than {LARGEST} bytes")
    return bytes(body)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Plain bytes. We ask for no packing; some pack all the same."""
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise Garbled("packed in an unknown way")
    unpacker = zlib.decompressobj(_ANY_WRAPPER)
    try:
        plain = unpacker.decompress(body, LARGEST + 1)
    except zlib.error as broken:
        raise Garbled("its packing is broken") from broken
    if len(plain) > LARGEST:
        raise Garbled(f"more than {LARGEST} bytes, unpacked")
    if not unpacker.eof:
        raise Garbled("its packing is cut off")
    return plain


def _words(failed: Exception) -> str:
    """What happened, without what the far side wrote."""
    if isinstance(failed, httpcore2.ProtocolError):
        return "what came back is not HTTP"
    return str(failed) or type(failed).__name__
