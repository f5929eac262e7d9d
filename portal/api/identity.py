"""Who asks: from the headers of a request to a Principal."""

from __future__ import annotations

from typing import Any

from flask import Request, g

from portal.access import identity
from portal.access.identity import NAME, NoRole
from portal.access.providers import issuers
from portal.access.remembered import Remembered
from portal.api.refusals import BadToken
from portal.api.standing import standing
from portal.api.tokens import Issuers, Tokens
from portal.errors import NotAllowed
from portal.unit_of_work import ANONYMOUS, EVERY, Portal, Principal


def tokens_of(portal: Portal) -> Issuers:
    """The tokens this portal takes. BadProviders where SIGN_IN cannot be read."""
    settings = portal.settings
    return Issuers(Tokens(settings.token_issuer, settings.token_audience, settings.token_keys), issuers(settings))


def principal_of(request: Request, portal: Portal, tokens: Issuers, remembered: Remembered, reference: str | None = None) -> Principal:
    """Who sends the request: by `Authorization: Bearer` (BadToken where it is not valid), else ANONYMOUS.

    Where the address names a case (`reference`), what the asker can prove of it is added: by `Case-Secret`, or by standing on the case.
    """
    header = request.headers.get("Authorization")
    who = ANONYMOUS if header is None else remembered.known(g.pop("asking", None) or from_claims(tokens.claims(_bearer(header))))
    if reference is None or who.scope not in ("anonymous", "party"):
        return who
    return standing(portal, who, reference, request.headers.get("Case-Secret"), sender=g.get("sender", ""))


def from_claims(claims: dict[str, Any]) -> Principal:
    """The principal of a checked token; BadToken for claims of the wrong shape, NotAllowed where no role of ours is among them."""
    roles, teams, services = _names(claims.get("roles")), _names(claims.get("teams")), _services(claims.get("services"))
    agency = claims.get("agency")
    if not identity.is_subject(claims["sub"]) or (agency is not None and not (isinstance(agency, str) and NAME.fullmatch(agency))):
        raise BadToken
    try:
        return identity.principal(claims["iss"], claims["sub"], roles=roles, agency=agency, teams=teams, services=services, name=claims.get("name"))
    except NoRole:
        raise NotAllowed("Your token carries no role of this portal, or that of staff without an agency.") from None


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise BadToken("Send `Authorization: Bearer` with an access token.")
    return token.strip()


def _services(claim: Any) -> tuple[str, ...]:
    """Services a champion answers for; EVERY says all."""
    return (EVERY,) if claim == [EVERY] else _names(claim)


def _names(claim: Any) -> tuple[str, ...]:
    if claim is None:
        return ()
    if not isinstance(claim, list) or not all(isinstance(one, str) and NAME.fullmatch(one) for one in claim):
        raise BadToken
    return tuple(claim)
