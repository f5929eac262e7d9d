"""A request of a machine, taken once for ever: the same source and id of theirs is the same case, whenever it comes again."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from hmac import new as hmac_new
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from portal.cases import registry
from portal.db import new_id
from portal.intake.receive import Received, Submission, receive
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Row, Work
from portal.vault import items


def id_of(portal: Portal, source: str | None, external_id: str | None) -> UUID:
    """The id of the case: it follows from source and id, so that whoever comes second finds the first without a search."""
    if source is None or external_id is None:
        return new_id()
    return _under(portal.settings.secret_keys[0], source, external_id)


def _under(key: str, source: str, external_id: str) -> UUID:
    digest = hmac_new(key.encode(), b"case of\x00" + source.encode() + b"\x00" + external_id.encode("utf-8", "replace"), sha256).digest()
    return UUID(bytes=digest[:16], version=5)


def open_once(
    portal: Portal, given: Submission, *, media_url: str | None = None, beside: Callable[[Work, Row], None] | None = None
) -> tuple[Row, Received | None]:
    """The case, and what was received where this was the first time. Raises what `receive` raises. `beside`: more for the same unit."""
    case_id = id_of(portal, given.source, given.external_id)
    try:
        with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
            received = receive(work, given, case_id=case_id)
            if media_url:
                items.put(work, case_id, "media", {"url": media_url})
            if beside:
                beside(work, received.case)
            work.settle()
        return received.case, received
    except UniqueViolation:
        if given.external_id is None:
            raise
    # It may have come while another key was in use: source and id are unique for ever, whatever the key.
    ids = [_under(key, str(given.source), given.external_id) for key in portal.settings.secret_keys]
    with portal.work(ENGINE) as work:
        work.narrow(ids)
        first = next((id for id in ids if work.holds(id)), case_id)
        return registry.case_of(work, first), None


def offered(portal: Portal, channel: str) -> dict[str, Any]:
    """Services that name a channel, by id; the one that finds doors is none."""
    return {id: service for id, service in portal.catalogue.services.items() if channel in service.channels and not service.triage}
