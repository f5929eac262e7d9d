"""Cells of a decision table: the short form people write, read into tests that can be reckoned with, and into CEL, which judges them at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from portal.catalogue.faults import instead

Kind = Literal["integer", "decimal", "boolean", "text", "choice", "date"]
#: Kinds whose values have an order.
ORDERED = ("integer", "decimal", "date")
ANY = "-"

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)|(?P<date>\d{4}-\d\d-\d\d)|(?P<number>-?\d+(\.(?!\.)\d+)?)|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<mark>\.\.|<=|>=|!=|==|[<>=,()\[\]])|(?P<word>[A-Za-z_][\w-]*)""",
    re.VERBOSE,
)
_WANTED = {
    "integer": "a whole number, such as `18`",
    "decimal": "a number, such as `1.5`",
    "boolean": "`true` or `false`",
    "text": "a text in quotes, such as `'own'`",
    "choice": "an option in quotes, such as `'own'`",
    "date": "a date, such as `2026-01-01`",
}


@dataclass(frozen=True)
class Domain:
    """What an input can be: its kind, its bounds (both included; dates as ordinals), the options of a choice."""

    kind: Kind
    least: int | None = None
    most: int | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """From `low` to `high`; None: without end. `open`: that end is not in it."""

    low: Any = None
    high: Any = None
    open_low: bool = False
    open_high: bool = False

    def holds(self, value: Any) -> bool:
        """True where the value lies in it."""
        above = self.low is None or value > self.low or (value == self.low and not self.open_low)
        return above and (self.high is None or value < self.high or (value == self.high and not self.open_high))


@dataclass(frozen=True)
class Cell:
    """One cell: any of its spans; `but`: none of them. No spans and `but`: whatever it is."""

    spans: tuple[Span, ...] = ()
    but: bool = False

    def holds(self, value: Any) -> bool:
        """True where the cell holds for a value: text, bool, int, Decimal, or the ordinal of a date."""
        return any(span.holds(value) for span in self.spans) != self.but

    @property
    def bounds(self) -> Iterator[Any]:
        """Every value it names."""
        for span in self.spans:
            yield from (end for end in (span.low, span.high) if end is not None)


class WrongCell(ValueError):
    """A cell that cannot be read: `column` inside its text, from 1."""

    def __init__(self, says: str, column: int) -> None:
        super().__init__(says)
        self.column = column


def written(cell: Any) -> str:
    """The text of a cell as YAML gave it."""
    return ("true" if cell else "false") if isinstance(cell, bool) else str(cell)


@lru_cache(maxsize=4096)
def read(text: str, domain: Domain) -> Cell:
    """The cell; WrongCell for what is no cell, or cannot stand in this column."""
    return Cell(but=True) if text.strip() == ANY else _Reader(text, domain).cell()


def value_of(given: Any, domain: Domain) -> Any:
    """A value of the input as cells compare it. ValueError where it is none of that kind."""
    if domain.kind == "boolean" and isinstance(given, bool):
        return given
    if domain.kind in ("integer", "decimal") and not isinstance(given, bool) and isinstance(given, int | float | str | Decimal):
        number = Decimal(str(given))
        return int(number) if domain.kind == "integer" and number == int(number) else number
    if domain.kind == "date" and isinstance(given, str):
        return date.fromisoformat(given).toordinal()
    if domain.kind in ("text", "choice") and isinstance(given, str):
        return given
    raise ValueError(f"{given!r} is no {domain.kind}")


