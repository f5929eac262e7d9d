"""Words of a notice: a template by name and language, filled with what may stand in a mail (never answers or names; reasons only where the date moved)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, get_currency_precision
from jinja2 import PackageLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment

from portal.cases import asks
from portal.cases.registry import case_of, secret_of
from portal.catalogue.advice import advice
from portal.catalogue.definitions import Text
from portal.catalogue.languages import labelled
from portal.catalogue.phrases import translations
from portal.standards import clocks
from portal.standards.terms import last_moment
from portal.unit_of_work import Row, Work
from portal.vault import items

#: Variants of a language whose dates we write: English dates lead with the day.
_LOCALES = {"en": "en_GB"}


def written(template: str, language: str, facts: Mapping[str, Any], *, default: str, easy: bool = False) -> tuple[str, str, str]:
    """Language, subject (one line) and text; in the default language, or English, where there is no such template. LookupError for an unknown template.

    `easy`: in easy words (`NAME.LANGUAGE.easy.txt`), where somebody wrote them in that language.
    """
    for one in (language, default, "en"):
        for name in (f"{template}.{one}.easy.txt", f"{template}.{one}.txt")[not easy :]:
            try:
                found = _templates().get_template(name)
            except TemplateNotFound:
                continue
            subject, _, text = found.render(facts).partition("\n")
            return one, " ".join(subject.split()), text.strip() + "\n"
    raise LookupError(f"there is no template `{template}`")


@cache
def version(template: str, language: str) -> str:
    """Of the words of a template in a language: twelve digits of their SHA-256, kept with each notice that leaves."""
    places = (files("portal.dispatch") / "templates" / f"{template}.{language}{end}" for end in (".txt", ".easy.txt"))
    return sha256(b"\0".join(place.read_bytes() for place in places if place.is_file())).hexdigest()[:12]


def facts(work: Work, case_id: UUID, refs: Mapping[str, Any], language: str, *, on_paper: bool = False) -> dict[str, Any]:
    """What a template may say of a case in hand. `on_paper`: a letter, which nobody answers with a button."""
    case, catalogue, settings = case_of(work, case_id), work.catalogue, work.portal.settings
    service, agency = catalogue.services.get(case["service"] or "") or catalogue.triage, catalogue.agencies.get(case["agency"])
    due = datetime.fromisoformat(refs["due_at"]) if refs.get("due_at") else _promised(work, case_id)
    return {
        "reference": case["reference"],
        "service": said(service.title, language, settings.default_language),
        "agency": said(agency.title, language, settings.default_language) if agency else case["agency"],
        "due": in_words(due, case["zone"], language) if due else None,
        "emergency": _emergency(work, case["agency"]) if case["danger"] else None,
        "promise": _promise(work, case_id, refs.get("clock"), language),
        "reason": _reason(work, case_id, refs.get("reason")),
        "amount": _money(refs, language),
        "receipt": refs.get("receipt"),
        # To who wrote by mail, and was given it nowhere else; it is made when the mail is, and kept nowhere.
        "secret": secret_of(work, case_id) if case["channel"] == "email" else None,
        "questions": _questions(work, case, refs, language),
        "on_paper": on_paper,
        "link": f"{settings.public_url}/cases/{case['reference']}",
        "lines": [
            {"subject": subject, "reference": reference, "link": f"{settings.public_url}/cases/{reference}"}
            for subject, reference in json.loads(str(refs.get("joined") or "[]"))
        ],
    }


def _questions(work: Work, case: Row, refs: Mapping[str, Any], language: str) -> list[dict[str, str]]:
    """What is asked of the party now, or (`fields`) what could not be taken: each question with what may be answered."""
    service = work.portal.pinned(work, case["service_hash"]) if case["service_hash"] else None
    named = str(refs["fields"]).split(",") if refs.get("fields") else [name for one in asks.still_open(work, case["case_id"]) for name in one["fields"]]
    words = translations(language).gettext
    return [
        {
            "label": labelled(said(field.title, language, work.portal.settings.default_language), language),
            "options": ", ".join(said(option.title, language, work.portal.settings.default_language) for option in field.options),
            "advice": advice(field, words),
        }
        for field in (service.fields if service else ())
        if field.id in named
    ]


def _promise(work: Work, case_id: UUID, clock: str | None, language: str) -> str | None:
    """Title of the promise that is meant."""
    row = next((row for row in clocks.of_case(work, case_id) if str(row["id"]) == clock), None) if clock else None
    return said(row["rule"].get("title") or {}, language, work.portal.settings.default_language) if row else None


def _reason(work: Work, case_id: UUID, item: str | None) -> str | None:
    """The words of an official that the party is owed with a new date; None where there are none, or where they were erased meanwhile."""
    words = items.get(work, case_id, UUID(item)) if item else None
    return words.strip() if isinstance(words, str) else None


def _money(refs: Mapping[str, Any], language: str) -> str | None:
    """An amount in minor units as people of that language write it."""
    if refs.get("amount") is None:
        return None
    return format_currency(refs["amount"] / 10 ** get_currency_precision(refs["currency"]), refs["currency"], locale=_locale(language))


def _promised(work: Work, case_id: UUID) -> datetime | None:
    """The date the party was told: the promise on the whole case, else the law's, else the first that runs."""
    running = [row for row in clocks.of_case(work, case_id) if row["status"] in ("running", "paused")]
    ranked = sorted(running, key=lambda row: (row["covers"] != "case", row["kind"] != "promise", row["due_at"]))
    return ranked[0]["due_at"] if ranked else None


def said(text: Text, language: str, default: str) -> str:
    """A text of a definition in that language, or the default one, or whichever there is."""
    return text.get(language) or text.get(default) or next(iter(text.values()), "")


def in_words(at: datetime, zone: str, language: str) -> str:
    """`Friday 27 November 2026, 17:00` in that language and zone; the day alone where it is its end."""
    locale = _locale(language)
    day, time = last_moment(at, ZoneInfo(zone))
    return format_date(day, "full", locale) if time is None else f"{format_date(day, 'full', locale)}, {format_time(time, 'short', locale=locale)}"


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(_LOCALES.get(language, language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_LOCALES["en"])


def _emergency(work: Work, agency: str) -> str | None:
    """The number to call where the agency works; else the front door's."""
    numbers = [found.emergency for id in (agency, work.catalogue.triage.agency) if (found := work.catalogue.agencies.get(id))]
    return next((number for number in numbers if number), None)


@cache
def _templates() -> SandboxedEnvironment:
    """Plain text: nothing is escaped, and a name a template does not know is a fault."""
    return SandboxedEnvironment(loader=PackageLoader("portal.dispatch"), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
