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


def blocks(text: str) -> tuple[list[Block], list[Line]]:
    """The events of a file in order, and what is wrong with its lines and their nesting; with faults, the events are not all there."""
    found: list[Block] = []
    faults: list[Line] = []
    inside: list[tuple[str, int]] = []
    calendars = 0
    for number, line in unfolded(text):
        try:
            name, _, value = Contentline(line).parts()
        except ValueError:
            faults.append((number, f"`{line[:40]}` is no line of an iCalendar file: write `NAME:value`, a longer text with a blank before each further line"))
            continue
        name, value = name.upper(), value.upper()
        if name == "BEGIN":
            calendars += not inside
            if not inside and (value != "VCALENDAR" or calendars > 1):
                return found, [*faults, (number, "only one BEGIN:VCALENDAR ... END:VCALENDAR may be in the file")]
            inside.append((value, number))
            if value == "VEVENT":
                found.append(Block(number))
        elif name == "END":
            if not inside or inside[-1][0] != value:
                missing = f"END:{inside[-1][0]} is missing before it" if inside else "nothing is open here"
                return found, [*faults, (number, f"END:{value} does not fit: {missing}")]
            inside.pop()
        elif not inside:
            return found, [*faults, (number, "is not an iCalendar file: its first line must be BEGIN:VCALENDAR")]
        elif inside[-1][0] == "VEVENT":
            found[-1].names.setdefault(name, number)
    if inside:
        faults.append((inside[-1][1], f"BEGIN:{inside[-1][0]} has no END:{inside[-1][0]}"))
    elif not calendars:
        faults.append((1, "is not an iCalendar file: its first line must be BEGIN:VCALENDAR"))
    return found, faults


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
