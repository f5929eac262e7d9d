"""Objections: a case of its own, closed to who decided by each layer alone, that leaves the first decision as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from portal.access import grants
from portal.access.scoping import visible
from portal.cases import registry
from portal.cases.tables import decisions
from portal.dispatch.words import facts, written
from portal.errors import NotFound
from portal.events import log
from portal.kpi.fold import fold
from portal.kpi.measures import MEASURES
from portal.outbox import notices
from portal.outbox.tables import outbox
from portal.queues import people as workers
from portal.queues.tables import tasks
from portal.reactions import sweep
from portal.unit_of_work import ENGINE, Principal
from portal.vault import items
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.test_decisions import Desk
from tests.servers import Database

WORKER = f"{ISSUER}|worker"
#: Who decided, in every guise it may come back in.
GUISES = (
    Principal("staff", WORKER, agencies=("front-office",), roles=("caseworker",)),
    Principal("staff", WORKER, agencies=("front-office", "social-services"), roles=("caseworker", "duty")),
    Principal("champion", WORKER, roles=("champion",), services=("*",)),
)
COLLEAGUE = Principal("staff", f"{ISSUER}|second-look", agencies=("front-office",), roles=("caseworker",))


@pytest.fixture
def desk(fresh_database: Database, tmp_path: Path) -> Iterator[Desk]:
    """Open for one test."""
    one = Desk(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def objected(desk: Desk, *, serve: bool = True, **more: Any) -> tuple[str, dict[str, str], dict[str, Any], dict[str, str]]:
    """A refusal and an objection to it: reference, its party's header, the receipt of the objection, its party's header."""
    reference, mine, told = desk.decided(contact={"name": "Ada", "phone": "+3222796111"})
    if serve:
        desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, {"means": "post"})
    taken = desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "You counted my brother's income.", **more}, status=201)
    return reference, mine, taken, {"Case-Secret": taken["secret"]}


def test_an_objection_is_a_case_of_the_same_party_and_asks_nothing_again(desk: Desk) -> None:
    reference, mine, taken, theirs = objected(desk)
    assert (taken["late"], taken["missing"], taken["agency"]) == (False, [], "front-office")
    assert taken["promise"]["due_at"] > (datetime.now(UTC) + timedelta(weeks=5)).isoformat()
    case = desk.ask("GET", f"/cases/{taken['reference']}", theirs)
    assert (case["service"], case["given"]["answers"]["grounds"], case["given"]["contact"]["name"]) == ("objection", "You counted my brother's income.", "Ada")
    told = desk.decision(reference, mine)
    assert (told["standing"], len(told["objections"])) == ("objected", 1)
    (link,) = desk.ask("GET", f"/cases/{reference}/links", mine)["items"]
    assert (link["kind"], link["reference"], link["decision_id"]) == ("objected-by", None, told["id"])
    (back,) = desk.ask("GET", f"/cases/{taken['reference']}/links", desk.objections)["items"]
    assert (back["kind"], back["reference"]) == ("objection-to", reference)
    assert desk.ask("GET", f"/cases/{reference}", desk.objections)["given"]["answers"]["monthly_income"] == 900
    sweep(desk.portal, at=datetime.now(UTC) + timedelta(days=100))
    assert desk.decision(reference, mine)["final_at"] is None


def test_a_sealed_objection_is_told_to_nobody_else_on_the_first_case(desk: Desk) -> None:
    reference, mine, taken, _ = objected(desk)
    colleague = desk._bearer(desk.issuer, sub="colleague", agency="social-services", teams=["benefits"])

    def told(who: dict[str, str]) -> set[str]:
        return {one["type"] for one in desk.ask("GET", f"/cases/{reference}/events?limit=200", who)["items"]}

    assert "ObjectionReceived" in told(colleague)
    people = [{"subject": f"{ISSUER}|second-look", "email": "second@office.example"}]
    with desk.portal.work(COLLEAGUE) as work:
        workers.seen(work, COLLEAGUE)
    desk.ask("POST", f"/cases/{taken['reference']}/seal", desk.objections, {"ground": "complaint", "words": "About staff.", "named": people})
    assert "ObjectionReceived" not in told(colleague)
    assert "ObjectionReceived" in told(mine), "its party knows"
    assert desk.ask("GET", f"/cases/{reference}/links", colleague)["items"] == []


def test_it_is_closed_to_who_decided_whatever_the_door(desk: Desk) -> None:
    reference, _, taken, _ = objected(desk)
    task = desk.waiting(taken["reference"], desk.objections)
    asked = f"/cases/{taken['reference']}"
    for path in (asked, f"{asked}/events", f"{asked}/clocks", f"{asked}/decisions", f"{asked}/links", f"/tasks/{task['id']}"):
        desk.ask("GET", path, desk.objections)
        desk.ask("GET", path, desk.moved, status=404)
    assert [one for one in desk.ask("GET", "/tasks", desk.moved)["items"] if one["reference"] == taken["reference"]] == []
    for verb, body in (
        ("claim", None),
        ("release", None),
        ("complete", {}),
        ("note", {"words": "I was right."}),
        ("ask", {"words": "Really?"}),
        ("refer", {"words": "Not here."}),
        ("extension", {"standard": "decided-by-law", "words": "Later."}),
        ("letter", {"outcome": "dismissed"}),
    ):
        desk.ask("POST", f"/tasks/{task['id']}/{verb}", desk.moved, body, status=404)
    desk.ask("POST", f"{asked}/messages", desk.moved, {"words": "I was right."}, status=404)
    assert desk.waiting(taken["reference"], desk.objections)["status"] == "open"
    (link,) = desk.ask("GET", f"/cases/{reference}/links", desk.objections)["items"]
    assert link["reference"] == taken["reference"]
    assert desk.ask("GET", f"/cases/{reference}/links", desk.worker)["items"] == []


def test_what_is_behind_figures_leaves_it_out_for_who_decided(desk: Desk) -> None:
    _, _, taken, _ = objected(desk)
    fold(desk.portal, limit=10_000)
    seen = dict.fromkeys(("objections", "moved"), 0)
    for id in MEASURES:
        for name in seen:
            found = desk.client.get(f"/api/v1/indicators/{id}/events?limit=200", headers=getattr(desk, name))
            seen[name] += taken["reference"] in found.get_data(as_text=True)
    assert (seen["objections"] > 0, seen["moved"]) == (True, 0)


def _seen(desk: Desk, who: Principal, id: Any, *, scoped: bool) -> int:
    """Rows of every kind that somebody reads of a case: by scoping and database together, or by the database alone."""
    found = 0
    statements = (registry.one(id), log.history(id, limit=500), items.kept(id), select(tasks).where(tasks.c.case_id == id))
    with desk.portal.work(who) as work:
        for statement in statements:
            found += len(work.run(visible(work, statement) if scoped else statement.execution_options(visible=True)))
    return found


def test_row_level_security_alone_closes_it(desk: Desk) -> None:
    _, _, taken, _ = objected(desk)
    id = desk.id_of(taken["reference"])
    assert _seen(desk, COLLEAGUE, id, scoped=False) > 5
    for who in GUISES:
        assert _seen(desk, who, id, scoped=False) == 0, who


def test_scoping_alone_closes_it(desk: Desk, fresh_database: Database) -> None:
    _, _, taken, _ = objected(desk)
    id = desk.id_of(taken["reference"])
    with psycopg.connect(fresh_database.superuser_url, autocommit=True) as connection:
        for (table,) in connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall():
            connection.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')  # type: ignore[arg-type]
    assert _seen(desk, Principal("staff", "x|y", agencies=("roads",)), id, scoped=False) > 5, "row-level security still answers"
    assert _seen(desk, COLLEAGUE, id, scoped=True) > 5
    for who in GUISES:
        assert _seen(desk, who, id, scoped=True) == 0, who


def test_nobody_can_hand_it_to_who_decided(desk: Desk) -> None:
    _, _, taken, _ = objected(desk)
    id = desk.id_of(taken["reference"])
    with desk.portal.work(ENGINE) as work:
        work.narrow([id])
        grants.demand_open(work, id, COLLEAGUE.subject)
        with pytest.raises(NotFound):
            grants.demand_open(work, id, WORKER)


def test_upheld_puts_a_new_decision_in_place_of_the_first_and_edits_nothing(desk: Desk) -> None:
    reference, mine, taken, theirs = objected(desk)
    before = desk.decision(reference, mine)
    desk.do(taken["reference"], desk.objections)
    desk.do(taken["reference"], desk.objections)
    id = desk.waiting(taken["reference"], desk.objections)["id"]
    desk.ask("POST", f"/tasks/{id}/claim", desk.objections)
    said = {"outcome": "upheld", "reasons": "Your brother does not live with you."}
    for body, pointer in (
        (said, "/instead"),
        (said | {"instead": {"outcome": "upheld"}}, "/instead/outcome"),
        (said | {"instead": {"outcome": "refused", "conditions": ["None."]}}, "/instead/conditions"),
        ({"outcome": "dismissed", "reasons": "No.", "instead": {"outcome": "granted"}}, "/instead"),
        ({"outcome": "upheld", "instead": {"outcome": "granted"}}, "/reasons"),
    ):
        found = desk.ask("POST", f"/tasks/{id}/complete", desk.objections, body, status=422)
        assert [one["pointer"] for one in found["errors"]] == [pointer], body
    desk.ask("POST", f"/tasks/{id}/complete", desk.objections, said | {"instead": {"outcome": "granted", "conditions": ["Tell us when you move."]}})
    first, second = desk.ask("GET", f"/cases/{reference}/decisions", mine)["items"]
    changed = {"standing", "superseded_by", "objections"}
    assert {key: value for key, value in first.items() if key not in changed} == {key: value for key, value in before.items() if key not in changed}
    assert (first["standing"], first["superseded_by"], second["supersedes"]) == ("superseded", second["id"], first["id"])
    assert (second["outcome"], second["conditions"], second["remedy"]["kind"]) == ("granted", ["Tell us when you move."], "appeal")
    assert second["authority"] == "the Objections Committee of Rivermouth"
    assert desk.letter(reference, mine, first["id"]) != desk.letter(reference, mine, second["id"])
    case = desk.ask("GET", f"/cases/{reference}", mine)
    assert (case["status"], case["outcome"]) == ("closed", "granted")
    assert desk.ask("GET", f"/cases/{taken['reference']}", theirs)["outcome"] == "upheld"
    ended = next(one for one in desk.ask("GET", f"/cases/{reference}/events?limit=200", desk.objections)["items"] if one["type"] == "ObjectionEnded")
    assert (ended["data"]["outcome"], ended["data"]["in_place"]) == ("upheld", second["id"])
    refused = desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "Once more.", "decision": first["id"]}, status=409)
    assert second["id"] in refused["detail"]
    assert "where to turn" in desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "Once more."}, status=409)["detail"]


def test_dismissed_leaves_it_standing(desk: Desk) -> None:
    reference, mine, taken, theirs = objected(desk, hearing=False)
    desk.do(taken["reference"], desk.objections)
    desk.do(taken["reference"], desk.objections, outcome="dismissed", reasons="You live together.")
    assert desk.decision(reference, mine)["standing"] == "upheld-on-objection"
    assert desk.decision(taken["reference"], theirs)["remedy"]["turn_to"].startswith("Administrative Court")
    told = desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "Again."}, status=409)["detail"]
    assert taken["reference"] in told


def test_twice_is_once_and_taken_back_is_never(desk: Desk) -> None:
    reference, mine, taken, theirs = objected(desk)
    told = desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "Again."}, status=409)
    assert taken["reference"] in told["detail"]
    desk.ask("POST", f"/cases/{taken['reference']}/withdrawal", theirs, {}, status=201)
    assert desk.decision(reference, mine)["standing"] == "served"
    other = desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "After all."}, status=201)
    desk.ask("POST", f"/cases/{other['reference']}/withdrawal", {"Case-Secret": other["secret"]}, {}, status=201)
    sweep(desk.portal, at=datetime.now(UTC) + timedelta(days=60))
    assert desk.decision(reference, mine)["standing"] == "final"


def test_a_late_one_is_taken_and_its_reason_asked(desk: Desk) -> None:
    reference, mine, told = desk.decided()
    desk.ask("POST", f"/decisions/{told['id']}/service", desk.worker, {"means": "post"})
    id = desk.id_of(reference)
    past = datetime.now(UTC) - timedelta(days=1)
    with desk.portal.work(ENGINE) as work:
        work.narrow([id])
        work.change(work.rows(decisions, id)[0], remedy_until=past)
    taken = desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "I was in hospital."}, status=201)
    assert (taken["late"], taken["missing"], taken["status"]) == (True, ["late_reason"], "waiting")
    theirs = {"Case-Secret": taken["secret"]}
    assert desk.ask("GET", f"/cases/{taken['reference']}", theirs)["asked"][0]["fields"] == ["late_reason"]
    desk.ask("POST", f"/cases/{taken['reference']}/answers", theirs, {"answers": {"late_reason": "In hospital until Monday."}}, status=201)
    assert desk.ask("GET", f"/cases/{taken['reference']}", theirs)["asked"] == []
    (one,) = desk.decision(reference, mine)["objections"]
    assert one["late"] is True


def test_before_its_service_one_may_object_too(desk: Desk) -> None:
    _, _, taken, _ = objected(desk, serve=False)
    assert (taken["late"], taken["status"]) == (False, "received")


def test_there_must_be_a_decision_and_it_must_be_yours(desk: Desk) -> None:
    reference, mine = desk.request()
    body = {"text": "No."}
    assert "no decision" in desk.ask("POST", f"/cases/{reference}/objections", mine, body, status=409)["detail"]
    other, _, told = desk.decided()
    desk.ask("POST", f"/cases/{other}/objections", mine, body, status=404)
    desk.ask("POST", f"/cases/{other}/objections", {}, body, status=401)
    desk.ask("POST", f"/cases/{other}/objections", desk.worker, body, status=403)
    reference, mine, _ = desk.decided()
    found = desk.ask("POST", f"/cases/{reference}/objections", mine, body | {"decision": told["id"]}, status=422)
    assert found["errors"][0]["pointer"] == "/decision"
    assert desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "\x1b"}, status=422)["errors"][0]["pointer"] == "/text"


def test_whatever_staff_may_read_of_a_case_can_be_closed_to_one_of_them(fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.superuser_url) as connection:
        told = connection.execute("SELECT tablename, roles::text[], permissive, qual FROM pg_policies WHERE cmd <> 'INSERT'").fetchall()
    staff = {table for table, roles, permissive, _ in told if permissive == "PERMISSIVE" and {"portal_staff", "portal_champion"} & set(roles)}
    barred = {
        table
        for table, roles, permissive, said in told
        if permissive == "RESTRICTIVE" and "portal_barred" in (said or "") and {"portal_staff", "portal_champion"} <= set(roles)
    }
    assert len(staff) > 15
    assert staff <= barred, f"a migration gave staff {sorted(staff - barred)} without closing them as 0005 does"


def test_the_party_is_told_of_each_turn_in_its_own_words(desk: Desk) -> None:
    reference, mine, told = desk.decided(contact={"email": "ada@example.org"}, language="fr")
    id = desk.id_of(reference)
    with desk.portal.work(ENGINE) as work:
        work.narrow([id])
        notices.told(work, next(row for row in work.rows(outbox, id) if row["body"].get("template") == "decided"))
    taken = desk.ask("POST", f"/cases/{reference}/objections", mine, {"text": "Non.", "hearing": False}, status=201)
    desk.do(taken["reference"], desk.objections)
    desk.do(taken["reference"], desk.objections, outcome="amended", reasons="En partie.", instead={"outcome": "granted-in-part"})
    objection = desk.id_of(taken["reference"])
    with desk.portal.work(ENGINE) as work:
        work.narrow([id, objection])
        sent = [
            (row["case_id"] == id, row["body"]["template"], row["body"]["refs"], row["body"]["language"])
            for case in (id, objection)
            for row in work.rows(outbox, case)
        ]
        assert {(first, template) for first, template, *_ in sent} >= {
            (True, "decided"), (True, "remedy"), (True, "replaced"), (False, "objection"), (False, "objection-decided"),
        }  # fmt: skip
        for first, template, refs, language in sent:
            for spoken in (language, "en"):
                said, subject, text = written(template, spoken, facts(work, id if first else objection, refs, spoken), default="en")
                assert (said, bool(subject), "{{" in text) == (spoken, True, False)
                assert "Non." not in text + subject
    assert told["reasons"] not in str(sent)
