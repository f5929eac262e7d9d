"""ETag and If-Match (RFC 9110): the entity tag of a case is the version of its head."""

from __future__ import annotations

import re

from flask import Response, request

from portal.api.refusals import BadHeader
from portal.errors import Stale

_TAG = re.compile(r'"(\d{1,18})"')


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def if_match() -> int | None:
    """The version the request is made against; None where it names none, or any (`*`). A weak tag never matches: Stale."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    if header.strip().startswith("W/"):
        raise Stale
    found = _TAG.fullmatch(header.strip())
    if found is None:
        raise BadHeader('If-Match is the ETag the resource came with, for example "7".')
    return int(found[1])


def demand_version(version: int) -> None:
    """Stale where the request is made against another version than this."""
    wanted = if_match()
    if wanted is not None and wanted != version:
        raise Stale


def unchanged(version: int) -> Response | None:
    """304 where If-None-Match names this version; None where the answer has to be made."""
    if etag(version) in (one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")):
        return Response(status=304, headers={"ETag": etag(version)})
    return None
