"""Stands between the portal and PostgreSQL and cuts the socket after the server has committed, before the portal hears of it.

Run as `python -m tests.storm.proxy LISTEN TARGET SEED`. A line `SHARE` on standard input sets the share of commits that are cut; the answer is how many were.
"""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  # seeded: a storm is replayed by its seed
import sys
from contextlib import suppress

from portal.local.processes import die_with_parent

#: How a backend tells that a transaction is on disk (protocol 3: message `C`, the tag and a zero byte).
COMMITTED = b"COMMIT\x00"
CHUNK = 1 << 16


class Proxy:
    """Copies both ways; reads only the backend's side."""

    def __init__(self, target: str, seed: int) -> None:
        self.target, self.chance = target, random.Random(seed)
        self.share, self.cuts = 0.0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the portal."""
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self.target)
        except OSError:
            writer.transport.abort()
            return
        both = [asyncio.ensure_future(_copy(reader, server_writer)), asyncio.ensure_future(self._watch(server_reader, writer))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
            with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
                await task
        for one in (writer, server_writer):
            one.transport.abort()

    async def _watch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The backend's messages, one by one: a type, a length that counts itself, a body."""
        held = bytearray()
        while chunk := await reader.read(CHUNK):
            held += chunk
            at = 0
            while len(held) - at >= 5:
                end = at + 1 + int.from_bytes(held[at + 1 : at + 5])
                if end > len(held):
                    break
                if held[at : at + 1] == b"C" and held[at + 5 : end] == COMMITTED and self.share and self.chance.random() < self.share:
                    self.cuts += 1
                    return
                at = end
            writer.write(bytes(held[:at]))
            del held[:at]
            await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()


async def main(listen: str, target: str, seed: int) -> None:
    """Until standard input ends."""
    proxy = Proxy(target, seed)
    server = await asyncio.start_unix_server(proxy.serve, listen)
    print("ready", flush=True)
    async with server:
        while line := await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
            proxy.share = float(line)
            print(proxy.cuts, flush=True)


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
