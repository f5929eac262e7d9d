"""Builds the portal: settings, content, reactions, doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.app.building import build_portal

if TYPE_CHECKING:
    from portal.app.composition import create_app

__all__ = ["build_portal", "create_app"]


def __getattr__(name: str) -> Any:
    """The web application is loaded by who asks for it: workers and commands start without the doors."""
    if name == "create_app":
        from portal.app.composition import create_app

        return create_app
    raise AttributeError(name)
