"""Tables with a column of well-known text."""

import csv
import io
from typing import Any, Final

from gis.layers.budget import Budget, Rows
from gis.layers.model import LayerError, Limits, Raw, Remarks, Shape, Value, Wish
from gis.layers.readers.only import only
from gis.layers.shapes import BadShape, from_wkt
from gis.layers.texts import decoded

WKT_COLUMNS: Final = ("wkt", "the_geom", "geom", "geometry", "wkt_geom", "shape", "几何", "图形", "边界")


def read(members: dict[str, bytes], wish: Wish, remarks: Remarks, limits: Limits) -> Raw:
    """Rows of the table; the header is row 1 of the file. Raises LayerError."""
    name, content = only(members)
    text, encoding = decoded(content, wish.encoding)
    csv.field_size_limit(limits.feature_vertices * 60)
    lines = csv.reader(io.StringIO(text, newline=""), _dialect(text), strict=True)
    try:
        header = [cell.strip()[:100] for cell in next(lines, [])]
        column = _column(header)
        if len(set(header)) != len(header):
            raise LayerError("bad_table", "two columns have the same name")
        if len(header) > limits.fields:
            raise LayerError("bad_table", f"{len(header)} columns, at most {limits.fields} are possible")
        rows = Rows(remarks, Budget(limits))
        system = _table(header, column, lines, rows)
        return Raw(name, system, [*header[:column], *header[column + 1 :]], rows.found, encoding)
    except csv.Error as error:
        raise LayerError("bad_table", f"row {lines.line_num} is no row of a table: {error}") from None


def _dialect(text: str) -> type[csv.excel]:
    first = text.split("\n", 1)[0]
    best = max((",", ";", "\t"), key=first.count)

    class Dialect(csv.excel):
        delimiter = best

    return Dialect


def _column(header: list[str]) -> int:
    for index, cell in enumerate(header):
        if cell.lower() in WKT_COLUMNS:
            return index
    raise LayerError(
        "no_geometry",
        f"no column of well-known text; name it wkt (the columns are {', '.join(header)[:200] or 'none'})",
    )


def _table(header: list[str], column: int, lines: Any, rows: Rows) -> str:
    """Gathers the rows; answers with the system that they declare, empty without one."""
    systems: set[str] = set()
    for line in lines:
        if not any(line):
            continue
        rows.begin()
        place = f"row {lines.line_num}"
        if len(line) != len(header):
            rows.refuse(place, "bad_row", f"has {len(line)} cells, the header has {len(header)}", field="")
        cells = [*line, *[""] * len(header)][: len(header)]
        shape: Shape | None = None
        text = cells[column].strip()
        try:
            if text:
                shape, srid = from_wkt(text, rows)
                systems |= {srid}
        except BadShape as error:
            rows.refuse(place, error.code, error.detail)
        attributes: dict[str, Value] = {
            label: cell.strip()
            for index, (label, cell) in enumerate(zip(header, cells, strict=True))
            if index != column
        }
        rows.add(place, attributes, shape)
    systems -= {""} if len(systems) == 1 else set()
    if len(systems) > 1:
        raise LayerError("crs_conflict", f"the rows declare several systems: {', '.join(sorted(systems))}")
    return f"EPSG:{systems.pop()}" if systems else ""
