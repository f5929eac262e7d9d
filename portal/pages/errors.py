"""Refusals as calm pages: what happened, what was kept, what to do."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

from flask import Response, request
from werkzeug.exceptions import HTTPException

from portal.errors import NotSignedIn, Refusal
from portal.pages import acting, kept, speech
from portal.pages.opening import StaleForm, show, surely_own
from portal.pages.speech import N_ as N_
from portal.unit_of_work import Portal


class Told(Protocol):
    """A refusal on its way out."""

    @property
    def refusal(self) -> Refusal: ...
    @property
    def instance(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]: ...


#: HTTP status -> heading, and what to do.
_SAYS: dict[int, tuple[str, str]] = {
    400: (N_("We could not read that"), N_("The address or the form came in a way we cannot read. Go back, and try once more from the page itself.")),
    401: (N_("We need to know it is you"), N_("Open your request with its reference and its secret code first.")),
    403: (N_("This is not open to you"), N_("Nothing was done. If you sent a form, open its page here and send it again.")),
    404: (N_("There is nothing here"), N_("The address may be mistyped, or what was here has gone. What you sent us before is safe.")),
    405: (N_("That cannot be done here"), N_("Go back, and use the buttons of the page.")),
    409: (N_("This has changed meanwhile"), N_("Open the page again to see how it stands now.")),
    413: (N_("That is more than we can take at once"), N_("Nothing of it was kept. Go back, and shorten what you wrote.")),
    422: (N_("Some of it cannot be taken"), N_("Go back, and look at what you wrote once more.")),
    429: (N_("Too many tries"), N_("Wait a quarter of an hour, then try again. You can also call us or come to the counter.")),
    500: (
        N_("Something went wrong on our side"),
        N_("It is not your fault, and it has been recorded. What you sent us before is safe. Try again in a few minutes."),
    ),
    503: (N_("We cannot store anything just now"), N_("Nothing was lost of what you sent before. Wait a moment, then send the page again.")),
}

#: Seconds to wait that are told as a minute, and how.
SOON = 60
_SOON = (N_("One moment, please"), N_("Too much came in at once. Wait a minute, then try again. You can also call us or come to the counter."))
#: After these the same form may be sent again, so it is shown with what was typed.
KEPT = (429, 503)


def error_page(problem: Told) -> Response:
    """A refusal for a person. It asks nothing of the database, which may be the one that is away, but to keep a form of somebody not signed in any more."""
    status, refusal = problem.refusal.status, problem.refusal
    if isinstance(refusal, NotSignedIn | StaleForm) and request.method == "POST" and surely_own():
        with suppress(Refusal):
            return kept.keep(status=status, stale=isinstance(refusal, StaleForm))
    heading, advice = _SAYS.get(status) or _SAYS[500 if status >= 500 else 400]
    detail = acting.said(refusal) if status in (409, 422) else None
    if status == 429 and problem.refusal.extra.get("retry_after", 0) <= SOON:
        heading, advice = _SOON
    response = show(
        "error.html",
        status=status,
        heading=speech.words(heading),
        advice=speech.words(advice),
        detail=detail,
        number=problem.instance.rpartition(":")[2],
        typed=_typed() if status in KEPT else [],
        again=request.full_path.rstrip("?"),
    )
    response.headers.extend(problem.headers)
    return response


def _typed() -> list[tuple[str, str]]:
    """What the refused form held, in its order; nothing where it cannot be read."""
    try:
        return list(request.form.items(multi=True)) if request.method == "POST" else []
    except HTTPException:
        return []


def contact(portal: Portal) -> dict[str, Any]:
    """How people are reached otherwise, for the foot of every page."""
    front = portal.catalogue.agencies[portal.catalogue.triage.agency]
    return {"front": front, "path": request.path}
