"""Worklists that people share: who is given what, what goes to a colleague, many at once, and the last thing taken back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import false

from portal.access import prepared, scoping
from portal.administration.stream import STREAM
from portal.queues import reading
from portal.queues.reading import Wanted
from portal.queues.sharing import SLIP
from portal.queues.worklist import HELD
from portal.unit_of_work import Principal
from portal.views import worklist
from portal.workflow import sharing
from tests.contracts.issuer import Issuer
from tests.ledger.test_main_job import needed
from tests.ledger.test_referrals import Doors
from tests.servers import Database


class Desk(Doors):
    """One desk of the council with several people."""

    def __init__(self, database: Database, issuer: Issuer) -> None:
        super().__init__(database.url, issuer)
        self.database = database
        self.lead = self._bearer(issuer, sub="lead", agency="city-council", teams=["desk", "inspectors", "safety"], roles=["caseworker", "team-lead"])

    def next(self, who: dict[str, str], status: int = 200, **body: Any) -> Any:
        """The task somebody is given."""
        return self.ask("POST", "/tasks/claim-next", who, body, status=status)

    def list(self, who: dict[str, str], query: str = "") -> list[dict[str, Any]]:
        """A page of the worklist."""
        found: list[dict[str, Any]] = self.ask("GET", f"/tasks{query}", who)["items"]
        return found

    def owner(self, text: str, *values: Any) -> None:
        """Time passes for a row."""
        with psycopg.connect(self.database.superuser_url) as connection:
            connection.execute(text, values)


@pytest.fixture
def desk(fresh_database: Database, tmp_path: Path) -> Iterator[Desk]:
    """Open for one test."""
    one = Desk(fresh_database, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_the_list_has_what_is_urgent_first_then_the_least_time_left_and_pages_without_gaps(desk: Desk) -> None:
    noises = [desk.noise()[0] for _ in range(3)]
    felling = desk.ask("POST", "/cases", {}, {"service": "tree-felling-permit", "answers": needed(desk.portal, "tree-felling-permit")}, status=201)["reference"]
    tasks = desk.list(desk.clerk)
    assert {one["reference"] for one in tasks} == {*noises, felling}
    assert [one["due_at"] for one in tasks] == sorted(one["due_at"] for one in tasks)
    last = tasks[-1]
    urgent = desk.ask("POST", f"/tasks/{last['id']}/priority", desk.clerk, {"priority": "urgent", "words": "The branch hangs over a school."})
    assert urgent["priority"] == "urgent"
    assert desk.list(desk.clerk)[0]["id"] == last["id"]
    desk.ask("POST", f"/tasks/{last['id']}/priority", desk.clerk, {"priority": "urgent"}, status=422)
    seen, address = [], "/tasks?limit=1"
    while address:
        found = desk.ask("GET", address, desk.clerk)
        seen += [one["id"] for one in found["items"]]
        address = found["next"]
    assert seen == [one["id"] for one in desk.list(desk.clerk)]
    assert [one["reference"] for one in desk.list(desk.clerk, "?service=tree-felling-permit")] == [felling]
    assert [one["id"] for one in desk.list(desk.clerk, "?priority=urgent")] == [last["id"]]
    assert desk.list(desk.clerk, "?mine=true") == []


def test_each_task_is_given_to_one_in_order(desk: Desk) -> None:
    for _ in range(3):
        desk.noise()
    due = [one["id"] for one in desk.list(desk.clerk)]
    given = [desk.next(who)["id"] for who in (desk.clerk, desk.colleague, desk.clerk)]
    assert given == due
    desk.next(desk.clerk, status=204)
    assert {one["id"] for one in desk.list(desk.clerk, "?mine=true")} == {due[0], due[2]}
    assert desk.list(desk.clerk, "?free=true") == []


def test_many_who_reach_at_once_are_each_given_another(desk: Desk) -> None:
    for _ in range(12):
        desk.noise()
    people = [Principal("staff", f"tests|p{number}", agencies=("city-council",), teams=("desk",), roles=("caseworker",)) for number in range(6)]

    def three(who: Principal) -> list[Any]:
        found = []
        for _ in range(3):
            with desk.portal.work(who) as work:
                task = sharing.claim_next(work, who)
                found.append(task["id"] if task else None)
        return found

    with ThreadPoolExecutor(6) as pool:
        given = [id for some in pool.map(three, people) for id in some]
    assert len([id for id in given if id]) == len({id for id in given if id}) == 12


def test_who_holds_as_many_as_they_may_is_given_none_and_skills_bound_what_is_given(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        desk.noise()
    desk.ask("PUT", "/colleagues/clerk/ability", desk.lead, {"capacity": 1}, status=404)
    first = desk.next(desk.clerk)
    desk.ask("PUT", "/colleagues/clerk/ability", desk.clerk, {"capacity": 1}, status=403)
    desk.ask("PUT", "/colleagues/clerk/ability", desk.lead, {"capacity": 1}, status=204)
    assert desk.next(desk.clerk, status=409)["type"].endswith("full")
    desk.ask("POST", f"/tasks/{first['id']}/release", desk.clerk)
    council = desk.portal.catalogue.agencies["city-council"]
    skilled = replace(council, queues=tuple(replace(queue, skills=("french",)) for queue in council.queues))
    monkeypatch.setitem(desk.portal.catalogue.agencies, "city-council", skilled)
    desk.next(desk.colleague, status=204)
    desk.ask("PUT", "/colleagues/colleague/ability", desk.lead, {"skills": ["french"]}, status=204)
    assert desk.next(desk.colleague)["id"] == first["id"]
    assert desk.ask("GET", "/queues", desk.clerk)["items"][0]["skills"] == ["french"]


def test_a_task_goes_to_a_colleague_who_is_there(desk: Desk) -> None:
    reference, _ = desk.noise()
    id = desk.waits(reference, desk.clerk)["id"]
    desk.ask("POST", f"/tasks/{id}/claim", desk.clerk)
    desk.ask("POST", f"/tasks/{id}/hand-over", desk.clerk, {"to": "colleague"}, status=422)
    desk.ask("GET", "/colleagues", desk.colleague)
    handed = desk.ask("POST", f"/tasks/{id}/hand-over", desk.clerk, {"to": "colleague", "words": "You know the street."})
    assert handed["holder"].endswith("|colleague")
    desk.ask("POST", f"/tasks/{id}/complete", desk.clerk, {}, status=409)
    desk.ask("POST", f"/tasks/{id}/hand-over", desk.clerk, {"to": "clerk"}, status=409)
    # Out of the office: nothing is handed to them, and what they hold may be taken over.
    desk.ask("PUT", "/colleagues/me/absence", desk.colleague, {"from": "2026-01-01T00:00:00Z", "cover": "clerk"}, status=204)
    away = next(one for one in desk.ask("GET", "/colleagues", desk.clerk)["items"] if one["subject"].endswith("|colleague"))
    assert (away["away"], away["holds"], away["cover"].rpartition("|")[2]) == (True, 1, "clerk")
    assert desk.ask("POST", f"/tasks/{id}/claim", desk.clerk)["holder"].endswith("|clerk")
    refused = desk.ask("POST", f"/tasks/{id}/hand-over", desk.clerk, {"to": "colleague"}, status=409)
    assert (refused["type"].rpartition("/")[2], refused["cover"].rpartition("|")[2]) == ("away", "clerk")
    desk.ask("PUT", "/colleagues/me/absence", desk.colleague, {}, status=204)
    desk.ask("POST", f"/tasks/{id}/hand-over", desk.clerk, {"to": "colleague"})


def test_a_claim_ends_by_itself(desk: Desk) -> None:
    reference, _ = desk.noise()
    id = desk.next(desk.clerk)["id"]
    desk.next(desk.colleague, status=204)
    desk.owner("UPDATE tasks SET held_until = now() - interval '1 second' WHERE id = %s", id)
    assert desk.next(desk.colleague)["id"] == id
    assert timedelta(hours=1) < HELD < timedelta(days=1)
    desk.ask("POST", f"/tasks/{id}/complete", desk.clerk, {}, status=409)
    assert desk.events(reference).count("TaskClaimed") == 2


def test_two_people_never_overwrite_each_other(desk: Desk) -> None:
    reference, _ = desk.noise()
    task = desk.waits(reference, desk.clerk)
    stale = {"If-Match": f'"{task["version"]}"'}
    desk.ask("POST", f"/tasks/{task['id']}/priority", desk.clerk | stale, {"priority": "low", "words": "It can wait."})
    desk.ask("POST", f"/tasks/{task['id']}/priority", desk.colleague | stale, {"priority": "urgent", "words": "No, it cannot."}, status=412)
    desk.ask("POST", f"/tasks/{task['id']}/claim", desk.colleague | stale, status=412)


def test_many_at_once_are_all_reported_and_none_is_half_done(desk: Desk) -> None:
    references = [desk.noise()[0] for _ in range(3)]
    ids = [desk.waits(one, desk.clerk)["id"] for one in references]
    desk.ask("POST", f"/tasks/{ids[1]}/claim", desk.colleague)
    gone = "00000000-0000-7000-8000-000000000000"
    body, key = {"act": "claim", "ids": [*ids, gone]}, {"Idempotency-Key": "bulk-1"}
    told = desk.ask("POST", "/tasks/bulk", desk.clerk | key, body)
    assert [(one["done"], (one["problem"] or {}).get("status")) for one in told["items"]] == [(True, None), (False, 409), (True, None), (False, 404)]
    assert (told["done"], told["refused"]) == (2, 2)
    again = desk.ask("POST", "/tasks/bulk", desk.clerk | key, body)
    assert [one["task"] for one in again["items"]] == [one["task"] for one in told["items"]]
    assert desk.events(references[0]).count("TaskClaimed") == 1
    done = desk.ask("POST", "/tasks/bulk", desk.clerk, {"act": "complete", "ids": ids})
    assert [one["done"] for one in done["items"]] == [True, False, True]
    assert "TaskCompleted" not in desk.events(references[1])
    desk.ask("POST", "/tasks/bulk", desk.clerk, {"act": "hand-over", "ids": ids}, status=422)
    desk.ask("POST", "/tasks/bulk", desk.clerk, {"act": "claim", "ids": [gone] * 101}, status=422)


def test_the_last_thing_is_taken_back_by_who_did_it_and_soon(desk: Desk) -> None:
    reference, _ = desk.noise()
    id = desk.waits(reference, desk.clerk)["id"]
    desk.ask("POST", f"/tasks/{id}/undo", desk.clerk, status=409)
    desk.ask("POST", f"/tasks/{id}/claim", desk.clerk)
    desk.ask("POST", f"/tasks/{id}/undo", desk.colleague, status=409)
    assert desk.ask("POST", f"/tasks/{id}/undo", desk.clerk)["status"] == "open"
    desk.ask("POST", f"/tasks/{id}/claim", desk.clerk)
    desk.ask("POST", f"/tasks/{id}/release", desk.clerk)
    assert desk.ask("POST", f"/tasks/{id}/undo", desk.clerk)["holder"].endswith("|clerk")
    desk.ask("POST", f"/tasks/{id}/priority", desk.clerk, {"priority": "urgent", "words": "Now."})
    assert desk.ask("POST", f"/tasks/{id}/undo", desk.clerk)["priority"] == "usual"
    desk.ask("POST", f"/tasks/{id}/undo", desk.clerk, status=409)
    desk.ask("POST", f"/tasks/{id}/release", desk.clerk)
    clerk = next(one["subject"] for one in desk.ask("GET", "/colleagues", desk.clerk)["items"] if one["me"])
    who = Principal("staff", clerk, agencies=("city-council",), roles=("caseworker",))
    from portal.cases import registry
    from portal.errors import IllegalMove
    from tests.ledger.test_main_job import task

    with desk.portal.work(who, at=datetime.now(UTC) + SLIP + timedelta(minutes=1)) as work, pytest.raises(IllegalMove, match="5 minutes"):
        work.narrow([case_id := registry.find(work, reference)[0]])
        sharing.undo(work, task(work, case_id, desk.list(desk.clerk)[0]["step"]), version=None)
    assert desk.events(reference).count("TaskUndone") == 3
    desk.ask("POST", f"/tasks/{id}/claim", desk.clerk)
    desk.ask("POST", f"/tasks/{id}/complete", desk.clerk, {})
    before = desk.events(reference)
    assert "the next step has begun" in desk.ask("POST", f"/tasks/{id}/undo", desk.clerk, status=409)["detail"]
    desk.ask("POST", f"/tasks/{id}/undo", desk.clerk | {"If-Match": '"1"'}, status=412)
    assert desk.events(reference) == before


def test_a_checklist_is_ticked_before_a_task_is_finished(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told = desk.ask("POST", "/cases", {}, {"service": "tree-felling-permit", "answers": needed(desk.portal, "tree-felling-permit")}, status=201)
    id = desk.waits(told["reference"], desk.clerk)["id"]
    shown = desk.ask("GET", f"/tasks/{id}", desk.clerk | {"Accept-Language": "fr"})["checklist"]
    assert tuple(shown[0][name] for name in ("id", "ticked", "title")) == ("plan", False, "Le lieu est indiqué sur le plan")
    from portal.catalogue.definitions import Check

    monkeypatch.setattr("portal.workflow.sharing.checklist", lambda *_: (Check("plan", {"en": "The plan"}), Check("photo", {"en": "A photo"}, required=False)))
    desk.ask("POST", f"/tasks/{id}/claim", desk.clerk)
    desk.ask("POST", f"/tasks/{id}/complete", desk.clerk, {}, status=422)
    desk.ask("POST", f"/tasks/{id}/checklist", desk.clerk, {"ticks": {"nothing": True}}, status=422)
    desk.ask("POST", f"/tasks/{id}/checklist", desk.colleague, {"ticks": {"plan": True}}, status=409)
    desk.ask("POST", f"/tasks/{id}/checklist", desk.clerk, {"ticks": {"plan": True}})
    assert desk.ask("GET", f"/tasks/{id}", desk.clerk)["checklist"][0]["ticked"]
    assert desk.ask("POST", f"/tasks/{id}/complete", desk.clerk, {})["status"] == "done"


def test_replies_are_in_the_partys_language_and_views_are_kept(desk: Desk) -> None:
    body = {"service": "noise-complaint", "answers": needed(desk.portal, "noise-complaint"), "language": "fr"}
    reference = desk.ask("POST", "/cases", {}, body, status=201)["reference"]
    id = desk.waits(reference, desk.clerk)["id"]
    reply = desk.ask("GET", f"/tasks/{id}/replies", desk.clerk)["items"][0]
    assert reply["language"] == "fr"
    assert reply["text"].startswith(f"Nous examinons votre demande {reference}")
    assert "{{" not in reply["text"]
    assert desk.ask("GET", f"/tasks/{id}/replies?language=es", desk.clerk)["items"][0]["text"].startswith("Estamos viendo")
    desk.ask("GET", f"/tasks/{id}/replies?language=../x", desk.clerk, status=422)
    kept = desk.ask("POST", "/views", desk.clerk, {"name": "Mine", "query": {"mine": True}, "shared": True}, status=201)
    desk.ask("POST", "/views", desk.clerk, {"name": "Odd", "query": {"evil": 1}}, status=422)
    assert [(one["name"], one["mine"]) for one in desk.ask("GET", "/views", desk.colleague)["items"]] == [("Mine", False)]
    assert desk.ask("GET", "/views", desk.streets)["items"] == []
    desk.ask("DELETE", f"/views/{kept['id']}", desk.colleague, status=404)
    desk.ask("DELETE", f"/views/{kept['id']}", desk.clerk, status=204)
    queues = desk.ask("GET", "/queues", desk.clerk)["items"]
    assert sum(one["waiting"] for one in queues) == 1
    assert desk.ask("GET", "/colleagues", desk.streets)["items"][0]["agency"] == "roads"


def test_absences_abilities_and_views_are_events(desk: Desk) -> None:
    def told() -> list[tuple[str, dict[str, Any]]]:
        with psycopg.connect(desk.database.superuser_url) as connection:
            return connection.execute("SELECT type, data FROM events WHERE case_id = %s ORDER BY seq", (STREAM,)).fetchall()

    for who in (desk.clerk, desk.colleague):
        desk.ask("GET", "/colleagues", who)
    away = {"from": "2026-01-01T00:00:00Z", "until": "2026-01-09T00:00:00Z", "cover": "clerk"}
    for _ in range(2):
        desk.ask("PUT", "/colleagues/me/absence", desk.colleague, away, status=204)
    desk.ask("PUT", "/colleagues/me/absence", desk.colleague, {"from": "2026-01-01T00:00:00Z", "cover": "colleague"}, status=422)
    desk.ask("PUT", "/colleagues/me/absence", desk.colleague, {}, status=204)
    desk.ask("PUT", "/colleagues/colleague/ability", desk.lead, {"skills": ["french"]}, status=204)
    desk.ask("PUT", "/colleagues/colleague/ability", desk.lead, {"capacity": 3}, status=204)
    kept = desk.ask("POST", "/views", desk.clerk, {"name": "Mrs Jones", "query": {"mine": True}}, status=201)["id"]
    desk.ask("DELETE", f"/views/{kept}", desk.colleague, status=404)
    desk.ask("DELETE", f"/views/{kept}", desk.clerk, status=204)
    found = told()
    assert [type for type, _ in found] == ["AbsenceSaid", "AbsenceSaid", "AbilitySaid", "AbilitySaid", "ViewKept", "ViewDeleted"], "each change once"
    assert [found[0][1]["away"], found[1][1]["away"]] == [True, False]
    assert [found[2][1]["changed"], found[3][1]["changed"]] == [["skills"], ["capacity"]]
    assert not any(word in str(found) for word in ("2026-01-09", "french")), (
        "the log, which forgets nothing, knows neither when somebody is away nor what they can"
    )
    assert {one["view"] for _, one in found[4:]} == {kept}
    assert "Jones" not in str(found), "what people call a view is words of theirs"


def test_the_statement_put_together_once_reads_what_scoping_shows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        desk.noise()
    held = desk.next(desk.clerk)
    who = Principal("staff", held["holder"], agencies=("city-council",), teams=("desk",), roles=("caseworker",))
    with desk.portal.work(who) as work:
        first = work.run(scoping.visible(work, reading.waiting("city-council", "desk", Wanted(), limit=1)))[0]
        for after in (None, reading.place(first)):
            for wanted in (
                Wanted(),
                Wanted(queue=first["queue"]),
                Wanted(kind="step", service="noise-complaint", priority=1),
                Wanted(holder=held["holder"]),
                Wanted(free=True),
                Wanted(kind="fee"),
            ):
                asked = {"after": after, "limit": 3}
                scoped = work.run(scoping.visible(work, reading.waiting("city-council", "desk", wanted, now=work.now, **asked)))
                assert worklist.page(work, who, wanted, **asked) == scoped, wanted
        found = worklist.page(work, who, Wanted(), after=None, limit=9)
        monkeypatch.setattr(scoping, "_seen", lambda *_: false())
        assert found and worklist.page(work, who, Wanted(), after=None, limit=9) == []
    # Another agency's tasks, asked for by a team of the same name: scoping alone shows none of them.
    monkeypatch.undo()
    stranger = Principal("staff", "tests|stranger", agencies=("roads",), teams=("desk",))
    with desk.portal.work(who) as work:
        work.principal = stranger
        given = reading.values("city-council", "desk", Wanted(), now=work.now, after=None)
        shape = ("of another", *sorted(given))
        assert prepared.rows(work, shape, lambda: reading.shaped(given, free=False, limit=9, bound=prepared.bound), given) == []
