"""Names of facts about people that several services ask for: what was said under one of them once need not be asked again (`fact:` of a field)."""

from __future__ import annotations

from portal.catalogue.definitions import Field
from portal.catalogue.faults import instead

_WORDS = ("text", "long-text")
_PLACE = ("address", *_WORDS)
_NUMBER = ("integer", "decimal")

#: Name -> kinds of field it fits. The names follow the Core Person, Core Location and Core Business vocabularies (SEMIC, 2.1), as far as services ask for them.
FACTS: dict[str, tuple[str, ...]] = {
    "full-name": _WORDS,
    "given-name": _WORDS,
    "family-name": _WORDS,
    "birth-name": _WORDS,
    "date-of-birth": ("date",),
    "place-of-birth": _PLACE,
    "country-of-birth": ("text", "choice"),
    "nationality": ("text", "choice", "choices"),
    "gender": ("text", "choice"),
    "civil-status": ("text", "choice"),
    "person-number": ("text",),
    "language": ("text", "choice"),
    "email": ("email",),
    "phone": ("phone",),
    "home-address": _PLACE,
    "previous-address": _PLACE,
    "postal-address": _PLACE,
    "moving-date": ("date",),
    "household-size": _NUMBER,
    "housing": ("text", "choice"),
    "monthly-income": _NUMBER,
    "yearly-income": _NUMBER,
    "employment": ("text", "choice"),
    "self-employed": ("boolean",),
    "bank-account": ("text",),
    "disability-badge": ("boolean",),
    "number-plate": ("text",),
    "vehicle-class": ("choice",),
    "company-name": _WORDS,
    "company-number": ("text",),
    "company-address": _PLACE,
    "company-activity": ("text", "long-text", "choice"),
}


def bad_fact(field: Field) -> str | None:
    """What is wrong with the fact a field says it is; None where all is well, or it says none."""
    if field.fact is None:
        return None
    fits = FACTS.get(field.fact)
    if fits is None:
        return f"there is no fact `{field.fact[:80]}`: {instead(field.fact, FACTS)}"
    if field.type and field.type not in fits:
        return f"`{field.fact}` is no {field.type}: give the field the type `{'` or `'.join(fits)}`, or leave `fact` out"
    return None
