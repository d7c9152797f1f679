"""Shapes of the rule table: rules, changes with preview, trials on the past."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from backend.cases.rule_tables import RulesOf
from backend.dispatch.models import Rule, RuleVersion
from backend.dispatch.rules import RuleChange, RuleWish
from maps.console.shapes import NamedRef, PersonRef
from mobile_api.common.localised import Localised
from mobile_api.common.moments import MomentField
from mobile_api.common.points import Number
from mobile_api.common.shapes import GridRef

TARGETS = [target.value for target in Rule.Target]
# What people do; handing over is the switch's of a division.
ACTIONS = [action.value for action in RuleVersion.Action if action != RuleVersion.Action.HANDED_OVER]
CHANGES = [action for action in ACTIONS if action != RuleVersion.Action.CREATED]
RULE_STATES = ["in_force", "to_come", "off", "ended"]
RULES_OF = [one.value for one in RulesOf]
MOST_LISTED = 200


class RuleIn(serializers.Serializer):
    """A rule as it is to be. What is left out holds always; `shape` is GeoJSON in WGS84, `reach_m` of a line or point.

    A season is written "06-01" to "09-30", both included; over New Year where it ends before it begins.
    The target is `department_id`, or `target_code` of a grid or of the community or street whose desk decides.
    """

    name_zh = serializers.CharField(max_length=80)
    name_en = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    ground = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    area_code = serializers.CharField(max_length=30)
    shape = serializers.DictField(child=serializers.JSONField(), required=False, default=None, allow_null=True)
    reach_m = Number(required=False, default=0, min_value=0, max_value=500)
    asset_code = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    matter_id = serializers.UUIDField(required=False, default=None, allow_null=True)
    category_prefix = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7), required=False, default=list, max_length=7
    )
    hours_from = serializers.TimeField(required=False, default=None, allow_null=True)
    hours_until = serializers.TimeField(required=False, default=None, allow_null=True)
    season_from = serializers.CharField(max_length=5, required=False, default="", allow_blank=True)
    season_until = serializers.CharField(max_length=5, required=False, default="", allow_blank=True)
    target = serializers.ChoiceField(choices=TARGETS)
    department_id = serializers.UUIDField(required=False, default=None, allow_null=True)
    target_code = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    priority = serializers.IntegerField(required=False, default=100, min_value=0, max_value=1000)
    valid_from = MomentField()
    valid_until = MomentField(required=False, default=None, allow_null=True)


class _Change(serializers.Serializer):
    """`version` is the one that was seen; `rule` goes with created and changed."""

    action = serializers.ChoiceField(choices=ACTIONS)
    version = serializers.IntegerField(min_value=1, required=False, default=None, allow_null=True)
    rule = RuleIn(required=False, default=None, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        required = serializers.ErrorDetail("This field is required.", "required")
        if attrs["action"] in (RuleVersion.Action.CREATED, RuleVersion.Action.CHANGED) and attrs["rule"] is None:
            raise serializers.ValidationError({"rule": [required]})
        if attrs["action"] != RuleVersion.Action.CREATED and attrs["version"] is None:
            raise serializers.ValidationError({"version": [required]})
        return attrs


class RulePreviewIn(_Change):
    """A change to look at. `id` is the client's UUIDv7 for a new rule."""

    id = serializers.UUIDField()


class RuleTrialIn(RulePreviewIn):
    """A change to try on the cases reported from `start` up to `end`; `offset` and `limit` page those that move.

    `rules`: the other rules are those of today, to which the change is made, or those of each case's moment (then).
    """

    start = MomentField()
    end = MomentField()
    rules = serializers.ChoiceField(choices=RULES_OF, required=False, default=RulesOf.TODAY.value)
    offset = serializers.IntegerField(required=False, default=0, min_value=0)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=MOST_LISTED)


class NewRuleIn(serializers.Serializer):
    """A new rule; with `move_open` the open cases of the preview with this `stamp` follow at once."""

    id = serializers.UUIDField()
    rule = RuleIn()
    move_open = serializers.BooleanField(required=False, default=False)
    stamp = serializers.CharField(required=False, default="", allow_blank=True, max_length=16)


