"""Shapes of what was found at a stop, and of a stop that is skipped."""

from rest_framework import serializers

from mobile_api.common.moments import MomentField
from mobile_api.common.points import PointIn
from mobile_api.common.shapes import VISIT_OUTCOMES, PhotoClaimIn


class VisitIn(serializers.Serializer):
    """What was found at a stop. `id` is a UUIDv7 made by the phone and makes a repeat harmless."""

    id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=VISIT_OUTCOMES)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    photos = PhotoClaimIn(many=True, required=False, default=list)
    location = PointIn(required=False, allow_null=True, default=None)
    at = MomentField()
    checks = serializers.DictField(required=False, default=dict)


class StopVisitIn(VisitIn):
    op_id = serializers.UUIDField()


class VisitOut(serializers.Serializer):
    id = serializers.UUIDField()
    stop_id = serializers.UUIDField(allow_null=True)
    outcome = serializers.ChoiceField(choices=VISIT_OUTCOMES)
    at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    note = serializers.CharField(allow_blank=True)
    distance_m = serializers.FloatField(allow_null=True, help_text="from the planned place; a hint, not a verdict")


class SkipIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class StopSkipIn(SkipIn):
    op_id = serializers.UUIDField()
