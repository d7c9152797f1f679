"""Coverage over weeks: what nobody looked at for how long, with what is due next."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.core.clock import LOCAL
from backend.places import overdue
from backend.places import queries as places
from backend.places.models import VisitTarget
from backend.places.overdue import PlaceLine
from mobile_api.common.case_facts import lon_lat
from mobile_api.common.localised import Localised, localised
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.points import LonLat
from mobile_api.common.views import ApiView, answer, query_of

DAYS_MOST = 730


class CoverageIn(serializers.Serializer):
    unseen_days = serializers.IntegerField(
        min_value=0, max_value=DAYS_MOST, required=False, default=30, help_text="0 lists every place"
    )
    grid = serializers.CharField(required=False, default="", allow_blank=True, max_length=30, help_text="code")


class CoverageDuty(serializers.Serializer):
    """One duty of a place. Null: it was never met."""

    target = Localised()
    interval_days = serializers.IntegerField()
    last_visit_on = serializers.DateField(allow_null=True)
    next_due_on = serializers.DateField()
    overdue_days = serializers.IntegerField()


class CoveragePlace(serializers.Serializer):
    """A place and the last day on which somebody looked; null: nobody ever did."""

    id = serializers.UUIDField()
    name = Localised()
    kind = serializers.CharField()
    grid = serializers.CharField(help_text="code")
    location = LonLat()
    last_look_on = serializers.DateField(allow_null=True)
    unseen_days = serializers.IntegerField(allow_null=True)
    next_due_on = serializers.DateField()
    overdue_days = serializers.IntegerField()
    duties = CoverageDuty(many=True)


class CoverageOut(serializers.Serializer):
    """The longest unseen first, at most 3,000; the counts are over all places with a duty in one's areas.

    Homes are among `items` for community and street alone; the others read them in the counts.
    """

    date = serializers.DateField()
    unseen_days = serializers.IntegerField()
    places = serializers.IntegerField()
    found = serializers.IntegerField()
    overdue = serializers.IntegerField()
    never = serializers.IntegerField()
    items = CoveragePlace(many=True)


class CoverageView(ApiView):
    """What nobody looked at for at least so many days, in one's areas or in one grid of them."""

    authz = {"GET": allow("statistics", "read", *READERS)}

    @extend_schema(parameters=[CoverageIn], responses=CoverageOut)
    def get(self, request: Request) -> Response:
        said = query_of(request, CoverageIn)
        today = timezone.now().astimezone(LOCAL).date()
        found = overdue.coverage(
            actor_of(request), today=today, unseen_days=said["unseen_days"], grid_code=said["grid"]
        )
        targets = places.visit_targets()
        facts = {
            "date": today,
            "unseen_days": said["unseen_days"],
            "places": found.places,
            "found": found.found,
            "overdue": found.overdue,
            "never": found.never,
            "items": [_place_facts(line, targets) for line in found.lines],
        }
        return answer(CoverageOut, facts)


def _place_facts(line: PlaceLine, targets: dict[str, VisitTarget]) -> dict[str, Any]:
    return {
        "id": line.place.pk,
        "name": localised(line.place.name, line.place.name_en),
        "kind": line.place.kind,
        "grid": line.place.grid.code,
        "location": lon_lat(line.place.location),
        "last_look_on": line.last_look_on,
        "unseen_days": line.unseen_days,
        "next_due_on": line.next_due_on,
        "overdue_days": line.overdue_days,
        "duties": [
            {
                "target": _target_name(duty.target, targets),
                "interval_days": duty.interval_days,
                "last_visit_on": duty.last_visit_on,
                "next_due_on": duty.next_due_on,
                "overdue_days": duty.overdue_days,
            }
            for duty in line.duties
        ],
    }


def _target_name(code: str, targets: dict[str, VisitTarget]) -> dict[str, str]:
    target = targets.get(code)
    return localised(target.name_zh, target.name_en) if target else localised(code, code)
