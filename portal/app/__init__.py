"""Builds the portal: settings, content, reactions, doors."""

from portal.app.composition import build_portal, create_app

__all__ = ["build_portal", "create_app"]
