"""How somebody wants to be reached: on one case, by its party or for it by staff; once for all, by who signed in; and the end of courtesy messages."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from babel.core import UnknownLocaleError
from flask import Blueprint, Response, request

from portal.access import grants
from portal.db import new_id
from portal.dispatch import unsubscribing
from portal.errors import Invalid, NotFound, Refusal, Stale
from portal.intake import reaching
from portal.pages import acting, speech
from portal.pages.errors import N_
from portal.pages.opening import as_party, page, principal, show, the_portal
from portal.parties import register
from portal.plugins import discovery
from portal.unit_of_work import ENGINE, Work
from portal.views import entry
from portal.views import reach as views

pages = Blueprint("reach_pages", __name__)

#: What a channel is called; one nobody named here by its own name.
CHANNELS = {"email": N_("E-mail"), "sms": N_("Text message"), "post": N_("Letter by post")}
#: What somebody may need, as they are asked; the first is asked apart, with its language.
NEEDS = {
    "large-print": N_("I need large print"),
    "easy-words": N_("I need easy words"),
    "no-telephone": N_("I do not take phone calls"),
    "text-relay": N_("Call me by text relay"),
    "no-letters-home": N_("Send no letters to my home"),
    "no-voicemail": N_("Leave nothing on my voicemail"),
    "one-a-day": N_("Put messages that can wait into one a day"),
    "only-needed": N_("Tell me only what I need to know"),
}
#: The same, as staff read it.
NEEDED = {
    "large-print": N_("Needs large print"),
    "easy-words": N_("Needs easy words"),
    "no-telephone": N_("Does not take phone calls"),
    "text-relay": N_("Is called by text relay"),
    "no-letters-home": N_("Wants no letters at home"),
    "no-voicemail": N_("Wants nothing left on voicemail"),
    "one-a-day": N_("Gets what can wait once a day"),
    "only-needed": N_("Is told only what it needs to know"),
}
CODES = "am ar bg bn cs da de el en es et fa fi fr he hi hr hu it ku lt lv nl pa pl ps pt ro ru sk sl so sr sv ta ti tr uk ur vi zh"
#: Languages an interpreter may be asked for on the page; by the API any.
TONGUES = tuple(sorted(CODES.split()))
INTERPRETER = N_("Needs an interpreter: %(language)s")
#: Box -> where a refusal points to.
_BOXES = {"email": "email", "phone": "phone", "address": "address"}


@pages.route("/cases/<reference>/reach")
@page("reach.read")
def of_case(reference: str) -> Response:
    """How the party of a case wants to be reached"""
    return _page_of_case(reference)


@pages.route("/cases/<reference>/reach", methods=["POST"])
@page("reach.change")
def change(reference: str) -> Response:
    """It says so, or staff for it"""

    def act(work: Work) -> None:
        who, case_id = principal(), entry.find(work, reference)
        work.narrow([case_id])
        if who.scope == "staff":
            grants.demand_open(work, case_id, who.subject)
        if request.form.get("seen", state := _state(views.of_case(work, case_id))) != state:
            raise Stale
        reaching.choose(work, reaching.party_of(work, case_id), _said(), by="staff" if who.scope == "staff" else "party")

    try:
        acting.change("reach.change", act)
    except Refusal as refused:
        return _page_of_case(reference, faults=_faults(refused), status=refused.status)
    return Response(status=303, headers={"Location": f"/cases/{reference}/reach?done=kept"})


@pages.route("/my/reach")
@page("reach.own")
def own() -> Response:
    """How who signed in wants to be reached, on all requests"""
    return _own_page()


@pages.route("/my/reach", methods=["POST"])
@page("reach.own")
def change_own() -> Response:
    """Said once for all"""
    try:
        acting.change("reach.own", lambda work: reaching.for_all(work, _said(), version=acting.version()))
    except Refusal as refused:
        return _own_page(faults=_faults(refused), status=refused.status)
    return Response(status=303, headers={"Location": "/my/reach?done=kept"})


@pages.route("/reach/end/<token>")
@page("reach.end")
def sure(token: str) -> Response:
    """Asks before anything ends: machines follow addresses in mails"""
    _party_of(token)
    return show("reach_end.html", done=False)


@pages.route("/reach/end/<token>", methods=["POST"])
@page("reach.end")
def end(token: str) -> Response:
    """Courtesy messages end: pressed here, or by a mail program (RFC 8058); once more changes nothing"""
    case_id, party_id = _party_of(token)
    with the_portal().work(ENGINE) as work:
        work.narrow([case_id])
        party = next((row for row in (*register.of_case(work, case_id), *register.followers(work, case_id)) if row["party_id"] == party_id), None)
        if party is not None:
            reaching.end_courtesies(work, party)
    return show("reach_end.html", done=True)


def _party_of(token: str) -> tuple[UUID, UUID]:
    found = unsubscribing.read(the_portal().settings.secret_keys, token)
    if found is None:
        raise NotFound
    return found


def called(channel: str) -> str:
    """A channel in the reader's words."""
    return speech.words(CHANNELS[channel]) if channel in CHANNELS else channel


