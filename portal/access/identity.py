"""From what vouches for a person to a Principal: roles become the scope the person reads in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from portal.errors import NotAllowed
from portal.unit_of_work import Principal
from portal.unit_of_work.principal import Scope

#: First role somebody has -> scope it reads in; the widest first.
SCOPES: tuple[tuple[str, Scope], ...] = (
    ("administrator", "admin"),
    ("champion", "champion"),
    ("caseworker", "staff"),
    ("triage", "staff"),
    ("duty", "staff"),
    ("citizen", "party"),
)
#: Scopes of those who work here.
STAFF: frozenset[Scope] = frozenset({"admin", "champion", "staff"})
#: A role, an agency, a team.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")


class NoRole(NotAllowed):
    """You are known, but you have no role in this portal, or work for an agency that is not named. Ask an administrator of the portal."""

    status, slug = 403, "no-role"


def is_subject(value: Any) -> bool:
    """What OpenID Connect allows: up to 255 characters of ASCII; spaces and what cannot be printed are refused besides."""
    return isinstance(value, str) and _SUBJECT.fullmatch(value) is not None


def principal(
    issuer: str,
    subject: str,
    *,
    roles: Sequence[str],
    agency: str | None,
    teams: Sequence[str] = (),
    services: Sequence[str] = (),
    name: Any = None,
    proof: tuple[str, str] | None = None,
) -> Principal:
    """Who that is. NoRole where no role of ours is among them, or that of staff comes without an agency."""
    scope = next((scope for role, scope in SCOPES if role in roles), None)
    if scope is None or (scope == "staff" and agency is None):
        raise NoRole
    called = person_name(name) if scope in STAFF else None
    return Principal(
        scope,
        f"{issuer}|{subject}",
        agencies=(agency,) if agency else (),
        teams=tuple(teams),
        roles=tuple(roles),
        services=tuple(services),
        name=called,
        proof=proof,
    )


def person_name(name: Any) -> str | None:
    """A name as a letter may be signed with; None for anything else, which is no reason to refuse."""
    return name if isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() else None
