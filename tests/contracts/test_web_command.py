"""`portal web` refuses to start where it would be unsafe."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from portal.cli.web import web
from portal.settings import settings


@pytest.mark.parametrize(
    ("mode", "bind", "says"),
    [
        ("local", "0.0.0.0:0", "loopback"),
        ("local", "[::]:0", "loopback"),
        ("local", "portal.example:0", "loopback"),
        ("production", "127.0.0.1:0", "SECRET_KEY"),
    ],
)
def test_unsafe_starts(monkeypatch: pytest.MonkeyPatch, mode: str, bind: str, says: str) -> None:
    monkeypatch.setenv("PORTAL_MODE", mode)
    monkeypatch.setenv("SECRET_KEY", "short")
    settings.cache_clear()
    try:
        found = CliRunner().invoke(web, ["--bind", bind])
    finally:
        settings.cache_clear()
    assert found.exit_code == 2
    assert says in found.output
