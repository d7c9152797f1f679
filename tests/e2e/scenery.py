"""Something to see on the maps of the small world: named streets, blocks of houses, a park and a canal."""

from django.contrib.gis.geos import GEOSGeometry, LineString, Point, Polygon

from backend.places.models import BaseFeature
from tests.streets import COLUMNS, ROWS, STEP
from tests.world import SOUTH, WEST

_MAIN = 4  # every fourth street is a road with a name
_GAP = 0.00008


def lay_scenery() -> None:
    """Draws the base map over the streets of `tests.streets`. Call it before the network's import is recorded."""
    things = [_street(number, across=across) for across in (True, False) for number in range(ROWS)]
    for row in range(ROWS - 1):
        for column in range(COLUMNS - 1):
            things.append(_block(row, column))
    canal = LineString((WEST - STEP, SOUTH - STEP / 2), (WEST + COLUMNS * STEP, SOUTH - STEP / 2), srid=4326)
    things += [
        BaseFeature(layer="water", kind="canal", name="测试河", rank=11, shape=_flat(canal.buffer(STEP / 6))),
        BaseFeature(layer="places", kind="neighbourhood", name="测试里", name_en="Test quarter", rank=12,
                    shape=_flat(Point(WEST + 5.5 * STEP, SOUTH + 5.5 * STEP, srid=4326))),
    ]  # fmt: skip
    BaseFeature.objects.bulk_create(things)


def _street(number: int, *, across: bool) -> BaseFeature:
    main = number % _MAIN == 0
    if across:
        ends = ((WEST, SOUTH + number * STEP), (WEST + (COLUMNS - 1) * STEP, SOUTH + number * STEP))
    else:
        ends = ((WEST + number * STEP, SOUTH), (WEST + number * STEP, SOUTH + (ROWS - 1) * STEP))
    letter = "ABCDEFGHIJKLM"[number]
    name, name_en = (f"{'东西' if across else '南北'}{letter}路", f"{letter} {'Road' if across else 'Street'}")
    return BaseFeature(
        layer="roads", kind="secondary" if main else "residential", name=name if main else "",
        name_en=name_en if main else "", rank=11 if main else 14, shape=_flat(LineString(*ends, srid=4326)),
    )  # fmt: skip


def _block(row: int, column: int) -> BaseFeature:
    west, south = WEST + column * STEP + _GAP, SOUTH + row * STEP + _GAP
    box = Polygon.from_bbox((west, south, west + STEP - 2 * _GAP, south + STEP - 2 * _GAP))
    box.srid = 4326
    if (row, column) in {(2, 6), (7, 3)}:
        return BaseFeature(layer="landuse", kind="park", name="口袋公园", rank=12, shape=_flat(box))
    return BaseFeature(layer="buildings", kind="yes", housenumber=str(2 * column + 1), rank=14, shape=_flat(box))


def _flat(shape: GEOSGeometry) -> GEOSGeometry:
    return shape.transform(3857, clone=True)
