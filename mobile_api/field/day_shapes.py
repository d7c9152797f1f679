"""Shapes of the worker's day and week: stops, the way between them, and the plan they come from."""

from rest_framework import serializers

from mobile_api.common.localised import Localised
from mobile_api.common.moments import DayField
from mobile_api.common.points import LonLat
from mobile_api.common.shapes import PLAN_STATES, STOP_KINDS, STOP_STATES, ContactOut, TimeWindow
from mobile_api.field.case_shapes import FieldCase
from mobile_api.field.patrol_shapes import LineOut, PatrolOut


class PlaceRef(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True, help_text="empty where there is no English name")
    address = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=["residence", "premise", "component", "public_space", "site"])


class StopTarget(serializers.Serializer):
    """One visit duty that the stop meets."""

    duty_id = serializers.UUIDField()
    target = serializers.CharField()
    name = Localised()
    dwell_minutes = serializers.IntegerField()


class PlannedTimes(serializers.Serializer):
    arrive = serializers.DateTimeField()
    leave = serializers.DateTimeField()


class StopOut(serializers.Serializer):
    """A planned call. `contact` is there only while the stop is open."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=STOP_KINDS)
    place = PlaceRef(allow_null=True)
    location = LonLat()
    planned = PlannedTimes()
    window = TimeWindow(allow_null=True)
    state = serializers.ChoiceField(choices=STOP_STATES)
    reason = Localised()
    targets = StopTarget(many=True)
    case_id = serializers.UUIDField(allow_null=True)
    contact = ContactOut(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    asks_whether_visited = serializers.BooleanField(
        help_text="the track shows this house and not at which of its doors; the worker says"
    )


class DayRoute(serializers.Serializer):
    """The way of the day, both half days together."""

    id = serializers.UUIDField(help_text="of the first half day's route")
    plan_id = serializers.UUIDField()
    plan_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="all plans of the day, of somebody who walks in several grids"
    )
    version = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True)
    distance_m = serializers.IntegerField()
    walk_s = serializers.IntegerField()
    geometry = LineOut(allow_null=True)


class TodayQuery(serializers.Serializer):
    date = DayField(required=False, allow_null=True, default=None)


class WeekDay(serializers.Serializer):
    date = serializers.DateField()
    shifts = TimeWindow(many=True)
    stops = StopOut(many=True)
    walk_s = serializers.IntegerField()
    distance_m = serializers.IntegerField()


class Today(serializers.Serializer):
    date = serializers.DateField()
    next_day = WeekDay(allow_null=True, help_text="the next day with stops, where this one has none")
    session = PatrolOut(allow_null=True)
    route = DayRoute(allow_null=True)
    stops = StopOut(many=True)
    cases = FieldCase(many=True)
    cursor = serializers.CharField(help_text="begin of the change feed for what follows")


class WeekQuery(serializers.Serializer):
    start = DayField(required=False, allow_null=True, default=None, help_text="a Monday")


class WeekPlan(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PLAN_STATES)
    version = serializers.IntegerField()


class Unserved(serializers.Serializer):
    """What the plan left out, and why."""

    place = PlaceRef(allow_null=True)
    reason = Localised()


class WeekOut(serializers.Serializer):
    week_start = serializers.DateField()
    plan = WeekPlan(allow_null=True)
    days = WeekDay(many=True)
    unserved = Unserved(many=True)


class PlanSeenIn(serializers.Serializer):
    op_id = serializers.UUIDField()


class PlanSeenOut(serializers.Serializer):
    plan_id = serializers.UUIDField()
    seen_at = serializers.DateTimeField()
