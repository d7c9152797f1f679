"""Shapes of proposals: what may be wished of the engine, and how far a request has come."""

from typing import Any

from rest_framework import serializers

from backend.areas.proposals import PROPOSAL_STATES
from maps.console.division_shapes import AreaName


class ProposalIn(serializers.Serializer):
    """Either `grids` or `households` (of a grid). `keeps_borders`: borders of today cost a third of new ones."""

    area = serializers.CharField(max_length=30, help_text="code of the street or community that is cut")
    grids = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=5000)
    households = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=100_000)
    keeps_borders = serializers.BooleanField(default=False)
    keeps_dedicated = serializers.BooleanField(default=True, help_text="schools, markets … stay as they are")
    name = serializers.CharField(max_length=120, help_text="of the draft")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        said = [name for name in ("grids", "households") if attrs[name] is not None]
        if len(said) != 1:
            raise serializers.ValidationError(
                dict.fromkeys(said or ["grids", "households"], "Name the number of grids or the households of a grid."),
                code="one_size",
            )
        return attrs


class ProposalListIn(serializers.Serializer):
    area = serializers.CharField(required=False, default="", allow_blank=True, max_length=30)


class ProposalFigures(serializers.Serializer):
    """Quality of a division, dedicated grids left out.

    `households_worst`, `minutes_worst`: the grid farthest from the mean, as a share of it. `cut_m`: metres of border
    between grids, `street_share` of it along streets or water. Compactness is 4πA/P². `kept_share`: part of the
    borders of then that are borders of the draft.
    """

    grids = serializers.IntegerField()
    households_worst = serializers.FloatField()
    households_least = serializers.FloatField()
    households_most = serializers.FloatField()
    minutes_worst = serializers.FloatField(allow_null=True)
    cut_m = serializers.FloatField()
    street_share = serializers.FloatField()
    compactness_mean = serializers.FloatField()
    compactness_least = serializers.FloatField()
    is_contiguous = serializers.BooleanField()
    buildings_cut = serializers.IntegerField()
    compounds = serializers.IntegerField()
    compounds_cut = serializers.IntegerField()
    kept_share = serializers.FloatField(allow_null=True)


class ProposalProblem(serializers.Serializer):
    """Why there is no draft: a stable code, its reason, the field that would have to change, and English words."""

    code = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)


class ProposalOut(serializers.Serializer):
    """A request to the engine. `division`: the draft that came of it, null once that was thrown away."""

    id = serializers.UUIDField()
    area = AreaName()
    name = serializers.CharField()
    grids = serializers.IntegerField(allow_null=True)
    households = serializers.IntegerField(allow_null=True)
    keeps_borders = serializers.BooleanField()
    keeps_dedicated = serializers.BooleanField()
    state = serializers.ChoiceField(choices=PROPOSAL_STATES)
    asked_at = serializers.DateTimeField()
    asked_by = serializers.CharField(allow_blank=True)
    begun_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    before = ProposalFigures(allow_null=True)
    after = ProposalFigures(allow_null=True)
    problem = ProposalProblem(allow_null=True)
    division = serializers.UUIDField(allow_null=True)
    may_cancel = serializers.BooleanField()


class ProposalList(serializers.Serializer):
    items = ProposalOut(many=True)
