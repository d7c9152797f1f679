"""Shapes that several addresses share: matters, grids, clocks, contacts, photos, appointments."""

from typing import Any

from rest_framework import serializers

from backend.accounts.roles import Role
from backend.cases.services import PhotoClaim
from backend.cases.workflow import Action, Stage, State
from backend.core.clock import Lamp, Unit
from gis.coordinates import Crs
from mobile_api.common.localised import Localised, LocalisedList
from mobile_api.common.moments import MomentField

STATES = [state.value for state in State]
STAGES = [stage.value for stage in Stage]
LAMPS = [lamp.value for lamp in Lamp if lamp is not Lamp.NONE]
LOCATE_KINDS = ["inside", "on_border", "uncertain", "snapped", "gap", "outside"]
MATTER_KINDS = ["incident", "home_service"]
APPOINTMENT_STATES = ["booked", "done", "missed", "cancelled"]
PHOTO_STATES = ["pending", "ready"]
PHOTO_PURPOSES = ["report", "before", "after", "visit"]
STOP_KINDS = ["duty", "appointment", "case"]
STOP_STATES = ["planned", "arrived", "done", "missed", "skipped"]
SESSION_STATES = ["open", "ended"]
ACTIONS = [action.value for action in Action]
# Steps that a worker takes at one address; `dispute` (sending back) and `correct` (place, matter) have their own.
FIELD_STEPS = ["accept", "submit", "hand_back", "verified", "refuse", "note", "ask_extension", "appeal"]
FIELD_ACTIONS = [*FIELD_STEPS, "dispute", "correct"]
APPEALS = ["asked", "granted", "denied"]
OUTCOMES = ["applied", "refused", "retry"]
PLAN_STATES = ["planning", "draft", "published", "superseded", "failed", "proposed"]
VISIT_OUTCOMES = ["done", "nobody_home", "refused", "moved", "other"]
ROLES = [role.value for role in Role if role is not Role.SYSTEM]
CRS = [crs.value for crs in Crs]


class Limit(serializers.Serializer):
    """A handling limit: UH clock hours, WH working hours, WD working days, ND clock days."""

    amount = serializers.FloatField()
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit])


class Pauses(serializers.Serializer):
    """What was asked of the clock: extensions, a suspension, and pressing from above."""

    extension_count = serializers.IntegerField()
    extension_asked_at = serializers.DateTimeField(allow_null=True, help_text="set while an answer is waited for")
    suspended_until = serializers.DateTimeField(allow_null=True, help_text="then it resumes by itself")
    supervised_at = serializers.DateTimeField(allow_null=True, help_text="when a level above last pressed for it")
    appeal = serializers.ChoiceField(
        choices=APPEALS, allow_null=True, help_text="against the overtime of a closed case"
    )


class ConditionOut(serializers.Serializer):
    code = serializers.CharField()
    name = Localised()
    limit = Limit()
    closing = Localised()


class MatterOut(serializers.Serializer):
    """One matter of the published list, with its eight descriptive fields."""

    id = serializers.UUIDField()
    scheme = serializers.CharField()
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=MATTER_KINDS)
    category = Localised()
    name = Localised()
    slug = serializers.CharField()
    handler = serializers.ChoiceField(choices=["grid", "department"])
    conditions = ConditionOut(many=True)
    legal_basis = Localised()
    materials = LocalisedList()
    procedure = Localised()
    fee = Localised()
    requirements = Localised()
    type = Localised()
    time_limit = Localised()
    dwell_minutes = serializers.IntegerField()
    form = serializers.ListField(child=serializers.DictField(), help_text="fields that the matter asks for")


class MatterRef(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = Localised()
    category = Localised()
    slug = serializers.CharField()
    kind = serializers.ChoiceField(choices=MATTER_KINDS)


class GridRef(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()


class NamedGrid(GridRef):
    """A grid with its name in both languages; `name_en` is empty where the town has none."""

    name_en = serializers.CharField(allow_blank=True)


class TimeWindow(serializers.Serializer):
    start = MomentField()
    end = MomentField()


class DecisionOut(serializers.Serializer):
    """Why a case went where it went."""

    kind = serializers.ChoiceField(choices=LOCATE_KINDS)
    rule = serializers.CharField()
    text = Localised()


class ResponsibleOut(serializers.Serializer):
    name_masked = serializers.CharField()
    post = serializers.CharField(allow_blank=True)


class AppointmentOut(serializers.Serializer):
    """A booked home visit. `arrival`: the narrower window of the planned round, once it is published."""

    id = serializers.UUIDField()
    window = TimeWindow()
    state = serializers.ChoiceField(choices=APPOINTMENT_STATES)
    arrival = TimeWindow(allow_null=True)


class ContactIn(serializers.Serializer):
    name = serializers.CharField(max_length=60, allow_blank=True, default="")
    phone = serializers.RegexField(r"^[0-9+() \-]{5,30}$", max_length=30, allow_blank=True, default="")


class ContactNeeded(ContactIn):
    """A home visit needs somebody to ask for and a number to call."""

    name = serializers.CharField(max_length=60)
    phone = serializers.RegexField(r"^[0-9+() \-]{5,30}$", max_length=30)


class ContactOut(serializers.Serializer):
    name = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)


class PhotoClaimIn(serializers.Serializer):
    """A photo that was uploaded before, with the claim that its upload gave."""

    id = serializers.UUIDField()
    claim = serializers.CharField(max_length=300)

    def validate(self, attrs: dict[str, Any]) -> PhotoClaim:
        return PhotoClaim(attrs["id"], attrs["claim"])
