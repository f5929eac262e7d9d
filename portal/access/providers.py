"""Who may vouch for people: the OpenID providers of the file SIGN_IN names (TOML), read once and refused whole where something in it is wrong."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from portal.access.identity import NAME
from portal.settings import Settings

#: Signatures that may be allowed: asymmetric only, so that no public key can pass for a secret.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"})
_ROLES = {"citizen", "caseworker", "triage", "duty", "champion", "administrator"}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")


class BadProviders(ValueError):
    """The file of SIGN_IN cannot be taken."""


class Claims(BaseModel):
    """Which claims say what; `name.inner` looks inside an object. Empty: the provider does not say it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: str = ""
    agency: str = ""
    teams: str = ""
    services: str = ""
    name: str = "name"


class Provider(BaseModel):
    """One provider, as an operator describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="Stands in addresses")
    title: dict[str, str] = Field(description="Its name, by language")
    serves: Literal["citizens", "staff", "all"] = Field(description="Whom it vouches for")
    issuer: str = Field(description="Its `iss`, exactly")
    discovery: str = Field(default="", description="Address of its metadata; absent: ISSUER/.well-known/openid-configuration")
    client_id: str
    client_secret: SecretStr = SecretStr("")
    client_auth: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_basic"
    scopes: tuple[str, ...] = ("openid", "profile")
    algorithms: tuple[str, ...] = Field(default=("RS256", "PS256", "ES256", "EdDSA", "Ed25519"), description="Signatures that are taken")
    acr: tuple[str, ...] = Field(default=(), description="Any of these is enough for staff")
    amr: tuple[str, ...] = Field(default=(), description="So is any of these")
    citizen_acr: tuple[str, ...] = Field(default=(), description="One of these is demanded of citizens; absent: none is")
    claims: Claims = Claims()
    roles: dict[str, str] = Field(default={}, description="What the provider calls a role -> ours")
    agencies: dict[str, str] = Field(default={}, description="What it calls an agency -> ours; absent: as it says")
    default_roles: tuple[str, ...] = Field(default=(), description="Roles of those it says none of: `citizen`, or nothing")
    userinfo: bool = Field(default=False, description="Claims are fetched from its userinfo endpoint too")

    @field_validator("id")
    @classmethod
    def _short(cls, value: str) -> str:
        if not _ID.fullmatch(value):
            raise ValueError("use small letters, digits and hyphens, at most 40, a letter first")
        return value

    @field_validator("issuer")
    @classmethod
    def _one_name(cls, value: str) -> str:
        return _issuer(value)

    @field_validator("algorithms")
    @classmethod
    def _asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= ALGORITHMS:
            raise ValueError(f"choose from {', '.join(sorted(ALGORITHMS))}")
        return value

    @field_validator("scopes")
    @classmethod
    def _openid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("`openid` is to be among them")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.serves != "citizens" and not (self.acr or self.amr):
            raise ValueError("who vouches for staff says how they signed in: name the `acr` or the `amr` you demand")
        if self.client_auth != "none" and not self.client_secret.get_secret_value():
            raise ValueError('write `client_secret`, or `client_auth = "none"` for a public client')
        if bad := {*self.roles.values(), *self.default_roles} - _ROLES:
            raise ValueError(f"no such roles here: {', '.join(sorted(bad))}")
        if set(self.default_roles) - {"citizen"}:
            raise ValueError("only `citizen` may be given to everybody")
        if bad := {name for name in self.agencies.values() if not NAME.fullmatch(name)}:
            raise ValueError(f"no names of agencies: {', '.join(sorted(bad))}")
        return self

    @cached_property
    def metadata(self) -> str:
        """Where its metadata is found."""
        return self.discovery or f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"


class Issuer(BaseModel):
    """Who issues bearer tokens (RFC 9068) beside TOKEN_ISSUER: to people, or to machines by client credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(description="Its `iss`, exactly")
    audience: str = Field(default="onedoor", description="`aud` its tokens must have")
    keys: str = Field(default="", description="File with its public keys (JWK Set)")
    jwks: str = Field(default="", description="Or the address they are found at, by https")
    roles: tuple[str, ...] = Field(description="Roles it may give; others in its tokens are passed over")

    @field_validator("issuer")
    @classmethod
    def _one_name(cls, value: str) -> str:
        return _issuer(value)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.keys) == bool(self.jwks):
            raise ValueError("write either `keys` or `jwks`")
        address = urlsplit(self.jwks)
        if self.jwks and address.scheme != "https" and address.hostname not in _LOOPBACK:
            raise ValueError("its keys must be fetched by https")
        if bad := set(self.roles) - _ROLES:
            raise ValueError(f"no such roles here: {', '.join(sorted(bad))}")
        return self


def _issuer(value: str) -> str:
    if not value or "|" in value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("write the issuer as it is in its tokens, without spaces or bars")
    return value


def issuers(settings: Settings) -> list[Issuer]:
    """Issuers of bearer tokens the file of SIGN_IN names; BadProviders says what is wrong."""
    found: list[Issuer] = []
    for number, one in enumerate(_file(settings).get("issuer", []), start=1):
        try:
            found.append(Issuer.model_validate(one))
        except ValidationError as error:
            raise BadProviders(f"SIGN_IN: {settings.sign_in}: issuer {number}: {_first(error)}") from None
    if len({one.issuer for one in found} | {settings.token_issuer}) <= len(found):
        raise BadProviders(f"SIGN_IN: {settings.sign_in}: each issuer once, and none that is TOKEN_ISSUER")
    return found


def _file(settings: Settings) -> dict[str, Any]:
    if not settings.sign_in:
        return {}
    place = Path(settings.sign_in)
    try:
        read = tomllib.loads(place.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadProviders(f"SIGN_IN: {place}: {error}") from None
    if set(read) - {"provider", "issuer"} or not all(isinstance(some, list) for some in read.values()):
        raise BadProviders(f"SIGN_IN: {place}: write one [[provider]] or [[issuer]] table for each, and nothing else")
    return read


def providers(settings: Settings) -> dict[str, Provider]:
    """The providers by id, in the order of the file; none where SIGN_IN is not set. BadProviders names what is wrong."""
    read, place = _file(settings), settings.sign_in
    found: dict[str, Provider] = {}
    for number, one in enumerate(read.get("provider", []), start=1):
        provider = _read(one, f"SIGN_IN: {place}: provider {number}")
        demand_safe(provider, f"SIGN_IN: {place}: provider {number}", open_ways=settings.mode != "production")
        if provider.id in found or provider.issuer in {other.issuer for other in found.values()}:
            raise BadProviders(f"SIGN_IN: {place}: provider {number}: id and issuer must be its own")
        found[provider.id] = provider
    return found


def demand_safe(provider: Provider, where: str, *, open_ways: bool) -> None:
    """BadProviders where what it says could be changed on the way: plain http is for this machine alone, and not in production."""
    address = urlsplit(provider.metadata)
    if address.scheme == "https" or (open_ways and address.scheme == "http" and address.hostname in _LOOPBACK):
        return
    raise BadProviders(f"{where}: its metadata must be fetched by https")


def _read(one: object, where: str) -> Provider:
    try:
        return Provider.model_validate(one)
    except ValidationError as error:
        raise BadProviders(f"{where}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"{name + ': ' if name else ''}{first['msg'].removeprefix('Value error, ')}"
