"""What everybody is told at once when there is danger: the number that helps, before anything is queued."""

from __future__ import annotations

from portal.catalogue.definitions import Catalogue

_SAYS = {
    "en": "If anyone is in danger, call {number} now. A duty person has also been alerted.",
    "fr": "Si quelqu'un est en danger, appelez le {number} maintenant. Une personne de garde a aussi été alertée.",
}
#: Where no agency names another: the European emergency number (Directive (EU) 2018/1972, Article 109).
EVERYWHERE = "112"


def emergency(catalogue: Catalogue, agency: str, language: str) -> dict[str, str]:
    """Number and sentence, in the party's language."""
    holder = catalogue.agencies.get(agency)
    number = (holder and holder.emergency) or catalogue.agencies[catalogue.triage.agency].emergency or EVERYWHERE
    return {"number": number, "says": _SAYS.get(language.partition("-")[0], _SAYS["en"]).format(number=number)}
