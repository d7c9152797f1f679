"""Shapes of a patrol, of the consent it needs, and of what its tracks look like afterwards."""

from rest_framework import serializers

from backend.patrols import suspicions
from mobile_api.common.moments import MomentField
from mobile_api.common.shapes import SESSION_STATES


class LineOut(serializers.Serializer):
    """GeoJSON (RFC 7946) MultiLineString, WGS84."""

    type = serializers.ChoiceField(choices=["MultiLineString"])
    coordinates = serializers.ListField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    )


class PatrolOut(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=SESSION_STATES)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ConsentIn(serializers.Serializer):
    purpose = serializers.ChoiceField(choices=["patrol_track"])
    notice_version = serializers.CharField(max_length=20)
    granted = serializers.BooleanField()


class ConsentOut(serializers.Serializer):
    purpose = serializers.CharField()
    notice_version = serializers.CharField()
    granted = serializers.BooleanField()
    at = serializers.DateTimeField()


class Consents(serializers.Serializer):
    items = ConsentOut(many=True)


class PatrolIn(serializers.Serializer):
    """A patrol begins. `id` is a UUIDv7 made by the phone."""

    id = serializers.UUIDField()
    started_at = MomentField()
    purpose = serializers.CharField(max_length=40, default="patrol")


class PatrolEndIn(serializers.Serializer):
    ended_at = MomentField()


class PatrolSummary(PatrolOut):
    """What a patrol came to. `track` has a part for each stretch without a gap; None once raw points are deleted."""

    distance_m = serializers.FloatField()
    duration_s = serializers.IntegerField()
    points = serializers.IntegerField()
    visited = serializers.ListField(child=serializers.UUIDField())
    track = LineOut(allow_null=True)


class TrackWord(serializers.Serializer):
    """What somebody said who looked at a flagged day."""

    verdict = serializers.ChoiceField(choices=suspicions.VERDICTS)
    note = serializers.CharField(allow_blank=True)
    by = serializers.CharField()
    at = serializers.DateTimeField()


class FlaggedTrack(serializers.Serializer):
    """One of the worker's own days. A hint is no verdict; `look` null: nobody has looked at it yet."""

    day = serializers.DateField()
    hints = serializers.DictField(child=serializers.IntegerField())
    repeats = serializers.DateField(allow_null=True, help_text="the earlier day of the same ways at the same pace")
    look = TrackWord(allow_null=True)


class FlaggedTracks(serializers.Serializer):
    items = FlaggedTrack(many=True)
