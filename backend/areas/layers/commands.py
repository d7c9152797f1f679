"""What the import commands of layers share: how the file is to be read, its preview, its faults in the report."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandParser

from backend.core.imports import Report
from gis.coordinates import geodesic_area_m2
from gis.layers import Fault, Format, Layer, LayerError, Mapping, Wish, read_in_child
from gis.layers.mapping import said_mapping

PREVIEW_ROWS: Final = 5


def add_layer_options(parser: CommandParser) -> None:
    """Options that say how the file is to be read; without them it is found out."""
    parser.add_argument("file", type=Path, help="gpkg, geojson, kml, csv with wkt, or a zip with a shapefile")
    parser.add_argument("--format", default="", choices=list(Format), help="found out from the file without")
    parser.add_argument("--layer", default="", help="layer of a file that holds several")
    parser.add_argument(
        "--crs", default="", help="wgs84, cgcs2000, an EPSG number, gcj02, bd09; default: as the file says"
    )
    parser.add_argument("--encoding", default="", help="of texts, e.g. gb18030; found out without")
    parser.add_argument("--fields", default="", metavar="code=DM,name=MC", help="which field means what")


def layer_of(
    report: Report, options: dict[str, Any], *, near: tuple[float, float, float, float] | None
) -> tuple[Layer, Mapping]:
    """The layer of `options["file"]` and its mapping. Raises ImportRefused for a file that cannot be used."""
    file: Path = options["file"]
    wish = Wish(options["format"], options["layer"], options["crs"], options["encoding"], near)
    try:
        layer = read_in_child(file.read_bytes(), name=file.name, wish=wish)
        mapping = said_mapping(options["fields"], layer.fields)
    except OSError as error:
        report.refuse(file=file, row=0, field="", reason=f"cannot be read: {error.strerror}")
        report.stop_if_bad()
        raise
    except LayerError as error:
        option = f"--{error.subject}" if error.subject else ""
        report.refuse(file=file, row=0, field=option, reason=error.detail)
        report.stop_if_bad()
        raise
    _tell(report, layer, mapping)
    refuse_faults(report, file, layer.faults)
    return layer, mapping


def refuse_faults(report: Report, file: Path, faults: Iterable[Fault]) -> None:
    """Faults of features as bad rows: which, where, why."""
    for fault in faults:
        report.refuse(file=file, row=fault.row, field=fault.field, reason=f"{fault.detail} ({fault.place})")


def _tell(report: Report, layer: Layer, mapping: Mapping) -> None:
    """How the file was read, and its first rows."""
    texts = f", texts in {layer.encoding}" if layer.encoding else ""
    report.notes.append(f"layer {layer.name!r}: {layer.rows} features, {layer.format.value}, {layer.crs}{texts}")
    meant = ", ".join(f"{meaning}={name}" for meaning, name in mapping.fields.items()) or "none"
    rest = f"; not read: {', '.join(mapping.rest)}" if mapping.rest else ""
    report.notes.append(f"fields: {meant}{rest}")
    for note in layer.notes:
        where = f" ({note.count} features, the first is {note.place})" if note.place else ""
        report.notes.append(f"note: {note.detail}{where}")
    for feature in layer.features[:PREVIEW_ROWS]:
        words = " ".join(mapping.text(feature, meaning) or "-" for meaning in mapping.fields)
        ground = "no outline"
        if feature.shape is not None:
            middle = feature.shape.representative_point()
            ground = f"{geodesic_area_m2(feature.shape):,.0f} m² at {middle.x:.6f}, {middle.y:.6f}"
        report.notes.append(f"  {feature.place}: {words} · {ground}")
