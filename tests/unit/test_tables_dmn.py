"""Decision tables of others: models and test cases of the DMN technology compatibility kit, and of a province, say the same in our language."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.catalogue import tabled
from portal.catalogue.conditions import holds, typed
from portal.catalogue.coverage import Columns
from portal.catalogue.definitions import Field, Input, Output, Rule, Table
from tests.omg import converted, slug, tree


def columns(table: Table, fields: tuple[Field, ...]) -> Columns:
    domains = [tabled.domain(one, fields) for one in table.inputs]
    rows = [[tabled.cell_of(rule, one.id, domain) for one, domain in zip(table.inputs, domains, strict=True)] for rule in table.rules]
    return Columns(domains, rows)


@pytest.fixture(scope="module")
def kit(shared_data: Path) -> dict[str, bytes]:
    """The files of the kit by name."""
    with tarfile.open(shared_data / "models" / "dmn-tck-level2-simple.tar.gz") as archive:
        return {Path(one.name).name: found.read() for one in archive if (found := archive.extractfile(one) if one.isfile() else None)}


@pytest.mark.parametrize("model", ["0004-simpletable-U", "0005-simpletable-A", "0006-simpletable-P1", "0007-simpletable-P2"])
def test_the_kit_s_tables_pass_its_test_cases(kit: dict[str, bytes], model: str) -> None:
    """PRIORITY and ANY are no policies of ours; these tables list their rows so that `first` says the same. UNIQUE is found to be unique."""
    table, fields = converted(tree(kit[f"{model}.dmn"]))
    if table.hit == "unique":
        assert columns(table, fields).overlaps() == []
    # Declined comes after Approved in the order of outputs, and in these models in that of the rows.
    cases = list(tree(kit[f"{model}-test-01.xml"]).all("testCase"))
    assert len(cases) >= 3
    for case in cases:
        answers = {}
        for node in case.all("inputNode"):
            value = node.words("value")
            type = next(node.all("value")).attributes["xsi:type"]
            answers[slug(node.attributes["name"])] = int(value) if type == "xsd:decimal" else value == "true" if type == "xsd:boolean" else value
        found = tabled.judged(table, fields, {"answers": answers})
        assert found.told == {"approval_status": case.words("resultNode", "expected", "value")}


def test_a_unique_table_made_to_overlap_is_found_out(kit: dict[str, bytes]) -> None:
    table, fields = converted(tree(kit["0005-simpletable-A.dmn"]))
    found = columns(table, fields).overlaps()
    assert [(one, other) for one, other, _ in found] == [(1, 2), (1, 3), (2, 3)]
    as_unique = Table(table.id, "unique", table.outputs, table.rules, table.inputs)
    with pytest.raises(tabled.TableFails, match="Rows 2, 3 and 4"):
        tabled.judged(as_unique, fields, {"answers": {"age": 3, "risk_category": "High", "is_affordable": False}})


def test_the_priority_model_has_a_gap_and_so_a_refusal(kit: dict[str, bytes]) -> None:
    """0007 says `-` where 0006 says `< 18`: the first has no gap; a table cut short has."""
    table, fields = converted(tree(kit["0004-simpletable-U.dmn"]))
    cut = Table(table.id, table.hit, table.outputs, table.rules[:-1], table.inputs)
    gap = columns(cut, fields).uncovered(range(len(cut.rules)))
    assert gap is not None and gap[2] is False
    with pytest.raises(tabled.TableFails, match="No row"):
        tabled.judged(cut, fields, {"answers": {"age": 3, "risk_category": "Low", "is_affordable": False}})


FLEVOLAND = [
    ("tree-felling-decision", {"tree_diameter": 30, "protected_area": True}, {"decision": "Permit"}),
    ("tree-felling-decision", {"tree_diameter": 31, "protected_area": False}, {"decision": "Permit"}),
    ("tree-felling-decision", {"tree_diameter": 60, "protected_area": True}, {"decision": "Reject"}),
    ("tree-felling-decision", {"tree_diameter": 61, "protected_area": False}, {"decision": "Reject"}),
    ("replacement-tree-decision", {"tree_diameter": 30}, {"replacement_required": False}),
    ("replacement-tree-decision", {"tree_diameter": 31}, {"replacement_required": True}),
    ("awb-completeness-check", {"product_type": "TreeFellingPermit", "tree_diameter": 0}, {"is_complete": False}),
    ("awb-completeness-check", {"product_type": "TreeFellingPermit", "tree_diameter": 12}, {"is_complete": True}),
    ("awb-completeness-check", {"product_type": "Market stall", "tree_diameter": 12}, {"awb_article": "Awb 4:5 - default rule"}),
    ("archives-act-retention", {"product_type": "BuildingPermit", "decision_type": "Granted"}, {"retention_years": 0, "destroyable": False}),
    ("archives-act-retention", {"product_type": "BuildingPermit", "decision_type": "Refused"}, {"retention_years": 10, "retention_class": "V"}),
]


@pytest.mark.parametrize(("model", "answers", "expected"), FLEVOLAND)
def test_the_province_s_tables_say_what_it_decided(shared_data: Path, model: str, answers: dict[str, Any], expected: dict[str, Any]) -> None:
    table, fields = converted(tree((shared_data / "models" / "flevoland" / f"{model}.dmn").read_bytes()))
    found = tabled.judged(table, fields, {"answers": answers})
    assert expected.items() <= found.told.items()


@pytest.mark.parametrize("model", sorted({model for model, _, _ in FLEVOLAND}))
def test_the_province_s_tables_are_whole(shared_data: Path, model: str) -> None:
    """No gap over whole numbers, and no row that is never reached."""
    table, fields = converted(tree((shared_data / "models" / "flevoland" / f"{model}.dmn").read_bytes()))
    found = columns(table, fields)
    assert (found.uncovered(range(len(table.rules))), found.hidden()) == (None, [])


def test_a_decimal_answer_is_compared_though_it_is_kept_as_text() -> None:
    fields = (Field(id="size", type="decimal", title={"en": "Size"}, required=True),)
    assert holds("answers.size > 1.25", typed(fields), {"answers": {"size": "1.5"}})
    table = Table(
        "t", "first", (Output("big", "boolean"),), (Rule({"big": True}, {"size": ">= 1.5"}),), (Input("size", "answers.size"),), otherwise={"big": False}
    )
    assert [tabled.judged(table, fields, {"answers": {"size": one}}).told["big"] for one in ("1.5", "1.4999", "2")] == [True, False, True]


COLLECT = Table(
    "t", "collect", (Output("n", "integer"),), (Rule({"n": 2}, {"x": "> 0"}), Rule({"n": 5}, {"x": "> 10"})), (Input("x", "answers.x", missing=-1),)
)


@pytest.mark.parametrize(
    ("aggregate", "told"),
    [("sum", [0, 2, 7]), ("min", [None, 2, 2]), ("max", [None, 2, 5]), ("count", [0, 1, 2]), ("list", [[], [2], [2, 5]])],
)
def test_rows_are_collected(aggregate: Any, told: list[Any]) -> None:
    fields = (Field(id="x", type="integer", title={"en": "X"}),)
    for answers, expected in zip(({}, {"x": 5}, {"x": 11}), told, strict=True):
        try:
            (found,) = tabled.judged(replace(COLLECT, aggregate=aggregate), fields, {"answers": answers}).told.values()
        except tabled.TableFails:
            found = None
        assert found == expected
