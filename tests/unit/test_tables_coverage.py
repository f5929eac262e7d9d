"""Gaps, overlaps and hidden rows of decision tables: the analysis agrees with trying every input, and cells mean in CEL what they mean to it."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from random import Random  # noqa: TID251  (seeded)
from typing import Any

import pytest
from cel_expr_python import cel

from portal.catalogue import cells
from portal.catalogue.cells import Cell, Domain, WrongCell
from portal.catalogue.coverage import LIMIT, OTHER, Columns, TooLarge

NUMBER = Domain("integer", -2, 9)
COLOUR = Domain("choice", options=("red", "green", "blue"))
FLAG = Domain("boolean")
DAY = Domain("date")
WORD = Domain("text")
AMOUNT = Domain("decimal", 0, 3)
#: All there is of each domain, fine enough that no cell below tells two neighbours apart.
ALL: dict[Domain, list[Any]] = {
    NUMBER: list(range(-2, 10)),
    COLOUR: ["red", "green", "blue"],
    FLAG: [True, False],
    DAY: list(range(739_000, 739_012)),
    WORD: ["a", "b", "c", "d", "zz"],
    AMOUNT: [Decimal(quarter) / 8 for quarter in range(25)],
}


def literal(chance: Random, domain: Domain) -> Any:
    if domain is AMOUNT:
        return Decimal(chance.randint(0, 12)) / 4
    return chance.choice(ALL[domain][1:-1] if domain.kind in cells.ORDERED else ALL[domain][:4])


def cell(chance: Random, domain: Domain) -> str:
    """A cell as somebody might write it."""
    if chance.random() < 0.25:
        return "-"
    if domain.kind not in cells.ORDERED:
        listed = ", ".join(cells.shown(literal(chance, domain), domain.kind) for _ in range(chance.randint(1, 2)))
        return f"not({listed})" if chance.random() < 0.3 else listed
    low, high = sorted(literal(chance, domain) for _ in range(2))
    one, other = (cells.shown(value, domain.kind) for value in (low, high))
    if low == high:
        return chance.choice([one, f"<= {one}", f"> {one}", f"not({one})"])
    return chance.choice([f"{one}..{other}", f"({one}..{other}]", f"[{one}..{other})", f"< {one}, > {other}", f">= {other}", f"not({one}..{other})"])


@pytest.mark.parametrize("seed", range(300))
def test_the_analysis_agrees_with_trying_every_input(seed: int) -> None:
    chance = Random(seed)
    domains = [chance.choice(list(ALL)) for _ in range(chance.randint(1, 3))]
    rows = [[cells.read(cell(chance, domain), domain) for domain in domains] for _ in range(chance.randint(1, 5))]
    columns = Columns(domains, rows)
    everything = list(product(*(ALL[domain] for domain in domains)))
    hits = {input: [row for row, some in enumerate(rows) if all(one.holds(value) for one, value in zip(some, input, strict=True))] for input in everything}
    gap = columns.uncovered(range(len(rows)))
    assert (gap is None) == all(hits.values())
    if gap is not None:
        assert not any(all(one.holds(value) for one, value in zip(some, gap, strict=True)) for some in rows)
    overlapping = {(one, other) for found in hits.values() for one in found for other in found if one < other}
    assert {(one, other) for one, other, _ in columns.overlaps()} == overlapping
    for one, other, example in columns.overlaps():
        assert all(rows[row][at].holds(value) for row in (one, other) for at, value in enumerate(example))
    empty = {row for row in range(len(rows)) if not any(row in found for found in hits.values())}
    assert {row for row in range(len(rows)) if columns.empty(row)} == empty
    assert set(columns.hidden()) == {row for row in range(len(rows)) if row not in empty and not any(found[0] == row for found in hits.values() if found)}


@pytest.mark.parametrize("seed", range(200))
def test_a_cell_means_in_cel_what_it_means_to_the_analysis(seed: int) -> None:
    chance = Random(seed)
    domain = chance.choice(list(ALL))
    read = cells.read(cell(chance, domain), domain)
    kinds = {"integer": cel.Type.INT, "decimal": cel.Type.DOUBLE, "boolean": cel.Type.BOOL}
    program = cel.NewEnv(variables={"x": kinds.get(domain.kind, cel.Type.STRING)}).compile(cells.as_cel(read, "x", domain.kind))
    assert program.return_type() == cel.Type.BOOL
    for value in ALL[domain]:
        given = cells.shown(value, "date") if domain is DAY else float(value) if domain is AMOUNT else value
        assert program.eval(data={"x": given}).plain_value() is read.holds(value), (read, value)


@pytest.mark.parametrize("text", ["a'b", 'a"b', "a\\b", "é\U0001f333", "a || true", "\n", "' || 'a' == 'a"])
def test_a_text_in_a_cell_is_only_a_text(text: str) -> None:
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    read = Cell((cells.Span(text, text),)) if "\n" in text else cells.read(quoted, WORD)
    program = cel.NewEnv(variables={"x": cel.Type.STRING}).compile(cells.as_cel(read, "x", "text"))
    assert [program.eval(data={"x": one}).plain_value() for one in (text, "a", "true")] == [True, text == "a", False]


@pytest.mark.parametrize(
    ("text", "domain", "column", "says"),
    [
        ("gren", COLOUR, 1, "did you mean `'green'`"),
        ("own", WORD, 1, "did you mean `'own'`"),
        ("'red', 'grey'", COLOUR, 8, "no option"),
        ("'gren'", COLOUR, 1, "did you mean `green`"),
        ("< 'red'", COLOUR, 1, "compares numbers"),
        ("18..", NUMBER, 5, "something is missing"),
        ("65..18", NUMBER, 1, "nothing lies in this range"),
        ("(3..3)", NUMBER, 1, "nothing lies in this range"),
        ("1.5", NUMBER, 1, "a whole number"),
        ("3 4", NUMBER, 3, "put `,` between"),
        ("[1..3", NUMBER, 6, "not closed"),
        ("not(3", NUMBER, 6, "`)` is missing"),
        ("9999999999999999999", NUMBER, 1, "18 digits"),
        ("2026-02-30", DAY, 1, "is no date"),
        ("!= 3", NUMBER, 1, "not(...)"),
        ("3 ; 4", NUMBER, 3, "cannot stand in a cell"),
        ("", NUMBER, 1, "something is missing"),
        ("true", NUMBER, 1, "a whole number"),
        ("'true'", FLAG, 1, "`true` or `false`"),
        ("'", WORD, 1, "cannot stand in a cell"),
    ],
)
def test_a_wrong_cell_is_told_at_its_column(text: str, domain: Domain, column: int, says: str) -> None:
    with pytest.raises(WrongCell) as wrong:
        cells.read(text, domain)
    assert says in str(wrong.value)
    assert wrong.value.column == column


def test_a_table_too_large_to_check_says_so() -> None:
    chance = Random(1)
    domains = [FLAG] * 6
    rows = [[cells.read(chance.choice(["true", "false", "-"]), domain) for domain in domains] for _ in range(12)]
    rows += [[cells.read(one, FLAG), *[cells.read("-", FLAG)] * 5] for one in ("true", "false")]
    columns = Columns(domains, rows)
    assert columns.uncovered(range(len(rows)), limit=LIMIT) is None
    with pytest.raises(TooLarge):
        columns.uncovered(range(12), limit=1)
    assert Columns([WORD], [[cells.read("'a'", WORD)]]).uncovered([0]) == (OTHER,)
