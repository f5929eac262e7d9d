"""What every door of a task does: read it as the caseworker, change it with its case's head locked, show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields

from portal.access import grants
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.versions import etag, if_match
from portal.queues import worklist
from portal.queues.sharing import PRIORITIES
from portal.unit_of_work import Row, Work
from portal.views import entry
from portal.views.worklist import PRIORITY
from portal.workflow import casework

#: What may be to be done.
KINDS = (
    "step", "triage", "parked", "unheard", "reply", "consequence", "decision", "wait", "letter", "undo", "fee", "refund", "contradiction", "stray",
    "referral", "word", "returned", "unreached",
)  # fmt: skip
#: Headers of every write on a task.
WRITES = ("Idempotency-Key", "If-Match")


class TaskShown(Schema):
    """A task."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    kind = fields.String(
        required=True,
        metadata={"enum": list(KINDS)},
    )
    step = fields.String(required=True)
    item = fields.Integer(required=True, allow_none=True, metadata={"description": "Of a step done for each item of a list: which, from 1."})
    service = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    queue = fields.String(required=True)
    team = fields.String(required=True)
    status = fields.String(required=True)
    holder = fields.String(required=True, allow_none=True)
    held_until = fields.DateTime(required=True, allow_none=True)
    due_at = fields.DateTime(required=True)
    turn = fields.Integer(required=True, metadata={"description": "0: an answer has come; 1: in its turn; 2: the party, or another door, was asked."})
    asked_until = fields.DateTime(required=True, allow_none=True, metadata={"description": "The party was asked and has until then to reply."})
    priority = fields.String(required=True, metadata={"enum": list(PRIORITIES)})
    queued_at = fields.DateTime(required=True)
    version = fields.Integer(required=True)


SHOWN = tuple(TaskShown._declared_fields)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A task's row as it is told."""
    return {name: PRIORITY[row[name]] if name == "priority" else row[name] for name in SHOWN}


class CheckShown(Schema):
    """An entry of a task's checklist."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    required = fields.Boolean(required=True, metadata={"description": "The task is not finished without it."})
    ticked = fields.Boolean(required=True)
    by = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True, allow_none=True)


class TaskGuided(TaskShown):
    """A task, and what its step says to who does it."""

    title = fields.String(required=True, allow_none=True)
    guidance = fields.String(required=True, allow_none=True, metadata={"description": "How it is done, as its journey says."})
    checklist = fields.List(fields.Nested(CheckShown), required=True)
    outcomes = fields.List(fields.String(), required=True, metadata={"description": "What `complete` may send as `outcome`; none: nothing is sent."})


def act_on(id: UUID, action: str, act: Callable[[Work, Row, int | None], dict[str, Any] | None]) -> Response:
    """One change of a task: read as the caseworker, then written with the case's head locked. What `act` returns is told beside the task."""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        case_id = entry.task(work, id)["case_id"]
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        grants.demand_open(work, case_id, who.subject)
        task = worklist.task_of(work, case_id, id)
        casework.demand_team(work, task)
        more = act(work, task, if_match())
        work.settle()
        given = answer(200, shown(task) | (more or {}))
        work.keep(given)
    return respond(given, headers={"ETag": etag(task["version"])})


def holder() -> str:
    """Who asks, as a task's holder."""
    return str(principal().subject)
