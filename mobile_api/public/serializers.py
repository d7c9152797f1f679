"""Shapes of the residents' side."""

from typing import Any

from django.contrib.gis.geos import Point
from rest_framework import serializers

from backend.cases.services import PointIn as CasePoint
from backend.cases.services import Rating
from gis.coordinates import Crs, to_wgs84
from mobile_api.common.localised import Localised
from mobile_api.common.points import LonLat, PointIn, PointQuery, check_position
from mobile_api.common.shapes import (
    ACTIONS,
    CRS,
    LAMPS,
    LOCATE_KINDS,
    MATTER_KINDS,
    PHOTO_STATES,
    STAGES,
    STATES,
    AppointmentOut,
    ContactIn,
    ContactNeeded,
    DecisionOut,
    GridRef,
    MatterOut,
    MatterRef,
    NamedGrid,
    PhotoClaimIn,
    ResponsibleOut,
    TimeWindow,
)


class MatterQuery(serializers.Serializer):
    kind = serializers.ChoiceField(choices=MATTER_KINDS, required=False, allow_blank=True, default="")
    q = serializers.CharField(max_length=60, required=False, allow_blank=True, default="", help_text="words to find")


class Matters(serializers.Serializer):
    items = MatterOut(many=True)
    next = serializers.CharField(allow_null=True)


class LocatedGrid(NamedGrid):
    community = serializers.CharField(allow_blank=True)
    community_en = serializers.CharField(allow_blank=True)


class Candidate(GridRef):
    """A grid that may be meant; `share` is the part of the accuracy circle inside it, 0 to 1."""

    share = serializers.FloatField(allow_null=True)


class LocateOut(serializers.Serializer):
    """Where a point belongs, and what the grid regulations publish of the grid."""

    kind = serializers.ChoiceField(choices=LOCATE_KINDS)
    grid = LocatedGrid(allow_null=True)
    leader_name = serializers.CharField(allow_null=True, help_text="masked")
    duty_phone = serializers.CharField(allow_null=True)
    candidates = Candidate(many=True)


class PhotoIn(serializers.Serializer):
    """One picture as multipart form; the place of the shutter, when given, is WGS84 unless `crs` says otherwise."""

    id = serializers.UUIDField()
    file = serializers.FileField(max_length=200)
    taken_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    lon = serializers.FloatField(required=False, allow_null=True, default=None)
    lat = serializers.FloatField(required=False, allow_null=True, default=None)
    crs = serializers.ChoiceField(choices=CRS, required=False, default=Crs.WGS84.value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        lon, lat, crs = attrs.pop("lon"), attrs.pop("lat"), attrs.pop("crs")
        attrs["taken_location"] = None
        if lon is not None and lat is not None:
            check_position(lon, lat, crs)
            attrs["taken_location"] = Point(*to_wgs84(lon, lat, crs), srid=4326)
        return attrs


class PhotoOut(serializers.Serializer):
    """`claim` hangs the photo on a report or visit; `url` shows it for five minutes."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PHOTO_STATES)
    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    claim = serializers.CharField()


def case_point(point: dict[str, Any]) -> CasePoint:
    """The checked position as the service takes it."""
    return CasePoint(point["lon"], point["lat"], point["crs"], point.get("accuracy_m"))


class ReportIn(serializers.Serializer):
    """A report. `id` is a UUIDv7 made by the client: the same id and content again gives the same answer."""

    id = serializers.UUIDField()
    matter = serializers.UUIDField()
    condition = serializers.CharField(max_length=20, required=False, allow_blank=True, allow_null=True, default="")
    description = serializers.CharField(max_length=4000, allow_blank=True, default="")
    location = PointIn()
    address = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    contact = ContactIn(required=False, allow_null=True, default=None)
    photos = PhotoClaimIn(many=True, required=False, default=list)


class ReportOut(serializers.Serializer):
    """What came of a report: its number, where it went and why."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    tracking_code = serializers.CharField(required=False, help_text="follows the case together with the number")
    state = serializers.ChoiceField(choices=STATES)
    stage = serializers.ChoiceField(choices=STAGES)
    matter = MatterRef()
    grid = NamedGrid(allow_null=True)
    responsible = ResponsibleOut(allow_null=True)
    department = Localised(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    decision = DecisionOut(allow_null=True)
    created_at = serializers.DateTimeField()


class TrackQuery(serializers.Serializer):
    number = serializers.CharField(max_length=24)
    code = serializers.CharField(max_length=20)


class TimelineEntry(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=ACTIONS)
    text = Localised()
    photos = serializers.ListField(child=serializers.CharField())


class May(serializers.Serializer):
    """What the reporter may do now."""

    rate = serializers.BooleanField()
    cancel = serializers.BooleanField()
    reopen = serializers.BooleanField()
    move = serializers.BooleanField(help_text="choose another window for the booked visit")


class RatingOut(serializers.Serializer):
    responded = serializers.BooleanField(allow_null=True)
    solved = serializers.BooleanField(allow_null=True)
    satisfied = serializers.IntegerField(allow_null=True)
    comment = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)


class PublicCaseSummary(serializers.Serializer):
    """One line of a reporter's list."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    matter = MatterRef()
    state = serializers.ChoiceField(choices=STATES)
    stage = serializers.ChoiceField(choices=STAGES)
    lamp = serializers.ChoiceField(choices=LAMPS, allow_null=True)
    grid = NamedGrid(allow_null=True)
    responsible = ResponsibleOut(allow_null=True)
    department = Localised(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    appointment = AppointmentOut(allow_null=True)
    may = May()
    rating = RatingOut(allow_null=True)


class PublicCase(PublicCaseSummary):
    """A case as its reporter sees it."""

    location = LonLat()
    address = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    photos = serializers.ListField(child=serializers.CharField())
    timeline = TimelineEntry(many=True)
    decision = DecisionOut(allow_null=True)


class MyRequestsQuery(serializers.Serializer):
    cursor = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class MyRequests(serializers.Serializer):
    items = PublicCaseSummary(many=True)
    next = serializers.CharField(allow_null=True)


class RatingIn(serializers.Serializer):
    """Three answers kept apart: was there a response, is it solved, how satisfied (1 to 5)."""

    responded = serializers.BooleanField()
    solved = serializers.BooleanField()
    satisfied = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class TrackedRatingIn(RatingIn):
    number = serializers.CharField(max_length=24)
    code = serializers.CharField(max_length=20)


def rating_of(body: dict[str, Any]) -> Rating:
    return Rating(body["responded"], body["solved"], body["satisfied"], body["comment"])


class ReasonIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class SlotQuery(PointQuery):
    matter = serializers.UUIDField()


class Slot(TimeWindow):
    left = serializers.IntegerField(help_text="visits that still fit")


class Slots(serializers.Serializer):
    grid = NamedGrid(allow_null=True)
    items = Slot(many=True)


class AppointmentIn(serializers.Serializer):
    """A booking. `id` is a UUIDv7 made by the client and names the case; a repeat gives the same answer."""

    id = serializers.UUIDField()
    matter = serializers.UUIDField()
    location = PointIn()
    address = serializers.CharField(max_length=200)
    slot = TimeWindow()
    contact = ContactNeeded()
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    answers = serializers.DictField(required=False, default=dict)


class BookedOut(ReportOut):
    appointment = AppointmentOut()


class MoveIn(serializers.Serializer):
    slot = TimeWindow()


class CancelIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
