"""What people who share a worklist do: take the next one, the same to many, views they keep, who is away, what the team has to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Response, redirect, request

from portal.errors import Invalid, Refusal
from portal.pages import acting, history, speech
from portal.pages.desk import words
from portal.pages.desk.task import hand
from portal.pages.opening import page, principal, show, the_portal
from portal.queues import people, worklist
from portal.queues.sharing import PRIORITIES
from portal.unit_of_work import Answer, Repeatable, Row, Work
from portal.views import entry, worklist_figures
from portal.views import worklist as worklists
from portal.workflow import casework, desks
from portal.workflow import sharing as verbs

pages = Blueprint("desk_sharing_pages", __name__, url_prefix="/desk")

#: Tasks at once, as over the API.
MOST = 100
Act = Callable[[Work, Row], Any]


@pages.route("/next", methods=["POST"])
@page("task.work")
def claim_next() -> Response:
    """Gives me the most urgent task I can do"""
    queue, found = request.form.get("queue", "") or None, ""
    try:
        with the_portal().work(principal(), repeatable=acting.once("task.claim-next", request.path)) as work:
            if work.answer is None:
                task = verbs.claim_next(work, principal(), queue=queue)
                found = str(task["id"]) if task else ""
                work.settle()
                work.keep(Answer(303, found.encode()))
            else:
                found = work.answer.body.decode()
    except verbs.Full:
        return _to("/desk?done=full")
    return _to(f"/desk/tasks/{found}?done=claim" if found else "/desk?done=none")


@pages.route("/bulk", methods=["POST"])
@page("task.work")
def bulk() -> Response:
    """The same act on many tasks; each answers for itself, and all are told of"""
    ids = [UUID(one) for one in dict.fromkeys(request.form.getlist("task")) if _is_id(one)]
    name, said = request.form.get("act", ""), request.form.get("words", "").strip()
    faults = _faults(ids, name, said)
    if faults:
        return show("desk/bulk.html", status=422, faults=faults, rows=[])
    rows = [_one(id, name, _act(name, said)) for id in ids]
    return show("desk/bulk.html", faults={}, rows=rows)


def _faults(ids: list[UUID], name: str, said: str) -> dict[str, str]:
    found = {}
    if not ids or len(ids) > MOST:
        found["task"] = speech.words("Choose from one to %(most)s tasks of the list.") % {"most": MOST}
    if name not in ("claim", "release", "complete", "hand-over", "priority", "note"):
        found["act"] = speech.words("Choose what to do.")
    if name in ("priority", "note") and not said:
        found["words"] = speech.words("Say why in a sentence.")
    if name == "priority" and request.form.get("priority") not in PRIORITIES:
        found["priority"] = speech.words("Choose how urgent it is.")
    if name == "hand-over" and not request.form.get("to"):
        found["to"] = speech.words("Choose a colleague.")
    return found


def _act(name: str, said: str) -> Act:
    me, to, priority = str(principal().subject), request.form.get("to", ""), request.form.get("priority", "")
    acts: dict[str, Act] = {
        "claim": lambda work, task: worklist.claim(work, task, holder=me, version=None, away=people.away(work, task["agency"])),
        "release": lambda work, task: worklist.release(work, task, holder=me, version=None),
        "complete": lambda work, task: casework.complete(work, task, version=None),
        "hand-over": lambda work, task: verbs.hand_over(work, task, to=to, version=None, words=said or None),
        "priority": lambda work, task: verbs.prioritise(work, task, priority=priority, version=None, words=said),
        "note": lambda work, task: casework.note(work, task, said),
    }
    return acts[name]


def _one(id: UUID, name: str, act: Act) -> dict[str, Any]:
    """One unit of its own: what cannot be done, for whatever reason, neither stops nor hides the others."""
    told: dict[str, Any] = {"id": id, "reference": None, "called": None, "fault": None}
    whole = acting.once("task.bulk", request.path)
    part = Repeatable(whole.principal, f"{whole.key}/{id}", sha256(whole.fingerprint + id.bytes).digest()) if whole else None
    try:
        with the_portal().work(principal(), repeatable=part) as work:
            row = entry.task(work, id)
            told |= {"reference": row["reference"], "called": words.named(row, None)}
            if work.answer is None:
                hand(work, id, act)
                work.settle()
                work.keep(Answer(303, b"{}"))
    except Refusal as refused:
        usual = {"stale": words.STALE, "conflict": words.FASTER}.get(refused.slug)
        told["fault"] = speech.words(usual) if usual and not refused.errors else acting.english(_said(refused))
    except Exception as error:
        structlog.get_logger().error("fault", route="/desk/bulk", act=name, error=type(error).__name__)
        told["fault"] = speech.words("This could not be done just now. Nothing of it was; try it again.")
    return told


def _said(refused: Refusal) -> str:
    return refused.errors[0]["detail"] if refused.errors else refused.detail


@pages.route("/views", methods=["POST"])
@page("desk.own")
def keep_view() -> Response:
    """Keeps what the list shows now under a name"""
    query = {name: request.form[name] for name in ("queue", "priority", "mine", "free") if request.form.get(name)}
    name = request.form.get("name", "").strip()[:100]
    if name:
        with the_portal().work(principal()) as work:
            desks.keep_view(work, principal(), name=name, query=query, shared=request.form.get("shared") == "1")
    return _to("/desk?done=kept" if name else "/desk?done=unnamed")


@pages.route("/views/<uuid:id>/removal", methods=["POST"])
@page("desk.own")
def remove_view(id: UUID) -> Response:
    """Removes one of mine"""
    with the_portal().work(principal()) as work:
        desks.delete_view(work, principal(), id)
    return _to("/desk?done=removed")


@pages.route("/team")
@page("task.list")
def team() -> Response:
    """What the team has in work, and who is there"""
    return _team()


@pages.route("/team/absence", methods=["POST"])
@page("desk.own")
def be_away() -> Response:
    """I am away, and who stands in; or I am back"""
    who = principal()
    try:
        with the_portal().work(who) as work:
            me = people.known(work, who)
            assert me is not None
            back = request.form.get("back") == "1"
            since, until = (None, None) if back else (_day("from", work), _day("until", work))
            if not back and since is None:
                raise Invalid(errors=[{"pointer": "/from", "detail": "Name the first day you are away."}])
            if until is not None and since is not None and until <= since:
                raise Invalid(errors=[{"pointer": "/until", "detail": "Choose a day after the first one."}])
            cover = request.form.get("cover") or None
            if cover and (cover == me.subject or people.one(work, me.agency, cover) is None):
                raise Invalid(errors=[{"pointer": "/cover", "detail": "Choose a colleague from the list."}])
            desks.be_away(work, me, since=since, until=until, cover=None if back else cover)
    except Refusal as refused:
        return _team(status=422, faults=acting.faults(refused, {"from": "from", "until": "until", "cover": "cover"}, otherwise="from"))
    return _to("/desk/team?done=" + ("back" if back else "away"))


def _day(name: str, work: Work) -> datetime | None:
    """The beginning of a day that was typed, in the office's zone; None where nothing was. Invalid for what is no day."""
    said = [request.form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
    if not any(said):
        return None
    try:
        day = datetime(*(int(one) for one in said))  # type: ignore[arg-type]
    except ValueError as wrong:
        raise Invalid(errors=[{"pointer": f"/{name}", "detail": "Write a day that exists."}]) from wrong
    return datetime.combine(day.date(), time(), tzinfo=ZoneInfo(_zone()))


def _zone() -> str:
    agency = the_portal().catalogue.agencies.get(principal().agencies[0])
    return agency.calendars[0].zone if agency else "UTC"


def _team(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    who = principal()
    with the_portal().work(who) as work:
        me = people.known(work, who)
        queues = worklist_figures.figures(work, who, since=None, until=None, language=speech.language())
        everybody = worklists.colleagues(work, who)
        now = work.now
    zone = _zone()
    told = [
        one | {"called": called(one["subject"]), "cover": called(one["cover"]), "until": one["away_until"] and history.until(one["away_until"], zone)}
        for one in everybody
    ]
    figures = [one | {name: words.lasted(one[name]) for name in ("age_median", "oldest", "touch_median", "waiting_median")} for one in queues]
    others = [(one["subject"], one["called"]) for one in told if not one["me"]]
    return show(
        "desk/team.html",
        status=status,
        faults=faults or {},
        figures=figures,
        colleagues=told,
        others=others,
        typed=request.form,
        away=bool(me and me.away_from and (me.away_until is None or me.away_until > now)),
        done=request.args.get("done", ""),
    )


def called(subject: str | None) -> str | None:
    """Somebody as colleagues see them: by pseudonym, without the provider it is of."""
    return subject.rpartition("|")[2] if subject else None


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _to(place: str) -> Response:
    return Response(status=303, headers={"Location": redirect(place).location})
