"""Drawn geometry as it comes in: GeoJSON in WGS84 degrees, refused by name when it can't be used."""

import json
from typing import Any

import numpy as np
import shapely
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from shapely import LineString, MultiPolygon, Polygon
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from mobile_api.common.points import Number

VERTICES_MOST = 20_000


class _GeometryField(serializers.Field):
    """One GeoJSON geometry of the wanted kind."""

    default_error_messages = {
        "bad_geometry": "Give a GeoJSON geometry of the right type, lon before lat, in WGS84 degrees, without heights.",
        "crs_not_taken": "Leave out crs and send WGS84 degrees; no other system is taken here.",
        "too_many_vertices": f"At most {VERTICES_MOST} vertices are possible.",
    }
    wanted: tuple[type[BaseGeometry], ...] = ()

    def to_internal_value(self, data: Any) -> BaseGeometry:
        if isinstance(data, dict) and "crs" in data:
            self.fail("crs_not_taken")
        try:
            # A Feature would be read as its geometry; only the geometry itself is meant.
            is_one = isinstance(data, dict) and data.get("type") in {kind.__name__ for kind in self.wanted}
            geometry = shapely.from_geojson(json.dumps(data)) if is_one else None
        except (ShapelyError, ValueError, TypeError):
            geometry = None
        if not isinstance(geometry, self.wanted) or geometry.is_empty or geometry.has_z:
            self.fail("bad_geometry")
        xy = shapely.get_coordinates(geometry)
        if len(xy) > VERTICES_MOST:
            self.fail("too_many_vertices")
        if not np.isfinite(xy).all() or (np.abs(xy) > (180, 90)).any():
            self.fail("bad_geometry")
        return geometry

    def to_representation(self, value: BaseGeometry) -> Any:
        return json.loads(shapely.to_geojson(value))


@extend_schema_field({"type": "object", "additionalProperties": {}})
class PolygonField(_GeometryField):
    """A GeoJSON Polygon or MultiPolygon."""

    wanted = (Polygon, MultiPolygon)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class LineField(_GeometryField):
    """A GeoJSON LineString."""

    wanted = (LineString,)


class PositionField(serializers.ListField):
    """`[lon, lat]` in WGS84 degrees."""

    child = Number()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=2, **kwargs)

    def to_internal_value(self, data: Any) -> tuple[float, float]:  # type: ignore[override]
        lon, lat = super().to_internal_value(data)
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise serializers.ValidationError("lon -180..180, lat -90..90, lon first.", code="out_of_range")
        return lon, lat