def shown(value: Any, kind: Kind) -> str:
    """A value as people write it in a cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "date":
        return date.fromordinal(value).isoformat()
    return f"'{value}'" if kind in ("text", "choice") else str(value)


def as_cel(cell: Cell, name: str, kind: Kind) -> str:
    """The cell as a CEL condition over the variable `name`; dates are texts, whose order is that of time (ISO 8601)."""
    tests = " || ".join(_test(span, name, kind) for span in cell.spans) or "false"
    return f"!({tests})" if cell.but else f"({tests})"


def _test(span: Span, name: str, kind: Kind) -> str:
    if span.low is not None and span.low == span.high:
        return f"{name} == {_literal(span.low, kind)}"
    low = [f"{name} {'>' if span.open_low else '>='} {_literal(span.low, kind)}"] if span.low is not None else []
    high = [f"{name} {'<' if span.open_high else '<='} {_literal(span.high, kind)}"] if span.high is not None else []
    return f"({' && '.join([*low, *high])})"


def _literal(value: Any, kind: Kind) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "date":
        return f"'{date.fromordinal(value).isoformat()}'"
    if kind in ("text", "choice"):
        return "'" + "".join(letter if letter.isalnum() and letter.isascii() else f"\\U{ord(letter):08x}" for letter in value) + "'"
    return (
        format(value, "f") + (".0" if kind == "decimal" and value == value.to_integral() and "." not in format(value, "f") else "")
        if kind == "decimal"
        else str(value)
    )


class _Reader:
    """One pass over the text of a cell."""

    def __init__(self, text: str, domain: Domain) -> None:
        self.text, self.domain, self.at = text, domain, 0
        self.tokens = [*self._tokens(), ("end", "", len(text) + 1)]

    def _tokens(self) -> Iterator[tuple[str, str, int]]:
        place = 0
        while place < len(self.text):
            found = _TOKEN.match(self.text, place)
            if found is None:
                raise WrongCell(f"`{self.text[place : place + 10]}` cannot stand in a cell: write {_WANTED[self.domain.kind]}, or `-` for anything", place + 1)
            if found.lastgroup != "blank":
                yield str(next(name for name in ("date", "number", "text", "mark", "word") if found[name])), found[0], place + 1
            place = found.end()

    def cell(self) -> Cell:
        but = self._takes("not")
        if but:
            self._demand("(")
        spans = [self._span()]
        while self._takes(","):
            spans.append(self._span())
        if but:
            self._demand(")")
        kind, token, column = self.tokens[self.at]
        if kind != "end":
            raise WrongCell(f"`{token}` is too much here: put `,` between two tests", column)
        return Cell(tuple(spans), but)

    def _takes(self, token: str) -> bool:
        if self.tokens[self.at][1] != token:
            return False
        self.at += 1
        return True

    def _demand(self, token: str) -> None:
        _, found, column = self.tokens[self.at]
        if not self._takes(token):
            raise WrongCell(f"here must stand `{token}`, not `{found}`" if found else f"`{token}` is missing at the end", column)

    def _span(self) -> Span:
        _, token, column = self.tokens[self.at]
        if token in ("<", "<=", ">", ">="):
            self.at += 1
            self._ordered(token, column)
            value = self._literal()
            return Span(high=value, open_high=token == "<") if token[0] == "<" else Span(low=value, open_low=token == ">")
        if token in ("=", "=="):
            self.at += 1
        if token == "!=":
            raise WrongCell("write `not(...)` for all but some", column)
        if token in ("[", "(", "]"):
            return self._range(token, column)
        first = self._literal()
        if self._takes(".."):
            return self._filled(Span(first, self._ordered_literal(column)), column)
        return Span(first, first)

    def _range(self, opened: str, column: int) -> Span:
        """`[1..9]`, `(1..9)`, `]1..9[`, as DMN writes them: a bracket that turns away leaves the end out."""
        self.at += 1
        low = self._ordered_literal(column)
        self._demand("..")
        high = self._literal()
        _, closed, at = self.tokens[self.at]
        if closed not in ("]", ")", "["):
            raise WrongCell("the range is not closed: write `]` to take its end in, `)` to leave it out", at)
        self.at += 1
        return self._filled(Span(low, high, opened != "[", closed != "]"), column)

    def _filled(self, span: Span, column: int) -> Span:
        if span.low > span.high or (span.low == span.high and (span.open_low or span.open_high)):
            raise WrongCell("nothing lies in this range: write the smaller end first", column)
        return span

    def _ordered_literal(self, column: int) -> Any:
        self._ordered("..", column)
        return self._literal()

    def _ordered(self, token: str, column: int) -> None:
        if self.domain.kind not in ORDERED:
            raise WrongCell(f"`{token}` compares numbers and dates; this input is a {self.domain.kind}: write {_WANTED[self.domain.kind]}", column)

    def _literal(self) -> Any:
        kind, token, column = self.tokens[self.at]
        found = self._read(kind, token, column)
        if found is None:
            hint = f"write {_WANTED[self.domain.kind]}"
            if kind == "word" and self.domain.kind in ("text", "choice"):
                hint = instead(f"'{token}'", [f"'{option}'" for option in self.domain.options] or [f"'{token}'"])
            raise WrongCell(f"`{token}` cannot be compared with a {self.domain.kind}: {hint}" if token else f"something is missing: {hint}", column)
        self.at += 1
        return found

    def _read(self, kind: str, token: str, column: int) -> Any:
        wanted = self.domain.kind
        if wanted == "boolean" and token in ("true", "false"):
            return token == "true"
        if wanted == "integer" and kind == "number" and "." not in token:
            return self._bounded(int(token), column)
        if wanted == "decimal" and kind == "number":
            return self._bounded(Decimal(token), column)
        text = re.sub(r"\\(.)", r"\1", token[1:-1]) if kind == "text" else token
        if wanted == "date" and kind in ("date", "text"):
            return _ordinal(text, column)
        if wanted == "choice" and kind == "text" and text not in self.domain.options:
            raise WrongCell(f"`'{text}'` is no option of this question: {instead(text, self.domain.options)}", column)
        return text if wanted in ("text", "choice") and kind == "text" else None

    def _bounded(self, number: Any, column: int) -> Any:
        if abs(number) >= 10**18:
            raise WrongCell("no answer has more than 18 digits", column)
        return number


def _ordinal(text: str, column: int) -> int:
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        raise WrongCell(f"`{text}` is no date: write `YYYY-MM-DD` of a day that exists", column) from None
