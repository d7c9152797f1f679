"""Land to be divided: the demo town from its files, and the middle of a real city from an OpenStreetMap extract."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from backend.places.base_map import read_features
from benchmarks.stage import StageFailed
from gis.coordinates import MetricZone
from gis.division import Demand, Ground, Street
from gis.division.model import Floats, Region
from gis.geometry import parse_polygon

# Square metres of floor that one household takes in a real extract, where nobody has counted them.
HOME_M2 = 90.0
HOMES = frozenset(
    {"yes", "apartments", "residential", "house", "terrace", "detached", "semidetached_house", "dormitory"}
)
LEAST_HOME_M2 = 30.0
# Where no buildings are drawn.
HOME_STREETS = frozenset({"residential", "living_street", "unclassified", "pedestrian", "tertiary", "secondary"})
DOOR_M, BESIDE_M, HOMES_A_DOOR = 20.0, 8.0, 2.0


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


@dataclass(frozen=True)
class Extract:
    """The middle of a real city, the number of grids that its homes are enough for, and where the homes come from."""

    ground: Ground
    grids: int
    homes: str


def extract_ground(file: Path, *, grids: int, households: float) -> Extract:
    """A square around the middle of an extract's homes that holds about `grids` times so many households.

    Homes are made from the floor space of the buildings; where too few are drawn for two grids, from metres of street.
    An extract that holds fewer homes is divided whole, into fewer grids. Raises StageFailed below two.
    """
    streets, buildings, kinds = _drawn(file)
    homes, source = _by_floor(buildings, kinds), "floor space"
    if homes.count.sum() < 2 * households:
        homes, source = _by_street(streets), "metres of street"
    enough = int(homes.count.sum() / households)
    if enough < 2:
        raise StageFailed(f"division: {file.name} holds about {homes.count.sum():,.0f} households, too few for 2 grids")
    grids = min(grids, enough)
    middle = np.median(homes.xy, axis=0)
    away = np.abs(homes.xy - middle).max(axis=1)
    order = np.argsort(away, kind="stable")
    passed = np.cumsum(homes.count[order])
    half = float(away[order][min(int(np.searchsorted(passed, grids * households)), len(order) - 1)]) + 1.0
    square = homes.zone.unproject(shapely.box(*(middle - half), *(middle + half)))
    parent = shapely.transform(shapely.segmentize(square, 2e-4), lambda part: np.round(part, 7))
    inside = away <= half
    near = [shape for shape in buildings if shape.intersects(parent)]
    count = homes.count[inside]
    demand = Demand(*homes.zone.unproject_points(*homes.xy[inside].T), count, 5 * count)
    return Extract(Ground(parent, streets, near, demand), grids, source)


@dataclass(frozen=True)
class _Homes:
    """Metres in the zone, households at each place."""

    zone: MetricZone
    xy: Floats
    count: Floats


def _by_floor(buildings: Sequence[Region], kinds: Sequence[str]) -> _Homes:
    homes = [shape for shape, kind in zip(buildings, kinds, strict=True) if kind in HOMES]
    zone = MetricZone.of(shapely.MultiPoint(shapely.centroid(homes))) if homes else MetricZone.at(0, 0)
    area_m2 = shapely.area([zone.project(home) for home in homes])
    count = np.where(area_m2 >= LEAST_HOME_M2, np.maximum(1, np.round(area_m2 / HOME_M2)), 0)
    spots = shapely.get_coordinates(shapely.point_on_surface(homes)).reshape(-1, 2)
    return _Homes(zone, np.column_stack(zone.project_points(spots[:, 0], spots[:, 1])), count)


def _by_street(streets: Sequence[Street]) -> _Homes:
    """A door on both sides of every `DOOR_M` of a street where people live."""
    lines = [street.line for street in streets if street.kind in HOME_STREETS]
    if not lines:
        return _Homes(MetricZone.at(0, 0), np.empty((0, 2)), np.empty(0))
    zone = MetricZone.of(shapely.MultiPoint(shapely.centroid(lines)))
    found = []
    for line in (zone.project(line) for line in lines):
        for part in shapely.get_parts(line).tolist():
            at = np.arange(DOOR_M / 2, part.length, DOOR_M)
            here, ahead = (shapely.get_coordinates(shapely.line_interpolate_point(part, at + off)) for off in (0, 0.5))
            step = ahead - here
            side = np.column_stack([-step[:, 1], step[:, 0]]) * (BESIDE_M / 0.5)
            found += [here + side, here - side]
    xy = np.vstack(found)
    return _Homes(zone, xy, np.full(len(xy), HOMES_A_DOOR))


def _drawn(file: Path) -> tuple[list[Street], list[shapely.Polygon | shapely.MultiPolygon], list[str]]:
    streets, buildings, kinds = [], [], []
    for one in read_features(file):
        if isinstance(one.shape, shapely.LineString | shapely.MultiLineString) and one.layer in ("roads", "water"):
            streets.append(Street(one.shape, one.kind if one.layer == "roads" else "water"))
        elif isinstance(one.shape, shapely.Polygon | shapely.MultiPolygon) and one.layer == "buildings":
            buildings += [one.shape] if one.shape.is_valid else []
            kinds += [one.kind] if one.shape.is_valid else []
    return streets, buildings, kinds
