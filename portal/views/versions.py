"""Published versions of a journey, and the cases under way on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.catalogue.definitions import Journey
from portal.catalogue.versions import SHOWN, chosen, versions
from portal.unit_of_work import Work

_LIVE = """SELECT j.definition_hash, s.step, count(*) FROM step_runs s JOIN journey_runs j ON j.case_id = s.case_id AND j.id = s.run_id
WHERE s.status = 'begun' AND j.journey = %(journey)s GROUP BY 1, 2"""
_RUNNING = "SELECT definition_hash, count(*) FROM journey_runs WHERE status = 'running' AND journey = %(journey)s GROUP BY 1"


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

    Two grouped statements, however many cases there are.
    """
    present, definition = work.catalogue.hashes.get(("journey", journey)), work.catalogue.journeys.get(journey)
    found = [(row["hash"], str(row["body"]["version"]), row["published_at"]) for row in work.run(versions("journey", id=journey))]
    if present and definition and present not in {hash for hash, *_ in found}:
        found.append((present, str(definition.version), None))
    running = dict(work.sql(_RUNNING, {"journey": journey})) if counted else {}
    steps = live(work, journey) if counted else {}
    return [Version(hash, number, at, hash == present, int(running.get(hash, 0)) if counted else None, steps.get(hash, {})) for hash, number, at in found]


def live(work: Work, journey: str) -> dict[str, Counter[str]]:
    """Hash -> step -> cases under way there, as far as the unit's principal may see them."""
    found: dict[str, Counter[str]] = {}
    for hash, step, number in work.sql(_LIVE, {"journey": journey}):
        found.setdefault(hash, Counter())[step] = int(number)
    return found


def of(known: Sequence[Version], asked: str) -> list[Version]:
    """Those of that number, or the one whose hash begins so; NotFound where there is none."""
    hashes = chosen(((one.hash, one.number) for one in known), asked)
    return [one for one in known if one.hash in hashes]


def definition(work: Work, version: Version) -> Journey:
    """That version as it was published."""
    found: Journey = work.portal.pinned(work, version.hash)
    return found
