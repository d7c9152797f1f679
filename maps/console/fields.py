"""Fields of the console's query strings."""

import math
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

Box = tuple[float, float, float, float]
# About a large district: wider boxes are asked for as tiles.
SPAN_MOST_DEG = 5.0


@extend_schema_field(str)
class BboxField(serializers.Field):
    """`west,south,east,north` in WGS84 degrees."""

    default_error_messages = {
        "bad_bbox": "Give west,south,east,north in degrees, west below east and south below north.",
        "bbox_too_large": "The box is too large; ask for tiles instead.",
    }

    def to_internal_value(self, data: Any) -> Box:
        try:
            west, south, east, north = (float(part) for part in str(data).split(","))
        except ValueError:
            self.fail("bad_bbox")
        sound = all(map(math.isfinite, (west, south, east, north))) and -180 <= west < east <= 180
        if not sound or not -90 <= south < north <= 90:
            self.fail("bad_bbox")
        if east - west > SPAN_MOST_DEG or north - south > SPAN_MOST_DEG:
            self.fail("bbox_too_large")
        return west, south, east, north

    def to_representation(self, value: Box) -> str:
        return ",".join(f"{part:.7f}" for part in value)
