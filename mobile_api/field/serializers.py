"""Shapes of the field workers' side."""

from typing import Any

from rest_framework import serializers

from backend.cases.models import MOST_GROUND
from backend.cases.services import SelfHandled
from backend.patrols import suspicions
from mobile_api.common.dispute_facts import DISPUTE_STATES, LEVELS, RulingTold
from mobile_api.common.localised import Localised
from mobile_api.common.moments import DayField, MomentField
from mobile_api.common.points import LonLat, Number, PointIn
from mobile_api.common.shapes import (
    ACTIONS,
    FIELD_ACTIONS,
    FIELD_STEPS,
    LAMPS,
    OUTCOMES,
    PHOTO_PURPOSES,
    PLAN_STATES,
    SESSION_STATES,
    STAGES,
    STATES,
    STOP_KINDS,
    STOP_STATES,
    VISIT_OUTCOMES,
    AppointmentOut,
    ContactOut,
    DecisionOut,
    MatterRef,
    NamedGrid,
    Pauses,
    PhotoClaimIn,
    TimeWindow,
)
from mobile_api.public.serializers import ReportIn

OPERATION_KINDS = [
    "report_case", "case_action", "return_case", "correct_case", "accept_dispute", "withdraw_dispute", "record_visit",
    "skip_stop", "start_session", "end_session",
]  # fmt: skip
DISABLED_REASONS = ["not_in_this_state", "already_returned", "already_ruled"]
MOST_OPERATIONS = 200
MOST_POINTS = 1000


class CasePhoto(serializers.Serializer):
    id = serializers.UUIDField()
    url = serializers.CharField(help_text="good for five minutes")
    purpose = serializers.ChoiceField(choices=PHOTO_PURPOSES)


class CaseEventOut(serializers.Serializer):
    """One line of a case's history."""

    id = serializers.UUIDField()
    n = serializers.IntegerField()
    at = serializers.DateTimeField()
    action = serializers.ChoiceField(choices=ACTIONS)
    from_state = serializers.CharField(allow_blank=True)
    to_state = serializers.ChoiceField(choices=STATES)
    actor_name = serializers.CharField(allow_null=True, help_text="staff in full, residents masked")
    actor_role = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    text = Localised()
    was_overdue = serializers.BooleanField()
    photos = serializers.ListField(child=serializers.CharField())


class FieldAction(serializers.Serializer):
    """A step on the worker's screen; `disabled_reason` says why it can't be taken now."""

    action = serializers.ChoiceField(choices=FIELD_ACTIONS)
    needs = serializers.ListField(child=serializers.ChoiceField(choices=["note", "photo"]))
    disabled_reason = serializers.ChoiceField(choices=DISABLED_REASONS, allow_null=True)


class FieldDecision(DecisionOut):
    """The same with the earlier rulings at this place."""

    rulings = RulingTold(many=True)


class CaseDispute(serializers.Serializer):
    """A return of this case, in short; `GET field/disputes` has it whole."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DISPUTE_STATES)
    level = serializers.ChoiceField(choices=LEVELS)
    ground = serializers.CharField()
    raised_at = serializers.DateTimeField()
    can_withdraw = serializers.BooleanField()


class FieldCase(serializers.Serializer):
    """A case as its worker sees it. `contact` is in clear only while the case is open, and masked afterwards."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    version = serializers.IntegerField()
    matter = MatterRef()
    condition = serializers.CharField(allow_null=True, help_text="the filing condition's name in the asked language")
    state = serializers.ChoiceField(choices=STATES)
    stage = serializers.ChoiceField(choices=STAGES)
    lamp = serializers.ChoiceField(choices=LAMPS, allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    reported_at = serializers.DateTimeField()
    grid = NamedGrid(allow_null=True)
    is_mine = serializers.BooleanField(help_text="the actor answers for it")
    location = LonLat()
    address = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    photos = CasePhoto(many=True)
    contact = ContactOut(allow_null=True)
    events = CaseEventOut(many=True)
    actions = FieldAction(many=True)
    appointment = AppointmentOut(allow_null=True)
    decision = FieldDecision(allow_null=True)
    dispute = CaseDispute(allow_null=True, help_text="the newest return of this case")
    pauses = Pauses()


class FieldCaseQuery(serializers.Serializer):
    state = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="states, joined by commas; empty: open"
    )
    cursor = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")

    def validate_state(self, value: str) -> tuple[str, ...]:
        states = tuple(part for part in value.split(",") if part)
        if any(state not in STATES for state in states):
            raise serializers.ValidationError("no such state", code="unknown_state")
        return states


