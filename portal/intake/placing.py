"""Whose a request is by its place: of the doors that do the same, the one whose area it lies in; where nobody can be sure, both are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.catalogue.areas import Placed, responsible
from portal.catalogue.definitions import Catalogue, Service


def place(catalogue: Catalogue, service: Service, location: Mapping[str, Any], answers: Mapping[str, Any]) -> Placed:
    """The door of a request for that service; the service itself where no other does the same, or nothing is known of the place."""
    doors = [service, *(catalogue.services[id] for id in service.elsewhere if id in catalogue.services)]
    if len(doors) == 1:
        return Placed(service.id)
    known = [(one.id, catalogue.areas.get(("service", one.id)) or catalogue.areas.get(("agency", one.agency))) for one in doors]
    lat, long = location.get("lat"), location.get("long")
    point = (float(long), float(lat)) if lat is not None and long is not None else None
    asked = next((field.id for field in service.fields if field.type == "address"), None)
    address = location.get("address") or (answers.get(asked) if asked else None)
    return responsible(known, point=point, address=address if isinstance(address, str) else None)
