"""Faults of journeys inside journeys and of parts of a life event, each at its exact place."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.definitions import Catalogue
from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from tests.definitions.small_city import FILES, HERE, marked, write

EVENT, MOVE, TREE = "services/hall/move.yaml", "journeys/move.yaml", "services/hall/tree.yaml"
MOVES = {
    EVENT: """\
id: move
version: 1
agency: hall
title: {en: Move, fr: Déménager}
summary: {en: Move., fr: Déménager.}
journey: move
life_event: true
channels: [web]
law:
  title: {en: Law, fr: Loi}
standards:
  - id: settled
    title: {en: In half a year, fr: En six mois}
    kind: promise
    within: 6 calendar_months
    calendar: office
fields:
  - id: has_tree
    type: boolean
    required: true
    title: {en: A tree?, fr: Un arbre ?}
""",
    MOVE: """\
id: move
version: 1
title: {en: Move, fr: Déménager}
start: first
steps:
  - id: first
    kind: journey
    title: {en: First, fr: D'abord}
    journey: chores
    next: felled
  - id: felled
    kind: journey
    title: {en: Fell, fr: Abattre}
    service: tree
    when: answers.has_tree
    next: {granted: end, refused: end, withdrawn: end, not-needed: end}
""",
    "journeys/chores.yaml": """\
id: chores
version: 1
title: {en: Chores, fr: Corvées}
start: pack
steps:
  - id: pack
    kind: notify
    title: {en: Pack, fr: Emballer}
    template: message
""",
}

#: File, what stands there, what is planted (§ where the fault must be reported), part of the message.
PLANTED = [
    (MOVE, "journey: chores", "journey: §chore", "there is no journey `chore`: did you mean `chores`?"),
    (MOVE, "service: tree", "service: §three", "there is no service `three`: did you mean `tree`?"),
    (MOVE, "    service: tree\n", "", "begins one thing"),
    (MOVE, "service: tree", "service: tree\n    journey: chores", "begins one thing"),
    (MOVE, "service: tree", "service: §front-door", "finds doors"),
    (MOVE, "journey: chores", "journey: §move", "a journey cannot begin itself: `move` begins `move`"),
    (MOVE, "journey: chores", "journey: chores\n    §agency: hall", "the steps inside say whose they are"),
    (MOVE, "when: answers.has_tree", "when: answers§.has_three", "cannot be used with service `move`"),
    (MOVE, "refused: end, ", "", "no way where it ends `refused`"),
    (MOVE, "withdrawn: end, ", "", "no way where it ends `withdrawn`"),
    (MOVE, ", not-needed: end", "", "no way where it ends `not-needed`"),
    (MOVE, "not-needed: end", "not-needed: end, §lost: end", "`lost` is no outcome of it"),
    (MOVE, "journey: chores", "journey: chores\n    §event: done", "`event` is for steps of kind `wait`"),
    (MOVE, "  - id: first", "  - id: pack", "journey `chores` has a step `pack` too"),
    (EVENT, "journey: move\nlife_event: true", "journey: §move", "write `life_event: true`"),
    (EVENT, "  - id: has_tree", "  - id: girth\n    type: §text\n    title: {en: A, fr: B}\n  - id: has_tree", "part `tree` asks `girth` as `integer`"),
]


def faults(folder: Path) -> list[Fault]:
    with pytest.raises(CatalogueFaults) as found:
        load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    return found.value.faults


def loaded(folder: Path) -> Catalogue:
    return load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)


@pytest.mark.parametrize(("name", "old", "new", "says"), PLANTED, ids=[says for *_, says in PLANTED])
def test_planted(name: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    text = MOVES[name]
    assert text.count(old) >= 1
    text = text.replace(old, new)
    write(tmp_path, MOVES | {name: text})
    found = [fault for fault in faults(tmp_path) if says in fault.message]
    assert len(found) == 1, faults(tmp_path)
    assert found[0].file == str(tmp_path / name)
    if HERE in text:
        assert (found[0].line, found[0].column) == marked(text)


def test_a_way_round_through_others_is_named_whole(tmp_path: Path) -> None:
    chores = MOVES["journeys/chores.yaml"].replace("    kind: notify\n", "    kind: journey\n").replace("    template: message", "    journey: move")
    write(tmp_path, MOVES | {"journeys/chores.yaml": chores})
    told = {fault.message for fault in faults(tmp_path)}
    assert "a journey cannot begin itself: `move` begins `chores` begins `move`" in told
    assert "a journey cannot begin itself: `chores` begins `move` begins `chores`" in told


def test_a_condition_inside_is_compiled_on_the_fields_of_every_service(tmp_path: Path) -> None:
    chores = MOVES["journeys/chores.yaml"] + "    next:\n      - {when: answers.has_trees, to: end}\n      - {to: end}\n"
    write(tmp_path, MOVES | {"journeys/chores.yaml": chores})
    (only,) = faults(tmp_path)
    assert only.message.startswith("this condition cannot be used with service `move`")
    assert (only.file, only.line) == (str(tmp_path / "journeys/chores.yaml"), 11)


def test_a_step_inside_needs_its_cost(tmp_path: Path) -> None:
    chores = MOVES["journeys/chores.yaml"].replace("    kind: notify\n", "    kind: work\n").replace("    template: message\n", "")
    write(tmp_path, MOVES | {"journeys/chores.yaml": chores})
    (only,) = faults(tmp_path)
    assert "no cost for step `pack`" in only.message


def test_questions_of_parts_are_asked_where_their_part_may_be_needed(tmp_path: Path) -> None:
    write(tmp_path, MOVES)
    fields = {field.id: field for field in loaded(tmp_path).services["move"].fields}
    assert list(fields) == ["has_tree", "girth", "why"]
    assert (fields["girth"].when, fields["girth"].required, fields["girth"].maximum) == ("answers.has_tree", True, 900)


def test_a_question_two_ask_is_as_narrow_as_both_and_asked_where_one_is(tmp_path: Path) -> None:
    shrub = FILES[TREE].replace("id: tree", "id: shrub").replace("maximum: 900", "maximum: 50").replace("minimum: 1", "minimum: 3")
    second = (
        MOVES[MOVE].replace("next: felled", "next: [felled, cut]")
        + "  - {id: cut, kind: journey, title: {en: A, fr: B}, service: shrub, when: answers.has_shrub}\n"
    )
    event = MOVES[EVENT] + "  - {id: has_shrub, type: boolean, required: true, title: {en: A, fr: B}}\n"
    write(tmp_path, MOVES | {"services/hall/shrub.yaml": shrub, MOVE: second, EVENT: event})
    girth = next(field for field in loaded(tmp_path).services["move"].fields if field.id == "girth")
    assert girth.when == "(answers.has_tree) || (answers.has_shrub)"
    assert (girth.minimum, girth.maximum) == (3, 50)


def test_a_part_that_is_broken_makes_no_faults_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, MOVES | {TREE: "id: ["})
    assert {Path(fault.file).name for fault in faults(tmp_path)} == {"tree.yaml"}
