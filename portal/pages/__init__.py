"""Door: pages for people, in their language, without scripts."""

from __future__ import annotations

from typing import Any

from flask import Flask

from portal.pages import cases, errors, form, frame, front, performance, services, speech
from portal.pages.errors import error_page
from portal.unit_of_work import Portal

__all__ = ["error_page", "install"]


def install(app: Flask, portal: Portal) -> None:
    """Opens the door; one line here for each group of pages."""
    frame.install(app)
    speech.install(app)
    root = frame.Root("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
    app.register_blueprint(root)
    for group in (front.pages, services.pages, form.pages, cases.pages, performance.pages):
        app.register_blueprint(group)

    @app.context_processor
    def contact() -> dict[str, Any]:
        return errors.contact(portal)
