"""The chain: golden vectors that no later version may change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from portal.events.chain import GENESIS, SEALED, canonical, seal

EVENT: dict[str, Any] = {
    "case_id": UUID("01939f6e-0000-7000-8000-000000000001"),
    "seq": 1,
    "id": UUID("01939f6e-0000-7000-8000-000000000002"),
    "type": "CaseOpened",
    "occurred_at": datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    "recorded_at": datetime(2026, 11, 22, 8, 30, 0, 120000, tzinfo=UTC),
    "jurisdiction": "rivermouth",
    "origin": "demo",
    "actor": "party",
    "agency": "roads",
    "channel": "web",
    "step": None,
    "schema_version": 1,
    "data": {"service": "pothole", "danger": False, "flags": ["é", "z"]},
}
TEXT = (
    b'{"actor":"party","agency":"roads","case_id":"01939f6e-0000-7000-8000-000000000001","channel":"web",'
    b'"data":{"danger":false,"flags":["\xc3\xa9","z"],"service":"pothole"},"id":"01939f6e-0000-7000-8000-000000000002","jurisdiction":"rivermouth",'
    b'"occurred_at":"2026-11-22T08:30:00.000000Z","origin":"demo","recorded_at":"2026-11-22T08:30:00.120000Z","schema_version":1,"seq":1,"step":null,"type":"CaseOpened"}'
)


def test_the_canonical_text_is_fixed() -> None:
    assert canonical(EVENT) == TEXT


def test_the_hash_is_fixed() -> None:
    assert seal(EVENT, GENESIS).hex() == GOLDEN


GOLDEN = "321cd8d37acce3f97dc961e31e1e6a78aef541f2f0231b45deee93c66e7b213e"


def test_the_zone_of_an_instant_does_not_matter() -> None:
    elsewhere = EVENT | {"occurred_at": EVENT["occurred_at"].astimezone(timezone(timedelta(hours=9)))}
    assert seal(elsewhere, GENESIS) == seal(EVENT, GENESIS)


@pytest.mark.parametrize("member", SEALED)
def test_every_member_is_sealed(member: str) -> None:
    others: dict[str, Any] = {"seq": 2, "schema_version": 2, "data": {}, "occurred_at": EVENT["recorded_at"], "recorded_at": EVENT["occurred_at"]}
    changed = EVENT | {member: others.get(member, "other")}
    assert seal(changed, GENESIS) != seal(EVENT, GENESIS)
    assert seal(EVENT, b"\x01" * 32) != seal(EVENT, GENESIS)
