"""What is told of an unsound journey: each kind of fault in words, with the shortest way to it, at its place; and bounds that are admitted."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.catalogue.definitions import Arm, Journey, Next, Step
from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.cli.check import check
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from portal.workflow.explore import explore
from portal.workflow.soundness import unsound
from tests.definitions.small_city import marked, plant, write
from tests.unit.random_journeys import journey, step, to


def first(*tos: str) -> Next:
    return Next("first", (*(Arm(one, when="answers.x") for one in tos[:-1]), Arm(tos[-1])))


def by(**ways: str) -> Next:
    return Next("outcome", tuple(Arm(to, outcome=outcome) for outcome, to in ways.items()))


def judge(id: str, **ways: str) -> Step:
    return step(id, "decide", by(**ways), outcomes=tuple(ways))


END = step("last", "work", to("end"))

#: Name, journey, kind, step, what is said.
CASES: list[tuple[str, Journey, str, str | None, str]] = [
    (
        "an exclusive split into a join",
        journey(
            step("look", "work", to("check")),
            step("check", "work", first("a", "b")),
            step("a", "work", to("both")),
            step("b", "work", to("both")),
            step("both", "join", to("last")),
            END,
        ),
        "starved",
        "both",
        "after `look`, `check` (to `a`) and `a`: `both` has 1 of the 2 arrivals it waits for and the other can never come",
    ),
    (
        "a way of a split that does not come to the join",
        journey(
            step("begin", "work", to("a", "b", "c")),
            step("a", "work", to("all")),
            step("b", "work", to("all")),
            judge("c", fine="all", not_fine="end"),
            step("all", "join", to("last"), needs=3),
            END,
        ),
        "starved",
        "all",
        "`c` (`not_fine`)",
    ),
    (
        "parallel ways that are not joined",
        journey(step("begin", "work", to("a", "b")), step("a", "work", to("last")), step("b", "send", to("last")), END),
        "twice",
        "last",
        "after `begin`, `a` and `b`: `last` is under way twice at once",
    ),
    (
        "a join reached again by a way back",
        journey(
            step("begin", "work", to("a", "b")),
            step("a", "work", to("both")),
            step("b", "work", to("both")),
            step("both", "join", to("check"), needs=2),
            judge("check", good="end", again="both"),
        ),
        "crowded",
        "both",
        "after `begin`, `a`, `b` and `check` (`again`): `both` is reached once more than it waits for (2)",
    ),
    (
        "an outcome that leads nowhere",
        journey(step("decide", "decide", by(yes="end"), outcomes=("yes", "no"))),
        "unhandled",
        "decide",
        "when `decide` ends `no`, no way leads on",
    ),
    (
        "conditions that may all be false",
        journey(step("look", "work", Next("first", (Arm("last", when="answers.x"),))), END),
        "unhandled",
        "look",
        "when `look` ends, no way leads on",
    ),
    (
        "a trap",
        journey(judge("look", fine="end", strange="a"), step("a", "work", to("b")), step("b", "work", to("a"))),
        "stuck",
        "look",
        "after `look` (`strange`): no way leads to the end any more",
    ),
    ("a step nothing leads to", journey(step("look", "work", to("end")), END), "dead", "last", "`last` never begins"),
    (
        "a round that nobody sees",
        journey(step("look", "work", to("ask")), step("ask", "ask", by(answered="end", lapsed="ask"))),
        "circle",
        "ask",
        "leads round to itself",
    ),
    (
        "a round of steps that end by themselves",
        journey(step("a", "notify", to("b")), step("b", "notify", first("a", "end"))),
        "circle",
        "a",
        "`a` and `b` lead round to themselves",
    ),
    ("a start that waits for what cannot be", journey(step("a", "join", to("last")), END), "nowhere", "a", "write `needs: 1`"),
    ("a way to nothing", journey(step("a", "work", to("z"))), "nowhere", "a", "leads to `z`, which is not there"),
    (
        "a chain no runner can follow",
        journey(*[step(f"n{i}", "notify", to(f"n{i + 1}")) for i in range(900)], step("n900", "work", to("end"))),
        "chain",
        None,
        "too many steps",
    ),
]


@pytest.mark.parametrize(("wrong", "kind", "at", "says"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_fault_is_told_with_the_way_to_it(wrong: Journey, kind: str, at: str | None, says: str) -> None:
    (found,) = unsound(wrong)
    assert (found.kind, found.step) == (kind, at)
    assert says in found.says


def test_the_way_told_is_a_shortest_one() -> None:
    """Long ways lead to the same fault; the two steps that matter are told."""
    long = [step(f"l{i}", "work", to(f"l{i + 1}")) for i in range(30)]
    wrong = journey(
        step("begin", "work", to("l0", "x", "y")),
        *long,
        step("l30", "work", to("end")),
        step("x", "work", to("z")),
        step("y", "work", to("z")),
        step("z", "work", to("end")),
    )
    assert [found.says for found in unsound(wrong)] == [
        "after `begin`, `x` and `y`: `z` is under way twice at once: bring the ways that lead to it together at a `join` first"
    ]


def test_of_a_long_way_what_was_chosen_is_told() -> None:
    steps = [step(f"s{i}", "work", to(f"s{i + 1}")) for i in range(40)]
    wrong = journey(*steps, judge("s40", good="end", bad="trap"), step("trap", "work", to("trap")))
    assert [found.says for found in unsound(wrong)] == ["after 41 steps, the last `s40`, among them `s40` (`bad`): no way leads to the end any more"]


def test_a_round_a_person_ends_is_taken() -> None:
    assert unsound(journey(step("fill", "ask", by(answered="check", lapsed="check")), judge("check", good="end", more="fill"))) == []


def test_k_of_n_need_not_wait_for_all() -> None:
    ways = [step(f"w{i}", "send", to("some")) for i in range(4)]
    assert unsound(journey(step("begin", "work", to(*(way.id for way in ways))), *ways, step("some", "join", to("last"), needs=2), END)) == []


def test_a_bound_that_was_hit_is_admitted() -> None:
    found = unsound(
        journey(
            *[judge(f"d{i}", a=f"d{i + 1}", b=f"e{i}") for i in range(50)],
            *[step(f"e{i}", "work", to("d50")) for i in range(50)],
            step("d50", "work", to("end")),
        ),
        limit=40,
    )
    assert [one.kind for one in found] == ["bound"]
    assert "nothing is proved" in found[0].says


def wide(ways: int, long: int) -> Journey:
    """That many ways at once, each of so many decisions of which either ends the way early."""
    steps = [judge(f"w{way}-{at}", on=f"w{way}-{at + 1}" if at + 1 < long else "both", stop="both") for way in range(ways) for at in range(long)]
    return journey(step("begin", "work", to(*(f"w{way}-0" for way in range(ways)))), *steps, step("both", "join", to("last"), needs=ways), END)


@pytest.mark.parametrize(("ways", "long"), [(57, 1), (19, 3), (8, 7), (2, 28)])
def test_wide_journeys_stay_small(ways: int, long: int) -> None:
    """Ends of different ways commute: a journey of sixty steps has some sixty standings to look at, not 8^8."""
    one = wide(ways, long)
    assert unsound(one) == []
    assert explore(one).states <= 2 * len(one.steps)


def faults(folder: Path, changes: dict[str, str]) -> list[Fault]:
    write(folder, changes)
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    return list(trouble.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "§both",
            "    next: [tell, both]|    next: [{when: answers.girth > 5, to: tell}, {to: both}]",
            "after `look` (to `split`, `split` to `both`): `both` has 1 of the 2",
        ),
        ("§judge", "kind: join\n    title: {en: Both, fr: Les deux}|kind: work\n    title: {en: Both, fr: Les deux}", "under way twice at once"),
    ],
)
def test_a_fault_has_its_place_in_the_file_and_keeps_the_definitions_from_going_live(tmp_path: Path, old: str, new: str, says: str) -> None:
    """The small city passes; one change, and `load` gives no catalogue."""
    text = plant("journeys/long.yaml", *new.split("|"))
    if old == "§judge":
        text = text.replace("next: [tell, both]", "next: [tell, judge]").replace("    action: tell\n    next: both", "    action: tell\n    next: judge")
        text = text.replace("  - id: both\n    kind: work\n    title: {en: Both, fr: Les deux}\n    next: judge\n", "")
    text = text.replace(f"  - id: {old[1:]}\n", f"  - id: {old}\n")
    found = faults(tmp_path, {"journeys/long.yaml": text})
    (fault,) = [fault for fault in found if says in fault.message]
    assert fault.file.endswith("journeys/long.yaml")
    assert (fault.line, fault.column) == marked(text)


def test_the_small_city_passes(tmp_path: Path) -> None:
    write(tmp_path)
    assert load(directories=[tmp_path], resolve_calendar=resolve, checks=CHECKS).journeys


def test_a_wait_nothing_watches_over_is_a_fault(tmp_path: Path) -> None:
    text = plant("services/hall/front-door.yaml", "within: 1 business_days", "within: 1 business_days\n    covers: look")
    (fault,) = faults(tmp_path, {"services/hall/front-door.yaml": text})
    assert "no promise covers step `judge` of journey `simple`, nor the whole case" in fault.message
    assert fault.line == text[: text.index("  - id: found")].count("\n") + 1


MORE = """\
  - id: seen
    title: {en: Seen, fr: Vu}
    kind: agreement
    within: %s
    covers: look
  - id: judged
    title: {en: Judged, fr: Jugé}
    kind: agreement
    within: %s
    covers: judge
costs:
"""


def test_steps_that_may_clearly_take_longer_than_the_case_are_a_fault(tmp_path: Path) -> None:
    text = plant("services/hall/front-door.yaml", "costs:\n", MORE % ("1 business_days", "2 business_days"))
    (fault,) = faults(tmp_path, {"services/hall/front-door.yaml": text})
    assert (
        "1 business_days are promised, but the steps may take 3 business_days one after another (`look` 1 business_days, `judge` 2 business_days)"
        in fault.message
    )


@pytest.mark.parametrize(
    ("look", "judge", "about"), [("1 calendar_weeks", "2 business_days", "about 10 days"), ("6 business_hours", "6 business_hours", "about 2 days")]
)
def test_in_other_units_or_a_little_longer_it_is_a_warning(tmp_path: Path, look: str, judge: str, about: str) -> None:
    write(tmp_path, {"services/hall/front-door.yaml": plant("services/hall/front-door.yaml", "costs:\n", MORE % (look, judge))})
    done = CliRunner().invoke(check, [str(tmp_path)])
    assert done.exit_code == 0
    (line,) = [line for line in done.output.splitlines() if "warning" in line]
    assert about in line
    assert "front-door.yaml:15:13: warning: " in line
