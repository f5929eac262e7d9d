"""What is wrong with a definition, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Fault:
    """One fault of one file; line and column count from 1, columns in characters."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class CatalogueFaults(Exception):
    """Definitions that cannot be used. `faults` holds all of them, by file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def instead(word: str, known: Iterable[str], *, what: str = "write one of") -> str:
    """The end of a message: the nearest known word, or all of them where none is near."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if not names:
        return "there is none yet"
    shown = ", ".join(f"`{name}`" for name in names[:12])
    return f"{what} {shown}" + (" ..." if len(names) > 12 else "")
