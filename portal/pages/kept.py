"""`/kept/{id}`: a form that came when nobody was signed in any more; what was typed waits, sealed, until its sender is back."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, request

from portal.db import new_id
from portal.errors import NotFound
from portal.pages import cookies, own_form
from portal.pages.opening import page, show, signed_in, the_portal
from portal.pages.shelf import COOKIE
from portal.unit_of_work import ANONYMOUS
from portal.vault import drafts

pages = Blueprint("kept_pages", __name__)

#: Fields that belong to the page, not to who typed.
OURS = ("once", own_form.FIELD)


def keep(*, status: int, stale: bool) -> Response:
    """Keeps the form in hand and says where it is. `stale`: somebody is signed in, and the form is of another session."""
    id, token = new_id(), cookies.given(COOKIE) or token_urlsafe(32)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != own_form.FIELD]
    kept = {"kept": request.full_path.rstrip("?"), "fields": fields, "whose": own_form.whose(request.form.get(own_form.FIELD, ""))}
    with the_portal().work(ANONYMOUS) as work:
        drafts.begin(work, id, token, kept)
    place = f"/kept/{id}"
    ways = {"sign_in": "/sign-in?" + urlencode({"next": place}), "secret": "/cases?" + urlencode({"next": place})}
    answer = show("kept.html", status=status, place=place, stale=stale, ways=ways, files=bool(request.files))
    cookies.put(answer, COOKIE, token, seconds=int(drafts.OPEN.total_seconds()))
    return answer


@pages.route("/kept/<uuid:draft>")
@page("session.begin")
def again(draft: UUID) -> Response:
    """What was typed, to be looked at and sent"""
    with the_portal().work(ANONYMOUS) as work:
        typed: dict[str, Any] = drafts.load(work, draft, cookies.given(COOKIE) or "").typed
    here = signed_in()
    if "kept" not in typed or (typed["whose"] and not (here and own_form.is_of(the_portal(), here.principal.subject, typed["whose"]))):
        raise NotFound
    said = [value for name, value in typed["fields"] if name not in OURS and value.strip()]
    return show("kept_again.html", to=typed["kept"], fields=typed["fields"], said=said)
