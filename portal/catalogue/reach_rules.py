"""What must hold in how an agency is reached: its adapter, what that may promise, and what is asked of it."""

from __future__ import annotations

from portal.catalogue import syntax
from portal.catalogue.batch_rules import check_batch
from portal.catalogue.definitions import Agency, Open311
from portal.catalogue.documents import Document
from portal.catalogue.faults import instead
from portal.catalogue.known import ADAPTERS

#: What a far side reached this way can be; an agency's own adapter says so itself. No more may be promised than is so.
PROMISES: dict[str, tuple[str, ...]] = {
    "staff": ("idempotent",),
    "rest": ("idempotent", "queryable", "blind"),
    "open311": ("blind",),
    "email": ("blind",),
    "batch": ("idempotent", "queryable", "blind"),
}
#: What a remote status may mean for a step.
MEANINGS = ("accepted", "refused", "done")


def check_reach(document: Document[Agency], agency: Agency) -> None:
    """Note every fault of how the agency is reached."""
    adapter, endpoint = agency.adapter, agency.endpoint
    if adapter and adapter not in ADAPTERS:
        document.note(("adapter",), f"unknown adapter `{adapter}`: {instead(adapter, ADAPTERS)}")
    elif adapter == "adapter.py" and adapter not in document.source.beside:
        document.note(("adapter",), "there is no `adapter.py` beside this file: write it, or name a shipped adapter")
    elif adapter not in ("", "staff", "adapter.py") and endpoint is None:
        example = {"email": "mailto:name@domain", "batch": "sftp://files.agency.example/exchange"}.get(adapter, "https://...")
        document.note(("adapter",), f"adapter `{adapter}` needs an address: write `endpoint: {example}`")
    elif adapter in PROMISES and agency.promise not in PROMISES[adapter]:
        document.note(("adapter",), f"adapter `{adapter}` cannot promise `{agency.promise}`: write `promise: {PROMISES[adapter][0]}`")
    bad = syntax.bad_address(endpoint) if endpoint else None
    if bad:
        document.note(("endpoint",), bad)
    _asked(document, agency)
    _sections(document, agency)
    if agency.oauth:
        bad = syntax.bad_address(agency.oauth.token_endpoint) if agency.oauth.token_endpoint else None
        if bad:
            document.note(("oauth", "token_endpoint"), bad)
    if not 1 <= agency.at_once <= 64:
        document.note(("at_once",), "write how many calls may be under way at this agency, from 1 to 64")


def _asked(document: Document[Agency], agency: Agency) -> None:
    if agency.asks is None:
        if agency.adapter == "open311":
            document.note(("adapter",), "an Open311 server does not call back: write `asks: {after_minutes: 60, tell_after: 48}`, how often it is asked")
        return
    for name, most in (("after_minutes", 40_320), ("tell_after", 1_000)):
        if not 1 <= getattr(agency.asks, name) <= most:
            document.note(("asks", name), f"write a whole number from 1 to {most}")


def _sections(document: Document[Agency], agency: Agency) -> None:
    """What is said below an adapter's name is said of that adapter, and what it needs is there."""
    for name, section in (("open311", agency.open311), ("mail", agency.mail), ("batch", agency.batch)):
        wanted = "email" if name == "mail" else name
        if section is not None and agency.adapter != wanted:
            document.note((name,), f"`{name}` is for the adapter `{wanted}`, and this agency has `{agency.adapter}`: leave it out, or change the adapter")
        elif section is None and agency.adapter == wanted:
            document.note(("adapter",), f"adapter `{wanted}` needs `{name}:` (services/README.md shows one)")
    if agency.open311:
        _open311(document, agency.open311)
    if agency.batch:
        check_batch(document, agency)
    for index, address in enumerate(agency.mail.senders if agency.mail else ()):
        if "@" not in address.strip("@"):
            document.note(("mail", "senders", index), f"`{address}` is no e-mail address: write `name@domain`")


def _open311(document: Document[Agency], section: Open311) -> None:
    for status, meaning in section.statuses.items():
        if meaning not in MEANINGS:
            document.note(("open311", "statuses", status), f"`{meaning}` is no meaning: {instead(meaning, MEANINGS)}")
    if not section.codes:
        document.note(("open311", "codes"), "no service has a code: write `SERVICE: CODE` or `SERVICE/STEP: CODE`")
