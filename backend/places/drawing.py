"""The base map as GeoJSON, for map products that have to open without any server."""

import json
from typing import Any

from django.db import connection

Box = tuple[float, float, float, float]
FEATURES_MOST = 6_000

_SQL = """
SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
    'type', 'Feature', 'geometry', ST_AsGeoJSON(ST_Transform(found.shape, 4326), 6)::json,
    'properties', json_build_object('layer', found.layer, 'kind', found.kind, 'name', found.name))), '[]'::json))
FROM (
    SELECT layer, kind, name, ST_ClipByBox2D(shape, box.geom) AS shape
    FROM places_basefeature,
         (SELECT ST_Transform(ST_MakeEnvelope(%s, %s, %s, %s, 4326), 3857) AS geom) AS box
    WHERE shape && box.geom AND layer = ANY(%s)
    ORDER BY array_position(ARRAY['landuse', 'water', 'buildings', 'roads'], layer::text), rank LIMIT %s
) AS found WHERE NOT ST_IsEmpty(found.shape)"""


def features_in(box: Box, *, buildings: bool = True) -> dict[str, Any]:
    """Water, land use, buildings and roads inside west, south, east, north (WGS84), in drawing order."""
    layers = ["water", "landuse", "roads", *(["buildings"] if buildings else [])]
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [*box, layers, FEATURES_MOST])
        found = cursor.fetchone()[0]
    collection: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return collection
