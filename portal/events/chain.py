"""The hash chain of a case: each event seals the one before it. Golden vectors stand in tests/unit/test_chain.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

#: What the first event of a case follows.
GENESIS = bytes(32)

#: Members of an event that the hash covers; the writing transaction and the hashes themselves stand outside.
SEALED = (
    "case_id",
    "seq",
    "id",
    "type",
    "occurred_at",
    "recorded_at",
    "jurisdiction",
    "origin",
    "actor",
    "agency",
    "channel",
    "step",
    "schema_version",
    "data",
)


def canonical(event: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed: RFC 8785 JSON for what events may hold (no floating numbers, ASCII keys, instants as text in UTC)."""
    members = {name: event[name] for name in SEALED}
    for name in ("occurred_at", "recorded_at"):
        members[name] = stamp(members[name])
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def seal(event: Mapping[str, Any], previous: bytes) -> bytes:
    """SHA-256(0x00 || canonical event || hash before), 32 bytes."""
    return sha256(b"\x00" + canonical(event) + previous).digest()


def stamp(at: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS.ffffffZ`, always with six digits, so that a round trip through the database changes nothing."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
