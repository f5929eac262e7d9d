"""How an outcome is decided in law: what service, journey and agency say of it, the nearest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.catalogue.definitions import Agency, Law, Outcome, Remedy, Ruling, Service, Step, Text

#: Outcomes that refuse by their name.
REFUSALS = frozenset({"refused", "rejected", "denied", "declined", "dismissed", "inadmissible", "revoked", "withdrawn-by-agency"})
_TITLES: dict[str, Text] = {
    "granted": {"en": "Granted", "fr": "Accordé", "es": "Concedido", "ar": "مقبول"},
    "granted-in-part": {"en": "Granted in part", "fr": "Accordé en partie", "es": "Concedido en parte", "ar": "مقبول جزئيًا"},
    "granted-with-conditions": {
        "en": "Granted with conditions",
        "fr": "Accordé sous conditions",
        "es": "Concedido con condiciones",
        "ar": "مقبول بشروط",
    },
    "refused": {"en": "Refused", "fr": "Refusé", "es": "Denegado", "ar": "مرفوض"},
}
_PARTLY = frozenset({"granted-in-part", "amended"})
_NOTHING = Outcome()


@dataclass(frozen=True)
class Ruled:
    """One outcome, ready to be decided."""

    outcome: str
    title: Text
    law: Law
    authority: Text | None
    mandate: Text | None
    letter: str | None
    no_letter: Text | None
    remedy: Remedy | None
    #: `all`, `part` or `nothing` of what was asked.
    gives: str
    #: Whether it needs reasons: a refusal, in whole or in part, always does.
    reasoned: bool


def said(service: Service, step: Step, agencies: Mapping[str, Agency]) -> tuple[Ruling, ...]:
    """What is said of a step, the nearest first: the service, the journey, the agency that decides."""
    agency = agencies.get(step.agency or service.agency)
    return tuple(one for one in (service.decisions.get(step.id), step.decision, agency.decision if agency else None) if one is not None)


def ruled(outcome: str, rulings: Sequence[Ruling], law: Law) -> Ruled:
    """An outcome by those rulings; `law` is the service's."""
    own = [ruling.outcomes.get(outcome, _NOTHING) for ruling in rulings]
    gives = _first(own, "gives") or ("nothing" if outcome in REFUSALS else "part" if outcome in _PARTLY else "all")
    wanted = _first(own, "reasons") or ("required" if any(ruling.reasons == "required" for ruling in rulings) else "optional")
    return Ruled(
        outcome=outcome,
        title=_first(own, "title") or _TITLES.get(outcome) or dict.fromkeys(("en", "fr"), outcome.replace("-", " ").replace("_", " ").capitalize()),
        law=_nearest(rulings, outcome, "law") or law,
        authority=_first(rulings, "authority"),
        mandate=_first(rulings, "mandate"),
        letter=None if _silent(rulings, outcome) else _nearest(rulings, outcome, "letter"),
        no_letter=_first(rulings, "no_letter"),
        remedy=_nearest(rulings, outcome, "remedy"),
        gives=gives,
        reasoned=gives != "all" or wanted == "required",
    )


def _first(some: Sequence[Any], name: str) -> Any:
    return next((value for one in some if (value := getattr(one, name)) is not None), None)


def _nearest(rulings: Sequence[Ruling], outcome: str, name: str) -> Any:
    """Of each ruling what it says of the outcome, then what it says of all; the nearest ruling goes first."""
    return next((value for ruling in rulings for part in (ruling.outcomes.get(outcome, _NOTHING), ruling) if (value := getattr(part, name)) is not None), None)


def _silent(rulings: Sequence[Ruling], outcome: str) -> bool:
    """True where the nearest that speaks of letters says that none goes out."""
    for ruling in rulings:
        if ruling.letter is not None or ruling.outcomes.get(outcome, _NOTHING).letter is not None:
            return False
        if ruling.no_letter is not None:
            return True
    return False