def needed(needs: Mapping[str, str | None]) -> list[str]:
    """What staff are to know before they write, call or post anything."""
    told = [speech.words(NEEDED[name]) for name in NEEDED if name in needs]
    language = needs.get("interpreter")
    return ([speech.words(INTERPRETER) % {"language": _tongue(language)}] if language else []) + told


def _tongue(code: str) -> str:
    """A language as its speakers call it, or its code where nobody here knows it."""
    try:
        return speech.own_name(code)
    except (ValueError, UnknownLocaleError):
        return code


def _said() -> reaching.Wish:
    """What the form says. Choices that were left empty are none."""
    form = request.form
    chosen = [form.get(f"channel-{number}", "") for number in range(1, len(discovery.reaching()) + 1)]
    channels = list(dict.fromkeys(name for name in chosen if name))
    needs: dict[str, str | None] = dict.fromkeys(name for name in form.getlist("needs") if name in NEEDS)
    if form.get("interpreter", "").strip():
        needs["interpreter"] = form["interpreter"].strip()
    contact = {name: form[name].strip() for name in reaching.ADDRESSES if name in form}
    return reaching.wish(channels, needs, contact, form.getlist("again"))


def _faults(refused: Refusal) -> dict[str, str]:
    """Box -> what is wrong with it, in the reader's words."""
    if not isinstance(refused, Invalid):
        return acting.faults(refused, otherwise="channel-1")
    says = {
        "email": speech.words("Enter an e-mail address like name@example.org."),
        "phone": speech.words("Enter a telephone number with its country, like +32 470 12 34 56."),
        "address": speech.words("Enter an address of at most 500 letters."),
        "interpreter": speech.words("Choose a language."),
    }
    found: dict[str, str] = {}
    for one in refused.errors:
        parts = one["pointer"].strip("/").split("/")
        if parts[0] == "channels" and parts[1:] and parts[1].isdigit():
            found[f"channel-{int(parts[1]) + 1}"] = speech.words("Leave an address for this way below, or choose another way.")
        else:
            found[parts[-1]] = says.get(parts[-1], acting.english(one["detail"]))
    return found or {"channel-1": acting.english(refused.detail)}


def _state(told: Mapping[str, Any]) -> str:
    """What a form was made of, so that nobody takes back from another page what they have not seen."""
    return sha256(repr((told["channels"], sorted(told["needs"].items()), sorted(told["contact"].items()))).encode()).hexdigest()[:32]


def _page_of_case(reference: str, *, faults: dict[str, str] | None = None, status: int = 200) -> Response:
    with the_portal().work(principal()) as work:
        told = views.of_case(work, entry.find(work, reference))
    staff = principal().scope == "staff"
    home = f"/desk/cases/{reference}" if staff else f"/cases/{reference}"
    changes = principal().mandate is None
    action = f"/cases/{reference}/reach"
    return _form(told, faults, status, action=action, home=home, on_behalf=staff, reference=reference, version=None, seen=_state(told), changes=changes)


def _own_page(*, faults: dict[str, str] | None = None, status: int = 200) -> Response:
    with the_portal().work(principal()) as work:
        told, version = views.of_person(work)
    if not version and (reference := request.args.get("from")):
        # Who has said nothing for all yet begins with what they said on the request they come from.
        with the_portal().work(as_party(principal(), reference)) as work:
            told = {**views.of_case(work, entry.find(work, reference)), "lost": []}
    return _form(told, faults, status, action="/my/reach", home="/my", on_behalf=False, reference=None, version=version, seen=None, changes=True)


def _form(told: dict[str, Any], faults: dict[str, str] | None, status: int, **more: Any) -> Response:
    typed = request.form if faults else None
    ways = [(one["channel"], called(one["channel"])) for one in told["may"]]
    interpreter = typed.get("interpreter", "") if typed else told["needs"].get("interpreter") or ""
    return show(
        "reach.html",
        status=status,
        faults=faults or {},
        once=str(new_id()),
        ways=ways,
        chosen=[typed.get(f"channel-{number + 1}", "") if typed else _at(told["channels"], number) for number in range(len(ways))],
        contact={name: typed.get(name, "") if typed else told["contact"][name] or "" for name in reaching.ADDRESSES},
        asks={one["reaches"] for one in told["may"]},
        needs=[(name, speech.words(says)) for name, says in (NEEDED if more["on_behalf"] else NEEDS).items()],
        has=typed.getlist("needs") if typed else list(told["needs"]),
        interpreter=interpreter,
        tongues=[(code, _tongue(code)) for code in (*TONGUES, *({interpreter} - {*TONGUES, ""}))],
        lost=[(one["channel"], called(one["channel"]), one["why"]) for one in told["lost"]],
        again=typed.getlist("again") if typed else [],
        done=request.args.get("done"),
        **more,
    )


def _at(channels: list[str], number: int) -> str:
    return channels[number] if number < len(channels) else ""
