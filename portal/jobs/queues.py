"""How the queues stand: jobs that wait, workers that give signs of life."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from portal.jobs.wake import client, queue_names
from portal.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

#: Queue -> jobs that wait, workers that live.
Queues = dict[str, tuple[int, int]]


def queues_of(settings: Settings) -> Callable[[], Queues | None]:
    """A function that looks; it answers None where Redis is away, within half a second."""
    kept: list[Redis] = []

    def look() -> Queues | None:
        from redis.exceptions import RedisError

        if not kept:
            kept.append(client(settings.redis_url))
        try:
            return {name: standing(kept[0], name) for name in queue_names(settings.rq_workers)}
        except (RedisError, OSError):
            return None
        finally:
            kept[0].connection_pool.disconnect()

    return look


def standing(redis: Redis, name: str) -> tuple[int, int]:
    """Jobs and living workers of one queue."""
    workers = sum(bool(redis.exists(key)) for key in redis.smembers(f"rq:workers:{name}"))
    return int(redis.llen(f"rq:queue:{name}")), workers
