"""What everybody is told at once when there is danger: the number that helps, before anything is queued."""

from __future__ import annotations

from portal.catalogue.definitions import Catalogue

_CALL = {
    "en": "If anyone is in danger, call {number} now.",
    "fr": "Si quelqu'un est en danger, appelez le {number} maintenant.",
    "es": "Si alguien está en peligro, llame ahora al {number}.",
    "ar": "إذا كان أي شخص في خطر، فاتصل بالرقم {number} الآن.",
}
#: Only of what was sent: before that, nobody of ours knows.
_ALERTED = {
    "en": "A duty person has also been alerted.",
    "fr": "Une personne de garde a aussi été alertée.",
    "es": "También se ha avisado a una persona de guardia.",
    "ar": "وقد أُبلغ أيضًا الشخص المناوب.",
}
#: Where no agency names another: the European emergency number (Directive (EU) 2018/1972, Article 109).
EVERYWHERE = "112"


def emergency(catalogue: Catalogue, agency: str, language: str, *, alerted: bool = True) -> dict[str, str]:
    """Number and sentence, in the party's language. `alerted`: the case is ours already, so a duty person is being paged."""
    holder = catalogue.agencies.get(agency)
    number = (holder and holder.emergency) or catalogue.agencies[catalogue.triage.agency].emergency or EVERYWHERE
    tongue = language.partition("-")[0]
    call, told = _CALL.get(tongue, _CALL["en"]).format(number=number), _ALERTED.get(tongue, _ALERTED["en"])
    return {"number": number, "says": f"{call} {told}" if alerted else call}
