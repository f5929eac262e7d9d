"""`/tasks/bulk`: the same act on many tasks. Each is whole by itself and answers for itself; none is half done."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from marshmallow import fields, validate

from portal.access import grants
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.on_task import shown
from portal.api.problems import told
from portal.api.repeats import answer, repeatable
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.errors import Invalid
from portal.queues import people, worklist
from portal.queues.sharing import PRIORITIES
from portal.unit_of_work import Principal, Repeatable, Row, Work
from portal.views import entry
from portal.workflow import casework, sharing

resource = Resource("bulk", __name__, description="The same act on many tasks.")

#: Tasks at once.
MOST = 100


class Bulk(Schema):
    """What is done to which tasks: `claim`, `release`, `complete`, `hand-over` (`to`), `priority` (`priority`, `words`) or `note` (`words`)."""

    act = fields.String(required=True, validate=validate.OneOf(["claim", "release", "complete", "hand-over", "priority", "note"]))
    ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, MOST))
    to = fields.String(validate=validate.Length(1, 600))
    priority = fields.String(validate=validate.OneOf(list(PRIORITIES)))
    words = fields.String(validate=validate.Length(1, 10_000))


class BulkDone(Schema):
    """What became of one task: its new state, or the problem, as the same act alone would have told it."""

    id = fields.UUID(required=True)
    done = fields.Boolean(required=True)
    task = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    problem = fields.Dict(keys=fields.String(), required=True, allow_none=True)


class BulkTold(Schema):
    """Every task asked for, in the order asked."""

    items = fields.List(fields.Nested(BulkDone), required=True)
    done = fields.Integer(required=True)
    refused = fields.Integer(required=True)


Act = Callable[[Work, Row], None]


@resource.route("/tasks/bulk", methods=["POST"])
@allowed("task.work", headers=("Idempotency-Key",))
@resource.arguments(Bulk)
@resource.response(200, BulkTold)
def bulk(body: dict[str, Any]) -> Any:
    """Do the same to many tasks; each answers for itself, all are reported"""
    who, act = principal(), _act(body)
    request = repeatable(who, "task.bulk")
    items = [_one(who, id, act, request) for id in dict.fromkeys(body["ids"])]
    done = sum(one["done"] for one in items)
    return {"items": items, "done": done, "refused": len(items) - done}


def _one(who: Principal, id: UUID, act: Act, request: Repeatable | None) -> dict[str, Any]:
    """One unit of its own; the key of the whole, and the task, are the key of its part."""
    part = Repeatable(request.principal, f"{request.key}/{id}", sha256(request.fingerprint + id.bytes).digest()) if request else None
    try:
        with the_portal().work(who, repeatable=part) as work:
            if work.answer:
                return {"id": id, "done": True, "task": orjson.loads(work.answer.body), "problem": None}
            case_id = entry.task(work, id)["case_id"]
            work.narrow([case_id])
            grants.demand_open(work, case_id, who.subject)
            task = worklist.task_of(work, case_id, id)
            casework.demand_team(work, task)
            act(work, task)
            work.settle()
            given = answer(200, shown(task))
            work.keep(given)
        return {"id": id, "done": True, "task": orjson.loads(given.body), "problem": None}
    except Exception as error:
        # One that cannot be done, for whatever reason, neither stops nor hides the others.
        return {"id": id, "done": False, "task": None, "problem": told(error)}


def _act(body: dict[str, Any]) -> Act:
    who, name = str(principal().subject), body["act"]
    wanted = {"hand-over": ("to",), "priority": ("priority", "words"), "note": ("words",)}.get(name, ())
    if missing := [one for one in wanted if one not in body]:
        raise Invalid(errors=[{"pointer": f"/{one}", "detail": f"`{name}` needs it."} for one in missing])
    acts: dict[str, Act] = {
        "claim": lambda work, task: worklist.claim(work, task, holder=who, version=None, away=people.away(work, task["agency"])),
        "release": lambda work, task: worklist.release(work, task, holder=who, version=None),
        "complete": lambda work, task: casework.complete(work, task, version=None),
        "hand-over": lambda work, task: sharing.hand_over(work, task, to=body["to"], version=None, words=body.get("words")),
        "priority": lambda work, task: sharing.prioritise(work, task, priority=body["priority"], version=None, words=body["words"]),
        "note": lambda work, task: _note(work, task, body["words"]),
    }
    return acts[name]


def _note(work: Work, task: Row, words: str) -> None:
    casework.note(work, task, words)
