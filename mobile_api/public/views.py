"""Matters, places, photos, reports and their following."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.roles import Role
from backend.areas import queries as areas
from backend.cases import access, photos, queries, services
from backend.cases.queries import CaseFilter
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.matters import queries as matters
from gis.coordinates import to_wgs84
from mobile_api.common.case_facts import public_case_facts, report_facts, summary_facts
from mobile_api.common.matter_facts import matter_facts
from mobile_api.common.paging import PAGE, cursor_for, key_of
from mobile_api.common.parsers import BodyTooLarge
from mobile_api.common.permissions import FIELD, actor_of, allow, allow_everybody
from mobile_api.common.points import PointQuery
from mobile_api.common.shapes import MatterOut
from mobile_api.common.throttles import AnonymousPhotos, AnonymousReports, TrackingCodes
from mobile_api.common.views import ApiView, answer, body_of, query_of
from mobile_api.public.reporting import new_report
from mobile_api.public.serializers import (
    LocateOut,
    MatterQuery,
    Matters,
    MyRequests,
    MyRequestsQuery,
    PhotoIn,
    PhotoOut,
    PublicCase,
    RatingIn,
    ReasonIn,
    ReportIn,
    ReportOut,
    TrackedRatingIn,
    TrackQuery,
    rating_of,
)

_FORM_OVERHEAD_BYTES = 20_000


class MattersView(ApiView):
    """The published matter list. Field workers also get the matters that only they may report."""

    authz = {"GET": allow_everybody("matter", "read")}

    @extend_schema(parameters=[MatterQuery], responses=Matters)
    def get(self, request: Request) -> Response:
        wanted = query_of(request, MatterQuery)
        found = matters.admitted_matters(**wanted, public_only=not _is_insider(request))
        return answer(Matters, {"items": [matter_facts(matter) for matter in found], "next": None})


class MatterView(ApiView):
    """One matter of the list."""

    authz = {"GET": allow_everybody("matter", "read")}

    @extend_schema(responses=MatterOut)
    def get(self, request: Request, matter_id: UUID) -> Response:
        return answer(MatterOut, matter_facts(matters.find_matter(matter_id, public_only=not _is_insider(request))))


def _is_insider(request: Request) -> bool:
    actor = actor_of(request)
    return actor.is_field or actor.is_console


class LocateView(ApiView):
    """The grid of a point, its leader's masked name and its duty phone: what the regulations publish."""

    authz = {"GET": allow_everybody("public_grid", "read")}

    @extend_schema(parameters=[PointQuery], responses=LocateOut)
    def get(self, request: Request) -> Response:
        now = timezone.now()
        point = query_of(request, PointQuery)
        lon, lat = to_wgs84(point["lon"], point["lat"], point["crs"])
        found = areas.locate_publicly(
            lon, lat, accuracy_m=point["accuracy_m"], snap_m=settings.DISPATCH_SNAP_M, now=now
        )
        return answer(LocateOut, found)


class PhotosView(ApiView):
    """Takes one picture: JPEG, PNG or WebP, 10 MB, 40 megapixels. It is repainted: no metadata survives."""

    authz = {"POST": allow("photo", "create", Role.RESIDENT, *FIELD, anonymous=True)}
    parser_classes = (MultiPartParser,)
    throttle_classes = (AnonymousPhotos,)

    @extend_schema(request={"multipart/form-data": PhotoIn}, responses={201: PhotoOut})
    def post(self, request: Request) -> Response:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.PHOTO_MAX_BYTES + _FORM_OVERHEAD_BYTES:
            raise BodyTooLarge
        body = body_of(request, PhotoIn)
        actor = actor_of(request)
        photo = photos.store_photo(
            actor=actor if actor.user_id else None,
            photo_id=body["id"],
            file=body["file"],
            taken_at=body["taken_at"],
            taken_location=body["taken_location"],
            now=timezone.now(),
        )
        facts = {
            "id": photo.pk,
            "state": photo.state,
            "url": photos.signed_path(photo, viewer=actor.user_id),
            "width": photo.width,
            "height": photo.height,
            "claim": photos.claim_of(photo),
        }
        return answer(PhotoOut, facts, status=201)


