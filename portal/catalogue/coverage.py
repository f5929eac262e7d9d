"""What the rows of a decision table cover: gaps, overlaps and rows that are never reached, found exactly, each with an example input. Pure.

The values a column names cut its domain into finitely many pieces within which every cell of the column says the same, so one value of each piece stands for
all (the equivalence classes of every cell's edges). Rows are boxes over the pieces; what is left of their union is found by going column by column with the
rows still in play, each set of them looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any

from portal.catalogue.cells import ORDERED, Cell, Domain

#: Sets of rows looked at before the search gives up and says so.
LIMIT = 50_000
#: Stands for any text no cell names.
OTHER = "\N{HORIZONTAL ELLIPSIS}"

Example = tuple[Any, ...]


class TooLarge(ValueError):
    """The table cannot be checked within bounds."""


class Columns:
    """Rows of cells over domains; `extra`: further values an input can take (what stands for a missing answer)."""

    def __init__(self, domains: Sequence[Domain], rows: Sequence[Sequence[Cell]], extra: Sequence[Iterable[Any]] | None = None) -> None:
        self.rows = rows
        self.pieces = [pieces(domain, (row[at] for row in rows), extra[at] if extra else ()) for at, domain in enumerate(domains)]
        #: Column -> piece -> the rows whose cell holds there.
        self.held = [[frozenset(number for number, row in enumerate(rows) if row[at].holds(piece)) for piece in some] for at, some in enumerate(self.pieces)]

        #: From which column on a row holds whatever comes.
        self.free = [
            next((at + 1 for at in reversed(range(len(row))) if not all(number in held for held in self.held[at])), 0) for number, row in enumerate(rows)
        ]

    def uncovered(self, by: Iterable[int], within: int | None = None, *, limit: int = LIMIT) -> Example | None:
        """An input no row of `by` holds for, inside the row `within` (None: anywhere); None where there is none. TooLarge."""
        known: dict[tuple[int, frozenset[int]], Example | None] = {}

        def search(at: int, left: frozenset[int]) -> Example | None:
            if any(self.free[row] <= at for row in left):
                return None
            if at == len(self.pieces):
                return ()
            if (at, left) not in known:
                if len(known) > limit:
                    raise TooLarge("the table is too large to be checked: split it in two")
                known[at, left] = None
                for piece, held in zip(self.pieces[at], self.held[at], strict=True):
                    if within is not None and within not in held:
                        continue
                    rest = search(at + 1, left & held)
                    if rest is not None:
                        known[at, left] = (piece, *rest)
                        break
            return known[at, left]

        return search(0, frozenset(by))

    def both(self, one: int, other: int) -> Example | None:
        """An input for which both rows hold; None where there is none."""
        found = [next((piece for piece, held in zip(some, all_held, strict=True) if {one, other} <= held), None) for some, all_held in self._columns()]
        return None if any(piece is None for piece in found) else tuple(found)

    def same(self, one: int, other: int) -> bool:
        """True where both rows hold for the same inputs, and for some."""
        return self.both(one, other) is not None and all((one in held) == (other in held) for _, column in self._columns() for held in column)

    def empty(self, row: int) -> bool:
        """True where the row never holds: some cell of it lies outside what the input can be."""
        return any(not any(row in held for held in column) for _, column in self._columns())

    def overlaps(self) -> list[tuple[int, int, Example]]:
        """Pairs of rows that hold at once."""
        return [(one, other, example) for one, other in combinations(range(len(self.rows)), 2) if (example := self.both(one, other)) is not None]

    def hidden(self) -> list[int]:
        """Rows before which earlier ones always hold."""
        return [row for row in range(1, len(self.rows)) if not self.empty(row) and self.uncovered(range(row), within=row) is None]

    def _columns(self) -> list[tuple[list[Any], list[frozenset[int]]]]:
        return list(zip(self.pieces, self.held, strict=True))


def pieces(domain: Domain, cells: Iterable[Cell], extra: Iterable[Any] = ()) -> list[Any]:
    """One value of each piece into which the cells of a column cut its domain, in order."""
    named = {bound for cell in cells for bound in cell.bounds}
    if domain.kind in ORDERED:
        return _ordered(domain, named, set(extra))
    if domain.kind == "boolean":
        return [True, False]
    if domain.kind == "choice":
        return list(dict.fromkeys([*domain.options, *extra]))
    return [*sorted({*named, *extra}), OTHER]


def _ordered(domain: Domain, named: set[Any], extra: set[Any]) -> list[Any]:
    whole = domain.kind != "decimal"
    least: Any = domain.least if whole or domain.least is None else Decimal(domain.least)
    most: Any = domain.most if whole or domain.most is None else Decimal(domain.most)
    edges: list[Any] = sorted(named | {end for end in (least, most) if end is not None})
    if not edges:
        return sorted({0 if domain.kind != "date" else 1, *extra})
    found = [edges[0] - 1, *edges, edges[-1] + 1]
    for low, high in pairwise(edges):
        found.append(low + 1 if whole else (low + high) / 2)
        if whole and high - low < 2:
            found.pop()
    inside = {value for value in found if (least is None or value >= least) and (most is None or value <= most)}
    return sorted(inside | extra)
