"""An SFTP server: checked address, its own key and no other, one deadline for all that is done there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncssh
from httpcore2 import ConnectError, ConnectTimeout

from portal.wire.exchange import LARGEST, MOST_NAMES, PART, Place, Unfit, Unreached, plain, same
from portal.wire.pinned import Deadline, Forbidden, Resolve, connected, resolved

#: Seconds: to connect, and for everything together: well inside the lease of what is being sent.
CONNECT, TOTAL = 5.0, 20.0
CHUNK = 256 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class Login:
    """Who signs in, and whom it believes. `key_file`: an OpenSSH private key."""

    user: str
    host_key: str
    password: str | None = field(default=None, repr=False)
    key_file: str | None = None


class _Late(Exception):
    """The deadline has passed."""


@contextmanager
def server(address: str, login: Login, *, loopback: bool, resolve: Resolve = resolved, total: float = TOTAL) -> Iterator[Place]:
    """The folder of an `sftp:` address. Forbidden, Unreached."""
    parts = urlsplit(address)
    if parts.scheme != "sftp" or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise Forbidden("write sftp://host/folder, nothing else")
    loop = asyncio.new_event_loop()
    one = _Server(loop, Deadline(total), parts.path)
    try:
        one.connect(parts.hostname, parts.port or 22, login, loopback=loopback, resolve=resolve)
        yield one
    finally:
        one.close()
        loop.close()


class _Server:
    def __init__(self, loop: asyncio.AbstractEventLoop, deadline: Deadline, root: str) -> None:
        self._loop, self._deadline, self._root = loop, deadline, root.rstrip("/")
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: Any = None

    def connect(self, host: str, port: int, login: Login, *, loopback: bool, resolve: Resolve) -> None:
        """Signs in; nothing was sent where that fails."""
        try:
            socket = connected(host, port, self._deadline, CONNECT, loopback=loopback, resolve=resolve)
        except (ConnectError, ConnectTimeout) as refused:
            raise Unreached(str(refused)) from refused
        try:
            known: Any = ([asyncssh.import_public_key(login.host_key)], [], [])
            keys = [asyncssh.read_private_key(login.key_file)] if login.key_file else []
        except (asyncssh.KeyImportError, OSError) as bad:
            socket.close()
            raise Unreached(f"a key cannot be read ({type(bad).__name__})") from bad
        given: dict[str, Any] = {
            "known_hosts": known,
            "username": login.user,
            "client_keys": keys,
            "password": login.password,
            "config": None,
            "agent_path": None,
        }
        self._connection = self._run(asyncssh.connect(host, port, sock=socket, gss_host=None, x509_trusted_certs=None, **given))
        self._sftp = self._run(self._connection.start_sftp_client())

    def names(self, folder: str) -> list[str]:
        try:
            return self._run(self._listed(self._at(folder)))
        except Unfit:
            return []

    async def _listed(self, path: str) -> list[str]:
        found: list[str] = []
        async for entry in self._sftp.scandir(path):
            if entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR:
                found.append(str(entry.filename))
            if len(found) >= MOST_NAMES:
                break
        return plain(found)

    def read(self, folder: str, name: str) -> bytes:
        return self._run(self._got(self._at(folder, name), name))

    async def _got(self, path: str, name: str) -> bytes:
        content = bytearray()
        async with self._sftp.open(path, "rb") as file:
            while chunk := await file.read(CHUNK):
                content += chunk
                if len(content) > LARGEST:
                    raise Unfit(f"{name} has more than {LARGEST} bytes")
        return bytes(content)

    def put(self, folder: str, name: str, content: bytes) -> None:
        self._run(self._made(self._at(folder)))
        if name in self.names(folder):
            return same(self.read(folder, name), content, name)
        fresh, whole = self._at(folder, f".{name}{PART}"), self._at(folder, name)
        try:
            self._run(self._written(fresh, content))
            self._run(self._renamed(fresh, whole))
        except Unreached as broken:
            raise Unreached(str(broken), sent=True) from broken

    async def _written(self, path: str, content: bytes) -> None:
        async with self._sftp.open(path, "wb") as file:
            await file.write(content)
            with suppress(asyncssh.SFTPOpUnsupported):
                await file.fsync()

    async def _renamed(self, path: str, to: str) -> None:
        """All at once, where the server knows how; else by SFTP's own rename, which takes no name that is there."""
        try:
            await self._sftp.posix_rename(path, to)
        except asyncssh.SFTPOpUnsupported:
            await self._sftp.rename(path, to)

    def move(self, folder: str, name: str, to: str) -> None:
        self._run(self._made(self._at(to)))
        with suppress(Unfit):
            self._run(self._renamed(self._at(folder, name), self._at(to, name)))

    async def _made(self, path: str) -> None:
        await self._sftp.makedirs(path or "/", exist_ok=True)

    def close(self) -> None:
        """Says good-bye, within reason."""
        if self._connection is not None:
            self._connection.abort()
            with suppress(Exception):
                self._loop.run_until_complete(asyncio.wait_for(self._connection.wait_closed(), 1.0))
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with suppress(Exception):
            self._loop.run_until_complete(asyncio.sleep(0))

    def _at(self, *names: str) -> str:
        return "/".join([self._root, *names])

    def _run(self, doing: Awaitable[T]) -> T:
        """One step, by the deadline. Unfit: it is not there. Whatever else goes wrong: Unreached, in words without what the server wrote."""
        try:
            left = self._deadline.left(None, _Late)
        except _Late:
            if asyncio.iscoroutine(doing):
                doing.close()
            raise Unreached("it took too long") from None
        try:
            return self._loop.run_until_complete(asyncio.wait_for(doing, left))
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as gone:
            raise Unfit("it is gone") from gone
        except TimeoutError as late:
            raise Unreached("it took too long") from late
        except asyncssh.HostKeyNotVerifiable as other:
            raise Unreached("the server does not have the key the definition names: nothing was sent") from other
        except asyncssh.PermissionDenied as refused:
            raise Unreached("the server refuses our sign-in") from refused
        except (asyncssh.Error, OSError) as broken:
            raise Unreached(f"the server broke off or refused ({type(broken).__name__})") from broken
