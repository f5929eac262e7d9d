"""Faults of decision tables and fees at their exact place, in a service and in a file of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from tests.definitions.small_city import FILES, HERE, marked, write

TREE = "services/hall/tree.yaml"
FEE = """\
fee:
  table: price
  currency: EUR
eligibility: may
tables:
  - id: price
    hit: unique
    inputs:
      - {id: girth, value: answers.girth}
      - {id: why, value: answers.why, missing: light}
    outputs:
      - {id: amount, type: integer}
    rules:
      - {when: {girth: "< 100"}, then: {amount: 0}}
      - {when: {girth: "100..900", why: "'sick'"}, then: {amount: 500}, law: {title: {en: Tree law, fr: Loi}, article: "7"}}
      - {when: {girth: ">= 100", why: "not('sick')"}, then: {amount: 2500}}
  - id: may
    hit: first
    inputs:
      - {id: channel, value: channel}
      - {id: big, value: answers.girth > 800}
    outputs: [{id: eligible, type: boolean}]
    rules:
      - {when: {big: true, channel: "'web'"}, then: {eligible: false}, says: {en: Come by., fr: Venez.}}
    otherwise: {eligible: true}
  - id: points
    hit: collect
    aggregate: sum
    inputs: [{id: why, value: answers.why, missing: light}]
    outputs: [{id: value, type: integer}]
    rules:
      - {when: {why: "'sick'"}, then: {value: 3}}
"""
WITH_TABLES = FILES[TREE].replace("fee:\n  amount: 500\n  currency: EUR\n", FEE)


def faults(folder: Path, changes: dict[str, str]) -> list[Fault]:
    write(folder, {TREE: WITH_TABLES} | changes)
    try:
        load(packages=[], directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    except CatalogueFaults as found:
        return list(found.faults)
    return []


def test_a_faultless_city_with_tables_has_none(tmp_path: Path) -> None:
    assert faults(tmp_path, {}) == []


PLANTED = [
    ('{id: girth, value: answers.girth}', '{id: girth, value: answers§.grith}', "undeclared reference to 'answers.grith'"),
    ('{id: girth, value: answers.girth}', '{id: girth, value: "answers.girth §+ \'a\'"}', "no matching overload"),
    ('girth: "< 100"', 'girth: "< §abc"', "cannot be compared with a integer"),
    ('girth: "< 100"', '§girt: "< 100"', "did you mean `girth`?"),
    ("why: \"'sick'\"}, then: {amount: 500}", "why: §\"'sik'\"}, then: {amount: 500}", "did you mean `sick`?"),
    ('girth: "< 100"', 'girth: "< 99"', "no row holds for girth 99 and why 'sick'"),
    ('girth: "< 100"', 'girth: "<= 100"', "rows 1 and 2 hold at once, for girth 100 and why 'sick'"),
    ('girth: "< 100"', 'girth: "> 900"', "row 1 never holds"),
    ("then: {amount: 0}", "then: {amount: §1.5}", "must be a whole number"),
    ("then: {amount: 0}", "then: {amount: §true}", "must be a whole number"),
    ("then: {amount: 0}", "then: {§amuont: 0}", "did you mean `amount`?"),
    ("then: {amount: 0}", "then: §{}", "at least one"),
    ("{id: why, value: answers.why, missing: light}\n    outputs:", "{id: why, value: §answers.why}\n    outputs:", "may be left open"),
    ("hit: unique", "hit: §uniqe", "did you mean `unique`?"),
    ("hit: unique", "hit: unique\n    aggregate: §sum", "leave it out"),
    ("table: price", "table: §prise", "did you mean `price`?"),
    ("table: price", "table: §may", "must have one output `amount`"),
    ("table: price", "amount: 5\n  §table: price", "not both"),
    ("eligibility: may", "eligibility: §price", "must have one output `eligible`"),
    ("then: {amount: 2500}", "then: {amount: -1}", "cannot be negative"),
    ("  - id: may", "  - id: §price", "two tables"),
    ("  - id: may", "  - id: §May", "is no id"),
    ("    otherwise: {eligible: true}", "    otherwise: {eligible: §1}", "`true` or `false`"),
    ("      - {when: {big", "      - {when: {}, then: {eligible: true}}\n      - {when: {big", "never reached"),
    ("then: {value: 3}}", "then: {value: 3}}\n      - {when: {why: \"'sick'\"}, then: {value: 3}}", "row 1 once more"),
    ("outputs: [{id: value, type: integer}]", "outputs: [{id: value, type: §text}]", "`sum` wants numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), PLANTED)
def test_a_fault_is_found_at_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert WITH_TABLES.count(old) >= 1
    planted = WITH_TABLES.replace(old, new, 1)
    found = faults(tmp_path, {TREE: planted})
    mine = [one for one in found if says in one.message]
    assert mine, [str(one) for one in found]
    if HERE in new:
        assert (mine[0].line, mine[0].column) == marked(planted), str(mine[0])


def test_conditions_name_what_tables_tell(tmp_path: Path) -> None:
    journey = FILES["journeys/long.yaml"]
    good = journey.replace("answers.girth > 100", "tables.price.amount > 100 && tables.points.value < 2")
    assert faults(tmp_path / "good", {"journeys/long.yaml": good}) == []
    for condition, says in (
        ("tables.prise.amount > 100", "undeclared reference"),
        ("tables.price.amount > 'a'", "no matching overload"),
        ("tables.price.amount", "not a condition"),
    ):
        found = faults(tmp_path / says[:9], {"journeys/long.yaml": journey.replace("answers.girth > 100", condition)})
        assert len(found) == 1 and found[0].file.endswith("long.yaml"), found
        assert says in found[0].message or "undefined field" in found[0].message


def test_a_table_in_a_file_of_its_own_is_checked_for_each_service(tmp_path: Path) -> None:
    own = "id: price\nhit: unique\ninputs: [{id: girth, value: answers.girth}]\noutputs: [{id: amount, type: integer}]\n"
    own += 'rules:\n  - {when: {girth: "< 100"}, then: {amount: 0}}\n'
    shared = FILES[TREE].replace("fee:\n  amount: 500\n", "shared_tables: [price]\nfee:\n  table: price\n")
    found = faults(tmp_path / "gap", {TREE: shared, "services/hall/tables/price.yaml": own})
    assert [one.message for one in found] == ["no row holds for girth 100: add one, or say what follows `otherwise` (as service `tree` uses it)"]
    assert found[0].file.endswith("tables/price.yaml")
    whole = {TREE: shared, "services/hall/tables/price.yaml": own + "otherwise: {amount: 900}\n"}
    write(tmp_path / "whole", whole)
    catalogue = load(packages=[], directories=[tmp_path / "whole"], resolve_calendar=resolve, checks=CHECKS)
    assert [table.id for table in catalogue.services["tree"].tables] == ["price"]
    found = faults(tmp_path / "typo", {TREE: shared.replace("[price]", "[§prise]"), "services/hall/tables/price.yaml": own + "otherwise: {amount: 900}\n"})
    assert "did you mean `price`?" in found[0].message
