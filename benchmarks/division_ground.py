"""Land to be divided: the demo town from its files, and the middle of a real city from an OpenStreetMap extract."""

import csv
import json
from pathlib import Path

import numpy as np
import shapely

from backend.places.base_map import read_features
from benchmarks.stage import StageFailed
from gis.coordinates import MetricZone
from gis.division import Demand, Ground, Street
from gis.geometry import parse_polygon

# Square metres of floor that one household takes in a real extract, where nobody has counted them.
HOME_M2 = 90.0
HOMES = frozenset(
    {"yes", "apartments", "residential", "house", "terrace", "detached", "semidetached_house", "dormitory"}
)
LEAST_HOME_M2 = 30.0


def town_ground(folder: Path) -> Ground:
    """The whole street office of a town that `fixtures.town.write_town` wrote."""
    streets, buildings, _ = _drawn(folder / "town.osm.pbf")
    features = json.loads((folder / "areas.geojson").read_text(encoding="utf-8"))["features"]
    street = next(one["geometry"] for one in features if one["properties"]["level"] == "street")
    parent = parse_polygon(street)
    with (folder / "addresses.csv").open(encoding="utf-8") as file:
        doors = list(csv.DictReader(file))
    with (folder / "places.csv").open(encoding="utf-8") as file:
        address_of = {row["code"]: row["address_code"] for row in csv.DictReader(file)}
    number_of = {row["code"]: number for number, row in enumerate(doors)}
    minutes = np.zeros(len(doors))
    with (folder / "visit_duties.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            number = number_of.get(address_of.get(row["place_code"], ""))
            if number is not None:
                minutes[number] += 7 * float(row["dwell_minutes"]) / float(row["interval_days"])
    demand = Demand(
        [float(row["lon"]) for row in doors],
        [float(row["lat"]) for row in doors],
        [float(row["households"]) for row in doors],
        minutes,
        [f"{row['street']} {row['plate']}" for row in doors],
    )
    return Ground(parent, streets, buildings, demand)


def extract_ground(file: Path, *, households: float) -> Ground:
    """A square around the middle of an extract's buildings that holds about so many households, made from floor space.

    Raises StageFailed when the extract holds fewer.
    """
    streets, buildings, kinds = _drawn(file)
    homes = [shape for shape, kind in zip(buildings, kinds, strict=True) if kind in HOMES]
    if not homes:
        raise StageFailed(f"division: no homes in {file}")
    zone = MetricZone.of(shapely.MultiPoint(shapely.centroid(homes)))
    area_m2 = shapely.area([zone.project(home) for home in homes])
    count = np.where(area_m2 >= LEAST_HOME_M2, np.maximum(1, np.round(area_m2 / HOME_M2)), 0)
    spots = shapely.get_coordinates(shapely.point_on_surface(homes))
    xy = np.column_stack(zone.project_points(spots[:, 0], spots[:, 1]))
    away = np.abs(xy - np.median(xy, axis=0)).max(axis=1)
    order = np.argsort(away, kind="stable")
    passed = np.cumsum(count[order])
    if passed[-1] < households:
        raise StageFailed(f"division: {file} holds about {passed[-1]:,.0f} households, {households:,.0f} are needed")
    half = float(away[order][int(np.searchsorted(passed, households))])
    middle = np.median(xy, axis=0)
    square = zone.unproject(shapely.box(*(middle - half), *(middle + half)))
    parent = shapely.transform(shapely.segmentize(square, 2e-4), lambda part: np.round(part, 7))
    inside = away <= half
    near = [shape for shape in buildings if shape.intersects(parent)]
    demand = Demand(spots[inside, 0], spots[inside, 1], count[inside], 5 * count[inside])
    return Ground(parent, streets, near, demand)


def _drawn(file: Path) -> tuple[list[Street], list[shapely.Polygon | shapely.MultiPolygon], list[str]]:
    streets, buildings, kinds = [], [], []
    for one in read_features(file):
        if isinstance(one.shape, shapely.LineString | shapely.MultiLineString) and one.layer in ("roads", "water"):
            streets.append(Street(one.shape, one.kind if one.layer == "roads" else "water"))
        elif isinstance(one.shape, shapely.Polygon | shapely.MultiPolygon) and one.layer == "buildings":
            buildings += [one.shape] if one.shape.is_valid else []
            kinds += [one.kind] if one.shape.is_valid else []
    return streets, buildings, kinds
