"""Shapes of drafts tried on the past."""

from typing import Final

from rest_framework import serializers

from backend.cases.rule_tables import RulesOf
from maps.console.rule_shapes import MOST_LISTED, RULES_OF, Answering, RuleLoad
from mobile_api.common.localised import Localised
from mobile_api.common.moments import DayField

SHOWN: Final = ["elsewhere", "grid", "person", "nobody"]


class DivisionTrialIn(serializers.Serializer):
    """Local days, the last one included. `show`: which cases are listed, page by page.

    elsewhere: another grid or another owner · grid: another grid · person: another owner · nobody: they find nobody
    `rules`: those of each case's moment (then), or those of today.
    """

    since = DayField()
    until = DayField()
    rules = serializers.ChoiceField(choices=RULES_OF, required=False, default=RulesOf.THEN.value)
    show = serializers.ChoiceField(choices=SHOWN, required=False, default="elsewhere")
    offset = serializers.IntegerField(required=False, default=0, min_value=0)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=MOST_LISTED)


class TrialMove(serializers.Serializer):
    """A case with who answered at its moment and who would by the draft; null: outside the area that is served.

    `spot`: longitude and latitude in WGS84.
    """

    id = serializers.UUIDField()
    number = serializers.CharField()
    matter = Localised()
    state = serializers.CharField()
    reported_at = serializers.DateTimeField()
    spot = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)
    before = Answering(allow_null=True)
    after = Answering(allow_null=True)
    why = Localised(allow_null=True)


class DivisionTrialOut(serializers.Serializer):
    """What the draft would have done to the cases of the period.

    `nobody_before`: how many found nobody then. `listed`: how many cases `show` means. `loads`: everybody who answers.
    `features`: the draft's outlines, each with the cases that it answers for, before and after.
    """

    version = serializers.IntegerField()
    rules = serializers.ChoiceField(choices=RULES_OF)
    cases = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    other_grid = serializers.IntegerField()
    other_person = serializers.IntegerField()
    nobody = serializers.IntegerField()
    nobody_before = serializers.IntegerField()
    show = serializers.ChoiceField(choices=SHOWN)
    offset = serializers.IntegerField()
    listed = serializers.IntegerField()
    moved = TrialMove(many=True)
    loads = RuleLoad(many=True)
    features = serializers.DictField(child=serializers.JSONField())
