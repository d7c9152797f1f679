"""Shapes of a case on the worker's screen, of its steps and of a worker's report."""

from typing import Any

from rest_framework import serializers

from backend.cases.services import SelfHandled
from mobile_api.common.dispute_facts import DISPUTE_STATES, LEVELS, RulingTold
from mobile_api.common.localised import Localised
from mobile_api.common.points import LonLat, PointIn
from mobile_api.common.shapes import (
    ACTIONS,
    FIELD_ACTIONS,
    FIELD_STEPS,
    LAMPS,
    PHOTO_PURPOSES,
    STAGES,
    STATES,
    AppointmentOut,
    ContactOut,
    DecisionOut,
    MatterRef,
    NamedGrid,
    Pauses,
    PhotoClaimIn,
)
from mobile_api.public.serializers import ReportIn

DISABLED_REASONS = ["not_in_this_state", "already_returned", "already_ruled"]


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


class SelfHandledIn(serializers.Serializer):
    """Dealt with on the spot: what was done, pictures before and after."""

    note = serializers.CharField(max_length=2000)
    photos_before = PhotoClaimIn(many=True)
    photos_after = PhotoClaimIn(many=True)

    def validate(self, attrs: dict[str, Any]) -> SelfHandled:
        return SelfHandled(attrs["note"], attrs["photos_before"], attrs["photos_after"])


class FieldReportIn(ReportIn):
    self_handled = SelfHandledIn(required=False, allow_null=True, default=None)
