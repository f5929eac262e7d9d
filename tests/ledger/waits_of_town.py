"""A small town with a service that waits: for a day, for a while, for word from somebody."""

from __future__ import annotations

MOOT = """\
id: moot
version: 1
agency: hall
title: {en: Street party, fr: Fête de rue}
summary: {en: Close a street., fr: Fermer une rue.}
journey: JOURNEY
channels: [web]
law:
  title: {en: Street law, fr: Loi des rues}
standards:
  - id: answered
    title: {en: In a month, fr: En un mois}
    kind: promise
    within: 1 calendar_months
    calendar: office
costs:
  look: 100
fields:
  - id: day
    type: date
    title: {en: Day, fr: Jour}
"""

#: Journey -> what its first step says.
WAITS = {
    "day": "until: {field: day, minus: 5 business_days}",
    "while": "lasts: 2 calendar_weeks",
    "word": "event: street-free",
    "word-in-time": "event: street-free\n    within: 3 calendar_days",
}


def journey(id: str, wait: str, after: str = "look") -> str:
    """A journey that waits first, then has somebody look."""
    return f"""\
id: {id}
version: 1
title: {{en: Party, fr: Fête}}
start: hold
steps:
  - id: hold
    kind: wait
    title: {{en: Hold, fr: Attendre}}
    reason: {{en: the street is looked at shortly before, fr: la rue est vue peu avant}}
    {wait}
    next: {after}
  - id: look
    kind: work
    title: {{en: Look, fr: Voir}}
"""


def later(which: str) -> dict[str, str]:
    """Files of the town in which the service `moot` waits in that way after somebody has looked."""
    files = changes(which)
    name = f"journeys/waits-{which}.yaml"
    hold, look = "  - id: hold", "  - id: look"
    first, _, rest = files[name].partition(hold)
    held, _, looked = rest.partition(look)
    text = first.replace("start: hold", "start: look") + look + looked + "    next: hold\n" + hold + held.replace("next: look", "next: end")
    return files | {name: text}


def changes(which: str) -> dict[str, str]:
    """Files of the town in which the service `moot` waits in that way."""
    after = "{happened: look, lapsed: end}" if which == "word-in-time" else "look"
    return {
        "services/hall/moot.yaml": MOOT.replace("JOURNEY", f"waits-{which}"),
        f"journeys/waits-{which}.yaml": journey(f"waits-{which}", WAITS[which], after),
    }
