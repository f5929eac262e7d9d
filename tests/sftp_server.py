"""A real SFTP server in a process of its own: `python -m tests.sftp_server FOLDER`; prints its port, then its key, and serves FOLDER to one user."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import asyncssh

USER, PASSWORD = "onedoor", "a password of the tests"


class Server(asyncssh.SSHServer):
    """Lets one user in, by password or by the key beside the folder."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


async def serve(folder: Path) -> None:
    """Until killed."""

    class Below(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
            super().__init__(channel, chroot=str(folder / "root").encode())

    key = asyncssh.generate_private_key("ssh-ed25519")
    allowed = folder / "login.pub"
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], server_factory=Server, sftp_factory=Below, authorized_client_keys=str(allowed) if allowed.exists() else None
    )
    print(listener.get_port(), key.export_public_key().decode().strip(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
