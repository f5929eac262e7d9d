"""Rounds with a limit, joins that cancel, steps for each item, errors and what is undone: a journey with all of them passes, and each fault has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.catalogue.publish import from_stored, plain
from portal.cli.check import check
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from tests.definitions.small_city import marked, write

JOURNEY = """\
id: works
version: 1
title: {en: Works, fr: Travaux}
start: read
steps:
  - id: read
    kind: work
    title: {en: Read, fr: Lire}
    next: [noise, police, school]
  - id: noise
    kind: work
    title: {en: Noise, fr: Bruit}
    next: advised
  - id: police
    kind: work
    title: {en: Police, fr: Police}
    next: advised
  - id: school
    kind: work
    title: {en: School, fr: École}
    next: advised
  - id: advised
    kind: join
    title: {en: Advised, fr: Avis rendus}
    needs: 2
    rest: cancel
    next: book
  - id: book
    kind: send
    title: {en: Book, fr: Réserver}
    action: book
    undo: free
    on_error: by-hand
    next: visit
  - id: by-hand
    kind: work
    title: {en: By hand, fr: À la main}
    next: visit
  - id: free
    kind: send
    title: {en: Free, fr: Libérer}
    action: free
  - id: visit
    kind: work
    title: {en: Visit, fr: Visiter}
    each: answers.places
    most: 3
    next: judge
  - id: judge
    kind: work
    title: {en: Judge, fr: Juger}
    outcomes: [good, again]
    next:
      good: decide
      again:
        - {to: read, at_most: 2}
        - {to: decide}
  - id: decide
    kind: decide
    title: {en: Decide, fr: Décider}
    outcomes: [granted, refused]
    next: {granted: end, refused: end}
"""
SERVICE = """\
id: works
version: 1
agency: hall
title: {en: Works, fr: Travaux}
summary: {en: In the street., fr: Dans la rue.}
journey: works
channels: [web]
law:
  title: {en: By-law, fr: Règlement}
standards:
  - id: decided
    title: {en: In a month, fr: En un mois}
    kind: promise
    within: 1 calendar_months
  - id: freed
    title: {en: Freed, fr: Libérée}
    kind: promise
    within: 2 business_days
    covers: free
costs: {read: 1, noise: 1, police: 1, school: 1, book: 1, by-hand: 1, free: 1, visit: 1, judge: 1, decide: 1}
fields:
  - id: places
    type: choices
    required: true
    title: {en: Where, fr: Où}
    options:
      - {id: north, title: {en: North, fr: Nord}}
      - {id: south, title: {en: South, fr: Sud}}
