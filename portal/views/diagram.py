"""A journey as SVG: no script, no style sheet, text as text, the same bytes for the same journey. Written from left to right or from right to left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr  # noqa: TID251  (writes, reads nothing)

from portal.catalogue.definitions import Journey
from portal.views.journey import END, StepLine, Way, words
from portal.views.layers import Layout, layout

#: Written from right to left (the larger of Unicode's scripts that are).
RIGHT_TO_LEFT = ("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")
#: Units of the drawing are CSS pixels at its own size. Two steps beside one another fit a telephone of 360.
WIDTH, GAP, BEND, EDGE = 164, 14, 26, 8
ROW_GAP, LABEL_GAP, PAD = 40, 14, 9
TITLE, SMALL = 14, 12
#: Wider ones are not made to fit 336 (360 without its margins): letters of 12 would fall below 9.
WIDE = 440
_INK, _SOFT, _PAPER, _LINE = "#14202b", "#44525f", "#ffffff", "#5b6b7a"
#: Fill and stroke by kind; what it is stands there in words too.
_COLOURS = {
    "work": ("#eef4fb", "#0b4f9e"),
    "decide": ("#fdf3e1", "#8a5a00"),
    "send": ("#eef7ee", "#2c6e2f"),
    "ask": ("#f6eefb", "#6b2fa0"),
    "notify": ("#f6eefb", "#6b2fa0"),
    "join": ("#f2f4f6", "#44525f"),
}


def is_wide(svg: str) -> bool:
    """Whether its letters would be too small to read on a telephone if it were made to fit."""
    return float(svg[: svg.index(">")].split(' width="')[1].split('"')[0]) > WIDE


@dataclass
class _Box:
    """A step, `end`, a label or a bend: its middle, and what is written in it."""

    width: float
    height: float = 0
    #: Of a bend: the row it passes, straight down so that no line cuts a corner.
    passes: float = 0
    x: float = 0
    y: float = 0
    line: StepLine | None = None
    title: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    #: Small text is code: from left to right everywhere.
    code: bool = False


def diagram(journey: Journey, lines: Sequence[StepLine], title: str, *, language: str = "en", name: str = "journey") -> str:
    """The picture. `name` starts the ids inside, one for each picture of a page."""
    said, labels = words(language), {(line.id, way.to): way for line in lines for way in line.ways if way.label}
    found = layout(journey, labels)
    boxes = _boxes(found, lines, labels, said)
    width, height = _place(found, boxes)
    mirrored = language in RIGHT_TO_LEFT
    if mirrored:
        for box in boxes.values():
            box.x = width - box.x
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title {name}-desc" lang={quoteattr(language)} '
        f'direction="{"rtl" if mirrored else "ltr"}" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}" '
        f'font-family="system-ui, sans-serif" font-size="{SMALL}" fill="{_INK}">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(_described(journey, lines, said))}</desc>',
        f'<defs><marker id="{name}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
        f'<path d="M0 0 8 4 0 8Z" fill="{_LINE}"/></marker></defs>',
        *(_way(path, boxes, name) for path in found.paths.values()),
        *(_back(boxes[start], boxes[to], index, width, mirrored, name) for index, (start, to) in enumerate(found.back)),
        *(_drawn(box, said) for box in boxes.values() if box.height),
        *(_label(labels[edge].label, boxes[edge[0]], width, mirrored) for edge in found.back if edge in labels),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _described(journey: Journey, lines: Sequence[StepLine], said: dict[str, str]) -> str:
    titles = {line.id: line.title for line in lines} | {END: said["end"]}
    start = titles.get(journey.start, journey.start)
    told = ((f"{line.title} ({line.live} {said['now']})" if line.live else line.title, line) for line in lines)
    return f"{said['start']}: {start}. " + " ".join(f"{name} → {', '.join(titles.get(way.to, way.to) for way in line.ways)}." for name, line in told)


def _boxes(found: Layout, lines: Sequence[StepLine], labels: Mapping[tuple[str, str], Way], said: dict[str, str]) -> dict[str, _Box]:
    by_id, boxes = {line.id: line for line in lines}, {}
    labelled = {path[1]: labels[edge] for edge, path in found.paths.items() if edge in labels}
    for name in (name for row in found.rows for name in row):
        if name == END:
            boxes[name] = _Box(56, 28, title=(said["end"],))
        elif name in labelled:
            rows = tuple(_wrap(labelled[name].label, SMALL))
            boxes[name] = _Box(max(BEND, 7 * max(map(_long, rows)) + 4), len(rows) * (SMALL + 4), small=rows, code=labelled[name].code)
        elif (line := by_id.get(name)) is None:
            boxes[name] = _Box(BEND)
        else:
            small = [part for part in (line.says, *line.promises) if part]
            box = _Box(WIDTH, line=line, title=tuple(_wrap(line.title, TITLE)), small=tuple(row for part in small for row in _wrap(part, SMALL)))
            box.height = 2 * PAD + len(box.title) * (TITLE + 4) + len(box.small) * (SMALL + 4)
            boxes[name] = box
    return boxes


def _wrap(text: str, size: int) -> list[str]:
    """Lines that fit the box: letters are taken as wide as they are on average (East Asian ones twice), words are never cut unless they must be."""
    room, rows = (WIDTH - 2 * PAD) / size / 0.53, [""]
    for word in text.split():
        while _long(word) > room:
            cut = next(at for at in range(len(word), 0, -1) if _long(word[:at]) <= room)
            rows, word = [*rows, word[:cut]] if rows[-1] else [*rows[:-1], word[:cut], ""], word[cut:]
        rows = [*rows[:-1], f"{rows[-1]} {word}".strip()] if _long(f"{rows[-1]} {word}") <= room else [*rows, word]
    return [row for row in rows if row]


def _long(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _place(found: Layout, boxes: dict[str, _Box]) -> tuple[float, float]:
    """Rows below one another, each in the middle; then names towards those they lead to. Gives width and height."""
    widths = [sum(boxes[name].width for name in row) + GAP * (len(row) - 1) for row in found.rows]
    margin = EDGE + 16 * bool(found.back) + 10 * len(found.back)
    whole, y = max(widths) + 2 * margin, float(EDGE)
    near: dict[str, list[str]] = {}
    for path in found.paths.values():
        for upper, lower in pairwise(path):
            near.setdefault(upper, []).append(lower)
            near.setdefault(lower, []).append(upper)
    for row, wide in zip(found.rows, widths, strict=True):
        x, high = (whole - wide) / 2, max(boxes[name].height for name in row)
        for name in row:
            boxes[name].x, boxes[name].y = x + boxes[name].width / 2, y + high / 2
            boxes[name].passes = 0 if boxes[name].height else high
            x += boxes[name].width + GAP
        label = all(boxes[name].line is None and name != END for name in row)
        y += high + (LABEL_GAP + 10 if label else ROW_GAP if row is found.rows[-1] or not _says_only(found, boxes, row) else LABEL_GAP + 6)
    for _ in range(6):
        for row in found.rows:
            _pull(row, boxes, near, margin, whole - margin)
    return whole, y - ROW_GAP + EDGE


def _says_only(found: Layout, boxes: dict[str, _Box], row: list[str]) -> bool:
    """Whether the next row holds labels and no step: it stands close."""
    return all(boxes[name].line is None and name != END for name in found.rows[found.rows.index(row) + 1])


def _pull(row: list[str], boxes: dict[str, _Box], near: dict[str, list[str]], left: float, right: float) -> None:
    wanted = [sum(boxes[other].x for other in near.get(name, (name,))) / len(near.get(name, (name,))) for name in row]
    for index, name in enumerate(row):
        half = boxes[name].width / 2
        wanted[index] = max(wanted[index], left + half)
        left = wanted[index] + half + GAP
    for index in range(len(row) - 1, -1, -1):
        half = boxes[row[index]].width / 2
        wanted[index] = min(wanted[index], right - half)
        right = wanted[index] - half - GAP
        boxes[row[index]].x = wanted[index]


def _drawn(box: _Box, said: dict[str, str]) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    fill, stroke, corner, ink = _PAPER, _PAPER, 0, _INK
    if box.line:
        fill, stroke = _COLOURS.get(box.line.kind, _COLOURS["work"])
        corner = 16 if box.line.kind == "join" else 3 if box.line.kind == "decide" else 7
    elif box.title:
        fill, stroke, corner, ink = _INK, _INK, 14, _PAPER
    small = f' fill="{_SOFT}"' + (' direction="ltr"' if box.code else "")
    rows = [(text, TITLE, f' font-weight="600" fill="{ink}"') for text in box.title] + [(text, SMALL, small) for text in box.small]
    out = [f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="{corner}" fill="{fill}" stroke="{stroke}"/>']
    y = box.y - sum(size + 4 for _, size, _ in rows) / 2
    for text, size, more in rows:
        y += size + 4
        out.append(f'<text x="{_n(box.x)}" y="{_n(y - 4)}" text-anchor="middle" font-size="{size}"{more}>{escape(text)}</text>')
    if box.line and box.line.leads:
        # Beside the page it leads to; its rim is doubled, so that a box with more inside is seen without colour.
        rim = f'x="{_n(left + 3)}" y="{_n(top + 3)}" width="{_n(box.width - 6)}" height="{_n(box.height - 6)}"'
        out = [f'<a href="{escape(box.line.leads)}">', *out, f'<rect {rim} rx="{corner}" fill="none" stroke="{stroke}"/></a>']
    if box.line and box.line.live:
        out.append(_count(f"{box.line.live} {said['now']}", box, stroke))
    return "".join(out)


def _count(text: str, box: _Box, fill: str) -> str:
    wide, y = 14 + 7 * len(text), box.y + box.height / 2
    rect = f'<rect x="{_n(box.x - wide / 2)}" y="{_n(y - 9)}" width="{_n(wide)}" height="18" rx="9" fill="{fill}"/>'
    return rect + f'<text x="{_n(box.x)}" y="{_n(y + 4)}" text-anchor="middle" fill="{_PAPER}">{escape(text)}</text>'


def _way(path: list[str], boxes: dict[str, _Box], name: str) -> str:
    """From box to box; a label on the way interrupts it."""
    points, at = [boxes[step] for step in path], ""
    for before, box in pairwise(points):
        start, top = before.y + (before.height + before.passes) / 2, box.y - (box.height + box.passes) / 2
        bend = (top - start) / 2
        at += f"M{_n(before.x)} {_n(start)}" if not at or before.height else ""
        at += f"C{_n(before.x)} {_n(start + bend)} {_n(box.x)} {_n(top - bend)} {_n(box.x)} {_n(top)}"
        at += f"v{_n(box.passes)}" if box.passes else ""
    return f'<path d="{at}" fill="none" stroke="{_LINE}" stroke-width="1.5" marker-end="url(#{name}-tip)"/>'


def _back(start: _Box, to: _Box, index: int, width: float, mirrored: bool, name: str) -> str:
    """A way back runs up along the side on which reading ends."""
    side = -1 if mirrored else 1
    out, into = start.x + side * start.width / 2, to.x + side * to.width / 2
    rim = (EDGE + 10 * index) if mirrored else width - EDGE - 10 * index
    at = f"M{_n(out)} {_n(start.y)}C{_n(rim)} {_n(start.y)} {_n(rim)} {_n(start.y)} {_n(rim)} {_n((start.y + to.y) / 2)}"
    at += f"C{_n(rim)} {_n(to.y)} {_n(rim)} {_n(to.y)} {_n(into)} {_n(to.y)}"
    return f'<path d="{at}" fill="none" stroke="{_LINE}" stroke-width="1.5" stroke-dasharray="5 3" marker-end="url(#{name}-tip)"/>'


def _label(text: str, box: _Box, width: float, mirrored: bool) -> str:
    """Of a way back: below the corner it leaves from."""
    wide = 6.6 * _long(text) + 6
    x = min(max(box.x + (-1 if mirrored else 1) * box.width / 2, wide / 2 + 1), width - wide / 2 - 1)
    y = box.y + box.height / 2 + 12
    rect = f'<rect x="{_n(x - wide / 2)}" y="{_n(y - 9)}" width="{_n(wide)}" height="16" fill="{_PAPER}"/>'
    return rect + f'<text x="{_n(x)}" y="{_n(y + 4)}" text-anchor="middle" fill="{_SOFT}">{escape(text)}</text>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
