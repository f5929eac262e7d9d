"""Signatures equal the reference implementation's, and nothing that differs in any part passes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.wire.signatures import BadSignature, read_secrets, signed, verify

SECRET, OTHER = "whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "="


def test_equal_to_the_reference(shared_data: Path) -> None:
    vectors = json.loads((shared_data / "signatures" / "webhook-signatures.json").read_text("utf-8"))["standard_webhooks"]
    assert vectors
    for one in vectors:
        headers = signed(one["secret"], one["id"], datetime.fromtimestamp(one["timestamp"], UTC), one["payload"].encode())
        assert headers["webhook-signature"] == one["signature"]
        assert headers["webhook-timestamp"] == str(one["timestamp"])


@given(st.text(max_size=200))
def test_what_is_signed_is_known_and_its_secret_may_change(body: str) -> None:
    raw = body.encode("utf-8", "replace")
    headers = signed(SECRET, "msg_1", datetime.now(UTC), raw)
    assert verify([SECRET], headers, raw) == verify([OTHER, SECRET], {name.title(): value for name, value in headers.items()}, raw) == "msg_1"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "a\nb"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "9" * 30},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,%%%"},
        {"webhook-signature": "v2,AAAA"},
        {"webhook-signature": "v1,AAAA " * 1000},
        {"webhook-signature": "é,é"},
    ],
)
def test_nothing_else_passes(change: dict[str, str]) -> None:
    headers = signed(SECRET, "msg_1", datetime.now(UTC), b"{}")
    verify([SECRET], headers, b"{}")
    with pytest.raises(BadSignature):
        verify([SECRET], headers | change, b"{}")


@pytest.mark.parametrize("drift", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_not_within_five_minutes(drift: timedelta) -> None:
    with pytest.raises(BadSignature):
        verify([SECRET], signed(SECRET, "m", datetime.now(UTC) + drift, b""), b"")


def test_another_body_another_secret_or_none() -> None:
    headers = signed(SECRET, "m", datetime.now(UTC), b"a")
    for secrets, body in (([SECRET], b"b"), ([OTHER], b"a"), ([], b"a"), ([SECRET], b"\xff")):
        with pytest.raises(BadSignature):
            verify(secrets, headers, body)


def test_the_file_of_secrets() -> None:
    assert read_secrets(f"# ours\n\nroads: {SECRET}\nwater: {OTHER}\nroads: {OTHER}\n") == {"roads": (SECRET, OTHER), "water": (OTHER,)}
    for bad in ("roads", "roads:", "roads: whsec_", "roads: whsec_A"):
        with pytest.raises(ValueError, match="line 2"):
            read_secrets(f"\n{bad}\n")
