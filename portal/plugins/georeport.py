"""Documents of GeoReport v2 (Open311) in both forms: XML as the specification shows it, JSON as its Spark mapping makes it of that XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from portal.plugins.xml import escaped

FORMATS = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
#: Container -> name of each element inside it; in JSON a container is always an array.
INSIDE = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
    "notes": "note",
}


def written(root: str, value: Any, form: str) -> bytes:
    """A document. `value`: a list for a container, else a mapping. Codes and ids are text, `None` is an empty element or null."""
    if form == "json":
        return orjson.dumps(value)
    parts: list[str] = ['<?xml version="1.0" encoding="utf-8"?>\n']
    _element(root, value, parts)
    return "".join(parts).encode()


def _element(name: str, value: Any, into: list[str]) -> None:
    """Appends what is written, piece by piece: a list of 1,000 requests has 18,000 elements."""
    if value is None or value == "" or value == []:
        into.append(f"<{name}/>")
    elif isinstance(value, str):
        into.append(f"<{name}>{escaped(value)}</{name}>")
    elif isinstance(value, Mapping | list):
        into.append(f"<{name}>")
        for key, one in value.items() if isinstance(value, Mapping) else ((INSIDE.get(name, "item"), one) for one in value):
            _element(key, one, into)
        into.append(f"</{name}>")
    else:
        into.append(f"<{name}>{str(value).lower()}</{name}>")
