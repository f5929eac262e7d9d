"""A change somebody makes on a page: once for the key its form brought, and what is said where it is refused, beside what was typed."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from flask import request
from markupsafe import Markup

from portal.errors import Refusal
from portal.pages import own_form, speech
from portal.pages.opening import principal, the_portal
from portal.pages.speech import N_
from portal.unit_of_work import Answer, Repeatable, Work

#: Status of a case or a fee -> what it is called, where that is another word.
_CALLED = {
    "received": N_("received"),
    "in-progress": N_("in progress"),
    "waiting": N_("waiting for you"),
    "decided": N_("decided"),
    "closed": N_("closed"),
    "withdrawn": N_("taken back"),
    "due": N_("owed"),
    "paid": N_("paid"),
    "waived": N_("waived"),
    "cancelled": N_("not owed any more"),
    "refunded": N_("paid back"),
}
#: Refusals after which the page is shown again with what was typed; others have a page of their own.
KEPT = (403, 404, 409, 412, 422)


def once(action: str, place: str) -> Repeatable | None:
    """The form in hand as one that may come twice: a second press, or a page sent again. None where it brought no key."""
    key = request.form.get("once", "")[:200]
    if not key:
        return None
    fields = sorted((name, tuple(request.form.getlist(name))) for name in request.form if name != own_form.FIELD)
    digest = sha256(repr((action, place, fields)).encode()).hexdigest()
    return Repeatable(f"page {principal().key_space}", digest, digest.encode())


def change(action: str, act: Callable[[Work], object]) -> None:
    """One change on behalf of who asks, with all that follows from it; nothing where the same form was taken before."""
    with the_portal().work(principal(), repeatable=once(action, request.path)) as work:
        if work.answer is None:
            act(work)
            work.settle()
            work.keep(Answer(303, b"{}"))


def version() -> int | None:
    """The version of what the form was made of, so that nobody overwrites what they have not seen."""
    said = request.form.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def faults(refused: Refusal, boxes: dict[str, str] | None = None, *, place: Callable[[str], str] | None = None, otherwise: str) -> dict[str, str]:
    """Box -> what is wrong with it. `boxes`: name in the refusal -> id of the box; what belongs to none of them stands at `otherwise`.
    `place`: pointer of a fault -> id of the box, for forms with rows.

    What can happen to citizens is said in the reader's language; the rest speaks English and is marked so (WCAG 2.2, 3.1.2).
    """
    if refused.status not in KEPT:
        raise refused
    usual = {
        "stale": speech.words("Somebody has changed this since you opened it. Look at how it stands now, then send yours again."),
        "conflict": speech.words("A colleague was faster, or this is finished already. Look at how it stands now."),
    }
    if refused.slug in usual and not refused.errors:
        return {otherwise: usual[refused.slug]}
    if not refused.errors:
        return {otherwise: said(refused)}
    found: dict[str, str] = {}
    for error in refused.errors:
        name = error["pointer"].strip("/").partition("/")[0]
        found.setdefault(place(error["pointer"]) if place else (boxes or {}).get(name, otherwise), english(error["detail"]))
    return found


def said(refused: Refusal) -> str:
    """A refusal in the reader's language; marked as English where nobody has translated it."""
    text = speech.words(refused.text)
    if text == refused.text and speech.language() != "en":
        return Markup('<span lang="en" dir="ltr">{}</span>').format(refused.detail)
    return text % {name: speech.words(_CALLED.get(value, value)) for name, value in refused.values.items()} if refused.values else text


def english(sentence: str) -> str:
    """A sentence of the portal itself in the reader's language, marked as English where nobody has translated it."""
    return said(Refusal(sentence))
