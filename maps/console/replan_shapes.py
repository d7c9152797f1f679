"""Shapes of proposals to mend a week: what happened, and what would change."""

from typing import Any

from rest_framework import serializers

from backend.areas.models import Absence
from backend.inspections.models import Replan, Stop
from backend.inspections.replanning.difference import KINDS
from backend.inspections.replanning.disturbances import (
    REST_OF_WEEK,
    TODAY,
    AbsentWorker,
    ComeAgain,
    Disturbance,
    MovedAppointment,
    UrgentCase,
)
from maps.console.plan_shapes import PlanUnserved
from maps.console.shapes import PersonRef
from mobile_api.common.localised import Localised
from mobile_api.common.moments import MomentField
from mobile_api.common.points import LonLat
from mobile_api.common.shapes import GridRef, TimeWindow

REPLAN_KINDS = Replan.Kind.values
_NEEDED = {
    Replan.Kind.URGENT_CASE.value: ("case_id",),
    Replan.Kind.COME_AGAIN.value: ("stop_id",),
    Replan.Kind.ABSENCE.value: ("worker_id",),
    Replan.Kind.MOVED_APPOINTMENT.value: ("appointment_id", "start", "end"),
}


class ReplanIn(serializers.Serializer):
    """What came between. Which fields a kind needs:

    urgent_case: case_id, by (end of today without) · come_again: stop_id · absence: worker_id, until, absence_kind ·
    moved_appointment: appointment_id, start, end. `stability_s`: seconds of walking that one moved visit must save.
    """

    kind = serializers.ChoiceField(choices=REPLAN_KINDS)
    case_id = serializers.UUIDField(required=False)
    by = MomentField(required=False, allow_null=True, default=None)
    stop_id = serializers.UUIDField(required=False)
    worker_id = serializers.UUIDField(required=False)
    until = serializers.ChoiceField(choices=(TODAY, REST_OF_WEEK), required=False, default=TODAY)
    absence_kind = serializers.ChoiceField(choices=Absence.Kind.values, required=False, default=Absence.Kind.SICK.value)
    appointment_id = serializers.UUIDField(required=False)
    start = MomentField(required=False)
    end = MomentField(required=False)
    stability_s = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=100_000
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in _NEEDED[attrs["kind"]] if attrs.get(name) is None]
        if missing:
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail("This field is required.", "required")] for name in missing}
            )
        return attrs


def disturbance_of(said: dict[str, Any]) -> Disturbance:
    """The disturbance that a valid request names."""
    kind = said["kind"]
    if kind == Replan.Kind.URGENT_CASE:
        return UrgentCase(said["case_id"], said["by"])
    if kind == Replan.Kind.COME_AGAIN:
        return ComeAgain(said["stop_id"])
    if kind == Replan.Kind.ABSENCE:
        return AbsentWorker(said["worker_id"], said["until"], said["absence_kind"])
    return MovedAppointment(said["appointment_id"], said["start"], said["end"])


class ReplanSpot(serializers.Serializer):
    """Where a stop is: whose round, which day, when."""

    stop_id = serializers.UUIDField()
    worker = PersonRef()
    day = serializers.DateField()
    start_at = serializers.DateTimeField()
    leave_at = serializers.DateTimeField()


class ReplanChange(serializers.Serializer):
    """One stop that changes; `old` is empty for an added, `new` for a removed one."""

    kind = serializers.ChoiceField(choices=KINDS)
    stop_kind = serializers.ChoiceField(choices=Stop.Kind.values)
    name = Localised()
    location = LonLat()
    window = TimeWindow(allow_null=True)
    reason = Localised()
    old = ReplanSpot(allow_null=True)
    new = ReplanSpot(allow_null=True)


class ReplanLoad(serializers.Serializer):
    stops = serializers.IntegerField()
    work_s = serializers.IntegerField(help_text="at the stops and on the way")
    travel_s = serializers.IntegerField()
    travel_m = serializers.IntegerField()


class ReplanDay(serializers.Serializer):
    """One worker's day that changes, with its way before and after (GeoJSON MultiLineString)."""

    worker = PersonRef()
    day = serializers.DateField()
    before = ReplanLoad()
    after = ReplanLoad()
    changes = ReplanChange(many=True)
    before_path = serializers.DictField(child=serializers.JSONField(), allow_null=True)
    after_path = serializers.DictField(child=serializers.JSONField(), allow_null=True)


class ReplanCounts(serializers.Serializer):
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    moved = serializers.IntegerField()
    retimed = serializers.IntegerField()


class ReplanOut(serializers.Serializer):
    """A proposal: nothing of it counts before it is accepted. `is_met` false: what happened finds no place."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=REPLAN_KINDS)
    grid = GridRef()
    week_start = serializers.DateField()
    base_id = serializers.UUIDField()
    base_version = serializers.IntegerField()
    plan_id = serializers.UUIDField()
    plan_version = serializers.IntegerField()
    is_met = serializers.BooleanField()
    stability_s = serializers.IntegerField()
    cpu_ms = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    counts = ReplanCounts()
    before = ReplanLoad()
    after = ReplanLoad()
    days = ReplanDay(many=True)
    left_out = PlanUnserved(many=True)
