"""What must hold in where agencies and services are: files that can be read, and doors elsewhere that are of others."""

from __future__ import annotations

from portal.catalogue import areas
from portal.catalogue.definitions import Agency, Service
from portal.catalogue.documents import Document
from portal.catalogue.faults import instead
from portal.catalogue.known import Known
from portal.catalogue.sources import Source

ENDING = ".geojson"


def check_agency_area(document: Document[Agency], known: Known) -> None:
    """Faults of an agency's area; what can be read is kept."""
    if document.value is not None and document.value.area:
        _read(document, document.source, document.value.area, known, ("agency", document.value.id))


def check_service_area(document: Document[Service], known: Known) -> None:
    """Faults of a service's area, and of the doors that do the same elsewhere."""
    service = document.value
    if service is None:
        return
    agency = known.agencies.get(service.agency)
    if service.area and agency is not None:
        _read(document, agency.source, service.area, known, ("service", service.id))
    for index, other in enumerate(service.elsewhere):
        one = known.services.get(other)
        if other and other not in known.names["service"]:
            document.note(("elsewhere", index), f"there is no service `{other}`: {instead(other, known.names['service'])}")
        elif one is not None and one.value is not None and one.value.agency == service.agency:
            document.note(("elsewhere", index), f"`{other}` is of this agency too: name services of other agencies, or leave it out")
    if service.elsewhere and service.life_event:
        document.note(("elsewhere",), "a life event has parts of several agencies already: write `elsewhere` in them, not here")


def _read(document: Document[Agency] | Document[Service], beside: Source, name: str, known: Known, key: tuple[str, str]) -> None:
    if not name.endswith(ENDING):
        document.note(("area",), f"`{name[:80]}` is no GeoJSON file: write a name that ends in `{ENDING}`")
        return
    try:
        raw = beside.read(name)
    except FileNotFoundError:
        near = instead(name, {one for one in beside.beside if one.endswith(ENDING)})
        document.note(("area",), f"there is no `{name[:80]}` in the agency's folder: {near}")
        return
    area, faults = areas.read(beside.shown(name), raw)
    document.faults += faults
    if area is not None:
        known.areas[key] = area
