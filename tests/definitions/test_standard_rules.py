"""Faults in a standard's conditions are found at their exact place: nothing stands still without a law and an end, nothing takes effect unsigned."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from tests.definitions.small_city import HERE, marked, plant, write

TREE, LONG = "services/hall/tree.yaml", "journeys/long.yaml"
AFTER = "    warn_at: [0.5, 0.8]\n"
LAW = "{title: {en: A, fr: B}, article: '3'}"
REVOKE = f"{{within: 6 calendar_weeks, law: {LAW}}}"
BARE = "{title: {en: A, fr: B}}"
GOOD = f"""\
    pauses:
      - {{awaits: answer, law: {LAW}, retroactive: true}}
      - {{awaits: agency, law: {LAW}, within: 10 business_days, steps: [tell], starts: at-once}}
    extend: {{within: 2 calendar_weeks, law: {LAW}}}
    tell: [team-lead]
    escalate: [{{after: 1 business_days, to: team-lead}}]
    consequence:
      {{kind: tacit-approval, law: {LAW}, official: desk, outcome: granted, signed: true, unattended: true, revoke: {REVOKE}}}
    stops_on: [decided]
    resets_on: [reported]
"""
#: What is written below the standard (§ where the fault must be reported), part of the message.
PLANTED = [
    (f"    pauses: [{{awaits: answer, law: §{BARE}}}]\n", "name the article that stops a promise"),
    ("    pauses: [§{awaits: answer}]\n", "`law` is missing"),
    (f"    pauses: [{{awaits: §anwser, law: {LAW}}}]\n", "did you mean `answer`?"),
    (f"    pauses: [§{{awaits: agency, law: {LAW}}}]\n", "needs its longest time"),
    (f"    pauses: [{{awaits: agency, law: {LAW}, within: §P10D}}]\n", "is no term"),
    (f"    pauses: [{{awaits: answer, law: {LAW}, §within: 3 business_days}}]\n", "a date of its own"),
    (f"    pauses: [{{awaits: answer, law: {LAW}, §steps: [tell]}}]\n", "leave it out"),
    (f"    pauses: [{{awaits: agency, law: {LAW}, within: 3 business_days, steps: [§tel]}}]\n", "did you mean `tell`?"),
    (f"    pauses: [{{awaits: answer, law: {LAW}}}, {{awaits: §answer, law: {LAW}}}]\n", "already a pause"),
    (f"    extend: {{within: §2 weeks, law: {LAW}}}\n", "is no term"),
    (f"    extend: {{within: §2 business_hours, law: {LAW}}}\n", "knows no business_hours"),
    (f"    extend: {{within: 2 calendar_weeks, law: §{BARE}}}\n", "name the article that extends"),
    ("    escalate: [{after: §tomorrow, to: team-lead}]\n", "is no term"),
    ("    escalate: [{after: 1 business_days, to: §Team lead}]\n", "cannot be used here"),
    ("    escalate: [{after: 1 business_days, to: §teamlead}]\n", "did you mean `team-lead`?"),
    ("    tell: [team-lead, §mayor]\n", "names nobody as `mayor` in its `people`"),
    (f"    consequence: {{kind: redress, law: {LAW}, official: §decs}}\n", "did you mean `desk`?"),
    (f"    consequence: {{kind: redress, law: {LAW}, official: desk, unattended: §true}}\n", "signed the article"),
    (f"    consequence: §{{kind: tacit-approval, law: {LAW}, official: desk}}\n", "needs the outcome"),
    (f"    consequence: {{kind: tacit-approval, law: {LAW}, official: desk, outcome: §grantd}}\n", "did you mean `granted`?"),
    (f"    consequence: {{kind: redress, law: {LAW}, official: desk, §outcome: granted}}\n", "leave it out"),
    (f"    consequence: {{kind: tacit-approval, law: {LAW}, official: desk, outcome: granted, signed: true, unattended: §true}}\n", "needs a way back"),
    (f"    consequence: {{kind: redress, law: {LAW}, official: desk, §revoke: {{within: 6 calendar_weeks, law: {LAW}}}}}\n", "is for a tacit approval"),
    (f"    consequence: {{kind: tacit-approval, law: {LAW}, official: desk, outcome: granted, revoke: {{within: §soon, law: {LAW}}}}}\n", "is no term"),
    (
        f"    consequence: {{kind: tacit-approval, law: {LAW}, official: desk, outcome: granted, revoke: {{within: 6 calendar_weeks, law: §{BARE}}}}}\n",
        "name the article that takes a tacit approval back",
    ),
    ("    stops_on: [§desided]\n", "did you mean `decided`?"),
    ("    starts_on: decided\n    §stops_on: [decided]\n", "starts this promise"),
    ("    covers: look\n    §starts_on: decided\n", "starts with its step"),
    ("    cutoff: §25:00\n", "is no time of day"),
    ("    cutoff: §'15'\n", "is no time of day"),
    ("    cutoff: §08:00\n", "not inside the opening hours of mon (09:00-12:00, 13:00-17:00)"),
    ("    cutoff: §09:00\n", "not inside the opening hours of mon"),
    ("    cutoff: §12:30\n", "not inside the opening hours of mon"),
    ("    cutoff: §17:00\n", "would change nothing"),
    ("    begins: just-count\n    §cutoff: 15:00\n", "leave one of them out"),
]


@pytest.mark.parametrize(("planted", "message"), PLANTED, ids=[message for _, message in PLANTED])
def test_a_fault_is_found_at_its_place(tmp_path: Path, planted: str, message: str) -> None:
    text = plant(TREE, AFTER, AFTER + planted)
    write(tmp_path, {TREE: text})
    with pytest.raises(CatalogueFaults) as caught:
        load(directories=[tmp_path], resolve_calendar=resolve)
    found = [(fault.line, fault.column) for fault in caught.value.faults if message in fault.message]
    assert found == [marked(text)], caught.value.faults
    assert HERE in text


def test_a_month_to_the_same_time_of_day_has_no_cut_off(tmp_path: Path) -> None:
    text = plant(TREE, "    profile: eu-1182-71\n", "    §cutoff: 15:00\n")
    write(tmp_path, {TREE: text})
    with pytest.raises(CatalogueFaults, match="write `profile: eu-1182-71`") as caught:
        load(directories=[tmp_path], resolve_calendar=resolve)
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [marked(text)]


def test_a_cut_off_inside_the_hours_is_no_fault(tmp_path: Path) -> None:
    write(tmp_path, {TREE: plant(TREE, AFTER, AFTER + "    cutoff: 15:00\n")})
    (standard,) = load(directories=[tmp_path], resolve_calendar=resolve).services["tree"].standards
    assert standard.cutoff == "15:00"


def test_all_of_it_together_is_no_fault(tmp_path: Path) -> None:
    write(tmp_path, {TREE: plant(TREE, AFTER, AFTER + GOOD)})
    (standard,) = load(directories=[tmp_path], resolve_calendar=resolve).services["tree"].standards
    assert standard.consequence is not None
    assert (standard.pauses[0].starts, standard.pauses[1].steps, standard.consequence.undo_within) == ("next-day", ("tell",), "5 business_days")


@pytest.mark.parametrize(
    ("ways", "message"),
    [("§next: {answered: judge}", "no way for an ask that is `lapsed`"), ("next: {answered: judge, lapsed: judge, §silent: judge}", "is no outcome of an ask")],
)
def test_the_ways_out_of_an_ask(tmp_path: Path, ways: str, message: str) -> None:
    step = "    kind: send\n    title: {en: Tell, fr: Dire}\n    action: tell\n    next: both\n"
    asks = f"    kind: ask\n    title: {{en: Tell, fr: Dire}}\n    fields: [girth]\n    reply_within: 5 calendar_days\n    {ways}\n"
    text = plant(LONG, step, asks)
    write(tmp_path, {LONG: text})
    with pytest.raises(CatalogueFaults) as caught:
        load(directories=[tmp_path], resolve_calendar=resolve)
    assert [(fault.line, fault.column) for fault in caught.value.faults if message in fault.message] == [marked(text)], caught.value.faults
