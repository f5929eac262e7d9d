"""Who asks: from the headers of a request to a Principal."""

from __future__ import annotations

import re
from typing import Any

from flask import Request

from portal.api.refusals import BadToken
from portal.api.standing import standing
from portal.api.tokens import Tokens
from portal.errors import NotAllowed
from portal.unit_of_work import ANONYMOUS, Portal, Principal
from portal.unit_of_work.principal import Scope

#: First role a token carries -> scope it reads in; the widest first.
SCOPES: tuple[tuple[str, Scope], ...] = (
    ("administrator", "admin"),
    ("champion", "champion"),
    ("caseworker", "staff"),
    ("triage", "staff"),
    ("duty", "staff"),
    ("citizen", "party"),
)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")


def tokens_of(portal: Portal) -> Tokens:
    """The tokens this portal takes."""
    settings = portal.settings
    return Tokens(settings.token_issuer, settings.token_audience, settings.token_keys)


def principal_of(request: Request, portal: Portal, tokens: Tokens, reference: str | None = None) -> Principal:
    """Who sends the request: by `Authorization: Bearer` (BadToken where it is not valid), else ANONYMOUS.

    Where the address names a case (`reference`), what the asker can prove of it is added: by `Case-Secret`, or by standing on the case.
    """
    header = request.headers.get("Authorization")
    who = ANONYMOUS if header is None else from_claims(tokens.claims(_bearer(header)))
    if reference is None or who.scope not in ("anonymous", "party"):
        return who
    return standing(portal, who, reference, request.headers.get("Case-Secret"))


def from_claims(claims: dict[str, Any]) -> Principal:
    """The principal of a checked token; BadToken for claims of the wrong shape, NotAllowed where no role of ours is among them."""
    roles, teams = _names(claims.get("roles")), _names(claims.get("teams"))
    agency = claims.get("agency")
    if not _SUBJECT.fullmatch(claims["sub"]) or (agency is not None and not (isinstance(agency, str) and _NAME.fullmatch(agency))):
        raise BadToken
    scope = next((scope for role, scope in SCOPES if role in roles), None)
    if scope is None or (scope == "staff" and agency is None):
        raise NotAllowed("Your token carries no role of this portal, or that of staff without an agency.")
    name = _person(claims.get("name")) if scope == "staff" else None
    return Principal(scope, f"{claims['iss']}|{claims['sub']}", agencies=(agency,) if agency else (), teams=teams, roles=roles, name=name)


def _person(name: Any) -> str | None:
    """A name as a letter may be signed with; None for anything else, which is no reason to refuse."""
    return name if isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() else None


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise BadToken("Send `Authorization: Bearer` with an access token.")
    return token.strip()


def _names(claim: Any) -> tuple[str, ...]:
    if claim is None:
        return ()
    if not isinstance(claim, list) or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in claim):
        raise BadToken
    return tuple(claim)
