"""The chain of a worker's own grids: who answers now, and why."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.areas.duty.calendar import own_chains
from mobile_api.common.permissions import FIELD, actor_of, allow
from mobile_api.common.shapes import NamedGrid
from mobile_api.common.views import ApiView, answer


class OwnChainLine(serializers.Serializer):
    """One person of the chain, in the order in which they answer. Why somebody is away is not told."""

    name = serializers.CharField()
    post = serializers.CharField()
    reason = serializers.CharField()
    away_until = serializers.DateTimeField(allow_null=True)
    is_me = serializers.BooleanField()


class OwnGridDuty(serializers.Serializer):
    grid = NamedGrid()
    my_post = serializers.CharField()
    chain = OwnChainLine(many=True)
    desk_phone = serializers.CharField(allow_blank=True)


class OwnDuty(serializers.Serializer):
    """`away_until` is null when the worker is there, or away without a known end: see `is_away`."""

    is_away = serializers.BooleanField()
    away_until = serializers.DateTimeField(allow_null=True)
    items = OwnGridDuty(many=True)


class OwnDutyView(ApiView):
    """One's own grids with everybody who answers for them."""

    authz = {"GET": allow("own_duty", "read", *FIELD)}

    @extend_schema(responses=OwnDuty)
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        found = own_chains(actor.user_id, now=timezone.now()) if actor.user_id else []
        away = next((one for _, _, one in found if one is not None), None)
        items = [
            {
                "grid": {"code": duty.grid.code, "name": duty.grid.name, "name_en": duty.grid.name_en},
                "my_post": duty.post,
                "chain": [
                    {
                        "name": str(line.worker.name),
                        "post": line.post,
                        "reason": line.reason,
                        "away_until": line.away_until,
                        "is_me": line.worker.pk == actor.user_id,
                    }
                    for line in chain.lines
                ],
                "desk_phone": chain.desk[0].phone if chain.desk else "",
            }
            for duty, chain, _ in found
        ]
        content = {"is_away": away is not None, "away_until": away.period.upper if away else None, "items": items}
        return answer(OwnDuty, content)
