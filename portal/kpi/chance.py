"""The chance that a running case will miss its date: refitted from the facts by a job, told of one case, listed for all that run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from portal.errors import Invalid, NotFound
from portal.kpi.calibration import Estimate, fit, follow
from portal.kpi.chance_model import Life, Model, version
from portal.kpi.populations import ALL_REAL
from portal.unit_of_work import FIGURES, Portal, Work

#: What fell due so long before the fit weighs nothing, and no more cases than this are read, those due last.
_HISTORY, _MOST = timedelta(days=400), 60_000
#: Models older than this are dropped; until then what was told by them can be told again.
_KEPT = timedelta(days=100)

_COLUMNS = "service, agency, channel, extract(epoch FROM received_at)::float8, extract(epoch FROM due_at)::float8, extract(epoch FROM closed_at)::float8"
_LIVES = f"""SELECT {_COLUMNS} FROM case_facts WHERE jurisdiction = %s AND origin = ANY(%s) AND received_at < due_at AND received_at <= %s AND due_at > %s
ORDER BY due_at DESC, case_id LIMIT %s"""
_RUNNING = f"""SELECT case_id, due_at, {_COLUMNS} FROM case_facts
WHERE jurisdiction = %s AND origin = ANY(%s) AND received_at <= %s AND due_at > %s AND (closed_at IS NULL OR closed_at > %s)"""
_JURISDICTIONS = "SELECT DISTINCT jurisdiction FROM case_facts WHERE origin = ANY(%s) AND due_at IS NOT NULL ORDER BY 1"
_KEEP = """INSERT INTO chance_models (jurisdiction, version, as_of, made_at, parameters) VALUES (%s, %s, %s, %s, %s::jsonb)
ON CONFLICT (jurisdiction, version) DO NOTHING"""
_DROP = "DELETE FROM chance_models WHERE jurisdiction = %s AND made_at < %s AND version <> %s"
_NEWEST = "SELECT version FROM chance_models WHERE jurisdiction = %s AND as_of <= %s ORDER BY as_of DESC, made_at DESC LIMIT 1"
_PARAMETERS = "SELECT parameters::text FROM chance_models WHERE jurisdiction = %s AND version = %s"
#: Models this process has read, by version; a version names its parameters, so none of them grows old.
_READ: dict[str, Model] = {}
_READ_MOST = 50


@dataclass(frozen=True, slots=True)
class Chance:
    """What is told of a case that runs: chance 0..1, and the version of the model it was told by."""

    chance: float
    model: str


@dataclass(frozen=True, slots=True)
class Threatened:
    """A running case that may miss its date."""

    case_id: UUID
    due_at: datetime
    chance: float
    model: str


def refit(portal: Portal, *, until: datetime | None = None) -> dict[str, str]:
    """Fits and stores a model for each jurisdiction with history enough, of what was known at `until` (by default now); versions by jurisdiction."""
    made: dict[str, str] = {}
    with portal.work(FIGURES) as work:
        as_of = until or work.now
        for (jurisdiction,) in work.sql(_JURISDICTIONS, (list(ALL_REAL),)):
            if found := fitted(work, jurisdiction, as_of):
                made[jurisdiction] = keep(work, jurisdiction, found[1])
    return made


def refit_daily(portal: Portal) -> dict[str, str]:
    """The same where no model was made within a day; for a job that may come any number of times."""
    with portal.work(FIGURES) as work:
        (newest,) = work.sql("SELECT max(made_at) FROM chance_models")[0]
        if newest is not None and work.now - newest < timedelta(days=1):
            return {}
    return refit(portal)


def fitted(work: Work, jurisdiction: str, at: datetime) -> tuple[str, Model] | None:
    """Version and model of what was known at that instant; None where too little was."""
    model = fit(lives(work, jurisdiction, at), at.timestamp())
    return (version(model.written()), model) if model else None


def only_jurisdiction(portal: Portal) -> str:
    """The one that has cases with a date; NotFound where there is none, Invalid where there are several."""
    with portal.work(FIGURES) as work:
        names = [name for (name,) in work.sql(_JURISDICTIONS, (list(ALL_REAL),))]
    if not names:
        raise NotFound("No case has a date yet.")
    if len(names) > 1:
        raise Invalid(f"Name a jurisdiction: {', '.join(names)}.")
    return str(names[0])


def keep(work: Work, jurisdiction: str, model: Model) -> str:
    """Stores a model; returns its version. The same parameters are stored once."""
    work.seen.clear()
    written = model.written()
    name = version(written)
    work.sql(_KEEP, (jurisdiction, name, datetime.fromtimestamp(model.as_of, UTC), work.now, orjson.dumps(written).decode()))
    work.sql(_DROP, (jurisdiction, work.now - _KEPT, name))
    return name


def check(work: Work, jurisdiction: str, model: Model, *, since: datetime, to: datetime) -> list[Estimate]:
    """What the model would have told of cases received from `since` on and due by `to`, beside what became of them. It learns on the way."""
    fitted = datetime.fromtimestamp(model.as_of, UTC)
    return list(follow(model, lives(work, jurisdiction, to, after=fitted), since.timestamp(), to.timestamp()))


def lives(work: Work, jurisdiction: str, at: datetime, *, after: datetime | None = None) -> list[Life]:
    """Cases with a date, received by `at` and due after `after`, in a unit of the figures. By default what a fit at `at` needs: those due last."""
    found = work.sql(_LIVES, (jurisdiction, list(ALL_REAL), at, after or at - _HISTORY, _MOST if after is None else None))
    return [_life(*row) for row in found]


def of(work: Work, facts: Mapping[str, Any], now: datetime) -> float | None:
    """Chance, 0..1, that a case will miss its date; None where it does not run, has no date or is past it, and without a model. See `told`."""
    found = told(work, facts, now)
    return found.chance if found else None


def told(work: Work, facts: Mapping[str, Any], now: datetime) -> Chance | None:
    """The same, with the model's version; as any principal may read it.

    `facts`: `jurisdiction`, `service`, `agency`, `channel`, `received_at`, `due_at` and `closed_at` of the case, instants aware.
    """
    if facts["due_at"] is None:
        return None
    closed_at = facts["closed_at"].timestamp() if facts["closed_at"] else None
    life = _life(facts["service"], facts["agency"], facts["channel"], facts["received_at"].timestamp(), facts["due_at"].timestamp(), closed_at)
    found = _newest(work, facts["jurisdiction"], now) if life.open_at(now.timestamp()) else None
    return Chance(found[1].chance(life, now.timestamp()), found[0]) if found else None


def threatened(portal: Portal, jurisdiction: str, *, at_least: float, now: datetime | None = None) -> list[Threatened]:
    """Cases that run and have that chance or a greater one of missing their date, however early in their term; the greatest first."""
    with portal.work(FIGURES) as work:
        return sorted(_threatened(work, jurisdiction, at_least, now or work.now), key=lambda one: (-one.chance, one.due_at, one.case_id))


def _threatened(work: Work, jurisdiction: str, at_least: float, now: datetime) -> Iterator[Threatened]:
    found = _newest(work, jurisdiction, now)
    if found is None:
        return
    name, model = found
    for case_id, due_at, *row in work.sql(_RUNNING, (jurisdiction, list(ALL_REAL), now, now, now)):
        chance = model.chance(_life(*row), now.timestamp())
        if chance >= at_least:
            yield Threatened(case_id, due_at, chance, name)


def _newest(work: Work, jurisdiction: str, now: datetime) -> tuple[str, Model] | None:
    """The newest model that knows nothing of what came after `now`."""
    asked = (_NEWEST, jurisdiction, now)
    if asked not in work.seen:
        work.seen[asked] = work.sql(_NEWEST, asked[1:])
    rows: Sequence[tuple[Any, ...]] = work.seen[asked]
    if not rows:
        return None
    name = rows[0][0]
    if name not in _READ:
        if len(_READ) >= _READ_MOST:
            _READ.clear()
        _READ[name] = Model.read(orjson.loads(work.sql(_PARAMETERS, (jurisdiction, name))[0][0]))
    return name, _READ[name]


def _life(service: str | None, agency: str, channel: str, begun_at: float, due_at: float, closed_at: float | None) -> Life:
    return Life(service or "", agency, channel, begun_at, due_at, closed_at)
