"""Published versions of a journey, and the cases under way on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.access.identity import STAFF
from portal.catalogue.definitions import Journey
from portal.catalogue.versions import SHOWN, chosen, versions
from portal.unit_of_work import Work

#: Steps under way stand in the state of the run (portal/workflow/runner.py): one scan of the runs that run, whatever else was ever done.
_STANDING = "SELECT definition_hash, state -> 'a', count(*) FROM journey_runs r WHERE status = 'running' AND journey = %(journey)s{open} GROUP BY 1, 2"
#: For people, what is sealed to others is not there.
_OPEN = """ AND NOT EXISTS (SELECT FROM case_seals s WHERE s.case_id = r.case_id AND s.until IS NULL
AND NOT EXISTS (SELECT FROM case_named n WHERE n.case_id = s.case_id AND n.subject = %(who)s AND n.until IS NULL))"""


@dataclass(frozen=True)
class Version:
    """One published content. `number` is its author's; `running` and `steps` are None and empty where nobody counted."""

    hash: str
    number: str
    #: None: it stands in the files only.
    published_at: datetime | None
    #: The one new cases begin on.
    present: bool
    running: int | None = None
    #: Step id -> cases under way there.
    steps: Mapping[str, int] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """As people are shown it."""
        return self.hash[:SHOWN]


def published(work: Work, journey: str, *, counted: bool) -> list[Version]:
    """All versions, the oldest first, the one in the files among them; `counted`: with the cases the unit's principal may see.

    One grouped statement beside the list of versions, however many cases there are.
    """
    present, definition = work.catalogue.hashes.get(("journey", journey)), work.catalogue.journeys.get(journey)
    found = [(row["hash"], str(row["body"]["version"]), row["published_at"]) for row in work.run(versions("journey", id=journey))]
    if present and definition and present not in {hash for hash, *_ in found}:
        found.append((present, str(definition.version), None))
    running, steps = _standing(work, journey) if counted else (Counter[str](), {})
    return [Version(hash, number, at, hash == present, running[hash] if counted else None, steps.get(hash, {})) for hash, number, at in found]


def live(work: Work, journey: str) -> dict[str, Counter[str]]:
    """Hash -> step -> cases under way there, as far as the unit's principal may see them."""
    return _standing(work, journey)[1]


def _standing(work: Work, journey: str) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Hash -> runs, and hash -> step -> how many stand there."""
    running, steps = Counter[str](), dict[str, Counter[str]]()
    who = work.principal
    statement = _STANDING.format(open=_OPEN if who.scope in STAFF else "")
    for hash, active, number in work.sql(statement, {"journey": journey, "who": who.subject}):
        running[hash] += number
        for step in active.values():
            steps.setdefault(hash, Counter())[step] += number
    return running, steps


def of(known: Sequence[Version], asked: str) -> list[Version]:
    """Those of that number, or the one whose hash begins so; NotFound where there is none."""
    hashes = chosen(((one.hash, one.number) for one in known), asked)
    return [one for one in known if one.hash in hashes]


def definition(work: Work, version: Version) -> Journey:
    """That version as it was published."""
    found: Journey = work.portal.pinned(work, version.hash)
    return found
