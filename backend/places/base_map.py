"""What the base map draws, chosen from the tags of an OpenStreetMap extract."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import osmium
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

EARTH_RADIUS_M: Final = 6378137.0
MOST_LAT: Final = 85.06

# The zoom at which a thing of this kind is first drawn.
ROADS: Final = {
    "motorway": 8,
    "trunk": 8,
    "primary": 10,
    "secondary": 11,
    "tertiary": 12,
    "motorway_link": 11,
    "trunk_link": 11,
    "primary_link": 12,
    "secondary_link": 12,
    "tertiary_link": 13,
    "unclassified": 13,
    "residential": 13,
    "living_street": 14,
    "pedestrian": 14,
    "road": 13,
    "service": 14,
    "track": 14,
    "footway": 15,
    "path": 15,
    "cycleway": 15,
    "steps": 15,
    "corridor": 17,
}
WATERWAYS: Final = {"river": 9, "canal": 11, "stream": 13, "ditch": 15, "drain": 15}
NATURAL: Final = {"wood": 11, "grassland": 13, "scrub": 13, "wetland": 12, "sand": 13, "beach": 13}
LEISURE: Final = {"park": 11, "garden": 13, "pitch": 15, "playground": 15, "nature_reserve": 11}
GROUNDS: Final = {
    "school": 14,
    "kindergarten": 14,
    "college": 14,
    "university": 13,
    "hospital": 14,
    "clinic": 15,
    "townhall": 15,
    "community_centre": 15,
    "social_facility": 15,
    "bus_station": 14,
    "marketplace": 14,
    "parking": 15,
}
PLACES: Final = {
    "city": 6,
    "town": 9,
    "village": 12,
    "hamlet": 14,
    "borough": 11,
    "suburb": 11,
    "quarter": 13,
    "neighbourhood": 13,
    "locality": 14,
}
POINT_KEYS: Final = ("amenity", "shop", "tourism", "leisure", "craft", "office")
POINT_RANK: Final = 17
NAMED_GROUND_RANK: Final = 15
LANDUSE_RANK: Final = 12
BUILDING_RANK: Final = 14


@dataclass(frozen=True, slots=True)
class Feature:
    """One drawn thing; `shape` in WGS84, `rank` the smallest zoom that shows it."""

    layer: str
    kind: str
    name: str
    name_en: str
    housenumber: str
    rank: int
    shape: BaseGeometry

    def mercator_ewkb(self) -> str:
        """The shape in EPSG:3857 as hexadecimal EWKB."""
        projected = shapely.transform(self.shape, _mercator)
        return str(shapely.to_wkb(shapely.set_srid(projected, 3857), hex=True, include_srid=True))


def _mercator(lonlat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    lat = np.radians(np.clip(lonlat[:, 1], -MOST_LAT, MOST_LAT))
    return np.column_stack(
        [np.radians(lonlat[:, 0]) * EARTH_RADIUS_M, np.log(np.tan(math.pi / 4 + lat / 2)) * EARTH_RADIUS_M]
    )


def read_features(file: Path) -> Iterator[Feature]:
    """Everything the base map shows. Broken polygons are left out. Raises RuntimeError for another file."""
    tagged = osmium.filter.EmptyTagFilter()
    factory = osmium.geom.WKBFactory()
    for item in osmium.FileProcessor(str(file)).with_areas().with_filter(tagged):
        kind = item.type_str()
        try:
            if kind == "n":
                yield from _point(item)
            elif kind == "w":
                yield from _line(item, factory)
            elif kind == "a":
                yield from _area(item, factory)
        except (osmium.InvalidLocationError, RuntimeError, ShapelyError):
            continue


def _point(node: Any) -> Iterator[Feature]:
    tags = node.tags
    if "name" not in tags:
        return
    shape = shapely.Point(node.location.lon, node.location.lat)
    place = tags.get("place")
    if place in PLACES:
        yield _feature("places", place, tags, PLACES[place], shape)
        return
    for key in POINT_KEYS:
        if key in tags:
            yield _feature("places", tags[key], tags, POINT_RANK, shape)
            return


def _line(way: Any, factory: Any) -> Iterator[Feature]:
    tags = way.tags
    highway, waterway = tags.get("highway"), tags.get("waterway")
    if highway in ROADS and tags.get("area") != "yes":
        yield _feature("roads", highway, tags, ROADS[highway], _shape(factory.create_linestring(way)))
    elif waterway in WATERWAYS and tags.get("tunnel") in (None, "no"):
        yield _feature("water", waterway, tags, WATERWAYS[waterway], _shape(factory.create_linestring(way)))


def _area(area: Any, factory: Any) -> Iterator[Feature]:
    tags = area.tags
    if "building" in tags and tags["building"] != "no":
        yield _feature("buildings", tags["building"], tags, BUILDING_RANK, _shape(factory.create_multipolygon(area)))
        return
    if tags.get("natural") == "water" or tags.get("waterway") == "riverbank":
        yield _feature("water", tags.get("water", "water"), tags, 9, _shape(factory.create_multipolygon(area)))
        return
    for key, ranks in (("leisure", LEISURE), ("natural", NATURAL), ("amenity", GROUNDS)):
        if tags.get(key) in ranks:
            yield from _ground(tags[key], tags, ranks[tags[key]], _shape(factory.create_multipolygon(area)))
            return
    if "landuse" in tags:
        yield from _ground(tags["landuse"], tags, LANDUSE_RANK, _shape(factory.create_multipolygon(area)))


def _ground(kind: str, tags: Any, rank: int, shape: BaseGeometry) -> Iterator[Feature]:
    yield _feature("landuse", kind, tags, rank, shape)
    if "name" in tags:
        yield _feature("places", kind, tags, NAMED_GROUND_RANK, shapely.point_on_surface(shape))


def _shape(wkb: str) -> BaseGeometry:
    return shapely.from_wkb(bytes.fromhex(wkb))


def _feature(layer: str, kind: str, tags: Mapping[str, str], rank: int, shape: BaseGeometry) -> Feature:
    return Feature(
        layer,
        kind[:30],
        tags.get("name", "")[:120],
        tags.get("name:en", "")[:160],
        tags.get("addr:housenumber", "")[:30],
        rank,
        shape,
    )
