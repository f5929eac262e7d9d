"""`portal clock FILE`: answers working-time questions of a file with the portal's own calendars."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from portal.standards.calendar import Calendar

#: Larger files, packed or not, are not vectors.
_LARGEST: Final = 256 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"


class WrongFile(ValueError):
    """This file cannot be answered; the sentence says where and why."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def clock(file: Path) -> None:
    """Answer the vectors in FILE (JSON, also .gz) as a JSON list in the same order.

    FILE holds `calendars` (name: timezone, weekly, holidays, special_hours, breaks) and `vectors`: `add` (start, seconds), `between`
    (start, end), `is_open` (at), or with pauses (start, target_seconds, pauses, end). Exit 1: its content is wrong; 2: it cannot be read.
    """
    try:
        raw = _read(file)
    except (OSError, EOFError, zlib.error) as fault:
        click.echo(f"{file}: cannot be read: {getattr(fault, 'strerror', None) or fault}", err=True)
        sys.exit(2)
    try:
        found = answers(_parsed(raw))
    except WrongFile as fault:
        click.echo(f"{file}: {fault}", err=True)
        sys.exit(1)
    click.echo(json.dumps(found))


def answers(vectors: Any) -> list[dict[str, Any]]:
    """One answer for each vector, in order. WrongFile names the first vector or calendar that cannot be answered."""
    if not isinstance(vectors, dict) or not isinstance(vectors.get("calendars"), dict) or not isinstance(vectors.get("vectors"), list):
        raise WrongFile("is not a file of vectors: it needs an object with `calendars` (an object) and `vectors` (a list)")
    calendars = {name: _calendar(name, written) for name, written in vectors["calendars"].items()}
    return [_answer(calendars, place, vector) for place, vector in enumerate(vectors["vectors"], start=1)]


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        packed = opened.read(len(_GZIP)) == _GZIP
    with gzip.open(file) if packed else file.open("rb") as opened:
        raw: bytes = opened.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise OSError(f"it holds more than {_LARGEST // 1024**2} MiB")
    return raw


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except json.JSONDecodeError as fault:
        raise WrongFile(f"line {fault.lineno}, column {fault.colno}: is not JSON: {fault.msg}") from None
    except (ValueError, RecursionError) as fault:  # not UTF-8, a number of thousands of digits, brackets without end
        raise WrongFile(f"is not JSON: {fault}") from None


def _calendar(name: str, written: Any) -> Calendar:
    try:
        return Calendar.from_pairs(written)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as fault:
        raise WrongFile(f"calendar `{name}`: {_said(fault)}") from None


def _answer(calendars: Mapping[str, Calendar], place: int, vector: Any) -> dict[str, Any]:
    try:
        name = vector["calendar"]
        if name not in calendars:
            raise WrongFile(f"names calendar `{name}`, which the file does not define")
        return _computed(calendars[name], vector)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as fault:
        mark = f" (id {vector['id']})" if isinstance(vector, dict) and "id" in vector else ""
        raise WrongFile(f"vector {place}{mark}: {_said(fault)}") from None


def _computed(calendar: Calendar, vector: Mapping[str, Any]) -> dict[str, Any]:
    match vector.get("op"):
        case "add":
            return {"due": _written(calendar.add(_instant(vector["start"]), _seconds(vector["seconds"])))}
        case "between":
            return {"seconds": calendar.between(_instant(vector["start"]), _instant(vector["end"]))}
        case "is_open":
            return {"open": calendar.is_open(_instant(vector["at"]))}
        case None if "pauses" in vector:
            start, pauses = _instant(vector["start"]), [(_instant(begins), _instant(ends)) for begins, ends in vector["pauses"]]
            due = calendar.add_pausing(start, _seconds(vector["target_seconds"]), pauses)
            return {"due": _written(due), "elapsed_seconds_at_end": calendar.between_pausing(start, _instant(vector["end"]), pauses)}
        case other:
            raise WrongFile(f"has op `{other}`: write `add`, `between` or `is_open`, or give `pauses`")


def _said(fault: Exception) -> str:
    if isinstance(fault, KeyError):
        return f"`{fault.args[0]}` is missing"
    if isinstance(fault, (TypeError, AttributeError)):
        return f"has a value of the wrong type: {fault}"
    return str(fault)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise WrongFile(f"`{text}` is not an instant: write RFC 3339, for example `2026-03-02T09:00:00Z`") from None
    if at.tzinfo is None:
        raise WrongFile(f"`{text}` has no zone: write it in UTC, `{text}Z`")
    return at


def _seconds(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise WrongFile(f"`{number}` is not a number of seconds: write a whole number, 0 or more")
    return number


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
