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


def again(id: str, back: str, *, on: str = "end", most: int | None = 2, spent: str | None = "end", **more: object) -> Step:
    """A decision that sends back so often, and then on."""
    arms = (Arm(on, outcome="good"), Arm(back, outcome="again", at_most=most), *([Arm(spent, outcome="again")] if spent else []))
    return step(id, "decide", Next("outcome", arms), outcomes=("good", "again"), **more)


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
            again("check", "both"),
        ),
        "starved",
        "both",
        "after `begin`, `a`, `b` and `check` (`again`, to `both`): `both` has 1 of the 2 arrivals it waits for",
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
        "a round without a limit",
        journey(judge("look", fine="end", strange="a"), step("a", "work", to("b")), step("b", "work", to("c")), step("c", "send", to("a"), on_error="b")),
        "circle",
        "a",
        "a case could go round for ever: `b` leads to `c`, that to `b`; give one way of the round a limit (`at_most: 3`)",
    ),
    (
        "a limit and nothing behind it",
        journey(step("fill", "ask", to("check")), again("check", "fill", spent=None)),
        "unhandled",
        "check",
        "`check` (`again`), `fill` (`answered`), `check` (`again`) and `fill` (`answered`): when `check` ends `again`, no way leads on",
    ),
    (
        "a join of a round that lets the others go on",
        journey(
            step("split", "work", to("a", "b")),
            step("a", "work", to("one")),
            step("b", "work", to("one")),
            step("one", "join", to("check"), needs=1),
            again("check", "split"),
        ),
        "late",
        "one",
        "after `split` and `a`: `one` goes on with 1 while more can still come to it, which would count for the next round",
    ),
    (
        "a way of a join that another makes needless",
        journey(
            step("begin", "work", to("a", "b")),
            step("a", "work", to("both")),
            step("b", "work", to("both"), cancels=("a",)),
            step("both", "join", to("last")),
            END,
        ),
        "starved",
        "both",
        "after `begin` and `b`: `both` has 1 of the 2 arrivals it waits for",
    ),
    (
        "a join of which nobody knows what it cancels",
        journey(
            step("begin", "work", to("a", "b")),
            step("a", "work", first("one", "end")),
            step("b", "work", to("one")),
            step("one", "join", to("last"), needs=1, rest="cancel"),
            END,
        ),
        "region",
        "one",
        "it is not clear what `one` cancels: `a` leads to `end`",
    ),
    (
        "what undoes is a step of the journey",
        journey(step("book", "work", to("free"), undo="free"), step("free", "work", to("end"))),
        "undo",
        "free",
        "`free` takes something back after a withdrawal, and yet `book` leads to it",
    ),
    ("what would undo is not there", journey(step("book", "work", to("end"), undo="free")), "nowhere", "book", "`book` names `free`, which is not there"),
    (
        "an error nobody expects at a join",
        journey(
            step("begin", "work", to("a", "b")),
            step("a", "send", to("both"), on_error="last"),
            step("b", "work", to("both")),
            step("both", "join", to("last")),
            END,
        ),
        "starved",
        "both",
        "after `begin`, `a` (`failed`), `b` and `last`: `both` has 1 of the 2",
    ),
    (
        "each of a list beside another way to the same step",
        journey(step("begin", "work", to("each", "last")), step("each", "work", to("last"), each="answers.sites"), END),
        "twice",
        "last",
        "after `begin` (0 items of `each`): `last` is under way twice at once",
    ),
    ("a step nothing leads to", journey(step("look", "work", to("end")), END), "dead", "last", "`last` never begins"),
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
    told = [step("a", "notify", to("last")), step("b", "notify", to("last"))]
    wrong = journey(*steps, judge("s40", good="end", bad="trap"), step("trap", "work", to("a", "b")), *told, END)
    (found,) = unsound(wrong)
    assert found.says.startswith("after 42 steps, the last `trap`, among them `s40` (`bad`): `last` is under way twice at once")


def test_a_round_with_a_limit_is_taken() -> None:
    assert unsound(journey(step("fill", "ask", by(answered="check", lapsed="check")), again("check", "fill", most=5))) == []


def test_a_join_of_a_round_that_cancels_the_rest_is_taken() -> None:
    ways = [step(f"w{i}", "send", to("some")) for i in range(3)]
    split = step("split", "work", to(*(way.id for way in ways)))
    assert unsound(journey(split, *ways, step("some", "join", to("check"), needs=2, rest="cancel"), again("check", "split"))) == []


def test_what_makes_a_join_needless_may_say_so() -> None:
    arms = (Arm("both", outcome="yes"), Arm("last", outcome="no", cancels=("a", "both")))
    stop = step("b", "decide", Next("outcome", arms), outcomes=("yes", "no"))
    assert unsound(journey(step("begin", "work", to("a", "b")), step("a", "work", to("both")), stop, step("both", "join", to("last")), END)) == []


def test_many_counts_are_not_followed_and_nothing_is_missed() -> None:
    """Seven rounds of ten in one circle: 11^7 combinations of counts, and a fault behind the last of them is found."""
    ways = [again(f"s{i}", f"s{max(i - 1, 0)}", on=f"s{i + 1}", most=10) for i in range(7)]
    assert unsound(journey(*ways, step("s7", "work", to("end")))) == []
    split = [step("s7", "work", to("a", "b")), step("a", "work", to("last")), step("b", "work", to("last")), END]
    assert [found.kind for found in unsound(journey(*ways, *split))] == ["twice"]


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