class RuleChangeIn(_Change):
    action = serializers.ChoiceField(choices=CHANGES)
    move_open = serializers.BooleanField(required=False, default=False)
    stamp = serializers.CharField(required=False, default="", allow_blank=True, max_length=16)


def change_of(said: dict[str, Any], rule_id: UUID) -> RuleChange:
    """The change of a checked body."""
    wish = RuleWish(**said["rule"]) if said["rule"] is not None else None
    return RuleChange(RuleVersion.Action(said["action"]), rule_id, said["version"], wish)


class RuleRow(serializers.Serializer):
    """One rule. `can_change`: it is one of one's own areas, not of an area above."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    name = Localised()
    ground = serializers.CharField(allow_blank=True)
    area = GridRef()
    shape = serializers.DictField(child=serializers.JSONField(), allow_null=True)
    reach_m = serializers.FloatField()
    asset_code = serializers.CharField(allow_blank=True)
    matter = NamedRef(allow_null=True)
    category_prefix = serializers.CharField(allow_blank=True)
    weekdays = serializers.ListField(child=serializers.IntegerField())
    hours_from = serializers.TimeField(format="%H:%M", allow_null=True)
    hours_until = serializers.TimeField(format="%H:%M", allow_null=True)
    season_from = serializers.CharField(allow_null=True)
    season_until = serializers.CharField(allow_null=True)
    target = serializers.ChoiceField(choices=TARGETS)
    department = NamedRef(allow_null=True)
    target_area = GridRef(allow_null=True)
    priority = serializers.IntegerField()
    valid_from = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=RULE_STATES)
    can_change = serializers.BooleanField()
    changed_at = serializers.DateTimeField()
    changed_by = PersonRef(allow_null=True)


class MatterCategory(serializers.Serializer):
    code = serializers.CharField()
    name = Localised()


class RuleList(serializers.Serializer):
    """Rules in the order in which they apply; departments that may be a target, categories that may be a condition."""

    items = RuleRow(many=True)
    departments = NamedRef(many=True)
    categories = MatterCategory(many=True)


class RuleVersionOut(serializers.Serializer):
    """A rule as it stood after one change."""

    n = serializers.IntegerField()
    at = serializers.DateTimeField()
    action = serializers.ChoiceField(choices=[action.value for action in RuleVersion.Action])
    role = serializers.CharField()
    actor_name = serializers.CharField(allow_blank=True)
    content = serializers.DictField(child=serializers.JSONField(allow_null=True))


class RuleDetail(serializers.Serializer):
    rule = RuleRow()
    history = RuleVersionOut(many=True)


class Answering(serializers.Serializer):
    """Who answers: a department, a grid or a desk."""

    kind = serializers.ChoiceField(choices=TARGETS)
    code = serializers.CharField()
    name = Localised()


class RuleMove(serializers.Serializer):
    """A case that goes elsewhere, and the words of the new decision."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    matter = Localised()
    state = serializers.CharField()
    reported_at = serializers.DateTimeField()
    before = Answering()
    after = Answering()
    why = Localised()


class RuleEffectOut(serializers.Serializer):
    """What a change does to open work: cases that follow by rule, and those that a person decides on."""

    stamp = serializers.CharField()
    moves = RuleMove(many=True)
    move_count = serializers.IntegerField()
    to_decide = RuleMove(many=True)
    to_decide_count = serializers.IntegerField()
    moved = serializers.IntegerField()
    rule = RuleRow(allow_null=True)


class RuleLoad(serializers.Serializer):
    """Cases of the period that one had to answer for, without and with the change."""

    who = Answering()
    before = serializers.IntegerField()
    after = serializers.IntegerField()


class RuleTrialOut(serializers.Serializer):
    """What the change would have done to the cases of the period."""

    rules = serializers.ChoiceField(choices=RULES_OF)
    cases = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    offset = serializers.IntegerField()
    moved = RuleMove(many=True)
    loads = RuleLoad(many=True)