class ReportsView(ApiView):
    """Reports an incident, signed in or not. 201 for a new report, 200 for a repeat of the same one."""

    authz = {"POST": allow("case", "create", Role.RESIDENT, anonymous=True)}
    throttle_classes = (AnonymousReports,)

    @extend_schema(request=ReportIn, responses={200: ReportOut, 201: ReportOut})
    def post(self, request: Request) -> Response:
        now = timezone.now()
        body = body_of(request, ReportIn)
        report = new_report(body, channel="resident_web")
        reported = services.report_case(actor=actor_of(request), report=report, now=now)
        facts = {**report_facts(reported.case, now=now), "tracking_code": reported.tracking_code}
        return answer(ReportOut, facts, status=201 if reported.is_new else 200)


class TrackView(ApiView):
    """A case for the holder of its number and tracking code."""

    authz = {"GET": allow_everybody("tracked_case", "read")}
    throttle_classes = (TrackingCodes,)

    @extend_schema(parameters=[TrackQuery], responses=PublicCase)
    def get(self, request: Request) -> Response:
        case = access.find_tracked(**query_of(request, TrackQuery))
        return answer(PublicCase, public_case_facts(case, viewer=None, now=timezone.now()))


class TrackedRatingView(ApiView):
    """The rating of the holder of number and tracking code, once, after closing."""

    authz = {"POST": allow_everybody("tracked_case", "update")}
    throttle_classes = (TrackingCodes,)

    @extend_schema(request=TrackedRatingIn, responses=PublicCase)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        body = body_of(request, TrackedRatingIn)
        case = services.rate_tracked(number=body["number"], code=body["code"], rating=rating_of(body), now=now)
        return answer(PublicCase, public_case_facts(case, viewer=None, now=now))


class MyRequestsView(ApiView):
    """The signed-in resident's own reports and bookings, newest first."""

    authz = {"GET": allow("own_case", "read", Role.RESIDENT)}

    @extend_schema(parameters=[MyRequestsQuery], responses=MyRequests)
    def get(self, request: Request) -> Response:
        now = timezone.now()
        key = key_of(request, query_of(request, MyRequestsQuery)["cursor"])
        after = (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
        found = queries.list_cases(actor_of(request), CaseFilter(after=after), now=now, limit=PAGE + 1)
        last = found[PAGE - 1] if len(found) > PAGE else None
        mark = cursor_for(request, [last.reported_at.isoformat(), str(last.pk)]) if last else None
        items = [summary_facts(case, now=now) for case in found[:PAGE]]
        return answer(MyRequests, {"items": items, "next": mark})


class MyRequestView(ApiView):
    """One of the resident's own requests."""

    authz = {"GET": allow("own_case", "read", Role.RESIDENT)}

    @extend_schema(responses=PublicCase)
    def get(self, request: Request, case_id: UUID) -> Response:
        actor = actor_of(request)
        case = access.get_case(actor, case_id)
        return answer(PublicCase, public_case_facts(case, viewer=actor.user_id, now=timezone.now()))


class MyRatingView(ApiView):
    """Rates one of the resident's own requests, once, after closing."""

    authz = {"POST": allow("own_case", "update", Role.RESIDENT)}

    @extend_schema(request=RatingIn, responses=PublicCase)
    def post(self, request: Request, case_id: UUID) -> Response:
        now, actor = timezone.now(), actor_of(request)
        rating = rating_of(body_of(request, RatingIn))
        case = services.rate(actor=actor, case_id=case_id, rating=rating, now=now)
        return answer(PublicCase, public_case_facts(case, viewer=actor.user_id, now=now))


class _OwnStepView(ApiView):
    """A step that a resident takes on an own request, with a reason."""

    authz = {"POST": allow("own_case", "update", Role.RESIDENT)}
    action: Action

    @extend_schema(request=ReasonIn, responses=PublicCase)
    def post(self, request: Request, case_id: UUID) -> Response:
        now, actor = timezone.now(), actor_of(request)
        step = Step(self.action, note=body_of(request, ReasonIn)["reason"])
        case = services.act(actor=actor, case_id=case_id, step=step, now=now)
        return answer(PublicCase, public_case_facts(case, viewer=actor.user_id, now=now))


class MyCancelView(_OwnStepView):
    """Takes an own request back, before work has begun."""

    action = Action.CANCEL


class MyReopenView(_OwnStepView):
    """Asks for more work on a closed request, within fifteen days."""

    action = Action.REOPEN
