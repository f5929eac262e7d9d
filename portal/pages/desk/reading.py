"""What is read aloud or handed over, in the language of whom it is for, on pages in the language of who works here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from babel.dates import format_date
from flask import current_app
from jinja2.environment import TemplateModule

from portal.catalogue.definitions import Field
from portal.intake import filling
from portal.intake.filling import WORDS
from portal.intake.saving import Place
from portal.pages import questions, speech
from portal.pages import receipt as receipts
from portal.pages.opening import the_portal
from portal.pages.speech import N_
from portal.unit_of_work import Principal, Row
from portal.views import case as views
from portal.views.words import locale

#: Status of a request -> how its party is told.
_STATES = {
    "received": N_("We have received it."),
    "in-progress": N_("We are working on it."),
    "waiting": N_("We are waiting for your answer."),
    "decided": N_("There is a decision."),
    "closed": N_("It is closed."),
    "withdrawn": N_("You took it back."),
}


def welcome(language: str) -> TemplateModule:
    """How a conversation begins."""
    with speech.spoken(language):
        return _aloud([speech.words("How can we help you? Tell me in your own words what it is about.")])


def consent(language: str) -> TemplateModule:
    """What somebody agrees to."""
    with speech.spoken(language):
        return _aloud(
            [
                speech.words("I can enter this for you here. What you tell me is kept for this request and goes to the office that handles it."),
                speech.words("I read everything back to you before it is sent. Do you agree?"),
            ]
        )


def question(step: str, field: Field | None, language: str) -> TemplateModule:
    """A question as it is put, with all that may be answered."""
    with speech.spoken(language):
        if field is None:
            said = speech.words("Tell me in your own words what it is about.") if step == WORDS else _reach()
            return _aloud([said])
        lines = [speech.plain(field.script or field.title)]
        if field.hint and not field.script:
            lines.append(speech.plain(field.hint))
        if not field.required:
            lines.append(speech.words("You may leave this out."))
        options = [speech.plain(option.title) for option in field.options]
        if field.type == "boolean":
            options = [speech.words("Yes"), speech.words("No")]
        return _aloud(lines, options)


def _reach() -> str:
    return speech.words(
        "How may we tell you how it goes? You need no e-mail and no mobile telephone: you can always come here, or call, with your reference and code."
    )


def back(typed: dict[str, Any], place: Place) -> TemplateModule:
    """Everything that was said, read back before it is sent."""
    with speech.spoken(place.language):
        service = filling.service_of(the_portal().catalogue, typed)
        rows = [] if service else [(speech.words("What it is about"), typed["text"])]
        if service:
            asked = filling.asked(service, typed["answers"], place.facts)
            rows += [(speech.plain(one.title), _said(questions.shown(one, typed["answers"].get(one.id)))) for one in asked]
        contact = ", ".join(typed["contact"].values()) or speech.words("Not at all: you look here yourself.")
        rows.append((speech.words("How we tell you"), contact))
        intro = speech.words("I read back to you what I have written. Tell me if anything is wrong.")
        return _rendered("desk/read_back.html", rows=rows, intro=intro, title=speech.plain(service.title) if service else None)


def _said(value: Any) -> str:
    return speech.words("left out") if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def receipt(told: dict[str, Any], language: str) -> TemplateModule:
    """The receipt that is handed over: reference, secret, the date and why, and what happens next."""
    portal, case_id = the_portal(), UUID(told["case"])
    with speech.spoken(language):
        with portal.work(Principal("party", cases=(case_id,))) as work:
            case = views.case(work, case_id, language=speech.language())
            why = receipts.why(work, case_id)
        agency, service = portal.catalogue.agencies[case["agency"]], portal.catalogue.services.get(case["service"] or "")
        title = speech.plain(service.title) if service else None
        place = portal.settings.public_url
        return _rendered("desk/receipt.html", told_once=told, case=case, why=why, agency=speech.plain(agency.title), title=title, place=place)


def slip(draft: Row, code: str, language: str) -> TemplateModule:
    """What is handed to somebody who goes on at home."""
    with speech.spoken(language):
        until = format_date(draft["expires_at"].date(), "long", locale=locale(speech.language()))
        return _rendered("desk/slip.html", draft=draft, code=code, until=until, place=the_portal().settings.public_url)


def renewed(reference: str, secret: str, language: str) -> TemplateModule:
    """The new secret, handed over."""
    with speech.spoken(language):
        return _rendered("desk/new_secret.html", reference=reference, secret=secret, place=the_portal().settings.public_url)


def may_act(language: str) -> TemplateModule:
    """What somebody agrees to who asks about a request."""
    with speech.spoken(language):
        return _aloud([speech.words("I can tell you where your request stands, and write down for you what you answer. Do you agree?")])


def standing(case: dict[str, Any], language: str) -> TemplateModule:
    """Where a request stands, as its party would read it; `case` in that language."""
    catalogue = the_portal().catalogue
    with speech.spoken(language):
        service = catalogue.services.get(case["service"] or "") or catalogue.triage
        state = _STATES[case["status"]]
        lines = [speech.plain(service.title), speech.words(state)]
        if case["promise"] and case["status"] not in ("closed", "withdrawn"):
            lines.append(case["promise"]["says"])
            lines += [speech.words("We have not kept this date. We are sorry; it has been put before those who answer for it.")] * (
                case["promise"]["status"] == "missed"
            )
        lines += [one["says"] for one in (*case["waiting"], *case["fees"])]
        lines += [f"{one['title']}: {one['promise']['says']}" for one in case["parts"] if one["promise"]]
        for one in case["ruled"]:
            lines += [said for said in (one["title"], one["reasons"], one["remedy"] and one["remedy"]["says"]) if said]
        lines += [one["words"] for one in case["asked"] if one["words"]]
        return _aloud(lines)


def ending(language: str) -> TemplateModule:
    """What is read before a request is taken back."""
    with speech.spoken(language):
        return _aloud([speech.words("We stop working on it, and every office is told. This cannot be undone; you can send a new request at any time.")])


def _aloud(lines: list[str], options: list[str] | None = None) -> TemplateModule:
    return _rendered("desk/aloud.html", lines=lines, options=options or [])


def _rendered(template: str, **values: Any) -> TemplateModule:
    code = speech.language()
    found = current_app.jinja_env.get_template(f"pages/{template}")
    return found.make_module({"spoken": code, "spoken_direction": speech.direction(code), **values})