"""


def files(journey: str = JOURNEY, service: str = SERVICE) -> dict[str, str]:
    return {"journeys/works.yaml": journey, "services/hall/works.yaml": service}


def faults(folder: Path, changes: dict[str, str]) -> tuple[Fault, ...]:
    write(folder, changes)
    try:
        load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    except CatalogueFaults as trouble:
        return trouble.faults
    return ()


def test_a_journey_with_all_of_them_passes_and_is_stored_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, files())
    journey = load(directories=[tmp_path], resolve_calendar=resolve, checks=CHECKS).journeys["works"]
    assert from_stored("journey", plain(journey)) == journey
    assert [(arm.to, arm.outcome, arm.at_most) for arm in journey.step("judge").next.arms] == [
        ("decide", "good", None),
        ("read", "again", 2),
        ("decide", "again", None),
    ]
    assert journey.regions["advised"].steps == {"noise", "police", "school"}


PLANTED = [
    ("at_most: 2}", "at_most: §0}", "a whole number from 1 to 100"),
    ("next: book", "next: [{when: channel == 'web', to: book, at_most: §2}, {to: book}]", "are counted together"),
    ("        - {to: decide}\n", "        - {to: decide, §at_most: 1}\n", "not passed again"),
    (
        "        - {to: read, at_most: 2}\n        - {to: decide}\n",
        "        - §{to: read, at_most: 2}\n",
        "the last way of outcome `again` must always be open",
    ),
    ("    rest: cancel\n", "    rest: §keep\n", "`rest` cannot be `keep`"),
    ("    needs: 2\n    rest: cancel\n", "    needs: 3\n    §rest: cancel\n", "waits for fewer than all its ways"),
    ("on_error: by-hand", "on_error: §nobody", "there is no step `nobody`"),
    ("    undo: free\n", "    undo: §gone\n", "there is no step `gone`"),
    ("    undo: free\n", "    undo: §decide\n", "`decide` is of kind `decide`"),
    ("    undo: free\n", "    undo: §visit\n", "`visit` is a step of the journey itself"),
    ("    title: {en: Visit, fr: Visiter}\n", "    title: {en: Visit, fr: Visiter}\n    cancels: [§nothing]\n", "there is no step `nothing`"),
    ("    title: {en: Visit, fr: Visiter}\n", "    title: {en: Visit, fr: Visiter}\n    cancels: [§visit]\n", "`visit` has ended by then"),
    ("    each: answers.places\n", "    each: answers§.place\n", "undeclared reference"),
    ("    each: answers.places\n", "    each: §channel\n", "not a list"),
    ("    most: 3\n", "    most: §0\n", "a whole number of items from 1 to 100"),
    ("    most: 3\n", "    most: 3\n    needs: §4\n", "waits for 4 items of at most 3"),
    (
        "kind: decide\n    title: {en: Decide, fr: Décider}\n    outcomes: [granted, refused]\n    next: {granted: end, refused: end}\n",
        "kind: §decide\n    title: {en: Decide, fr: Décider}\n    outcomes: [granted, refused]\n"
        "    next: {granted: end, refused: [{to: judge, at_most: 1}, {to: end}]}\n",
        "a case is decided once",
    ),
    ("    kind: decide\n", "    kind: decide\n    §each: answers.places\n", "`each` is for steps of kind"),
    ("    on_error: by-hand\n    next: visit", "    §on_error: by-hand\n    next: {done: visit, refused: visit, failed: by-hand}", "not both"),
    ("    on_error: by-hand\n    next: visit", "    §next: {done: visit, failed: by-hand}", "no way for a send that is `refused`"),
]


@pytest.mark.parametrize(("old", "new", "says"), PLANTED)
def test_a_planted_fault_is_found_at_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert JOURNEY.count(old) == 1
    text = JOURNEY.replace(old, new)
    found = faults(tmp_path, files(text))
    places = [(fault.line, fault.column) for fault in found if says in fault.message]
    assert places, f"not found; found: {[str(fault) for fault in found]}"
    assert places[0] == marked(text)


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        (
            "    title: {en: Noise, fr: Bruit}\n    next: advised",
            "    title: {en: Noise, fr: Bruit}\n    next: [{when: channel == 'web', to: advised}, {to: end}]",
            "rest: cancel",
            "`noise` leads to `end`",
        ),
        ("    action: free\n", "    action: free\n    next: judge\n", "undo: free", "`free` leads on, but nothing comes after a withdrawal"),
        ("    action: free\n", "    action: free\n    cancels: [judge]\n", "undo: free", "`free` says `cancels`, which has no meaning"),
    ],
)
def test_a_fault_elsewhere_is_told_where_it_matters(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    text = JOURNEY.replace(old, new)
    (fault,) = [fault for fault in faults(tmp_path, files(text)) if says in fault.message]
    assert text.splitlines()[fault.line - 1].strip() == key


def test_what_is_undone_needs_a_promise_of_its_own_or_a_reason(tmp_path: Path) -> None:
    """The promise on the whole case ends with the withdrawal."""
    bare = SERVICE[: SERVICE.index("  - id: freed")] + SERVICE[SERVICE.index("costs:") :]
    (fault,) = faults(tmp_path, files(service=bare))
    assert "no promise covers step `free`" in fault.message
    reason = JOURNEY.replace("    action: free\n", "    action: free\n    reason: {en: Done by a machine., fr: Fait par une machine.}\n")
    assert faults(tmp_path, files(reason, bare)) == ()


def test_the_longest_way_counts_the_rounds_that_may_be_needed(tmp_path: Path) -> None:
    """Three rounds of eleven days may be longer than a month: told as a warning, since one round is not."""
    seen = SERVICE.replace("costs:", "  - id: seen\n    title: {en: Seen, fr: Vu}\n    kind: promise\n    within: 11 calendar_days\n    covers: read\ncosts:")
    write(tmp_path, files(service=seen))
    done = CliRunner().invoke(check, [str(tmp_path)])
    assert done.exit_code == 0
    (line,) = [line for line in done.output.splitlines() if "warning" in line]
    assert "about 33 days" in line
    assert "`read` 11 calendar_days, 3 times" in line


EXAMPLES = re.findall(r"```yaml\n(- id:.+?)```", (Path(__file__).parents[2] / "journeys" / "README.md").read_text("utf-8"), re.S)


@pytest.mark.parametrize("example", [one for one in EXAMPLES if "kind: journey" not in one], ids=lambda example: example.split()[2])
def test_the_examples_of_the_handbook_are_journeys(tmp_path: Path, example: str) -> None:
    """Steps that stand there without a title get one; nothing else is added."""
    steps = re.sub(r"- id: (\S+)\n", r"- id: \1\n  title: {en: Step, fr: Étape}\n", example)
    first, costs = re.findall(r"- id: (\S+)", example)[0], ", ".join(f"{id}: 1" for id in re.findall(r"- id: (\S+)", example))
    journey = f"id: works\nversion: 1\ntitle: {{en: Works, fr: Travaux}}\nstart: {first}\nsteps:\n{steps}"
    plan = "  - id: plan\n    type: text\n    title: {en: Plan, fr: Plan}\n"
    service = re.sub(r"costs: .*", f"costs: {{{costs}}}", SERVICE[: SERVICE.index("  - id: freed")] + SERVICE[SERVICE.index("costs:") :]) + plan
    assert faults(tmp_path, files(journey, service)) == ()


def test_there_are_examples_of_all_of_it() -> None:
    shown = "".join(EXAMPLES)
    for word in ("at_most:", "rest: cancel", "each:", "cancels:", "on_error:", "undo:", "outcomes:"):
        assert word in shown
