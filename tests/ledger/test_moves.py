"""Moving running cases to another version: what is kept is the same row, what cannot go on stays and says why, and until it was used it can be undone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.mapping import Written, read_mapping
from portal.db import connect
from portal.errors import Conflict, NotFound, Stale
from portal.queues import worklist
from portal.queues.tables import tasks
from portal.runs import moves
from portal.runs.moves import Move
from portal.runs.tables import journey_runs, step_runs
from portal.standards.tables import clocks, timers
from portal.unit_of_work import ENGINE, RELAY, Portal
from portal.workflow import move_orders, moving
from portal.workflow.crossing import Line
from portal.workflow.history import replayed
from portal.workflow.runner import Run
from tests.definitions.small_city import FILES
from tests.ledger.versions_of_town import CLERK, OTHER, case, do, finish, rows, send, told, town, waiting
from tests.servers import ROOT, Database

#: `judge` is called `weigh`, the join `both` is `all`, `tell` is `inform`; whoever is told is asked to `check` it first.
LONG_2 = """\
id: long
version: 2
title: {en: Long, fr: Long}
start: look
steps:
  - id: look
    kind: work
    title: {en: Look, fr: Voir}
    agency: hall
    queue: desk
    next:
      - when: answers.girth > 100
        to: split
      - to: weigh
  - id: split
    kind: join
    title: {en: Split, fr: Diviser}
    needs: 1
    next: [inform, all]
  - id: inform
    kind: send
    title: {en: Inform, fr: Informer}
    action: tell
    next: all
  - id: all
    kind: join
    title: {en: All, fr: Tous}
    next: weigh
  - id: weigh
    kind: decide
    title: {en: Weigh, fr: Peser}
    outcomes: [granted, refused]
    next: {granted: check, refused: end}
  - id: check
    kind: work
    title: {en: Check, fr: Vérifier}
"""
TREE_3 = (
    FILES["services/hall/tree.yaml"]
    .replace("version: 2", "version: 3")
    .replace("  tell: 10\n  judge: 50", "  inform: 10\n  weigh: 50\n  check: 20")
    .replace(
        "costs:",
        """\
  - id: weighed
    title: {en: Weighed in two days, fr: Pesé en deux jours}
    kind: promise
    covers: weigh
    within: 2 business_days
  - id: soon
    title: {en: In three weeks, fr: En trois semaines}
    kind: promise
    within: 3 calendar_weeks
