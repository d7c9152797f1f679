"""Indicators of a period."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from backend.areas import queries as areas
from backend.core.clock import LOCAL
from backend.stats import queries
from backend.stats.queries import GROUPS, Indicators
from mobile_api.common.localised import Localised, localised
from mobile_api.common.moments import DayField
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, query_of

DAYS_MOST = 400


class PeriodIn(serializers.Serializer):
    """Local days, both included."""

    since = DayField()
    until = DayField()
    group = serializers.ChoiceField(choices=sorted(GROUPS), required=False, default="", allow_blank=True)
    area = serializers.CharField(required=False, default="", allow_blank=True, max_length=30, help_text="code")
    boundaries = serializers.ChoiceField(
        choices=["then", "today"], required=False, default="then",
        help_text="grids and areas of when each case was reported, or all cases under today's boundaries",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        days = (attrs["until"] - attrs["since"]).days
        if not 0 <= days < DAYS_MOST:
            raise serializers.ValidationError(
                {"until": [ErrorDetail(f"Not before since, within {DAYS_MOST} days.", code="bad_period")]}
            )
        return attrs


class IndicatorRow(serializers.Serializer):
    """One group, or the whole (empty code). A rate is a share of 1; null where there is nothing to divide by."""

    code = serializers.CharField(allow_blank=True)
    name = Localised()
    counts = serializers.DictField(child=serializers.IntegerField())
    rates = serializers.DictField(child=serializers.FloatField(allow_null=True))


class IndicatorList(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    boundaries = serializers.ChoiceField(choices=["then", "today"])
    items = IndicatorRow(many=True)


class IndicatorsView(ApiView):
    """Filing, handling, closing, rework and ratings in one's areas; whole, or by community, grid, matter, channel."""

    authz = {"GET": allow("statistics", "read", *READERS)}

    @extend_schema(parameters=[PeriodIn], responses=IndicatorList)
    def get(self, request: Request) -> Response:
        said = query_of(request, PeriodIn)
        since = datetime.combine(said["since"], time(), LOCAL)
        until = datetime.combine(said["until"] + timedelta(days=1), time(), LOCAL)
        actor = actor_of(request)
        area = areas.area_below(actor, said["area"]) if said["area"] else None
        at = timezone.now() if said["boundaries"] == "today" else None
        rows = queries.indicators(actor, since=since, until=until, group=said["group"], area=area, boundaries_of=at)
        content = {"since": since, "until": until, "boundaries": said["boundaries"]}
        return answer(IndicatorList, {**content, "items": [_row_facts(row) for row in rows]})


def _row_facts(row: Indicators) -> dict[str, Any]:
    return {"code": row.code, "name": localised(row.name_zh, row.name_en), "counts": row.counts, "rates": row.rates}
