"""The public list of grids: name, extent, the worker's name, the duty phone and the supervision phone."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.areas.duty.public import published_grids
from mobile_api.common.localised import Localised, localised
from mobile_api.common.paging import cursor_for, key_of
from mobile_api.common.permissions import allow_everybody
from mobile_api.common.throttles import PublicGrids
from mobile_api.common.views import ApiView, answer, query_of

_DIGITS = 6
PAGE_MOST = 100


class PublishedGridsIn(serializers.Serializer):
    q = serializers.CharField(max_length=60, required=False, allow_blank=True, default="", help_text="words to find")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=PAGE_MOST)
    cursor = serializers.CharField(required=False, allow_blank=True, default="")


class PublishedPerson(serializers.Serializer):
    """Somebody on duty in a public post."""

    name = serializers.CharField()
    post = serializers.CharField()


class PublishedGridOut(serializers.Serializer):
    """What the grid regulations publish of a grid, and nothing more. `outline` is a GeoJSON MultiPolygon."""

    code = serializers.CharField()
    name = Localised()
    community = Localised()
    people = PublishedPerson(many=True)
    duty_phone = serializers.CharField(allow_blank=True)
    supervision_phone = serializers.CharField(allow_blank=True)
    outline = serializers.DictField(child=serializers.JSONField())


class PublishedGrids(serializers.Serializer):
    items = PublishedGridOut(many=True)
    next = serializers.CharField(allow_null=True)


class PublishedGridsView(ApiView):
    """Grids in the order of their codes, page after page."""

    authz = {"GET": allow_everybody("public_grid", "read")}
    throttle_classes = (PublicGrids,)

    @extend_schema(parameters=[PublishedGridsIn], responses=PublishedGrids)
    def get(self, request: Request) -> Response:
        said = query_of(request, PublishedGridsIn)
        key = key_of(request, said["cursor"])
        rows = published_grids(
            after_code=key[0] if key else "", words=said["q"], limit=said["limit"] + 1, now=timezone.now()
        )
        page = rows[: said["limit"]]
        more = cursor_for(request, [page[-1].code]) if len(rows) > said["limit"] else None
        return answer(PublishedGrids, {"items": [_facts(row) for row in page], "next": more})


def _facts(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": localised(row.name, row.name_en),
        "community": localised(row.community, row.community_en),
        "people": [{"name": one.name, "post": one.post} for one in row.people],
        "duty_phone": row.duty_phone,
        "supervision_phone": row.supervision_phone,
        "outline": {"type": "MultiPolygon", "coordinates": _rounded(row.outline.coords)},
    }


def _rounded(part: Any) -> Any:
    """Six decimals, about a decimetre."""
    return [_rounded(one) for one in part] if isinstance(part, tuple | list) else round(part, _DIGITS)
