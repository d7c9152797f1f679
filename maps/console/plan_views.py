"""Weekly plans: lines by grid, one plan with its days, planning on demand, publishing, planned and walked ways."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.roles import Role
from backend.areas import queries as areas
from backend.core.clock import week_start_of
from backend.inspections import overview, services, tracking
from backend.patrols import suspicions
from maps.console import plan_facts
from maps.console.geojson import MEDIA_TYPE
from maps.console.plan_shapes import JobOut, PlanDetail, PlanList, TrackLookIn, TrackLookOut, TrackOut
from mobile_api.common.moments import DayField
from mobile_api.common.permissions import CONSOLE, PLANNERS, READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of


class PlanListIn(serializers.Serializer):
    week = DayField(required=False, default=None, allow_null=True, help_text="a Monday; this week without")
    grid = serializers.CharField(required=False, default="", allow_blank=True, max_length=30)


class PlanRequestIn(serializers.Serializer):
    """Grids to plan; all of one's grids without `grids`."""

    week_start = DayField()
    grids = serializers.ListField(
        child=serializers.CharField(max_length=30), required=False, default=None, max_length=5000
    )


class PlanListView(ApiView):
    """The newest plan of each grid in a week; POST asks for new plans."""

    authz = {"GET": allow("plan", "read", *READERS), "POST": allow("plan", "create", *PLANNERS)}

    @extend_schema(parameters=[PlanListIn], responses=PlanList)
    def get(self, request: Request) -> Response:
        said = query_of(request, PlanListIn)
        week = said["week"] or week_start_of(timezone.now())
        lines = overview.plan_lines(actor_of(request), week_start=week, grid_code=said["grid"])
        return answer(PlanList, {"week_start": week, "items": [plan_facts.line_facts(line) for line in lines]})

    @extend_schema(request=PlanRequestIn, responses={202: JobOut})
    def post(self, request: Request) -> Response:
        said, actor = body_of(request, PlanRequestIn), actor_of(request)
        job = services.request_plans(
            actor=actor, week_start=said["week_start"], grid_codes=said["grids"], now=timezone.now()
        )
        return answer(JobOut, plan_facts.job_facts(overview.job_progress(actor, job.pk)), status=202)


class JobView(ApiView):
    """How far a request to plan has come."""

    authz = {"GET": allow("plan", "read", *READERS)}

    @extend_schema(responses=JobOut)
    def get(self, request: Request, job_id: UUID) -> Response:
        return answer(JobOut, plan_facts.job_facts(overview.job_progress(actor_of(request), job_id)))


class PlanView(ApiView):
    """One plan: routes with their stops, times and reasons, and what was left out and why."""

    authz = {"GET": allow("plan", "read", *READERS)}

    @extend_schema(responses=PlanDetail)
    def get(self, request: Request, plan_id: UUID) -> Response:
        return answer(PlanDetail, plan_facts.plan_facts(overview.plan_detail(actor_of(request), plan_id)))


class PlanPublishView(ApiView):
    """Publishes a draft: it replaces the published plan of that week as a whole."""

    authz = {"POST": allow("plan", "publish", *PLANNERS)}

    @extend_schema(request=None, responses=PlanDetail)
    def post(self, request: Request, plan_id: UUID) -> Response:
        actor = actor_of(request)
        services.publish_plan(actor=actor, plan_id=plan_id, now=timezone.now())
        return answer(PlanDetail, plan_facts.plan_facts(overview.plan_detail(actor, plan_id)))


class RouteListIn(serializers.Serializer):
    day = DayField()
    grid = serializers.CharField(required=False, default="", allow_blank=True, max_length=30)


class RouteListView(ApiView):
    """Planned routes of one day as GeoJSON: a line a half day, a point a stop."""

    authz = {"GET": allow("plan", "read", *READERS)}

    @extend_schema(parameters=[RouteListIn], responses={(200, MEDIA_TYPE): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        said = query_of(request, RouteListIn)
        routes = overview.routes_in_force(actor_of(request), day=said["day"], grid_code=said["grid"])
        features = [feature for route in routes for feature in plan_facts.route_features(route)]
        return Response({"type": "FeatureCollection", "features": features}, content_type=MEDIA_TYPE)


class TrackIn(serializers.Serializer):
    worker = serializers.UUIDField()
    date = DayField()


class TrackView(ApiView):
    """What a worker walked on a day beside what was planned. Each look is written to the audit trail."""

    authz = {"GET": allow("track", "read", *CONSOLE)}

    @extend_schema(parameters=[TrackIn], responses=TrackOut)
    def get(self, request: Request) -> Response:
        said = query_of(request, TrackIn)
        actor, now = actor_of(request), timezone.now()
        worker = areas.worker_in_reach(actor, said["worker"], at=now)
        figures = tracking.planned_and_walked(actor, worker.pk, said["date"], now=now)
        return answer(TrackOut, plan_facts.track_facts(figures, worker))


class TrackLookView(ApiView):
    """Keeps what somebody says who looked at a flagged day. Each word is written to the audit trail."""

    authz = {"POST": allow("track", "judge", Role.COMMUNITY, Role.STREET)}

    @extend_schema(request=TrackLookIn, responses=TrackLookOut)
    def post(self, request: Request) -> Response:
        said, actor, now = body_of(request, TrackLookIn), actor_of(request), timezone.now()
        worker = areas.worker_in_reach(actor, said["worker"], at=now)
        look = suspicions.judge(
            actor=actor, worker_id=worker.pk, day=said["date"], verdict=said["verdict"], note=said["note"], now=now
        )
        return answer(TrackLookOut, plan_facts.look_facts(look))
