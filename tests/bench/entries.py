"""One line of the table, and the table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Entry:
    """What was measured. `ratio` is ours divided by the value of what is named in `against`; both are None where nothing stands beside it."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    against: str | None = None


def beside(name: str, value: float, unit: str, against: str, peer: float) -> Entry:
    """An entry with its peer or limit, in the same unit."""
    return Entry(name, round(value, 3), unit, round(value / peer, 4), against)


def paired(ours: Sequence[float], peer: Sequence[float]) -> float:
    """The median of the ratios of the rounds, each taken of two measurements that stood side by side."""
    return median(our / other for our, other in zip(ours, peer, strict=True))


def table(entries: Iterable[Entry]) -> str:
    """For people: ours, the peer or limit, the ratio."""
    lines = [f"{'':24} {'ours':>12} {'unit':14} {'peer or limit':>13} {'ratio':>8}  against"]
    for one in entries:
        peer = f"{one.value / one.ratio:,.1f}" if one.ratio else ""
        ratio = f"{one.ratio:.3f}" if one.ratio is not None else ""
        lines.append(f"{one.name:24} {one.value:>12,.1f} {one.unit:14} {peer:>13} {ratio:>8}  {one.against or ''}".rstrip())
    return "\n".join(lines)


def write(entries: Iterable[Entry], place: Path) -> None:
    """For machines: a JSON list."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps([asdict(one) for one in entries], indent=1) + "\n")
