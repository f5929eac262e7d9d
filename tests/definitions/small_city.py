"""A complete, faultless set of definitions, small enough to plant faults in."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "services/hall/agency.yaml": """\
id: hall
title: {en: Town Hall, fr: Mairie}
jurisdiction: smallville
currency: EUR
calendars:
  - id: office
    zone: Europe/Brussels
    country: BE
    weekly:
      mon: [09:00-12:00, 13:00-17:00]
      tue: [09:00-17:00]
    special:
      2026-12-24: [09:00-12:00]
    closed: [2026-11-02]
queues:
  - id: desk
    title: {en: Desk, fr: Guichet}
    team: desk
duty:
  - name: Ann Duty
    email: ann@hall.example
people:
  - {role: team-lead, name: Bea Lead, email: bea@hall.example}
emergency: "112"
danger_words:
  en: [gas leak]
decision:
  letter: told
  authority: {en: the Mayor, fr: la Maire}
  remedy:
    kind: appeal
    within: 6 calendar_weeks
    law: {title: {en: Code, fr: Code}, article: "7"}
""",
    "services/hall/letters/told.yaml": """\
id: told
version: 1
subject: {en: "Your request {{ reference }}", fr: "Votre demande {{ reference }}"}
paragraphs:
  - {en: "We decided: {{ outcome }}.", fr: "Nous avons décidé : {{ outcome }}."}
  - {en: "{{ reasons }}", fr: "{{ reasons }}"}
  - {en: "{{ remedy }}", fr: "{{ remedy }}"}
""",
    "services/hall/front-door.yaml": """\
id: front-door
version: 1
agency: hall
title: {en: Any request, fr: Toute demande}
summary: {en: We find the door., fr: Nous trouvons la porte.}
journey: simple
triage: true
channels: [web]
law:
  title: {en: By-law, fr: Règlement}
standards:
  - id: found
    title: {en: Found in a day, fr: Trouvé en un jour}
    kind: promise
    within: 1 business_days
costs:
  look: 100
  judge: 50
""",
    "services/hall/tree.yaml": """\
id: tree
version: 2
agency: hall
title: {en: Tree permit, fr: Permis d'arbre}
summary: {en: Fell a tree., fr: Abattre un arbre.}
journey: long
channels: [web, counter]
law:
  title: {en: Tree law, fr: Loi des arbres}
  article: "1"
standards:
  - id: decided
    title: {en: In a month, fr: En un mois}
    kind: law
    within: 1 calendar_months
    profile: eu-1182-71
    calendar: office
    warn_at: [0.5, 0.8]
costs:
  look: 100
  tell: 10
  judge: 50
fields:
  - id: girth
    type: integer
    required: true
    title: {en: Girth, fr: Circonférence}
    minimum: 1
    maximum: 900
  - id: why
    type: choice
    title: {en: Why, fr: Pourquoi}
    options:
      - id: sick
        title: {en: Sick, fr: Malade}
      - id: light
        title: {en: Light, fr: Lumière}
fee:
  amount: 500
  currency: EUR
synonyms:
  en: [cut tree]
""",
    "journeys/simple.yaml": """\
id: simple
version: 1
title: {en: Simple, fr: Simple}
start: look
steps:
  - id: look
    kind: work
    title: {en: Look, fr: Voir}
    queue: desk
    next: judge
  - id: judge
    kind: decide
    title: {en: Judge, fr: Juger}
    outcomes: [yes, no]
    next: {yes: end, no: end}
""",
    "journeys/long.yaml": """\
id: long
version: 1
title: {en: Long, fr: Long}
start: look
steps:
  - id: look
    kind: work
    title: {en: Look, fr: Voir}
    agency: hall
    queue: desk
    next:
      - when: answers.girth > 100
        to: split
      - to: judge
  - id: split
    kind: join
    title: {en: Split, fr: Diviser}
    needs: 1
    next: [tell, both]
  - id: tell
    kind: send
    title: {en: Tell, fr: Dire}
    action: tell
    next: both
  - id: both
    kind: join
    title: {en: Both, fr: Les deux}
    next: judge
  - id: judge
    kind: decide
    title: {en: Judge, fr: Juger}
    outcomes: [granted, refused]
    next:
      granted: end
      refused: end
""",
}

#: Stands where a fault is expected; it is taken out before the file is written.
HERE = "§"


def write(folder: Path, changes: dict[str, str] | None = None) -> None:
    """Write the city into a folder, some files changed or added."""
    for name, text in (FILES | (changes or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(HERE, ""), encoding="utf-8")


def plant(name: str, old: str, new: str) -> str:
    """The text of that file with the one `old` in it replaced."""
    assert FILES[name].count(old) == 1, f"{old!r} stands {FILES[name].count(old)} times in {name}"
    return FILES[name].replace(old, new)


def marked(text: str) -> tuple[int, int]:
    """Line and column, from 1, of the mark."""
    before = text[: text.index(HERE)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
