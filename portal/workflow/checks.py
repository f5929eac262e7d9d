"""Rules of rooms above the catalogue that definitions must pass, whoever loads them: `load(checks=CHECKS)`."""

from __future__ import annotations

from collections.abc import Iterator

from portal.catalogue.definitions import Catalogue
from portal.catalogue.documents import Positions
from portal.catalogue.faults import Fault
from portal.catalogue.promise_rules import check_promises
from portal.standards.terms import parse_term
from portal.workflow.soundness import sound_journeys


def terms(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """Terms whose unit and way of counting have no meaning together."""
    for service in catalogue.services.values():
        for index, standard in enumerate(service.standards):
            try:
                parse_term(standard.within, profile=standard.profile)
            except ValueError as wrong:
                yield positions.fault("service", service.id, ("standards", index, "within"), str(wrong))


CHECKS = (terms, check_promises, sound_journeys)
