"""Areas, grids and the people who answer for them."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_gis.serializers import GeoFeatureModelSerializer, GeometrySerializerMethodField

from backend.areas import queries as areas
from backend.areas.models import Boundary
from backend.cases import queries as cases
from backend.core.clock import LOCAL
from backend.inspections import overview as inspections
from backend.matters import queries as matters
from backend.patrols import queries as patrols
from backend.places import census
from mobile_api.common.localised import Localised, localised
from mobile_api.common.moments import MomentField
from mobile_api.common.paging import cursor_for, key_of
from mobile_api.common.permissions import CONSOLE, READERS, actor_of, allow
from mobile_api.common.shapes import GridRef
from mobile_api.common.views import ApiView, answer, query_of


class AreaOut(serializers.Serializer):
    """A node of the tree; the list is ordered so that parents come before their children."""

    code = serializers.CharField()
    path = serializers.CharField()
    parent_path = serializers.CharField(allow_null=True)
    level = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)


class AreaList(serializers.Serializer):
    items = AreaOut(many=True)


class AreaListView(ApiView):
    """The tree below one's areas."""

    authz = {"GET": allow("area", "read", *READERS)}

    @extend_schema(responses=AreaList)
    def get(self, request: Request) -> Response:
        rows = areas.areas_below(actor_of(request), now=timezone.now())
        return answer(AreaList, {"items": [_area_facts(area) for area in rows]})


def _area_facts(area: Any) -> dict[str, Any]:
    return {
        "code": area.code,
        "path": area.path,
        "parent_path": area.parent.path if area.parent else None,
        "level": area.level,
        "name": area.name,
        "name_en": area.name_en,
    }


class GridFeature(GeoFeatureModelSerializer):  # type: ignore[misc]
    """One grid in force as a GeoJSON feature."""

    code = serializers.CharField(source="area.code")
    community = serializers.CharField(source="area.parent.name")
    label = GeometrySerializerMethodField()

    class Meta:
        model = Boundary
        geo_field = "outline"
        id_field = "code"
        fields = ("code", "name", "name_en", "kind", "community", "area_m2", "label")

    def get_label(self, boundary: Boundary) -> Any:
        return boundary.label_point


class MomentIn(serializers.Serializer):
    at = MomentField(
        required=False, allow_null=True, default=None, help_text="boundaries in force at this moment; now without"
    )


class GridPageIn(MomentIn):
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=200)
    cursor = serializers.CharField(required=False, default="", allow_blank=True)


class GridCollection(serializers.Serializer):
    """GeoJSON FeatureCollection of one page, with the mark of the next."""

    type = serializers.CharField(default="FeatureCollection")
    features = GridFeature(many=True)
    next = serializers.CharField(allow_null=True)


class GridListView(ApiView):
    """Grids in force of one's areas now or at any other moment, with outlines."""

    authz = {"GET": allow("grid", "read", *READERS)}

    @extend_schema(parameters=[GridPageIn], responses=GridCollection)
    def get(self, request: Request) -> Response:
        said = query_of(request, GridPageIn)
        key = key_of(request, said["cursor"])
        rows = areas.grids_in_force(
            actor_of(request),
            now=said["at"] or timezone.now(),
            after_code=key[0] if key else "",
            limit=said["limit"] + 1,
        )
        page = rows[: said["limit"]]
        features = GridFeature(page, many=True).data["features"]
        more = cursor_for(request, [page[-1].area.code]) if len(rows) > said["limit"] else None
        return Response({"type": "FeatureCollection", "features": features, "next": more})


