"""From a layer to a file. Nothing is shortened or rounded without being refused or being the format's rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import shapely

from gis.layers.model import Feature, Format, LayerError
from gis.layers.reference import Reference, reference_of
from gis.layers.writers import csv_wkt, geojson, geopackage, kml, shapefiles

_ONLY_WGS84: Final = frozenset({Format.GEOJSON, Format.KML})
_WRITERS: Final = {
    Format.GEOPACKAGE: geopackage.write,
    Format.SHAPEFILE: shapefiles.write,
    Format.GEOJSON: geojson.write,
    Format.KML: kml.write,
    Format.CSV: csv_wkt.write,
}
_FILES: Final = {
    Format.GEOPACKAGE: (".gpkg", "application/geopackage+sqlite3"),
    Format.SHAPEFILE: (".zip", "application/zip"),
    Format.GEOJSON: (".geojson", "application/geo+json"),
    Format.KML: (".kml", "application/vnd.google-earth.kml+xml"),
    Format.CSV: (".csv", "text/csv; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A file as bytes, with the ending of its name and its media type."""

    content: bytes
    ending: str
    media_type: str


def write_layer(
    features: Sequence[Feature], *, fields: Sequence[str], name: str, file_format: Format | str, crs: str = "wgs84"
) -> Written:
    """The features (WGS84) as a file; `fields` in this order.

    GeoPackage keeps every vertex to the last bit in WGS84 and CGCS2000; GeoJSON and KML have 7 decimals (1 cm); an
    EPSG system in metres is good to a micrometre. Raises LayerError: format_unknown, crs_for_format, crs_unknown,
    empty, text_too_long.
    """
    try:
        kind = Format(file_format)
    except ValueError:
        raise LayerError("format_unknown", f"{str(file_format)[:20]!r} is none of {', '.join(Format)}") from None
    reference = reference_of(crs)
    if reference.offset is not None:
        raise LayerError("crs_for_format", "GCJ-02 and BD-09 are for bringing files in; nothing is written in them")
    if kind in _ONLY_WGS84 and reference.name != "EPSG:4326":
        raise LayerError(
            "crs_for_format", f"{kind.value} is always WGS84; choose gpkg, shp or csv for {reference.name}"
        )
    if not features:
        raise LayerError("empty", "there is nothing to write")
    moved = [Feature(one.row, one.place, one.attributes, _moved(one, reference)) for one in features]
    ending, media_type = _FILES[kind]
    return Written(_WRITERS[kind](moved, list(fields), name, reference), ending, media_type)


def _moved(one: Feature, reference: Reference) -> shapely.Polygon | shapely.MultiPolygon | None:
    if one.shape is None or reference.is_geographic:
        return one.shape
    moved: shapely.Polygon | shapely.MultiPolygon = shapely.transform(one.shape, reference.from_wgs84)
    return moved
