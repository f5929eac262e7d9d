"""What can be done against a decision, and until when: counted from the day after it was served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from portal.catalogue.definitions import Law, Remedy
from portal.catalogue.languages import SPOKEN, day_in_words, say
from portal.catalogue.spans import span_of
from portal.standards import clocks
from portal.standards.calendar import Calendar
from portal.standards.terms import due, due_date, parse_term
from portal.unit_of_work import Work

_SAYS: dict[str, dict[str, str]] = {
    "objection": {
        "en": "If you do not agree, you can object within {within}. That time begins on the day after this decision is sent or handed to you{when}.",
        "fr": "Si vous n'êtes pas d'accord, vous pouvez introduire une réclamation dans un délai de {within}. "
        "Ce délai commence le lendemain du jour où cette décision vous est envoyée ou remise{when}.",
        "es": "Si no está de acuerdo, puede presentar un recurso en un plazo de {within}. "
        "Ese plazo empieza el día siguiente a aquel en que se le envía o entrega esta decisión{when}.",
        "ar": "إن لم توافقوا فيمكنكم الاعتراض خلال {within}. تبدأ هذه المهلة في اليوم التالي لإرسال هذا القرار أو تسليمه إليكم{when}.",
    },
    "appeal": {
        "en": "If you do not agree, you can go to court within {within}. That time begins on the day after this decision is sent or handed to you{when}.",
        "fr": "Si vous n'êtes pas d'accord, vous pouvez introduire un recours en justice dans un délai de {within}. "
        "Ce délai commence le lendemain du jour où cette décision vous est envoyée ou remise{when}.",
        "es": "Si no está de acuerdo, puede acudir a los tribunales en un plazo de {within}. "
        "Ese plazo empieza el día siguiente a aquel en que se le envía o entrega esta decisión{when}.",
        "ar": "إن لم توافقوا فيمكنكم اللجوء إلى المحكمة خلال {within}. تبدأ هذه المهلة في اليوم التالي لإرسال هذا القرار أو تسليمه إليكم{when}.",
    },
    "none": {
        "en": "Nothing can be done against this decision.",
        "fr": "Cette décision n'est pas susceptible de recours.",
        "es": "Contra esta decisión no cabe recurso.",
        "ar": "لا يمكن فعل شيء ضد هذا القرار.",
    },
}
_WHEN = {
    "en": "; if that is today, the last day is {day}",
    "fr": " ; si c'est aujourd'hui, le dernier jour est le {day}",
    "es": "; si es hoy, el último día es el {day}",
    "ar": "؛ وإن كان ذلك اليوم فآخر يوم هو {day}",
}
_OPEN = {
    "objection": {
        "en": "You can object until the end of {day}.",
        "fr": "Vous pouvez introduire une réclamation jusqu'au {day} inclus.",
        "es": "Puede presentar un recurso hasta el final del {day}.",
        "ar": "يمكنكم الاعتراض حتى نهاية {day}.",
    },
    "appeal": {
        "en": "You can go to court until the end of {day}.",
        "fr": "Vous pouvez introduire un recours en justice jusqu'au {day} inclus.",
        "es": "Puede acudir a los tribunales hasta el final del {day}.",
        "ar": "يمكنكم اللجوء إلى المحكمة حتى نهاية {day}.",
    },
}
_OVER = {
    "en": "The last day to do something against this decision was {day}.",
    "fr": "Le dernier jour pour agir contre cette décision était le {day}.",
    "es": "El último día para actuar contra esta decisión fue el {day}.",
    "ar": "كان آخر يوم للتحرك ضد هذا القرار {day}.",
}
_NOT_YET = {
    "en": "The time in which you can do something against this decision has not begun: it has not been sent or handed to you yet.",
    "fr": "Le délai pour agir contre cette décision n'a pas commencé : elle ne vous a pas encore été envoyée ou remise.",
    "es": "El plazo para actuar contra esta decisión no ha empezado: aún no se le ha enviado ni entregado.",
    "ar": "لم تبدأ بعدُ المهلة التي يمكنكم فيها التحرك ضد هذا القرار: لم يُرسل إليكم ولم يُسلَّم بعد.",
}
_TURN = {
    "en": "Where to turn: {where}.",
    "fr": "À qui vous adresser : {where}.",
    "es": "A quién dirigirse: {where}.",
    "ar": "الجهة التي تتوجهون إليها: {where}.",
}


def until(work: Work, remedy: Remedy, *, agency: str, served_at: datetime) -> datetime | None:
    """End of the last day of a remedy (UTC) by the first calendar of the agency; None where there is none. KeyError for an agency without calendars."""
    name = work.catalogue.agencies[agency].calendars[0].id
    return ends(remedy, clocks.calendar(work, work.catalogue.hashes["calendar", f"{agency}/{name}"]), served_at)


def ends(remedy: Remedy, calendar: Calendar, served_at: datetime) -> datetime | None:
    """The same on a calendar in hand. CalendarEnds where it does not reach so far."""
    if remedy.kind == "none" or remedy.within is None:
        return None
    return due(parse_term(remedy.within, profile=remedy.profile), calendar, served_at)


def last_day(work: Work, at: datetime, agency: str) -> date:
    """The local day that ends then."""
    name = work.catalogue.agencies[agency].calendars[0].id
    return due_date(clocks.calendar(work, work.catalogue.hashes["calendar", f"{agency}/{name}"]), at)


def sentence(remedy: Remedy, language: str, *, today: date | None) -> str:
    """What a letter says of it; `today`: the last day, if the letter is served today."""
    spoken = _spoken(language)
    parts = [_SAYS[remedy.kind][spoken]]
    if remedy.kind != "none" and remedy.within:
        when = _WHEN[spoken].format(day=day_in_words(today, spoken)) if today else ""
        parts = [parts[0].format(within=span_of(remedy.within, spoken), when=when)]
    if remedy.turn_to:
        parts.append(_TURN[spoken].format(where=say(remedy.turn_to, spoken)))
    if remedy.text:
        parts.append(say(remedy.text, spoken))
    if remedy.law:
        parts.append(f"({law_in_words(remedy.law, spoken)})")
    return " ".join(parts)


def standing(row: Mapping[str, Any], language: str, *, now: datetime, day: date | None) -> str:
    """What can be done now against a decision, for its party; `day`: the last one."""
    spoken = _spoken(language)
    if row["remedy"] in (None, "none"):
        return _SAYS["none"][spoken] if row["remedy"] else ""
    if row["served_at"] is None:
        return _NOT_YET[spoken]
    if day is None:
        return ""
    says = _OVER[spoken] if now >= row["remedy_until"] else _OPEN[row["remedy"]][spoken]
    return says.format(day=day_in_words(day, spoken))


def law_in_words(law: Law, language: str) -> str:
    """`By-law, art. 9`."""
    return say(law.title, language) + (f", art. {law.article}" if law.article else "")


def _spoken(language: str) -> str:
    """The language of our own words that is nearest to it."""
    return next((one for one in SPOKEN if one == language.partition("-")[0]), "en")
