"""A table with a column wkt (SRID in front), UTF-8 with a mark so that office programs see it."""

import csv
import io
from collections.abc import Sequence
from typing import Final

import shapely

from gis.layers.model import Feature
from gis.layers.reference import Reference

_RUN_AS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def write(features: Sequence[Feature], fields: list[str], name: str, reference: Reference) -> bytes:
    """Texts that a spreadsheet would run get an apostrophe in front."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([*fields, "wkt"])
    srid = reference.name.removeprefix("EPSG:")
    for one in features:
        text = "" if one.shape is None else f"SRID={srid};{shapely.to_wkt(one.shape, rounding_precision=-1)}"
        table.writerow([*(_cell(one.attributes.get(field)) for field in fields), text])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_RUN_AS_FORMULA) else text
