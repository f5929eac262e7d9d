"""Pages of the development sign-in: plain, and plainly not the real thing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from flask import Response

from portal.local.people import Person

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:1rem auto;padding:0 1rem}"
    "button{font:inherit;margin:.2rem 0;padding:.5rem .8rem;min-height:2.75rem}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def people_page(everybody: Iterable[Person]) -> Response:
    """Whom one may be."""
    groups = {"Citizens": [], "Staff": [], "Champions and administrators": []}  # type: dict[str, list[Person]]
    for one in everybody:
        groups["Citizens" if "citizen" in one.roles else "Staff" if one.agency else "Champions and administrators"].append(one)
    lists = "".join(f"<h2>{title}</h2><p>{' '.join(map(_button, some))}</p>" for title, some in groups.items() if some)
    return _page(
        "Development sign-in",
        "<p>No passwords: choose who to be. This sign-in exists on one machine only.</p>"
        '<form method="post"><p><label><input type="checkbox" name="weak" value="yes"> by password alone, as somebody without a second proof</label></p>'
        f'{lists}<p><button name="cancel" value="yes">Do not sign in</button></p></form>',
    )


def signed_out_page() -> Response:
    """Where nobody said where to go on."""
    return _page("Signed out", "<p>You are signed out of the development sign-in.</p>")


def _button(one: Person) -> str:
    says = f"{escape(one.name)} <small>({escape(', '.join(one.roles))})</small>"
    return f'<button name="person" value="{escape(one.id)}">{says}</button>'


def _page(title: str, body: str) -> Response:
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
    page += f"<style>{_STYLE}</style><main><h1>{title}</h1>{body}</main></html>"
    return Response(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}, mimetype="text/html")
