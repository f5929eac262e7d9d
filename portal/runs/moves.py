"""The ledger of moves: what was asked for and how far it is, and runs that go on by another version. The only writer of table `moves`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from portal.errors import NotFound
from portal.runs.ledger import step_run, step_run_id
from portal.unit_of_work import Row, Work

Status = Literal["proposed", "running", "done", "undoing", "undone"]

_NAMES = (
    "id", "journey", "from_hashes", "to_hash", "service", "mapping", "mapping_hash", "most", "status", "after", "passed", "held", "moved", "undone",
    "stays", "asked_by", "confirmed_by", "undone_by", "asked_at", "ended_at",
)  # fmt: skip
_ONE = f"SELECT {', '.join(_NAMES)} FROM moves WHERE id = %s"
_ADD = """INSERT INTO moves (id, journey, from_hashes, to_hash, service, mapping, mapping_hash, most, status, passed, held, moved, undone, stays, asked_by,
asked_at, next_at) VALUES (%(id)s, %(journey)s, %(from_hashes)s, %(to_hash)s, %(service)s, %(mapping)s, %(mapping_hash)s, %(most)s, %(status)s, false, '{}', 0,
0, %(stays)s, %(asked_by)s, %(asked_at)s, %(next_at)s)"""
_NOTE = """UPDATE moves SET status = %(status)s, after = %(after)s, passed = %(passed)s, held = %(held)s, moved = %(moved)s, undone = %(undone)s,
stays = %(stays)s, next_at = %(next_at)s, ended_at = %(ended_at)s WHERE id = %(id)s"""
_DUE = "SELECT id FROM moves WHERE next_at <= %s ORDER BY next_at LIMIT 1"

#: Cases on one of the versions, whatever became of them since; history that was replayed keeps its own.
_FROM = """FROM journey_runs j JOIN case_heads h USING (case_id)
WHERE j.status = 'running' AND j.journey = %(journey)s AND j.definition_hash = ANY(%(from_hashes)s) AND h.origin <> 'replay'
AND (%(service)s::text IS NULL OR EXISTS (SELECT FROM cases c WHERE c.case_id = j.case_id AND c.service = %(service)s))"""
_BACK = "FROM journey_runs j WHERE j.move_id = %(id)s"
_PAGE = "AND j.case_id > %(after)s ORDER BY 1 LIMIT %(limit)s"
_FIRST = UUID(int=0)
#: Cases that stay are named up to so many; all are counted.
NAMED = 100


@dataclass(frozen=True)
class Move:
    """One move, as stored."""

    id: UUID
    journey: str
    from_hashes: tuple[str, ...]
    to_hash: str
    service: str | None
    #: A mapping (portal/catalogue/mapping.py) as JSON.
    mapping: Mapping[str, Any]
    mapping_hash: str
    most: int | None
    status: Status
    after: UUID | None
    passed: bool
    held: tuple[UUID, ...]
    moved: int
    undone: int
    #: `whys`: why cases stay -> how many; `first`: `[case, why]` of some of them.
    stays: Mapping[str, Any]
    asked_by: str
    confirmed_by: str | None
    undone_by: str | None
    asked_at: datetime
    ended_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether there are batches to do."""
        return self.status in ("running", "undoing")


def propose(work: Work, move: Move, *, next_at: datetime | None) -> None:
    """Writes down a move; its first batch is due at `next_at`, None: when it is confirmed."""
    values = {name: getattr(move, name) for name in _NAMES}
    more = {"mapping": _json(move.mapping), "stays": _json(move.stays), "from_hashes": list(move.from_hashes), "next_at": next_at}
    work.sql(_ADD, values | more)


def one(work: Work, id: UUID, *, held: bool = False) -> Move:
    """A move; with `held` nobody else goes on with it in the meantime. NotFound where there is none."""
    found = work.sql(_ONE + (" FOR UPDATE" if held else ""), (id,))
    if not found:
        raise NotFound("There is no move of that number.")
    return _move(found[0])


def _move(row: tuple[Any, ...]) -> Move:
    values = dict(zip(_NAMES, row, strict=True))
    return Move(**values | {"from_hashes": tuple(values["from_hashes"]), "held": tuple(values["held"])})


def latest(work: Work, limit: int) -> list[Move]:
    """The moves asked for last, the newest first, in a unit opened as a champion."""
    found = work.sql(f"SELECT {', '.join(_NAMES)} FROM moves ORDER BY asked_at DESC, id DESC LIMIT %s", (limit,))
    return [_move(row) for row in found]


def due(work: Work) -> UUID | None:
    """The move whose next batch is due."""
    found = work.sql(_DUE, (work.now,))
    return found[0][0] if found else None


