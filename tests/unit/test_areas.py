"""Whose a place is: inside, on the edge, in a hole, by street and postcode; and faults of GeoJSON with their places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portal.catalogue.areas import Area, Placed, read, responsible
from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.load import load
from tests.definitions.small_city import FILES, plant, write


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def area(*rings: list[list[float]], **properties: list[str]) -> Area:
    found, faults = read("a.geojson", json.dumps({"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": rings}}).encode())
    assert found is not None, faults
    return found


WEST, EAST = area(box(4.30, 50.80, 4.35, 50.90), streets=["Rue Haute"], postcodes=["1000"]), area(box(4.35, 50.80, 4.40, 50.90), streets=["Quay"])


def test_inside_outside_a_hole_and_near_an_edge() -> None:
    ring = area(box(4.0, 50.0, 5.0, 51.0), box(4.4, 50.4, 4.6, 50.6))
    assert ring.side(4.2, 50.2) == "in"
    assert ring.side(4.5, 50.5) == "out"
    assert ring.side(5.5, 50.5) == "out"
    assert ring.side(4.4001, 50.5) == ring.side(4.9999, 50.2) == "near"


def test_all_forms_of_geojson_that_are_areas_are_read() -> None:
    polygon = {"type": "Polygon", "coordinates": [box(0, 0, 1, 1)]}
    many = {"type": "MultiPolygon", "coordinates": [[box(0, 0, 1, 1)], [box(2, 2, 3, 3)]]}
    for shape in (polygon, many, {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": None, "geometry": many}]}):
        found, faults = read("a.geojson", json.dumps(shape).encode())
        assert faults == []
        assert found is not None
        assert found.side(0.5, 0.5) == "in"
    assert found.side(2.5, 2.5) == "in"


@pytest.mark.parametrize(
    ("point", "address", "doors", "expected"),
    [
        ((4.32, 50.85), None, "WE", Placed("w")),
        ((4.38, 50.85), None, "WE", Placed("e")),
        ((4.35, 50.85), None, "WE", Placed(doubt=("e", "w"))),
        ((4.35, 50.95), None, "WE", Placed(None)),
        ((4.35, 50.95), None, "WEd", Placed("d")),
        ((4.3001, 50.85), None, "Wd", Placed(doubt=("d", "w"))),
        ((4.3001, 50.85), None, "W", Placed("w")),
        (None, "12 Rue Haute, Rivermouth", "WE", Placed("w")),
        (None, "quay 3", "WE", Placed("e")),
        (None, "Quay 3, 1000 Rivermouth", "WE", Placed(doubt=("e", "w"))),
        (None, "Nowhere Lane 999", "WE", Placed(None)),
        (None, "  ", "WE", Placed("w")),
        (None, None, "EW", Placed("e")),
        (None, "Nowhere Lane 999", "d", Placed("d")),
    ],
)
def test_a_place_has_its_door(point: tuple[float, float] | None, address: str | None, doors: str, expected: Placed) -> None:
    known = {"W": ("w", WEST), "E": ("e", EAST), "d": ("d", None)}
    assert responsible([known[one] for one in doors], point=point, address=address) == expected


FAULTS = {
    "no json": ('{"type": ', None),
    "a list": ("[1, 2]", "is an object with a `type`"),
    "a point": ('{"type": "Point", "coordinates": [1, 2]}', "`Point` is no area"),
    "no features": ('{"type": "FeatureCollection"}', "a list `features`"),
    "no geometry": ('{"type": "Feature", "properties": {}}', "has a `geometry`"),
    "too short": ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}', "at least four positions"),
    "not closed": ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}', "not closed"),
    "turned": ('{"type": "Polygon", "coordinates": [[[50, 120], [50, 121], [51, 121], [50, 120]]]}', "longitude comes first"),
    "words": ('{"type": "Polygon", "coordinates": [[["a", 0], [1, 0], [1, 1], ["a", 0]]]}', "two numbers"),
    "empty": ('{"type": "FeatureCollection", "features": []}', "no area in this file"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_a_file_are_named_with_their_places(name: str) -> None:
    text, says = FAULTS[name]
    found, faults = read("services/hall/area.geojson", text.encode())
    assert found is None
    assert faults
    assert all(one.line >= 1 and one.column >= 1 for one in faults)
    assert says is None or any(says in one.message for one in faults), faults


def test_portal_check_names_the_file_the_line_and_the_column(tmp_path: Path) -> None:
    agency = plant("services/hall/agency.yaml", "currency: EUR", "currency: EUR\narea: area.geojson")
    bad = '{"type": "Polygon",\n "coordinates": [\n  [[0, 0], [1, 0], [1, 99], [0, 0]]\n ]}\n'
    write(tmp_path, {"services/hall/agency.yaml": agency, "services/hall/area.geojson": bad})
    with pytest.raises(CatalogueFaults) as found:
        load([], directories=[tmp_path])
    (fault,) = found.value.faults
    assert (Path(fault.file).name, fault.line, fault.column) == ("area.geojson", 3, 20)
    write(tmp_path, {"services/hall/agency.yaml": agency, "services/hall/area.geojson": bad.replace("99", "1")})
    assert load([], directories=[tmp_path]).areas["agency", "hall"].side(0.9, 0.5) == "in"
    write(tmp_path, {"services/hall/agency.yaml": agency.replace("area.geojson", "areas.geojson")})
    with pytest.raises(CatalogueFaults, match=r"did you mean `area\.geojson`"):
        load([], directories=[tmp_path])


def test_doors_elsewhere_are_of_others(tmp_path: Path) -> None:
    tree = FILES["services/hall/tree.yaml"]
    write(tmp_path, {"services/hall/tree.yaml": tree + "elsewhere: [nowhere]\n"})
    with pytest.raises(CatalogueFaults, match="there is no service `nowhere`"):
        load([], directories=[tmp_path])
    write(tmp_path, {"services/hall/tree.yaml": tree + "elsewhere: [front-door]\n"})
    with pytest.raises(CatalogueFaults, match="is of this agency too"):
        load([], directories=[tmp_path])
