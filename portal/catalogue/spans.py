"""How a length of time is said: `5 working days`, in every language the portal speaks, by its plural forms (CLDR)."""

from __future__ import annotations

from typing import Final

from babel import Locale

#: Language -> unit -> plural form -> words.
_UNITS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "en": {
        "business_days": {"one": "{n} working day", "other": "{n} working days"},
        "business_hours": {"one": "{n} working hour", "other": "{n} working hours"},
        "calendar_days": {"one": "{n} day", "other": "{n} days"},
        "calendar_weeks": {"one": "{n} week", "other": "{n} weeks"},
        "calendar_months": {"one": "{n} month", "other": "{n} months"},
        "calendar_hours": {"one": "{n} hour", "other": "{n} hours"},
    },
    "fr": {
        "business_days": {"one": "{n} jour ouvrable", "other": "{n} jours ouvrables"},
        "business_hours": {"one": "{n} heure ouvrable", "other": "{n} heures ouvrables"},
        "calendar_days": {"one": "{n} jour", "other": "{n} jours"},
        "calendar_weeks": {"one": "{n} semaine", "other": "{n} semaines"},
        "calendar_months": {"one": "{n} mois", "other": "{n} mois"},
        "calendar_hours": {"one": "{n} heure", "other": "{n} heures"},
    },
    "es": {
        "business_days": {"one": "{n} día hábil", "other": "{n} días hábiles"},
        "business_hours": {"one": "{n} hora hábil", "other": "{n} horas hábiles"},
        "calendar_days": {"one": "{n} día", "other": "{n} días"},
        "calendar_weeks": {"one": "{n} semana", "other": "{n} semanas"},
        "calendar_months": {"one": "{n} mes", "other": "{n} meses"},
        "calendar_hours": {"one": "{n} hora", "other": "{n} horas"},
    },
    "ar": {
        "business_days": {"one": "يوم عمل واحد", "two": "يومي عمل", "few": "{n} أيام عمل", "many": "{n} يوم عمل", "other": "{n} يوم عمل"},
        "business_hours": {"one": "ساعة عمل واحدة", "two": "ساعتي عمل", "few": "{n} ساعات عمل", "many": "{n} ساعة عمل", "other": "{n} ساعة عمل"},
        "calendar_days": {"one": "يوم واحد", "two": "يومين", "few": "{n} أيام", "many": "{n} يومًا", "other": "{n} يوم"},
        "calendar_weeks": {"one": "أسبوع واحد", "two": "أسبوعين", "few": "{n} أسابيع", "many": "{n} أسبوعًا", "other": "{n} أسبوع"},
        "calendar_months": {"one": "شهر واحد", "two": "شهرين", "few": "{n} أشهر", "many": "{n} شهرًا", "other": "{n} شهر"},
        "calendar_hours": {"one": "ساعة واحدة", "two": "ساعتين", "few": "{n} ساعات", "many": "{n} ساعة", "other": "{n} ساعة"},
    },
}


def span(number: int, unit: str, language: str) -> str:
    """So many of a unit (`business_days`, ...) in that language; in English where it is not spoken. KeyError for an unknown unit."""
    spoken = language.partition("-")[0]
    spoken = spoken if spoken in _UNITS else "en"
    forms = _UNITS[spoken][unit]
    return forms.get(Locale.parse(spoken).plural_form(number), forms["other"]).format(n=number)


def span_of(within: str, language: str) -> str:
    """The same of a term as it is written (`5 business_days`)."""
    number, _, unit = within.partition(" ")
    return span(int(number), unit, language)
