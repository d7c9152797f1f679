"""One reader for each format: `read(content, wish, remarks, limits)` gives a `Raw` in the file's own numbers."""

from collections.abc import Callable
from typing import Final, TypeAlias

from gis.layers.model import Format, Limits, Raw, Remarks, Wish
from gis.layers.readers import csv_wkt, geojson, geopackage, kml, shapefiles

Members: TypeAlias = dict[str, bytes]
Reader: TypeAlias = Callable[[Members, Wish, Remarks, Limits], Raw]

READERS: Final[dict[Format, Reader]] = {
    Format.GEOPACKAGE: geopackage.read,
    Format.SHAPEFILE: shapefiles.read,
    Format.GEOJSON: geojson.read,
    Format.KML: kml.read,
    Format.CSV: csv_wkt.read,
}
