"""Headers of every answer: what a browser may do with it, who may keep it, and the number of the request."""

from __future__ import annotations

from flask import Flask, Response

from portal.api.problems import correlation

#: Pages load from our own address only; nobody frames them.
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Anything else loads nothing, even where a browser is made to show it.
OTHER = "default-src 'none'; frame-ancestors 'none'"

ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
#: Two years, RFC 6797.
HSTS = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")


def install(app: Flask, *, secure: bool) -> None:
    """Puts them on every answer. An answer that says nothing else is not stored anywhere, and no other site shows it."""
    always = [*ALWAYS, HSTS] if secure else list(ALWAYS)

    @app.after_request
    def dress(response: Response) -> Response:
        headers = response.headers
        if "Content-Security-Policy" not in headers:
            headers.add("Content-Security-Policy", PAGE if response.mimetype == "text/html" else OTHER)
        if "Cache-Control" not in headers:
            headers.add("Cache-Control", "no-store")
        headers.add("X-Request-Id", correlation())
        headers.extend(one for one in always if one[0] not in headers)
        return response