costs:""",
    )
)
CHANGED = {"journeys/long.yaml": LONG_2, "services/hall/tree.yaml": TREE_3}
RENAMED = "steps:\n  judge: weigh\n  tell: inform\n  both: all\n"
#: What undoing does not turn back: numbers that only grow.
GROWS = ("version", "generation")


@pytest.fixture
def engine(fresh_database: Database) -> Iterator[Engine]:
    """Of the test alone."""
    one = connect(fresh_database.url)
    yield one
    one.dispose()


@pytest.fixture
def old(engine: Engine, fresh_database: Database, tmp_path: Path) -> Portal:
    """The town as it was first published, with the promise that a judgement takes a week."""
    covers = "  - id: judged\n    title: {en: Judged in a week, fr: Jugé en une semaine}\n    kind: promise\n    covers: judge\n    within: 1 calendar_weeks\n"
    tree = FILES["services/hall/tree.yaml"].replace("costs:", covers + "costs:")
    return town(engine, fresh_database, tmp_path / "old", {"services/hall/tree.yaml": tree})


@pytest.fixture
def new(old: Portal, fresh_database: Database, tmp_path: Path) -> Portal:
    """The town after the change was published."""
    return town(old.engine, fresh_database, tmp_path / "new", CHANGED)


def mapping(text: str = RENAMED) -> Written:
    return read_mapping("map.yaml", text.encode())


def prepared(portal: Portal, text: str = RENAMED, **more: Any) -> Move:
    """A move of all cases on older versions to the present one."""
    return move_orders.prepare(portal, "long", asked_by="ada", written=mapping(text), **more)


def begin(portal: Portal, move: Move) -> UUID:
    """It is written down, to be done."""
    return move_orders.begin(portal, move)


def through(portal: Portal, id: UUID) -> list[Line]:
    """Does all its batches."""
    lines: list[Line] = []
    while (done := moving.turn(portal, id)) is not None:
        assert not done.held
        lines += done.lines
    return lines


def moved(portal: Portal, text: str = RENAMED, **more: Any) -> Move:
    """A move done from beginning to end."""
    move = prepared(portal, text, **more)
    through(portal, begin(portal, move))
    return state(portal, move.id)


def undone(portal: Portal, id: UUID) -> list[Line]:
    """The move undone."""
    move_orders.undo(portal, id, by="ada")
    return through(portal, id)


def state(portal: Portal, id: UUID) -> Move:
    with portal.work(RELAY) as work:
        return moves.one(work, id)


def everything(portal: Portal, case_id: UUID) -> dict[str, Any]:
    """All rows of a case a move could touch, without the numbers that only grow."""
    found = {"case": [case(portal, case_id)]} | {table.name: rows(portal, table, case_id) for table in (journey_runs, step_runs, tasks, clocks, timers)}
    return {name: [{key: value for key, value in row.items() if key not in GROWS} for row in some] for name, some in found.items()}


def everywhere(portal: Portal) -> dict[str, UUID]:
    """A case at each place of the older version; somebody holds the task of the one at `judge`."""
    found = {name: send(portal, girth=50 if name == "small" else 150) for name in ("look", "tell", "judge", "small")}
    for name, steps in (("tell", ("look",)), ("judge", ("look", "tell")), ("small", ("look",))):
        for step in steps:
            do(portal, found[name], step)
    do(portal, found["judge"], "judge", claim_only=True)
    return found


def stands(portal: Portal, case_id: UUID) -> list[str]:
    return sorted(Run.of(rows(portal, journey_runs, case_id)[0]["state"]).active.values())


def test_a_dry_run_says_what_becomes_of_each_case_and_writes_nothing(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    before = {id: (everything(old, id), len(told(old, id))) for id in found.values()}
    ((look, tell, judge, small),) = (sorted(lines, key=lambda line: list(found.values()).index(line.case_id)) for lines in moving.preview(new, prepared(new)))
    assert [line.steps for line in (look, tell, judge, small)] == [
        (("look", "look", "kept"),), (("tell", "inform", "kept"),), (("judge", "weigh", "kept"),), (("judge", "weigh", "kept"),)
    ]  # fmt: skip
    for line in (look, tell, judge, small):
        assert line.stays is None
        assert line.dates and all(date.was == date.due for date in line.dates)
    assert {date.standard for date in judge.dates} == {"decided", "judged"}
    assert {id: (everything(old, id), len(told(old, id))) for id in found.values()} == before


def test_what_is_kept_is_the_same_row_and_goes_on_by_the_new_version(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    before = {id: everything(old, id) for id in found.values()}
    move = moved(new)
    assert (move.status, move.moved, move.stays) == ("done", 4, {"whys": {}, "first": []})
    names = {"judge": "weigh", "tell": "inform"}
    for id in found.values():
        was, now = before[id], everything(new, id)
        for row, old_row in zip(now["clocks"], was["clocks"], strict=True):
            assert row == old_row | {"covers": names.get(old_row["covers"], old_row["covers"])}
        assert now["timers"] == was["timers"]
        assert now["case"] == was["case"]  # the law and the questions it was sent in under stay
        for row, old_row in zip(now["tasks"], was["tasks"], strict=True):
            open_ = old_row["status"] in ("open", "claimed")
            assert row == old_row | ({"step": names.get(old_row["step"], old_row["step"])} if open_ else {})
        run = rows(new, journey_runs, id)[0]
        assert (run["definition_hash"], run["move_id"]) == (new.catalogue.hashes["journey", "long"], move.id)
        (event,) = told(new, id, "CaseMoved")
        assert (event["actor"], event["data"]["move"], event["data"]["mapping_hash"]) == ("staff:ada", str(move.id), mapping().hash)
        assert replayed(told(new, id))[run["id"]] == Run.of(run["state"])
    (held,) = waiting(new, found["judge"])
    assert (held["status"], held["holder"]) == ("claimed", "tests|clerk")
    assert finish(new, found["look"]) == ["look", "inform", "weigh", "check"]
    assert finish(new, found["tell"]) == ["inform", "weigh", "check"]
    assert finish(new, found["judge"]) == finish(new, found["small"]) == ["weigh", "check"]
    assert {case(new, id)["status"] for id in found.values()} == {"closed"}
    for id in found.values():
        assert {row["status"] for row in rows(new, clocks, id)} == {"met"}
        run = rows(new, journey_runs, id)[0]
        assert replayed(told(new, id))[run["id"]] == Run.of(run["state"])


def test_a_step_that_is_gone_keeps_its_cases_where_they_are(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    move = moved(new, "steps:\n  both: all\n")
    stays = {UUID(id): why for id, why in move.stays["first"]}
    assert (move.status, move.moved) == ("done", 1)
    assert stays.keys() == {found["tell"], found["judge"], found["small"]}
    assert stays[found["judge"]] == "it stands at `judge`, which the newer version does not have: say in the mapping where that goes"
    assert sum(move.stays["whys"].values()) == 3
    assert finish(new, found["tell"]) == ["tell", "judge"]
    again = moved(new)
    assert again.moved == 2


def test_where_a_case_could_not_get_to_its_end_it_stays_and_the_shortest_way_is_told(old: Portal, fresh_database: Database, tmp_path: Path) -> None:
    found = everywhere(old)
    # A third way to the join, which a case that stands at `tell` has passed already.
    wider = LONG_2.replace("next: [inform, all]", "next: [inform, stamp, all]").replace(
        "  - id: all\n", "  - id: stamp\n    kind: work\n    title: {en: Stamp, fr: Timbrer}\n    next: all\n  - id: all\n"
    )
    tree = TREE_3.replace("  check: 20", "  check: 20\n  stamp: 5")
    new = town(old.engine, fresh_database, tmp_path / "wider", {"journeys/long.yaml": wider, "services/hall/tree.yaml": tree})
    move = moved(new)
    assert move.moved == 3
    assert move.stays["first"] == [
        [
            str(found["tell"]),
            "from there it could not get to its end: after `inform`: `all` has 2 of the 3 arrivals it waits for and the other can never come, "
            "so it would wait for ever: let it wait for fewer (`needs`), lead every way that is taken here, or name it in the `cancels` of "
            "what makes it needless",
        ]
    ]
    set_to = moved(new, RENAMED.replace("both: all", "both: {to: all, arrived: 2}"))
    assert (set_to.moved, stands(new, found["tell"])) == (1, ["inform"])
    assert finish(new, found["tell"]) == ["inform", "weigh", "check"]


def test_begun_again_and_ended_at_once_are_done_by_the_new_version(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    text = "steps:\n  judge: {to: weigh, active: ended, outcome: granted}\n  tell: {to: inform, active: anew}\n  both: all\nservice: present\n"
    lines = {line.case_id: line for page in moving.preview(new, prepared(new, text)) for line in page}
    assert lines[found["tell"]].steps == (("tell", "inform", "anew"),)
    assert lines[found["small"]].steps == (("judge", "weigh", "ended"),)
    assert lines[found["judge"]].stays == "a colleague works on `judge`: run the move again when they have finished or given it back"
    move = moved(new, text)
    assert move.moved == 3
    assert stands(new, found["small"]) == ["check"]
    assert stands(new, found["tell"]) == ["inform"]
    first, second, third = sorted(rows(new, step_runs, found["tell"]), key=lambda row: row["begun_at"])
    assert [(row["step"], row["status"]) for row in (first, second, third)] == [("look", "ended"), ("inform", "cancelled"), ("inform", "begun")]
    assert [row["step_run_id"] for row in waiting(new, found["tell"])] == [third["id"]]
    assert finish(new, found["tell"]) == ["inform", "weigh", "check"]
    assert "weighed" in {row["standard"] for row in rows(new, clocks, found["tell"])}  # by the present version of its service
    assert case(new, found["tell"])["service_hash"] == new.catalogue.hashes["service", "tree"]
    assert [line.stays for line in undone(new, move.id) if line.case_id == found["small"]] == ["the move itself ended a step or began one again"]


def test_new_promises_begin_only_where_the_mapping_says_so(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    received = case(old, found["small"])["received_at"]
    move = moved(new, RENAMED + "service: present\nstart_now: [weighed]\nstart_from_receipt: [soon]\n")
    standards = {row["standard"]: row for row in rows(new, clocks, found["small"])}
    assert standards.keys() == {"decided", "judged", "weighed", "soon"}
    assert standards["soon"]["started_at"] == received
    assert standards["weighed"]["started_at"] > received
    assert standards["weighed"]["step_run_id"] == standards["judged"]["step_run_id"]
    assert {row["standard"] for row in rows(new, clocks, found["look"])} == {"decided", "soon"}
    lines = undone(new, move.id)
    assert {line.stays for line in lines} == {None}
    for id in (found["small"], found["look"]):
        assert {row["standard"]: row["status"] for row in rows(new, clocks, id) if row["status"] == "cancelled"}.keys() <= {"weighed", "soon"}
        assert case(new, id)["service_hash"] == old.catalogue.hashes["service", "tree"]


def test_undoing_before_first_use_puts_everything_back(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    before = {name: everything(old, id) for name, id in found.items()}
    move = moved(new)
    do(new, found["small"], "weigh", outcome="refused")
    do(new, found["tell"], "inform", who=OTHER, claim_only=True)  # a claim needs no version
    stays = {line.case_id: line.stays for line in undone(new, move.id)}
    assert stays == {found["look"]: None, found["tell"]: None, found["judge"]: None, found["small"]: "it has gone on since (TaskCompleted)"}
    after = state(new, move.id)
    assert (after.status, after.moved, after.undone, after.undone_by) == ("undone", 4, 3, "ada")
    for name in ("look", "judge"):
        assert everything(new, found[name]) == before[name]
    (task,) = waiting(new, found["tell"])
    assert (task["step"], task["holder"]) == ("tell", "tests|other")
    for name in ("look", "tell", "judge"):
        run = rows(new, journey_runs, found[name])[0]
        assert replayed(told(new, found[name]))[run["id"]] == Run.of(run["state"])
        (event,) = told(new, found[name], "MoveUndone")
        assert event["data"]["to_hash"] == old.catalogue.hashes["journey", "long"]
    do(new, found["tell"], "tell", who=OTHER)
    assert finish(new, found["tell"]) == ["judge"]
    assert case(new, found["small"])["status"] == "closed"


def test_what_a_caseworker_loaded_before_is_refused_as_stale_and_nothing_is_lost(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    (loaded,) = waiting(old, found["judge"])
    moved(new)
    with pytest.raises(Stale), new.work(CLERK) as work:
        work.narrow([found["judge"]])
        worklist.complete(work, worklist.task_of(work, found["judge"], loaded["id"]), holder="tests|clerk", version=loaded["version"], outcome="granted")
    do(new, found["judge"], "weigh", outcome="granted")
    assert [row["step"] for row in waiting(new, found["judge"])] == ["check"]


def test_a_case_somebody_writes_is_passed_over_and_taken_at_the_end(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    id = begin(new, prepared(new))
    with new.work(ENGINE) as work:
        work.narrow([found["look"]])
        (line,) = [line for page in moving.preview(new, prepared(new)) for line in page if line.stays]
        assert (line.case_id, line.stays) == (found["look"], "somebody is writing it at this moment")
        done = moving.turn(new, id)
        assert done is not None and {line.case_id for line in done.lines} == set(found.values()) - {found["look"]}
        assert state(new, id).held == (found["look"],)
    assert [line.case_id for line in through(new, id)] == [found["look"]]
    assert (state(new, id).moved, state(new, id).held) == (4, ())


def test_a_case_that_went_on_meanwhile_is_judged_anew(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    id = begin(new, prepared(new))
    do(old, found["tell"], "tell")
    through(new, id)
    assert stands(new, found["tell"]) == ["weigh"]


def test_a_limit_and_a_service_narrow_it(old: Portal, new: Portal) -> None:
    found = everywhere(old)
    assert [len(page) for page in moving.preview(new, prepared(new, most=3))] == [3]
    first = moved(new, most=3)
    assert (first.status, first.moved) == ("done", 3)
    assert moved(new, service="front-door").moved == 0
    assert moved(new, service="tree").moved == 1
    assert {rows(new, journey_runs, id)[0]["definition_hash"] for id in found.values()} == {new.catalogue.hashes["journey", "long"]}


def test_answers_the_newer_version_asks_for_must_be_known_to_the_service(old: Portal, fresh_database: Database, tmp_path: Path) -> None:
    found = everywhere(old)
    tree = TREE_3.replace("fields:\n", "fields:\n  - id: height\n    type: integer\n    required: true\n    title: {en: Height, fr: Hauteur}\n")
    changed = {"journeys/long.yaml": LONG_2.replace("answers.girth > 100", "answers.height > 9"), "services/hall/tree.yaml": tree}
    new = town(old.engine, fresh_database, tmp_path / "asks", changed)
    move = moved(new)
    assert move.moved == 0
    (why,) = move.stays["whys"]
    assert why.startswith("version 2 of service `tree`, by which it goes, does not fit: the condition `answers.height > 9` of `look` cannot be judged")
    assert moved(new, RENAMED + "service: present\n").moved == len(found)


def test_versions_are_named_by_number_or_hash(old: Portal, new: Portal) -> None:
    everywhere(old)
    first, second = old.catalogue.hashes["journey", "long"], new.catalogue.hashes["journey", "long"]
    assert prepared(new, from_="1").from_hashes == prepared(new, from_=first[:12], to="2").from_hashes == (first,)
    assert prepared(new, "", from_="2", to="1").to_hash == first
    for how, error in (({"from_": "3"}, NotFound), ({"to": "9"}, NotFound), ({"from_": second}, Conflict), ({"service": "none"}, NotFound)):
        with pytest.raises(error):
            prepared(new, **how)
    with pytest.raises(NotFound):
        move_orders.prepare(new, "nowhere", asked_by="ada")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("steps:\n  jugde: weigh\n", "map.yaml:2:3: the version the cases are on has no step `jugde`: did you mean `judge`?"),
        ("steps:\n  judge: weight\n", "map.yaml:2:10: the version they go to has no step `weight`: did you mean `weigh`?"),
        ("steps:\n  judge: {active: anew}\n", "map.yaml:2:3: the version they go to has no step `judge`: write one of"),
        ("steps:\n  both: weigh\n", "`both` and `weigh` are not both joins"),
        ("steps:\n  both: {to: all, arrived: 2}\n", "map.yaml:2:28: `all` cannot have had 2 arrivals: write 0 to 1"),
        ("steps:\n  tell: {to: inform, arrived: 1}\n", "only a join has arrivals"),
        ("steps:\n  judge: {to: weigh, active: ended}\n", "`weigh` ends with an outcome: write `outcome:` with one of `granted`, `refused`"),
        ("steps:\n  judge: {to: weigh, outcome: granted}\n", "an outcome goes with `active: ended`"),
        ("steps:\n  judge: {to: weigh, active: stay}\n", "map.yaml:2:30: `active` cannot be `stay`"),
        ("steps:\n  judge: {into: weigh}\n", "map.yaml:2:11: unknown key `into`"),
        ("start_now: [wieghed]\n", "map.yaml:1:13: no service of this journey has a standard `wieghed`: did you mean `weighed`?"),
        ("start_now: [soon]\nstart_from_receipt: [soon]\n", "`soon` starts once: now or from the receipt"),
        ("- judge\n", "map.yaml:1:1: a mapping is a YAML mapping"),
        ("steps: {judge: weigh\n", "this is not YAML"),
    ],
)  # fmt: skip
def test_a_fault_of_the_mapping_has_its_place(old: Portal, new: Portal, text: str, fault: str) -> None:
    with pytest.raises(CatalogueFaults) as refused:
        prepared(new, text)
    assert fault in str(refused.value)


@pytest.mark.parametrize("at", [1, 2, 4])
def test_killed_at_any_point_and_gone_on_with_each_case_is_moved_once(old: Portal, new: Portal, tmp_path: Path, at: int) -> None:
    cases = [send(old) for _ in range(7)]
    id = begin(new, prepared(new))
    address = new.engine.url.render_as_string(hide_password=False)
    line = [sys.executable, "-m", "tests.ledger.moving_process", address, str(tmp_path / "new"), str(id), str(at)]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.kill()
    assert state(new, id).moved == 2 * (at - 1)
    through(new, id)
    assert (state(new, id).status, state(new, id).moved) == ("done", 7)
    for case_id in cases:
        assert len(told(new, case_id, "CaseMoved")) == 1
        assert rows(new, journey_runs, case_id)[0]["definition_hash"] == new.catalogue.hashes["journey", "long"]


def test_two_who_move_at_once_move_each_case_once(old: Portal, new: Portal) -> None:
    cases = [send(old) for _ in range(5)]
    id = begin(new, prepared(new))
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(through, new, id) for _ in range(3)]:
            done.result()
    assert (state(new, id).status, state(new, id).moved) == ("done", 5)
    assert [len(told(new, case_id, "CaseMoved")) for case_id in cases] == [1] * 5


OUTER = """\
id: long
version: 1
title: {en: Long, fr: Long}
start: part
steps:
  - id: part
    kind: journey
    title: {en: Part, fr: Partie}
    journey: inner
    next: judge
  - id: judge
    kind: decide
    title: {en: Judge, fr: Juger}
    outcomes: [granted, refused]
    next: {granted: end, refused: end}