class FieldCases(serializers.Serializer):
    items = FieldCase(many=True)
    next = serializers.CharField(allow_null=True)


class CaseStepIn(serializers.Serializer):
    """One step. `version` is the one that the worker decided on; another one by now is refused as stale."""

    action = serializers.ChoiceField(choices=FIELD_STEPS)
    version = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    photos = PhotoClaimIn(many=True, required=False, default=list)
    location = PointIn(required=False, allow_null=True, default=None)


class CaseActionIn(CaseStepIn):
    """The same with the id that makes a repeat harmless."""

    op_id = serializers.UUIDField()


class DisputeReturnIn(serializers.Serializer):
    """Why a case is sent back (`note`), and who should have it, where that is known: a grid or a department."""

    note = serializers.CharField(max_length=MOST_GROUND)
    version = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1)
    to_grid = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    to_department = serializers.UUIDField(required=False, allow_null=True, default=None)


class ReturnIn(DisputeReturnIn):
    """The same with the id that makes a repeat harmless."""

    op_id = serializers.UUIDField()


class DisputeVersionIn(serializers.Serializer):
    """The version of the dispute that the worker decided on."""

    version = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1)


class DisputeStepIn(DisputeVersionIn):
    op_id = serializers.UUIDField()


class SelfHandledIn(serializers.Serializer):
    """Dealt with on the spot: what was done, pictures before and after."""

    note = serializers.CharField(max_length=2000)
    photos_before = PhotoClaimIn(many=True)
    photos_after = PhotoClaimIn(many=True)

    def validate(self, attrs: dict[str, Any]) -> SelfHandled:
        return SelfHandled(attrs["note"], attrs["photos_before"], attrs["photos_after"])


class FieldReportIn(ReportIn):
    self_handled = SelfHandledIn(required=False, allow_null=True, default=None)


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


class LineOut(serializers.Serializer):
    """GeoJSON (RFC 7946) MultiLineString, WGS84."""

    type = serializers.ChoiceField(choices=["MultiLineString"])
    coordinates = serializers.ListField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
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


class PatrolOut(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=SESSION_STATES)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


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


class PatrolSummary(PatrolOut):
    """What a patrol came to. `track` has a part for each stretch without a gap; None once raw points are deleted."""

    distance_m = serializers.FloatField()
    duration_s = serializers.IntegerField()
    points = serializers.IntegerField()
    visited = serializers.ListField(child=serializers.UUIDField())
    track = LineOut(allow_null=True)


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


class OperationIn(serializers.Serializer):
    """One thing that the worker did, online or not. `op_id` is made at capture and makes a repeat harmless."""

    op_id = serializers.UUIDField()
    kind = serializers.CharField(max_length=30, help_text=f"one of {', '.join(OPERATION_KINDS)}")
    captured_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    payload = serializers.DictField()


class PlanSeenIn(serializers.Serializer):
    op_id = serializers.UUIDField()


class PlanSeenOut(serializers.Serializer):
    plan_id = serializers.UUIDField()
    seen_at = serializers.DateTimeField()


class OperationsIn(serializers.Serializer):
    operations = serializers.ListField(child=OperationIn(), max_length=MOST_OPERATIONS)


class ReceiptOut(serializers.Serializer):
    """`applied` and `refused` are final and given again to every repeat; `retry`: send it again later."""

    op_id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    problem = serializers.DictField(allow_null=True)
    result = serializers.DictField(allow_null=True)


class Receipts(serializers.Serializer):
    receipts = ReceiptOut(many=True)


class ChangesQuery(serializers.Serializer):
    cursor = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ChangeOut(serializers.Serializer):
    kind = serializers.CharField()
    id = serializers.UUIDField()
    op = serializers.ChoiceField(choices=["upsert", "remove"])


class Changes(serializers.Serializer):
    changes = ChangeOut(many=True)
    cursor = serializers.CharField()
    more = serializers.BooleanField()


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
