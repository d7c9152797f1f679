"""Shapes of a batch of positions."""

from typing import Any

from rest_framework import serializers

from mobile_api.common.points import Number

MOST_POINTS = 1000


class PositionIn(serializers.Serializer):
    """One fix, for the description only: each point is checked by itself, and a bad one is named in the answer."""

    seq = serializers.IntegerField(min_value=0)
    at = serializers.DateTimeField()
    lon = Number()
    lat = Number()
    crs = serializers.CharField()
    accuracy_m = Number(required=False, allow_null=True)
    speed_mps = Number(required=False, allow_null=True)
    bearing_deg = Number(required=False, allow_null=True)
    battery = Number(required=False, allow_null=True, help_text="0 to 1")


class PositionsDescribed(serializers.Serializer):
    """Up to 1000 points; the body may be packed with gzip."""

    points = PositionIn(many=True)


class _AnyObject(serializers.Field):
    """A JSON object whose content somebody else checks."""

    default_error_messages = {"not_a_dict": "Expected an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_a_dict")
        return data


class PositionsIn(serializers.Serializer):
    """`backend.patrols` reads each point by itself, so that a bad one never stops the others."""

    points = serializers.ListField(child=_AnyObject(), max_length=MOST_POINTS)


class RejectedPoint(serializers.Serializer):
    seq = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class PositionsOut(serializers.Serializer):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectedPoint(many=True)
    visited = serializers.ListField(child=serializers.UUIDField(), help_text="stops that were recognised as reached")
