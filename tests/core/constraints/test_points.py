"""A column of points takes points only, in WGS84, and where they can lie."""

import pytest
from django.contrib.gis.db.models import PointField
from django.db import DataError, transaction

from tests.core.constraints.breaking import Break, our_models, refused_by, run
from tests.world import World

# Every column that holds a point, with the constraint that keeps it in range. Labels come from outlines that were
# examined, and nobody enters them.
POINTS: dict[tuple[str, str], str] = {
    ("cases_case", "location"): "case_in_china",
    ("cases_photo", "taken_location"): "photo_on_earth",
    ("places_address", "location"): "address_in_china",
    ("places_place", "location"): "place_in_china",
    ("places_networknode", "location"): "network_node_on_earth",
    ("inspections_stop", "location"): "stop_in_china",
    ("inspections_visit", "location"): "visit_on_earth",
    ("patrols_trackpoint", "location"): "track_point_on_earth",
    ("patrols_liveposition", "location"): "live_position_on_earth",
}
LABELS = {("areas_boundary", "label_point")}


def test_every_column_of_points_is_kept_in_range() -> None:
    columns = {
        (model._meta.db_table, field.column)
        for model in our_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, PointField)
    }
    assert columns - LABELS == set(POINTS)


OFF = {
    "east of 180": "ST_MakePoint(181, 30)",
    "north of the pole": "ST_MakePoint(121, 90.5)",
    "swapped": "ST_MakePoint(30.05, 121.17)",
    "longitude NaN": "ST_MakePoint('NaN', 30)",
    "latitude NaN": "ST_MakePoint(121, 'NaN')",
    "infinite": "ST_MakePoint('Infinity', 30)",
    "endlessly south": "ST_MakePoint(121, '-Infinity')",
    "empty": "'POINT EMPTY'::geometry",
}
ABROAD = {"Paris": "ST_MakePoint(2.35, 48.86)", "zero": "ST_MakePoint(0, 0)", "south": "ST_MakePoint(121, -30)"}


def written(column: tuple[str, str], point: str) -> Break:
    table, name = column
    return lambda: run(f"UPDATE {table} SET {name} = {point}")


def test_a_point_lies_where_it_can(full_world: World) -> None:
    for column, constraint in POINTS.items():
        wrong = OFF | ABROAD if constraint.endswith("in_china") else OFF
        refused = {said: refused_by(written(column, f"ST_SetSRID({point}, 4326)")) for said, point in wrong.items()}
        assert refused == dict.fromkeys(wrong, constraint)


@pytest.mark.parametrize(
    ("point", "why"),
    [
        ("ST_SetSRID(ST_MakePoint(121, 30), 3857)", "SRID"),
        ("'SRID=4326;LINESTRING(121 30, 121 31)'::geometry", "LineString"),
        ("'SRID=4326;POINT Z (121 30 5)'::geometry", "dimension"),
    ],
    ids=["system", "kind", "height"],
)
def test_a_column_of_points_takes_nothing_else(full_world: World, point: str, why: str) -> None:
    for column in POINTS:
        act = written(column, point)
        with pytest.raises(DataError, match=why), transaction.atomic():
            act()
