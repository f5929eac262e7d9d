"""Door: pages for people, in their language, without scripts."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Flask

from portal.access.providers import providers
from portal.pages import (
    account,
    admin,
    cases,
    champion,
    codes,
    consents,
    desk,
    documents,
    errors,
    form,
    frame,
    front,
    kept,
    later,
    mandates,
    mine,
    performance,
    reach,
    rights,
    services,
    sign_in,
    speech,
)
from portal.pages.errors import error_page
from portal.pages.relying import Relying
from portal.unit_of_work import Portal

__all__ = ["error_page", "install"]


def install(app: Flask, portal: Portal) -> None:
    """Opens the door; one line here for each group of pages."""
    frame.install(app)
    speech.install(app)
    _sign_in(app, portal)
    root = frame.Root("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
    app.register_blueprint(root)
    for group in (
        front.pages,
        services.pages,
        form.pages,
        cases.pages,
        documents.pages,
        performance.pages,
        sign_in.pages,
        account.pages,
        kept.pages,
        later.pages,
        reach.pages,
        rights.pages,
        codes.pages,
        mine.pages,
        mandates.pages,
        consents.pages,
        *desk.GROUPS,
        champion.pages,
        *admin.GROUPS,
    ):
        app.register_blueprint(group)

    @app.context_processor
    def contact() -> dict[str, Any]:
        return errors.contact(portal)


def _sign_in(app: Flask, portal: Portal) -> None:
    """What signing in rests on. Flask's own session is a signed cookie that holds sign-ins under way, and nothing else."""
    secure = portal.settings.public_url.startswith("https:")
    app.secret_key, *earlier = (sha256(b"onedoor sign-ins under way\x00" + (key or "local").encode()).digest() for key in portal.settings.secret_keys)
    app.config["SECRET_KEY_FALLBACKS"] = earlier
    app.config |= {"SESSION_COOKIE_NAME": "__Host-under-way" if secure else "under-way", "SESSION_COOKIE_SECURE": secure}
    app.config |= {"SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_PATH": "/"}
    app.extensions["onedoor.relying"] = Relying(app, providers(portal.settings), portal.settings.public_url)
