"""`/admin/definitions`: what the portal runs on, and what a check of the files says."""

from __future__ import annotations

from flask import Blueprint, Response, request

from portal.catalogue.languages import REQUIRED
from portal.pages import speech
from portal.pages.opening import page, principal, show, the_portal
from portal.views import checked

pages = Blueprint("admin_definitions_pages", __name__, url_prefix="/admin/definitions")


@pages.route("")
@page("administration.read")
def definitions() -> Response:
    """All definitions; `check=1` reads their files again"""
    with the_portal().work(principal()) as work:
        found = checked.definitions(work)
    result = checked.checked((*REQUIRED, *(one for one in speech.LANGUAGES if one not in REQUIRED))) if request.args.get("check") == "1" else None
    return show("admin/definitions.html", found=found, result=result)
