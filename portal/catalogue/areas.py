"""Areas on the ground, from GeoJSON (RFC 7946): what lies inside, what lies so near the edge that nobody should be sure, what a place is called.

Reckoned here and not by a geometry library: those that are kept bring 60 MB for what are two sums, and none says on which line a file is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, inf, radians
from typing import Literal

from portal.catalogue.faults import Fault
from portal.catalogue.tree import Mapping, Node, Scalar, Sequence, parse
from portal.catalogue.words import tokens

Point = tuple[float, float]
Ring = tuple[Point, ...]
#: The outer ring, then holes.
Polygon = tuple[Ring, ...]
Side = Literal["in", "near", "out"]
#: Notes a fault at a node.
Say = Callable[[Node, str], None]

#: Metres from an edge within which a measured place may lie on either side of it.
DOUBT = 25.0
#: Metres of one degree of latitude.
_DEGREE = 111_320.0
_SHAPES = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Area:
    """Polygons of (longitude, latitude), and streets and postcodes that lie in them, folded, where the file names any."""

    polygons: tuple[Polygon, ...]
    streets: frozenset[tuple[str, ...]] = frozenset()
    postcodes: frozenset[str] = frozenset()

    def side(self, long: float, lat: float) -> Side:
        """Where a point lies: inside, outside, or within DOUBT metres of an edge."""
        if any(_near(ring, long, lat) for polygon in self.polygons for ring in polygon):
            return "near"
        return "in" if any(_inside(polygon, long, lat) for polygon in self.polygons) else "out"

    def names(self, address: str) -> bool:
        """Whether an address names one of its streets or postcodes."""
        words = tokens(address)
        if self.postcodes.intersection(words):
            return True
        return any(tuple(words[at : at + len(street)]) == street for street in self.streets for at in range(len(words) - len(street) + 1))


def _inside(polygon: Polygon, long: float, lat: float) -> bool:
    """By the even-odd rule over all rings: a hole is outside."""
    odd = False
    for ring in polygon:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat) and long < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                odd = not odd
    return odd


def _near(ring: Ring, long: float, lat: float) -> bool:
    """Within DOUBT metres of the ring, on the plane that touches the earth at the point."""
    wide = _DEGREE * cos(radians(lat))
    least = inf
    for (x1, y1), (x2, y2) in pairwise(ring):
        ax, ay, bx, by = (x1 - long) * wide, (y1 - lat) * _DEGREE, (x2 - long) * wide, (y2 - lat) * _DEGREE
        length = (bx - ax) ** 2 + (by - ay) ** 2
        at = min(1.0, max(0.0, -(ax * (bx - ax) + ay * (by - ay)) / length)) if length else 0.0
        least = min(least, hypot(ax + at * (bx - ax), ay + at * (by - ay)))
    return least <= DOUBT


def read(file: str, raw: bytes) -> tuple[Area | None, list[Fault]]:
    """An area from the text of a GeoJSON file, or all that is wrong with it."""
    root, faults = parse(file, raw)
    found = list(faults)

    def say(node: Node, message: str) -> None:
        found.append(Fault(file, node.line, node.column, message))

    polygons: list[Polygon] = []
    names: dict[str, list[str]] = {"streets": [], "postcodes": []}
    if isinstance(root, Mapping):
        for geometry, properties in _features(root, say):
            polygons += _polygons(geometry, say)
            for name, values in names.items():
                listed = properties.values.get(name) if isinstance(properties, Mapping) else None
                values += [one.text for one in listed.items if isinstance(one, Scalar)] if isinstance(listed, Sequence) else []
        if not polygons and not found:
            say(root, "there is no area in this file: write at least one Polygon or MultiPolygon")
    elif root is not None:
        say(root, "GeoJSON is an object with a `type`: write a FeatureCollection, a Feature, a Polygon or a MultiPolygon")
    if found:
        return None, found
    streets = frozenset(tuple(words) for one in names["streets"] if (words := tokens(one)))
    return Area(tuple(polygons), streets, frozenset(word for one in names["postcodes"] for word in tokens(one))), []


def _features(root: Mapping, say: Say) -> Iterator[tuple[Mapping, Node | None]]:
    kind = _text(root, "type")
    if kind == "FeatureCollection":
        features = root.values.get("features")
        if not isinstance(features, Sequence):
            say(features or root, "a FeatureCollection has a list `features`")
            return
        for one in features.items:
            if isinstance(one, Mapping) and _text(one, "type") == "Feature":
                yield from _features(one, say)
            else:
                say(one, 'this is no Feature: write `{"type": "Feature", "properties": {}, "geometry": ...}`')
    elif kind == "Feature":
        geometry = root.values.get("geometry")
        if isinstance(geometry, Mapping):
            yield geometry, root.values.get("properties")
        else:
            say(geometry or root, "a Feature has a `geometry`: write a Polygon or a MultiPolygon")
    else:
        yield root, None


def _polygons(geometry: Mapping, say: Say) -> list[Polygon]:
    kind, coordinates = _text(geometry, "type"), geometry.values.get("coordinates")
    if kind not in _SHAPES:
        say(geometry.values.get("type") or geometry, f"`{(kind or '')[:40]}` is no area: write Polygon or MultiPolygon")
        return []
    if not isinstance(coordinates, Sequence):
        say(coordinates or geometry, f"a {kind} has a list `coordinates`")
        return []
    found = []
    for one in coordinates.items if kind == "MultiPolygon" else [coordinates]:
        if not isinstance(one, Sequence) or not one.items:
            say(one, "a polygon is a list of rings, the outer one first")
            continue
        rings = [ring for node in one.items if (ring := _ring(node, say))]
        if rings:
            found.append(tuple(rings))
    return found


def _ring(node: Node, say: Say) -> Ring | None:
    if not isinstance(node, Sequence) or len(node.items) < 4:
        say(node, "a ring is a list of at least four positions, the last the same as the first")
        return None
    points = [_position(one, say) for one in node.items]
    whole = [one for one in points if one is not None]
    if len(whole) < len(points):
        return None
    if whole[0] != whole[-1]:
        say(node.items[-1], f"this ring is not closed: write the first position again at its end, [{whole[0][0]}, {whole[0][1]}]")
        return None
    return tuple(whole)


def _position(node: Node, say: Say) -> Point | None:
    values = [one.value for one in node.items if isinstance(one, Scalar)] if isinstance(node, Sequence) else []
    numbers = [float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) not in (2, 3) or len(numbers) != len(values):
        say(node, "a position is [longitude, latitude], two numbers")
        return None
    long, lat = numbers[:2]
    if not (-180 <= long <= 180 and -90 <= lat <= 90):
        turned = ": longitude comes first, latitude second" if -90 <= long <= 90 and -180 <= lat <= 180 else ""
        say(node, f"[{long}, {lat}] is no place on earth{turned}")
        return None
    return long, lat


def _text(node: Mapping, name: str) -> str | None:
    value = node.values.get(name)
    return value.text if isinstance(value, Scalar) else None


@dataclass(frozen=True)
class Placed:
    """The door of a place: a service, or, where nobody can be sure, those that are asked; neither: people decide."""

    service: str | None = None
    doubt: tuple[str, ...] = ()


def responsible(doors: Iterable[tuple[str, Area | None]], *, point: Point | None, address: str | None) -> Placed:
    """Which of these services a place belongs to; the first is the one that was asked for. A door without an area takes what no area claims."""
    given = list(doors)
    default = next((id for id, area in given if area is None), None)
    areas = [(id, area) for id, area in given if area is not None]
    if not areas or (point is None and not (address or "").strip()):
        return Placed(given[0][0])
    if point is None:
        return _by_name(areas, given[0][0], default, address or "")
    sides = {id: area.side(*point) for id, area in areas}
    inside = [id for id, side in sides.items() if side == "in"]
    near = [id for id, side in sides.items() if side == "near"]
    if len(inside) == 1 and not near:
        return Placed(inside[0])
    claimed = [*near, *inside]
    if len(claimed) == 1 and default is not None:
        claimed.append(default)
    if len(claimed) == 1:
        return Placed(claimed[0])
    return Placed(default) if not claimed else Placed(doubt=tuple(sorted(claimed)))


def _by_name(areas: list[tuple[str, Area]], first: str, default: str | None, address: str) -> Placed:
    if not any(area.streets or area.postcodes for _, area in areas):
        return Placed(default or first)
    named = [id for id, area in areas if area.names(address)]
    return Placed(named[0]) if len(named) == 1 else Placed(doubt=tuple(sorted(named))) if named else Placed(None)
