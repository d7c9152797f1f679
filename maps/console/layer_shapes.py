"""Shapes of layer files: how one is to be read, what its preview tells, how one is written."""

from typing import Any

from rest_framework import serializers

from backend.areas.layers.exporting import LEVELS
from backend.areas.queries import DIVISION_LEVELS
from gis.layers import Format


def _choice(**more: Any) -> serializers.CharField:
    return serializers.CharField(required=False, default="", allow_blank=True, **more)


class LayerIn(serializers.Serializer):
    """A layer file and how it is to be read; what is left empty is found out."""

    file = serializers.FileField(max_length=255)
    parent = serializers.CharField(max_length=30)  # type: ignore[assignment]
    level = serializers.ChoiceField(choices=DIVISION_LEVELS, default="grid")
    crs = _choice(max_length=60, help_text="wgs84, cgcs2000, an EPSG number, gcj02, bd09")
    encoding = _choice(max_length=20, help_text="of texts, e.g. gb18030")
    layer = _choice(max_length=200, help_text="of a file that holds several")
    fields = _choice(max_length=2000, help_text="code=DM,name=MC")  # type: ignore[assignment]


class LayerDraftIn(LayerIn):
    name = serializers.CharField(max_length=120)


class LayerField(serializers.Serializer):
    """A field of the file, what it is taken to mean (empty: nothing), and its first values."""

    name = serializers.CharField()
    meaning = serializers.CharField(allow_blank=True)
    values = serializers.ListField(child=serializers.CharField(allow_blank=True))


class LayerFault(serializers.Serializer):
    """Why a feature can't be used: its row, its name in the file, and a point to look at."""

    row = serializers.IntegerField()
    place = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    spot = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class LayerNote(serializers.Serializer):
    """What was left out or guessed, at how many features; `place` is the first."""

    code = serializers.CharField()
    detail = serializers.CharField()
    count = serializers.IntegerField()
    place = serializers.CharField(allow_blank=True)


class LayerPreview(serializers.Serializer):
    """A file as it was read. `features` are the good outlines (GeoJSON, thinned for the map when `is_thinned`)."""

    name = serializers.CharField()
    file_format = serializers.ChoiceField(choices=[one.value for one in Format])
    crs = serializers.CharField()
    encoding = serializers.CharField(allow_blank=True)
    layers = serializers.ListField(child=serializers.CharField())
    rows = serializers.IntegerField()
    usable = serializers.IntegerField()
    columns = LayerField(many=True)
    meanings = serializers.ListField(child=serializers.CharField())
    fault_count = serializers.IntegerField()
    faults = LayerFault(many=True)
    notes = LayerNote(many=True)
    features = serializers.DictField(child=serializers.JSONField())
    ground = serializers.DictField(child=serializers.JSONField(), allow_null=True)
    is_thinned = serializers.BooleanField()


class LayerOut(serializers.Serializer):
    """How a layer is to be written."""

    file_format = serializers.ChoiceField(choices=[one.value for one in Format], default="gpkg")
    crs = _choice(max_length=60, help_text="wgs84 without; cgcs2000 or an EPSG number for gpkg, shp and csv")


class BoundariesOut(LayerOut):
    """Which boundaries: of a level, below an area, at a moment (now without)."""

    level = serializers.ChoiceField(choices=list(LEVELS), default="grid")
    within = _choice(max_length=30)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
