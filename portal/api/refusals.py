"""Refusals a door makes itself, before any verb is called; every one documented under /docs/problems."""

from __future__ import annotations

from collections.abc import Iterator

from portal.errors import NotFound, NotSignedIn, Refusal, TooLarge, TooMany, Unavailable


class BadAddress(Refusal):
    """The address or its query cannot be read: it must be UTF-8, without control characters, and name each parameter once."""

    status, slug = 400, "bad-address"


class BadHeader(Refusal):
    """A header cannot be read. Its form is described in the API documentation."""

    status, slug = 400, "bad-header"


class BadJson(Refusal):
    """The body is not JSON this portal takes. It must be one UTF-8 JSON text (RFC 8259) of reasonable depth, each name once in an object."""

    status, slug = 400, "bad-json"


class TooDeep(Refusal):
    """The request is nested too deeply to be read."""

    status, slug = 400, "too-deep"


class BadToken(NotSignedIn):
    """The bearer token is not valid here: forged, expired, or made for somebody else. Sign in again."""

    status, slug = 401, "bad-token"


class WrongMethod(Refusal):
    """This address does not know that method. The header Allow lists those it knows."""

    status, slug = 405, "wrong-method"


class NotAcceptable(Refusal):
    """This address has no answer in the form asked for."""

    status, slug = 406, "not-acceptable"


class WrongContentType(Refusal):
    """Send the body as application/json in UTF-8."""

    status, slug = 415, "wrong-content-type"


class OurFault(Refusal):
    """Something went wrong inside the portal. It has been recorded under the number in `instance`; name it when you ask about this."""

    status, slug = 500, "our-fault"


#: HTTP status of an error Flask or Werkzeug found -> the refusal that tells of it.
BY_STATUS: dict[int, type[Refusal]] = {
    400: Refusal,
    404: NotFound,
    405: WrongMethod,
    406: NotAcceptable,
    413: TooLarge,
    414: BadAddress,
    415: WrongContentType,
    429: TooMany,
    431: BadHeader,
    500: OurFault,
    503: Unavailable,
}


def known() -> dict[str, type[Refusal]]:
    """Every refusal of the portal by slug; LookupError where two share one."""
    found: dict[str, type[Refusal]] = {}
    for one in _all(Refusal):
        if one.__module__.startswith("portal.") and found.setdefault(one.slug, one) is not one:
            raise LookupError(f"{one.__name__} and {found[one.slug].__name__} share the slug {one.slug!r}: give one of them its own")
    return dict(sorted(found.items()))


def title(slug: str) -> str:
    """A slug as a short title."""
    return slug.replace("-", " ").capitalize()


def _all(one: type[Refusal]) -> Iterator[type[Refusal]]:
    yield one
    for below in one.__subclasses__():
        yield from _all(below)