"""
INNER = """\
id: inner
version: 1
title: {en: Inner, fr: Interne}
start: look
steps:
  - id: look
    kind: work
    title: {en: Look, fr: Voir}
"""
LAST = INNER.replace("id: inner", "id: last").replace(": look", ": file").replace("Look", "File").replace("Voir", "Classer")


def test_journeys_inside_journeys_move_by_themselves_and_what_the_newer_begins_is_pinned(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    tree = FILES["services/hall/tree.yaml"].replace("  tell: 10\n", "")
    files = {"journeys/long.yaml": OUTER, "journeys/inner.yaml": INNER, "services/hall/tree.yaml": tree}
    old = town(engine, fresh_database, tmp_path / "old", files)
    inside, after = send(old), send(old)
    do(old, after, "look")
    changed = {
        "journeys/inner.yaml": INNER.replace("version: 1", "version: 2").replace("id: look", "id: view").replace("start: look", "start: view"),
        "journeys/long.yaml": OUTER.replace("version: 1", "version: 2").replace("granted: end", "granted: close")
        + "  - id: close\n    kind: journey\n    title: {en: Close, fr: Clore}\n    journey: last\n",
        "journeys/last.yaml": LAST,
        "services/hall/tree.yaml": tree.replace("version: 2", "version: 3").replace("  look: 100\n", "  view: 100\n  file: 5\n"),
    }
    new = town(engine, fresh_database, tmp_path / "new", changed)
    inner = moving_done(new, "inner", "steps:\n  look: view\n")
    assert (inner.moved, {row["step"] for row in waiting(new, inside)}) == (1, {"view"})
    before = {id: everything(new, id) for id in (inside, after)}
    outer = moving_done(new, "long", "")
    assert outer.moved == 2
    pinned = {row["journey"]: row["pins"] for row in rows(new, journey_runs, inside)}["long"]
    assert pinned == {"journey/inner": old.catalogue.hashes["journey", "inner"], "journey/last": new.catalogue.hashes["journey", "last"]}
    assert {line.stays for line in undone(new, outer.id)} == {None}
    assert {id: everything(new, id) for id in (inside, after)} == before
    assert moving_done(new, "long", "").moved == 2
    for case_id, steps in ((inside, ["view", "judge", "file"]), (after, ["judge", "file"])):
        for step in steps:
            do(new, case_id, step, outcome="granted" if step == "judge" else None)
        assert case(new, case_id)["status"] == "closed"


def moving_done(portal: Portal, journey: str, text: str) -> Move:
    """Cases of that journey moved to its present version."""
    move = move_orders.prepare(portal, journey, asked_by="ada", written=mapping(text))
    through(portal, begin(portal, move))
    return state(portal, move.id)
