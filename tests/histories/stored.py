"""What a stored history is, and how one is written: a real case on a real database, its events, and how its runs stood after each unit of work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from portal.catalogue.definitions import Catalogue
from portal.catalogue.load import load
from portal.catalogue.sources import installed
from portal.db import connect
from portal.events import log
from portal.events.types import TYPES
from portal.reactions import REACTIONS
from portal.runs import ledger, moves
from portal.runs.tables import journey_runs
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.unit_of_work import ENGINE, Portal
from portal.workflow.checks import CHECKS

FOLDER = Path(__file__).parent
SECRET = "a secret of the tests, long enough to be one"
#: Types of event the ledgers of runs and their moves record.
RUNS = frozenset(name for name in TYPES if any(f'"{name}"' in Path(one.__file__).read_text("utf-8") for one in (ledger, moves)))
#: What of an event a run can depend on.
KEPT = ("seq", "type", "step", "data")


class Told:
    """A case under way, and the states its runs came to."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.case_id = UUID(int=0)
        self.stands: list[dict[str, Any]] = []

    def stand(self) -> None:
        """Notes how the runs stand, after a unit of work."""
        with self.portal.work(ENGINE) as work:
            work.narrow([self.case_id])
            rows = work.rows(journey_runs, self.case_id)
            seq = work._heads[self.case_id]["seq"]
            self.stands.append({"after": seq, "runs": {str(row["id"]): row["state"] for row in rows}})

    def events(self) -> list[dict[str, Any]]:
        """All that is recorded of runs."""
        with self.portal.work(ENGINE) as work:
            work.narrow([self.case_id])
            rows = work.run(log.history(self.case_id, limit=10_000).execution_options(visible=True))
        return [{name: row[name] for name in KEPT} for row in rows if row["type"] in RUNS]


Script = Callable[[Told], None]


def write(place: Path, version: str, script: Script, url: str, catalogue: Catalogue | None = None) -> None:
    """Plays the case and writes what is left of it."""
    engine = connect(url)
    portal = Portal(engine, catalogue or content(), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
    told = Told(portal)
    script(told)
    lines = [f' "{name}": [\n' + ",\n".join("  " + json.dumps(one, sort_keys=True) for one in rows) + "\n ]" for name, rows in _rows(told)]
    place.write_text("{\n" + f' "made_by": {json.dumps(version)},\n' + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    engine.dispose()


def _rows(told: Told) -> list[tuple[str, list[dict[str, Any]]]]:
    return [("events", told.events()), ("stands", told.stands)]


def content() -> Catalogue:
    """What ships, and the tests' own definitions beside it."""
    return load(installed(), directories=[FOLDER / "content"], resolve_calendar=resolve, checks=CHECKS)


def read(place: Path) -> dict[str, Any]:
    """A stored history: `made_by`, `events`, `stands`."""
    found: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return found