def confirm(work: Work, id: UUID, *, by: str) -> None:
    """Lets a proposed move begin."""
    work.sql("UPDATE moves SET status = 'running', confirmed_by = %s, next_at = %s WHERE id = %s", (by, work.now, id))


def turn_back(work: Work, id: UUID, *, by: str) -> None:
    """From here on its cases go back, wherever it had got to."""
    values = {"by": by, "at": work.now, "stays": _json(NOBODY), "id": id}
    work.sql(
        "UPDATE moves SET status = 'undoing', undone_by = %(by)s, next_at = %(at)s, ended_at = NULL, after = NULL, passed = false, held = '{}', "
        "stays = %(stays)s WHERE id = %(id)s",
        values,
    )


def note(work: Work, move: Move, *, next_at: datetime | None) -> None:
    """Writes down how far it is."""
    values = {name: getattr(move, name) for name in ("id", "status", "after", "passed", "moved", "undone", "ended_at")}
    work.sql(_NOTE, values | {"held": list(move.held), "stays": _json(move.stays), "next_at": next_at})


def page(work: Work, move: Move, limit: int) -> list[UUID]:
    """The next cases to look at, by id, in a unit opened as a champion."""
    values = {"id": move.id, "journey": move.journey, "from_hashes": list(move.from_hashes), "service": move.service, "after": move.after or _FIRST}
    which = _BACK if move.status in ("undoing", "undone") else _FROM
    return [id for (id,) in work.sql(f"SELECT DISTINCT j.case_id {which} {_PAGE}", values | {"limit": limit})]


def waiting(work: Work, move: Move) -> int:
    """How many cases are on the versions it moves from, in a unit opened as a champion."""
    values = {"journey": move.journey, "from_hashes": list(move.from_hashes), "service": move.service}
    return int(work.sql(f"SELECT count(DISTINCT j.case_id) {_FROM}", values)[0][0])


NOBODY: dict[str, Any] = {"whys": {}, "first": []}


def with_stays(stays: Mapping[str, Any], more: Sequence[tuple[UUID, str]]) -> dict[str, Any]:
    """Counts more cases that stay where they are."""
    whys, first = dict(stays["whys"]), list(stays["first"])
    for case_id, why in more:
        whys[why] = whys.get(why, 0) + 1
        if len(first) < NAMED:
            first.append([str(case_id), why])
    return {"whys": whys, "first": first}


# ---------------------------------------------------------------------- runs


def go_over(
    work: Work, run: Row, move: Move, *, state: Mapping[str, Any], steps: Mapping[int, tuple[str, str]], pins: dict[str, str] | None, **told: Any
) -> None:
    """The run stands in the newer version; `steps`: number of a step run under way -> step and kind there. `CaseMoved`."""
    before, was = run["state"], {}
    for number, (step, kind) in steps.items():
        row = step_run(work, run["case_id"], step_run_id(run["id"], number))
        was[str(row["id"])] = [row["step"], row["kind"], step, kind]
        work.change(row, step=step, kind=kind)
    data = {"journey": move.journey, "move": str(move.id), "from_hash": run["definition_hash"], "to_hash": move.to_hash, "mapping_hash": move.mapping_hash}
    own = {"service_hash": told["service_hash"]} if run["service_hash"] else {}
    told |= {"pins_from": run["pins"], "pins": pins} if run["pins"] != pins else {}
    work.change(run, definition_hash=move.to_hash, state=dict(state), move_id=move.id, pins=pins, **own)
    work.record(
        run["case_id"], "CaseMoved", actor=f"staff:{move.asked_by}", run=str(run["id"]), before=dict(before), state=dict(state), steps=was, **data, **told
    )


def go_back(work: Work, run: Row, move: Move, told: Mapping[str, Any]) -> None:
    """The run stands where it stood; `told` is the data of its `CaseMoved`. `MoveUndone`."""
    for id, (old, kind, _, _) in told["steps"].items():
        work.change(step_run(work, run["case_id"], UUID(id)), step=old, kind=kind)
    state = run["state"]
    own = {"service_hash": told["service_from"]} if run["service_hash"] else {}
    own |= {"pins": told["pins_from"]} if "pins_from" in told else {}
    work.change(run, definition_hash=told["from_hash"], state=told["before"], move_id=None, **own)
    work.record(
        run["case_id"],
        "MoveUndone",
        actor=f"staff:{move.undone_by}",
        run=str(run["id"]),
        journey=move.journey,
        move=str(move.id),
        from_hash=told["to_hash"],
        to_hash=told["from_hash"],
        before=state,
        state=told["before"],
        steps={id: [new, new_kind, old, kind] for id, (old, kind, new, new_kind) in told["steps"].items()},
        service_hash=told["service_from"],
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