class DutyOut(serializers.Serializer):
    """One person of a grid's duty, in the order in which they answer."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    post = serializers.CharField()
    absent = serializers.BooleanField()


class GridDetail(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)
    community = serializers.CharField()
    area_m2 = serializers.FloatField()
    households = serializers.IntegerField()
    places = serializers.IntegerField()
    open_cases = serializers.IntegerField()
    overdue_cases = serializers.IntegerField()
    duty = DutyOut(many=True)
    duty_phone = serializers.CharField(allow_blank=True)
    feature = serializers.DictField(child=serializers.JSONField())


class GridView(ApiView):
    """One grid: outline and people on duty (of any moment), size and open work (of today)."""

    authz = {"GET": allow("grid", "read", *READERS)}

    @extend_schema(parameters=[MomentIn], responses=GridDetail)
    def get(self, request: Request, code: str) -> Response:
        now, actor = timezone.now(), actor_of(request)
        at = query_of(request, MomentIn)["at"] or now
        boundary = areas.grid_in_force(actor, code, now=at)
        counts = cases.counts_in_grid(actor, boundary.area, now=now)
        size = census.grid_size(boundary.area)
        content = {
            "code": boundary.area.code,
            "name": boundary.name,
            "name_en": boundary.name_en,
            "community": boundary.area.parent.name if boundary.area.parent else "",
            "area_m2": boundary.area_m2,
            "households": size.households,
            "places": size.places,
            "open_cases": counts.open,
            "overdue_cases": counts.overdue,
            "duty": [
                {"id": line.worker.pk, "name": str(line.worker.name), "post": line.post, "absent": line.is_absent}
                for line in areas.on_duty(boundary.area.pk, at=at)
            ],
            "duty_phone": areas.public_grid(boundary.area, at=at).duty_phone,
            "feature": GridFeature(boundary).data,
        }
        return answer(GridDetail, content)


class LivePositionOut(serializers.Serializer):
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    at = serializers.DateTimeField()
    accuracy_m = serializers.FloatField(allow_null=True)
    battery = serializers.FloatField(allow_null=True)


class WorkerOut(serializers.Serializer):
    """A worker on duty; `live` only while they record a patrol."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    post = serializers.CharField()
    grid = GridRef()
    absent = serializers.BooleanField()
    live = LivePositionOut(allow_null=True)
    session_id = serializers.UUIDField(allow_null=True)


class WorkerList(serializers.Serializer):
    items = WorkerOut(many=True)


class WorkerListView(ApiView):
    """Workers of one's areas, and where those on patrol are now."""

    authz = {"GET": allow("live_position", "read", *CONSOLE)}

    @extend_schema(responses=WorkerList)
    def get(self, request: Request) -> Response:
        actor, now = actor_of(request), timezone.now()
        away = areas.away_at(now)
        rows = [
            {
                "id": line.worker.pk,
                "name": str(line.worker.name),
                "post": line.post,
                "grid": {"code": line.grid_code, "name": line.grid_name},
                "absent": line.worker.pk in away,
                "live": _live_facts(line.position),
                "session_id": line.position.session_id if line.position else None,
            }
            for line in patrols.live_workers(actor, now=now)
        ]
        return answer(WorkerList, {"items": rows})


def _live_facts(position: Any) -> dict[str, Any] | None:
    if position is None:
        return None
    return {
        "lon": position.location.x,
        "lat": position.location.y,
        "at": position.recorded_at,
        "accuracy_m": position.accuracy_m,
        "battery": position.battery,
    }


class SummaryOut(serializers.Serializer):
    """The strip above the map. No worker is counted, ranked or timed in it."""

    open = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())
    overdue = serializers.IntegerField()
    due_today = serializers.IntegerField()
    reported_today = serializers.IntegerField()
    closed_today = serializers.IntegerField()
    stops_planned = serializers.IntegerField()
    stops_done = serializers.IntegerField()
    workers_live = serializers.IntegerField()
    at = serializers.DateTimeField()


class SummaryView(ApiView):
    """How things stand now in one's areas."""

    authz = {"GET": allow("statistics", "read", *READERS)}

    @extend_schema(responses=SummaryOut)
    def get(self, request: Request) -> Response:
        actor, now = actor_of(request), timezone.now()
        day_start = _day_start(now)
        counts = cases.counts(actor, now=now, day_start=day_start)
        stops = inspections.stop_counts(actor, day_start.astimezone(LOCAL).date())
        content = {
            "open": counts.open,
            "by_state": counts.by_state,
            "overdue": counts.overdue,
            "due_today": counts.due_today,
            "reported_today": counts.reported_today,
            "closed_today": counts.closed_today,
            "stops_planned": stops.planned,
            "stops_done": stops.done,
            "workers_live": patrols.count_live(actor),
            "at": now,
        }
        return answer(SummaryOut, content)


def _day_start(now: datetime) -> datetime:
    local = now.astimezone(LOCAL)
    return local - timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )


class MatterRow(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    kind = serializers.CharField()
    category = Localised()
    name = Localised()
    handler = serializers.CharField()


class MatterList(serializers.Serializer):
    items = MatterRow(many=True)


class MatterListView(ApiView):
    """The whole matter list, also what only staff may choose."""

    authz = {"GET": allow("matter", "read", *READERS)}

    @extend_schema(responses=MatterList)
    def get(self, request: Request) -> Response:
        rows = [
            {
                "id": matter.pk,
                "code": matter.code,
                "kind": matter.kind,
                "category": localised(matter.category_zh, matter.category_en),
                "name": localised(matter.name_zh, matter.name_en),
                "handler": matter.handler,
            }
            for matter in matters.admitted_matters(public_only=False)
        ]
        return answer(MatterList, {"items": rows})
