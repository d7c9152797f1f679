"""Positions as they come in: the system is always declared, and every way to be wrong has a name."""

import re
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from gis.coordinates import CoordinateError, Crs, to_wgs84

# West, south, east, north: nothing that we serve lies outside.
CHINA_BOX = (73.0, 3.0, 136.0, 54.0)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class Number(serializers.FloatField):
    """A JSON number; text and true/false are refused, since clients guess differently about them."""

    default_error_messages = {"not_a_number": "A number is needed."}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("not_a_number")
        return float(super().to_internal_value(data))


class NumberText(serializers.FloatField):
    """A number in a query string: plain digits with a decimal point, as JSON writes it."""

    default_error_messages = {"not_a_number": "A number is needed."}

    def to_internal_value(self, data: Any) -> float:
        if not _NUMBER.fullmatch(str(data)):
            self.fail("not_a_number")
        return float(super().to_internal_value(data))


class LonLat(serializers.Serializer):
    """A position in WGS84 degrees."""

    lon = serializers.FloatField()
    lat = serializers.FloatField()


class _Position(serializers.Serializer):
    """Shared checks; the raw pair is passed on, since the service keeps it beside the converted one."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        check_position(attrs["lon"], attrs["lat"], attrs["crs"])
        return attrs


class CrsField(serializers.ChoiceField):
    default_error_messages = {
        "required": "Declare the coordinate system: wgs84, cgcs2000, gcj02 or bd09.",
        "invalid_choice": "Use one of wgs84, cgcs2000, gcj02, bd09.",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("choices", None)
        super().__init__(choices=[crs.value for crs in Crs], **kwargs)

    def fail(self, key: str, **kwargs: Any) -> None:  # type: ignore[override]
        names = {"required": "crs_missing", "null": "crs_missing", "invalid_choice": "unknown_crs"}
        message = self.error_messages[key].format(**kwargs)
        raise serializers.ValidationError(message, code=names.get(key, key))


class PointIn(_Position):
    """A position with its declared coordinate system, in degrees; `accuracy_m` is the radius of the fix."""

    lon = Number()
    lat = Number()
    crs = CrsField()
    accuracy_m = Number(required=False, allow_null=True, min_value=0, max_value=100_000)


class PointQuery(_Position):
    """The same from a query string."""

    lon = NumberText()
    lat = NumberText()
    crs = CrsField()
    accuracy_m = NumberText(required=False, allow_null=True, min_value=0, max_value=100_000, default=None)


def check_position(lon: float, lat: float, crs: str) -> None:
    """Raises a ValidationError by name: not_finite, axes_swapped, out_of_range, outside_china."""
    try:
        x, y = to_wgs84(lon, lat, crs)
    except CoordinateError as error:
        raise serializers.ValidationError({error.field: [ErrorDetail(error.detail, error.code)]}) from error
    if not _in_china(x, y):
        if _in_china(y, x):
            raise serializers.ValidationError("lon and lat seem to be swapped: longitude comes first", "axes_swapped")
        raise serializers.ValidationError("the point lies outside China", "outside_china")


def _in_china(lon: float, lat: float) -> bool:
    west, south, east, north = CHINA_BOX
    return west <= lon <= east and south <= lat <= north
