"""Shapes of plans, routes, stops and tracks for the console."""

from rest_framework import serializers

from backend.inspections.models import Stop, WeeklyPlan
from backend.patrols import suspicions
from maps.console.shapes import PersonRef
from mobile_api.common.localised import Localised
from mobile_api.common.moments import DayField
from mobile_api.common.points import LonLat
from mobile_api.common.shapes import GridRef, TimeWindow


class PlanLineOut(serializers.Serializer):
    """One grid's plan of a week with its figures."""

    id = serializers.UUIDField()
    grid = GridRef()
    community = serializers.CharField()
    state = serializers.ChoiceField(choices=WeeklyPlan.State.values)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    stops = serializers.IntegerField()
    done = serializers.IntegerField()
    appointments = serializers.IntegerField()
    unserved = serializers.IntegerField()
    travel_s = serializers.IntegerField()
    travel_m = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)


class PlanList(serializers.Serializer):
    week_start = serializers.DateField()
    items = PlanLineOut(many=True)


class PlanTarget(serializers.Serializer):
    """A visit duty that a stop is to meet."""

    target = serializers.CharField()
    name = Localised()
    dwell_minutes = serializers.IntegerField()


class PlanStop(serializers.Serializer):
    """A planned call. No contact and no name of a resident is in it."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Stop.Kind.values)
    name = Localised()
    address = serializers.CharField(allow_blank=True)
    location = LonLat()
    arrive_at = serializers.DateTimeField()
    start_at = serializers.DateTimeField()
    leave_at = serializers.DateTimeField()
    window = TimeWindow(allow_null=True)
    state = serializers.ChoiceField(choices=Stop.State.values)
    reason = Localised()
    targets = PlanTarget(many=True)
    case_id = serializers.UUIDField(allow_null=True)
    appointment_id = serializers.UUIDField(allow_null=True)
    locked = serializers.BooleanField()


class PlanRoute(serializers.Serializer):
    """One worker's half day."""

    id = serializers.UUIDField()
    worker = PersonRef()
    day = serializers.DateField()
    shift = TimeWindow()
    travel_s = serializers.IntegerField()
    travel_m = serializers.IntegerField()
    path = serializers.DictField(child=serializers.JSONField(), allow_null=True, help_text="GeoJSON MultiLineString")
    stops = PlanStop(many=True)


class PlanUnserved(serializers.Serializer):
    """What the plan leaves out, and why."""

    kind = serializers.CharField()
    name = Localised()
    case_id = serializers.UUIDField(allow_null=True)
    required = serializers.BooleanField()  # type: ignore[assignment]
    visits = serializers.IntegerField()
    reason = Localised()


class PlanReader(serializers.Serializer):
    """A worker of the plan, and when this version was seen on their phone."""

    worker = PersonRef()
    seen_at = serializers.DateTimeField(allow_null=True)


class PlanDetail(serializers.Serializer):
    id = serializers.UUIDField()
    grid = GridRef()
    community = serializers.CharField()
    week_start = serializers.DateField()
    state = serializers.ChoiceField(choices=WeeklyPlan.State.values)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    cost = serializers.DictField(child=serializers.JSONField())
    error = serializers.CharField(allow_blank=True)
    routes = PlanRoute(many=True)
    unserved = PlanUnserved(many=True)
    readers = PlanReader(many=True)


class JobFailure(serializers.Serializer):
    grid = serializers.CharField()
    error = serializers.CharField()


class JobOut(serializers.Serializer):
    job_id = serializers.UUIDField()
    week_start = serializers.DateField()
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = JobFailure(many=True)
    finished = serializers.BooleanField()


class TrackLookOut(serializers.Serializer):
    """What somebody said who looked at a flagged day; the worker reads it too."""

    verdict = serializers.ChoiceField(choices=suspicions.VERDICTS)
    note = serializers.CharField(allow_blank=True)
    by = serializers.CharField()
    at = serializers.DateTimeField()


class TrackLookIn(serializers.Serializer):
    """`fine`: nothing is wrong. `talk`: somebody will talk to the worker. `note` is read by the worker."""

    worker = serializers.UUIDField()
    date = DayField()
    verdict = serializers.ChoiceField(choices=suspicions.VERDICTS)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)


class TrackOut(serializers.Serializer):
    """A worker's day: what was walked beside what was planned. Gaps in the track are gaps in the line."""

    worker = PersonRef()
    date = serializers.DateField()
    walked = serializers.DictField(child=serializers.JSONField(), allow_null=True, help_text="GeoJSON MultiLineString")
    planned = serializers.DictField(child=serializers.JSONField(), allow_null=True, help_text="GeoJSON MultiLineString")
    walked_m = serializers.FloatField()
    planned_m = serializers.FloatField()
    on_plan_share = serializers.FloatField(allow_null=True, help_text="0..1 of the planned path that was walked")
    stops_planned = serializers.IntegerField()
    stops_visited = serializers.IntegerField()
    stops_done = serializers.IntegerField()
    stops_shown = serializers.IntegerField(help_text="stops that the track shows as reached")
    points = serializers.IntegerField()
    gaps = serializers.IntegerField()
    duration_s = serializers.IntegerField()
    hints = serializers.DictField(child=serializers.IntegerField(), help_text="for a person to look at, no verdict")
    repeats = serializers.DateField(allow_null=True, help_text="the earlier day of the same ways at the same pace")
    look = TrackLookOut(allow_null=True)
