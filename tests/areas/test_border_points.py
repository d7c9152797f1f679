"""PostGIS, the engine and the kept vectors of the phone's twin say the same about every point, above all on borders.

`./dev test tests/areas/test_border_points.py --border-points 100000` is the thorough run.
"""

import json
from itertools import islice

import numpy as np
import pytest
import shapely
from django.db import connection

from gis.locate import (
    COVERING_MANY_SQL,
    COVERING_SQL,
    REACHED_SQL,
    SNAPPED_POINT_SQL,
    GridIndex,
    GridShape,
    Reach,
    decide,
    reach_parameters,
)
from tests.gis.locate_vectors import VECTORS, answer_of, border_points, kept_coverages, random_coverages, written

POINTS_A_COVERAGE = 200


def test_the_vectors_are_those_that_the_command_writes():
    assert VECTORS.read_text(encoding="utf-8") == written(kept_coverages()), "run: python -m tests.gis.locate_vectors"


@pytest.mark.django_db
def test_border_points_belong_to_the_same_grid_in_postgis_and_in_the_engine(pytestconfig):
    wanted = pytestconfig.getoption("border_points")
    seen = 0
    for number, (name, grids, _) in enumerate(random_coverages(4 * wanted // POINTS_A_COVERAGE)):
        spots = np.array(border_points(grids, POINTS_A_COVERAGE, seed=number))
        fill("grid_layer", grids)
        lons, lats = ("{" + ",".join(map(repr, column.tolist())) + "}" for column in spots.T)
        with connection.cursor() as cursor:
            cursor.execute(COVERING_MANY_SQL.format(grids="grid_layer"), {"lons": lons, "lats": lats})
            truth = [row[1] for row in cursor.fetchall()]
        index = GridIndex(grids)
        batch = [grids[at].id if at >= 0 else None for at in index.locate_batch(*spots.T)]
        assert list(zip(spots.tolist(), batch, strict=True)) == list(zip(spots.tolist(), truth, strict=True)), name
        single = [index.locate(lon, lat, snap_m=0).code for lon, lat in spots[:20].tolist()]
        assert single == truth[:20], name
        seen += len(spots)
        if seen >= wanted:
            break
    assert seen >= wanted


@pytest.mark.django_db
@pytest.mark.parametrize("coverage", json.loads(VECTORS.read_text(encoding="utf-8")), ids=lambda one: one["name"])
def test_postgis_says_what_the_vectors_say(coverage):
    shapes = {
        level: [
            GridShape(one["properties"]["code"], one["properties"]["code"], shapely.geometry.shape(one["geometry"]))
            for one in coverage["pack"]["features"]
            if one["properties"]["level"] == level
        ]
        for level in ("grid", "community")
    }
    fill("grid_layer", shapes["grid"])
    fill("parent_layer", shapes["community"])
    for vector in islice(coverage["points"], 0, None, 3):
        found = answer_of(located_by_sql(vector))
        assert found["kind"] == vector["kind"], vector
        assert (found["code"], found["parent_code"]) == (vector["code"], vector["parent_code"]), vector
        assert found["border_m"] == pytest.approx(vector["border_m"], abs=1e-3)
        for (code, share, distance_m), row in zip(found["candidates"], vector["candidates"], strict=True):
            assert (code, share, distance_m) == (
                row[0],
                pytest.approx(row[1], abs=2e-6),
                pytest.approx(row[2], abs=1e-3),
            )


def fill(table, grids):
    """A table of the grids, for this transaction."""
    outlines = shapely.to_wkb(shapely.set_srid([one.polygon for one in grids], 4326), hex=True, include_srid=True)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TEMP TABLE {table} (id text, code text, geom geometry)")
        cursor.executemany(
            f"INSERT INTO {table} VALUES (%s, %s, %s)",
            [(one.id, one.code, outline) for one, outline in zip(grids, np.atleast_1d(outlines), strict=True)],
        )


def located_by_sql(vector):
    lon, lat, accuracy_m, snap_m = (vector[name] for name in ("lon", "lat", "accuracy_m", "snap_m"))
    figures = reach_parameters(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m)
    with connection.cursor() as cursor:
        cursor.execute(REACHED_SQL.format(grids="grid_layer", point=SNAPPED_POINT_SQL), figures)
        reached = [Reach(*row) for row in cursor.fetchall()]
        cursor.execute(COVERING_SQL.format(grids="parent_layer", point=SNAPPED_POINT_SQL), figures)
        parent = cursor.fetchone()
    return decide(reached, circle_m=float(figures["circle_m"]), snap_m=snap_m, parent=parent)
