"""The journeys of real requests: who took it in looks at it, and as often as word comes that somebody else is needed, they have it, beside what is under way.

One shape for every city: the agencies, and who follows on whom, are read from the requests themselves. It is made of what the language has: work, ways at
once, waits for an event, the first way whose condition holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from portal.catalogue.definitions import Catalogue
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from tests.definitions.small_city import write
from tests.requests.timeline import Stretch, Timeline

NONE = "nobody"
DOORS = {"phone": "phone", "web": "web", "open311": "open311", "email": "email"}


def slug(text: str) -> str:
    """An id: small letters, digits and single hyphens, a letter first."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower().replace("ä", "a").replace("ö", "o"))
    return "-".join(["x", *plain.split()] if not plain.strip() or plain.strip()[0].isdigit() else plain.split())[:50].strip("-")


def who(stretch: Stretch) -> str:
    """What the case says of who is needed next."""
    return f"{slug(stretch.agency)[:30].strip('-')}-{slug(stretch.does)[:28].strip('-')}"


def town(folder: Path, requests: Iterable[Timeline]) -> Catalogue:
    """Definitions for these requests, checked as any others."""
    requests = list(requests)
    files: dict[str, str] = {}
    for agency in {stretch.agency for one in requests for stretch in one.stretches}:
        files[f"services/{slug(agency)}/agency.yaml"] = _yaml(_agency(agency))
    for service in {one.service for one in requests}:
        some = [one for one in requests if one.service == service]
        files[f"services/{slug(some[0].stretches[0].agency)}/{slug(service)}.yaml"] = _yaml(_service(service, some))
        files[f"journeys/{slug(service)}.yaml"] = _yaml(_journey(service, some))
    write(folder, files)
    return load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)


def hops(requests: Iterable[Timeline]) -> list[dict[str, Stretch]]:
    """Who was needed first after the one who took it in, second, and so on, in any of the requests."""
    found: list[dict[str, Stretch]] = []
    for one in requests:
        for place, stretch in enumerate(one.stretches[1:]):
            found += [{}] if place == len(found) else []
            found[place][who(stretch)] = stretch
    return found


def _yaml(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, indent=1)


def _text(text: str) -> dict[str, str]:
    return {"en": text, "fr": text}


def _agency(name: str) -> dict[str, Any]:
    always = {"id": "always", "zone": "UTC", "always": True}
    desk = {"id": "desk", "title": _text("Desk"), "team": "desk"}
    return {"id": slug(name), "title": _text(name), "jurisdiction": "replayed", "currency": "EUR", "calendars": [always], "queues": [desk]}


def _service(name: str, some: list[Timeline]) -> dict[str, Any]:
    others = sorted({one for hop in hops(some) for one in hop} | {NONE})
    standard = {"id": "ended", "title": _text("Two years"), "kind": "promise", "within": "24 calendar_months", "calendar": "always"}
    steps = ["look", *(f"{one}-{place}" for place, hop in enumerate(hops(some), 1) for one in hop)]
    return {
        "id": slug(name),
        "version": 1,
        "agency": slug(some[0].stretches[0].agency),
        "title": _text(name),
        "summary": _text(name),
        "journey": slug(name),
        "channels": sorted(DOORS.values()),
        "law": {"title": _text("By-law")},
        "standards": [standard],
        "costs": dict.fromkeys(steps, 1),
        "fields": [
            {
                "id": "needed",
                "type": "choice",
                "title": _text("Who is needed now"),
                "options": [{"id": one, "title": _text(one)} for one in others + ([] if len(others) > 1 else ["somebody"])],
            }
        ],
    }


def _journey(name: str, some: list[Timeline]) -> dict[str, Any]:
    places = hops(some)
    looking = {"id": "look", "kind": "work", "title": _text("Look at it")}
    steps = [{"id": "begin", "kind": "join", "needs": 1, "title": _text("Begin"), "next": ["look", "more-1"]}, looking]
    for place, hop in enumerate([*places, {}], 1):
        steps += _hop(place, hop, last=place > len(places))
    return {"id": slug(name), "version": 1, "title": _text(name), "start": "begin", "steps": steps}


def _hop(place: int, hop: dict[str, Stretch], *, last: bool) -> list[dict[str, Any]]:
    """Word that somebody is needed, or that nobody is any more; then they have it, and the next word is waited for."""
    wait = {"id": f"more-{place}", "kind": "wait", "event": f"needed-{place}", "title": _text("Who else?"), "reason": _text("Whether somebody else is needed")}
    if last:
        return [wait]
    ways = [{"when": f'answers.needed == "{one}"', "to": f"{one}-{place}"} for one in hop]
    routed = {"id": f"to-{place}", "kind": "join", "needs": 1, "title": _text("To whom"), "next": [*ways, {"to": "end"}]}
    work = [{"id": f"{one}-{place}", "kind": "work", "agency": slug(stretch.agency), "title": _text(stretch.does)} for one, stretch in hop.items()]
    return [{**wait, "next": [f"to-{place}", f"more-{place + 1}"]}, routed, *work]
