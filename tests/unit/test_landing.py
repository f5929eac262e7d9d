"""Where a run lands in another version of its journey: what the runner keeps by the names of steps goes with them, and what cannot go on says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.catalogue.conditions import typed_for
from portal.catalogue.definitions import Arm, Field, Journey, Law, Next, Service, Step
from portal.catalogue.mapping import Place, StepMapping
from portal.workflow.landing import Plan, Stays
from portal.workflow.runner import Run


def step(id: str, *to: str, kind: Any = "work", **more: Any) -> Step:
    return Step(id, kind, {"en": id}, Next("all", tuple(Arm(one) for one in to or ("end",))), **more)


def journey(*steps: Step) -> Journey:
    return Journey("way", 1, {"en": "Way"}, steps[0].id, steps)


def chosen(id: str, **ways: str) -> Step:
    arms = tuple(Arm(to, outcome=outcome, at_most=3 if outcome == "again" else None) for outcome, to in ways.items())
    return Step(id, "decide", {"en": id}, Next("outcome", (*arms, Arm("end"))), outcomes=tuple(ways))


OLD = journey(step("look", "a", "b"), step("a", "both"), step("b", "both"), step("both", "judge", kind="join"), step("judge"))


def land(older: Journey, newer: Journey, run: Run, mapping: StepMapping | None = None, **places: Place) -> Any:
    return Plan(older, newer, mapping or StepMapping(places)).land(run)


def why(*arguments: Any, **places: Place) -> str:
    with pytest.raises(Stays) as stays:
        land(*arguments, **places)
    return str(stays.value)


def test_names_arrivals_and_numbers_go_with_it() -> None:
    newer = journey(step("look", "x", "b"), step("x", "all"), step("b", "all"), step("all", "weigh", kind="join"), step("weigh"))
    run = Run(count=3, active={2: "a"}, arrived={"both": 1})
    places = {"a": Place("x"), "both": Place("all"), "judge": Place("weigh")}
    assert land(OLD, newer, run, **places).run == Run(count=3, active={2: "x"}, arrived={"all": 1})
    opened = Run(count=4, active={4: "judge"}, arrived={"both": 2})
    assert land(OLD, newer, opened, **places).run == Run(count=4, active={4: "weigh"}, arrived={"all": 2})


def test_a_join_that_has_opened_counts_as_opened_where_it_waits_for_more() -> None:
    newer = journey(step("look", "a", "b", "c"), *(step(id, "both") for id in "abc"), step("both", "judge", kind="join"), step("judge"))
    assert land(OLD, newer, Run(4, {4: "judge"}, {"both": 2})).run.arrived == {"both": 3}


def test_a_join_that_is_gone_matters_only_where_ways_have_come() -> None:
    newer = journey(step("look", "judge"), step("a", "judge"), step("judge"))
    assert land(OLD, newer, Run(1, {1: "look"})).run == Run(1, {1: "look"})
    assert land(OLD, newer, Run(4, {4: "judge"}, {"both": 2})).run.arrived == {}
    assert why(OLD, newer, Run(3, {2: "a"}, {"both": 1})).startswith("1 of its ways have come to the join `both`")


def test_a_join_that_would_open_at_once_is_told() -> None:
    newer = journey(step("look", "a", "b"), step("a", "both"), step("b", "both"), step("both", "judge", kind="join", needs=1), step("judge"))
    run = Run(3, {2: "a"}, {"both": 1})
    assert why(OLD, newer, run) == "the join `both` would have all its 1 arrivals and nothing would open it: set `arrived` in the mapping"
    assert land(OLD, newer, run, both=Place(arrived=0)).run.arrived == {"both": 0}


def test_rounds_are_counted_on() -> None:
    older = journey(chosen("judge", again="judge", done="end"))
    newer = journey(chosen("weigh", again="weigh", done="end"))
    run = Run(3, {3: "judge"}, taken={"judge>judge": 2})
    assert land(older, newer, run, judge=Place("weigh")).run.taken == {"weigh>weigh": 2}


def test_what_would_be_taken_back_must_be_there() -> None:
    older = journey(step("book", "judge", undo="cancel"), step("judge"), step("cancel"))
    run = Run(2, {2: "judge"}, undo=("cancel",))
    newer = journey(step("book", "judge", undo="unbook"), step("judge"), step("unbook"))
    assert land(older, newer, run, cancel=Place("unbook")).run.undo == ("unbook",)
    assert why(older, newer, run).startswith("what takes back a step that was done, `cancel`, is not in the newer version")
    assert why(older, newer, replace(run, stopping=True)).startswith("it is no longer needed")


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (step("judge", kind="send", agency="roads"), "`judge` is a `work` that becomes a `send`: write `active: anew` (or `ended`) for `judge` in the mapping"),
        (step("judge", agency="roads"), "`judge` is done by another agency: write `active: anew` for `judge` in the mapping"),
        (step("judge", each="answers.sites"), "`judge` is done for other items than `judge` was: it ends on the version it began on"),
    ],
)
def test_what_is_under_way_goes_on_only_as_what_it_was(new: Step, says: str) -> None:
    older = journey(step("judge"))
    assert why(older, journey(new), Run(1, {1: "judge"})) == says


def test_begun_again_it_may_be_something_else() -> None:
    found = land(journey(step("judge")), journey(step("judge", kind="send", agency="roads")), Run(1, {1: "judge"}), judge=Place(active="anew"))
    assert (found.anew, found.ended, found.run.active) == ((1,), {}, {1: "judge"})


def test_people_may_find_another_kind_of_work_under_their_hands() -> None:
    assert land(journey(step("judge")), journey(chosen("judge", yes="end", no="end")), Run(1, {1: "judge"})).run.active == {1: "judge"}


def test_two_steps_that_become_one_are_twice_under_way() -> None:
    newer = journey(step("look", "a"), step("a", "judge"), step("judge"))
    assert "`a` is under way twice at once" in why(OLD, newer, Run(3, {2: "a", 3: "b"}), b=Place("a"))


def test_conditions_are_held_against_the_service_it_goes_by() -> None:
    service = Service("s", 1, "hall", {}, {}, "way", (), Law({}), ("web",), {}, fields=(Field("girth", "integer", {}),))
    newer = journey(Step("look", "work", {}, Next("first", (Arm("end", when="answers.height > 3"), Arm("end")))))
    with pytest.raises(Stays, match=r"the condition `answers.height > 3` of `look` cannot be judged"):
        Plan(newer, newer, StepMapping()).fits(service, typed_for(service))
    Plan(newer, newer, StepMapping()).fits(
        replace(service, fields=(Field("height", "integer", {}),)), typed_for(replace(service, fields=(Field("height", "integer", {}),)))
    )
