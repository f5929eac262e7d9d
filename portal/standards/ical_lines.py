"""The lines of an iCalendar file, unfolded but still numbered: where each event begins, and what cannot be a line of one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from icalendar.parser import Contentline

#: Line of the file, from 1, and what stands there or is wrong there.
Line = tuple[int, str]


@dataclass
class Block:
    """One VEVENT: the line it begins on and the lines of its own properties."""

    line: int
    names: dict[str, int] = field(default_factory=dict)

    def at(self, name: str) -> int:
        """Line of a property; of the event where it is not written."""
        return self.names.get(name.upper(), self.line)


class _Nesting:
    """What is open on the way down the file."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.calendars = 0
        self.inside: list[tuple[str, int]] = []

    def take(self, number: int, name: str, value: str) -> str | None:
        """One line; what is wrong with its place, after which nothing below makes sense."""
        if name == "BEGIN":
            return self._begin(number, value)
        if name == "END":
            return self._end(value)
        if not self.inside:
            return "is not an iCalendar file: its first line must be BEGIN:VCALENDAR"
        if self.inside[-1][0] == "VEVENT":
            self.blocks[-1].names.setdefault(name, number)
        return None

    def _begin(self, number: int, value: str) -> str | None:
        self.calendars += not self.inside
        if not self.inside and (value != "VCALENDAR" or self.calendars > 1):
            return "only one BEGIN:VCALENDAR ... END:VCALENDAR may be in the file"
        self.inside.append((value, number))
        if value == "VEVENT":
            self.blocks.append(Block(number))
        return None

    def _end(self, value: str) -> str | None:
        if not self.inside or self.inside[-1][0] != value:
            return f"END:{value} does not fit: " + (f"END:{self.inside[-1][0]} is missing before it" if self.inside else "nothing is open here")
        self.inside.pop()
        return None


def blocks(text: str) -> tuple[list[Block], list[Line]]:
    """The events of a file in order, and what is wrong with its lines and their nesting; with faults, the events are not all there."""
    nesting = _Nesting()
    faults: list[Line] = []
    for number, line in unfolded(text):
        try:
            name, _, value = Contentline(line).parts()  # type: ignore[no-untyped-call]
        except ValueError:
            faults.append((number, f"`{line[:40]}` is no line of an iCalendar file: write `NAME:value`, a longer text with a blank before each further line"))
            continue
        if wrong := nesting.take(number, name.upper(), value.upper()):
            return nesting.blocks, [*faults, (number, wrong)]
    if nesting.inside:
        name, number = nesting.inside[-1]
        faults.append((number, f"BEGIN:{name} has no END:{name}"))
    elif not nesting.calendars:
        faults.append((1, "is not an iCalendar file: its first line must be BEGIN:VCALENDAR"))
    return nesting.blocks, faults


def unfolded(text: str) -> Iterator[Line]:
    """Content lines with the number of the line each begins on (RFC 5545, 3.1: a line that begins with a blank goes on the one before)."""
    held: Line | None = None
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if held and line[:1] in (" ", "\t"):
            held = (held[0], held[1] + line[1:])
            continue
        if held:
            yield held
        held = (number, line) if line.strip() else None
    if held:
        yield held
