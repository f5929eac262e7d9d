"""Secrets somebody could guess stop production; a key that was changed still opens what it made; the security log names nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from click.testing import CliRunner

from portal.app import build_portal
from portal.app.own_secrets import demand_safe, weak
from portal.cases import secret
from portal.cli import main
from portal.errors import Unsafe
from portal.outbox import answer_addresses
from portal.settings import Settings
from portal.settings import settings as read_settings
from portal.telemetry import security

GOOD = "Zr7qLx0Vd2mTn9KpYw4sHc8uBf1eJg6aQo3iXk5vWb0="
OLD = "q8Wm2Zt6Lr0Xc4Vn9Bp1Ks7Hd3Jf5Gy+Ue/Ta1Rw0No="


@pytest.mark.parametrize(
    "guessable",
    ["", "short", "a" * 64, "abc" * 20, "0123456789" * 4, "change-me" * 5, "secret-secret-secret-secret-0123", "DevelopmentDevelopmentDevelopment1", GOOD[:31]],
)
def test_production_does_not_begin_with_a_secret_somebody_could_guess(guessable: str) -> None:
    assert weak(guessable)
    with pytest.raises(Unsafe, match="SECRET_KEY"):
        demand_safe(Settings(PORTAL_MODE="production", secret_key=guessable))  # type: ignore[arg-type]
    with pytest.raises(Unsafe, match="SECRET_KEY"):
        build_portal(Settings(PORTAL_MODE="production", secret_key=guessable))  # type: ignore[arg-type]
    with pytest.raises(Unsafe, match="SECRET_KEY_FALLBACKS"):
        demand_safe(Settings(PORTAL_MODE="production", secret_key=GOOD, secret_key_fallbacks=guessable or "x"))  # type: ignore[arg-type]
    demand_safe(Settings(PORTAL_MODE="local", secret_key=guessable))  # type: ignore[arg-type]


def test_good_ones_are_taken() -> None:
    assert not weak(GOOD) and not weak(OLD)
    demand_safe(Settings(PORTAL_MODE="production", secret_key=GOOD, secret_key_fallbacks=OLD, metrics_token=GOOD[:24]))  # type: ignore[arg-type]
    with pytest.raises(Unsafe, match="METRICS_TOKEN"):
        demand_safe(Settings(PORTAL_MODE="production", secret_key=GOOD, metrics_token="short"))  # type: ignore[arg-type]


@pytest.mark.parametrize("command", [["sweep"], ["work", "--queue", "portal-1"], ["mail"]])
def test_every_process_says_what_to_set(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setenv("PORTAL_MODE", "production")
    monkeypatch.setenv("SECRET_KEY", "change-me-change-me-change-me-change-me")
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nowhere")
    read_settings.cache_clear()
    try:
        found = CliRunner().invoke(main, command)
    finally:
        read_settings.cache_clear()
    assert found.exit_code != 0
    assert "SECRET_KEY" in found.output and "openssl rand" in found.output and "Traceback" not in found.output and "change-me" not in found.output


def test_a_case_secret_outlives_a_change_of_the_key() -> None:
    case_id = UUID(int=7)
    given = secret.derive(OLD, case_id)
    assert secret.matches([GOOD, OLD], case_id, 1, given) and not secret.matches([GOOD], case_id, 1, given)
    changed = Settings(secret_key=GOOD, secret_key_fallbacks=f"{OLD}, an-older-one")  # type: ignore[arg-type]
    assert changed.secret_keys == (GOOD, OLD, "an-older-one")
    address = answer_addresses.made(OLD, case_id) + "@portal.example"
    assert answer_addresses.key_of(changed.secret_keys, [address]) == case_id
    assert answer_addresses.key_of([GOOD], [address]) is None


def test_the_security_log_holds_codes_only(capsys: pytest.CaptureFixture[str]) -> None:
    from portal.telemetry import log

    log.configure("json")
    security.told("wrong-secret", route="/cases/<reference>", many=3)
    security.told("sign-in-failed", why="Anna\r\n2026-11-30 forged line", name="Müller; DROP")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["log"], line["kind"]) for line in lines] == [("security", "wrong-secret"), ("security", "sign-in-failed")]
    assert lines[0]["route"] == "/cases/<reference>" and lines[1]["why"] == "?" and lines[1]["name"] == "?"
    assert datetime.fromisoformat(lines[0]["timestamp"]).tzinfo == UTC
    with pytest.raises(KeyError):
        security.told("gossip")


def test_every_kind_of_line_is_written_somewhere() -> None:
    from tests.laws.rooms import ROOT

    code = "".join(file.read_text() for file in (ROOT / "portal").rglob("*.py") if file.name != "security.py")
    assert [kind for kind in security.KINDS if f'"{kind}"' not in code] == []
