"""What a request for a map of an area may look like."""

from datetime import date
from typing import Any, Final

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from backend.stats import coverage_maps
from backend.stats.coverage import WEEKS_MOST
from backend.stats.hotspots import CHANNELS
from maps.reports.map_files import MAP_FORMATS
from maps.reports.shapes import LanguageIn
from mobile_api.common.moments import DayField

DAYS_MOST: Final = 1100


class HotspotIn(LanguageIn):
    """Cases that were reported from `since` to `until`, local days, both included."""

    area = serializers.CharField(max_length=30, help_text="code")
    since = DayField()
    until = DayField()
    matter = serializers.CharField(required=False, default="", allow_blank=True, max_length=30, help_text="code")
    channel = serializers.ChoiceField(choices=CHANNELS, required=False, default="", allow_blank=True)
    cell_m = serializers.IntegerField(
        required=False, default=150, min_value=50, max_value=1000, help_text="from side to side of a hexagon"
    )
    file_format = serializers.ChoiceField(choices=MAP_FORMATS, required=False, default="html")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        days = (attrs["until"] - attrs["since"]).days
        if not 0 <= days < DAYS_MOST:
            raise serializers.ValidationError(
                {"until": [ErrorDetail(f"Not before since, within {DAYS_MOST} days.", code="bad_period")]}
            )
        return attrs


class CoverageMapIn(serializers.Serializer):
    """Whole weeks from a Monday on; places count as unseen after so many days."""

    area = serializers.CharField(max_length=30, help_text="code")
    week_start = DayField()
    weeks = serializers.IntegerField(required=False, default=1, min_value=1, max_value=WEEKS_MOST)
    unseen_days = serializers.IntegerField(required=False, default=30, min_value=1, max_value=730)

    def validate_week_start(self, value: date) -> date:
        if value.weekday() != 0:
            raise serializers.ValidationError("Name the Monday on which the week begins.", code="not_monday")
        return value


class CoverageMapOut(serializers.Serializer):
    """How far a map has come. Files can be had once it is done, until `kept_until`."""

    id = serializers.UUIDField()
    area = serializers.CharField(help_text="code")
    week_start = serializers.DateField()
    weeks = serializers.IntegerField()
    unseen_days = serializers.IntegerField()
    state = serializers.ChoiceField(choices=coverage_maps.STATES)
    patrols = serializers.IntegerField(allow_null=True, help_text="to be looked at; null before it is known")
    patrols_done = serializers.IntegerField()
    problem = serializers.CharField(allow_blank=True, help_text="stable code of why it failed")
    kept_until = serializers.DateTimeField(allow_null=True)


class MapFileIn(LanguageIn):
    file_format = serializers.ChoiceField(choices=MAP_FORMATS, required=False, default="html")
