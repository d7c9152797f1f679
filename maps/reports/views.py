"""Map products over HTTP."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from backend.accounts.roles import Role
from backend.areas import queries as areas
from backend.inspections import overview
from backend.inspections.contacts import reveal_contacts
from backend.inspections.overview import PlanDetail
from backend.inspections.walked_ways import take_walked
from maps.reports.files import round_file, walked_file
from maps.reports.rounds import NO_CONTACTS, Contacts, narrowed
from maps.reports.shapes import RoundContactsIn, RoundIn, WalkedIn
from mobile_api.common.localised import asked_language
from mobile_api.common.permissions import READERS, REVEALERS, actor_of, allow
from mobile_api.common.views import ApiView, body_of, query_of

_FILE: Final = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class RoundView(ApiView):
    """A week's round, or part of it, as a page that opens without internet, or for another map or device.

    GET leaves out what is private of booked visits. POST gives it, for a reason that the audit trail keeps for each.
    """

    authz = {"GET": allow("plan", "read", *READERS), "POST": allow("contact", "reveal", *REVEALERS)}

    @extend_schema(parameters=[RoundIn], responses=_FILE)
    def get(self, request: Request, plan_id: UUID) -> HttpResponse:
        said = query_of(request, RoundIn)
        detail = overview.plan_detail(actor_of(request), plan_id)
        shown = narrowed(detail, day=said["day"], worker=said["worker"])
        return _round(shown, said, NO_CONTACTS)

    @extend_schema(request=RoundContactsIn, responses=_FILE)
    def post(self, request: Request, plan_id: UUID) -> HttpResponse:
        said, actor = body_of(request, RoundContactsIn), actor_of(request)
        shown = narrowed(overview.plan_detail(actor, plan_id), day=said["day"], worker=said["worker"])
        contacts = reveal_contacts(actor=actor, routes=shown.routes, reason=said["reason"], now=timezone.now())
        return _round(shown, said, contacts)


def _round(shown: PlanDetail, said: dict[str, Any], contacts: Contacts) -> HttpResponse:
    worker = next((route.worker for route in shown.routes if route.worker_id == said["worker"]), None)
    file = round_file(
        shown,
        file_format=said["file_format"],
        language=said["language"] or asked_language(),
        contacts=contacts,
        day=said["day"],
        worker=worker,
    )
    return file.response()


class WalkedView(ApiView):
    """What a worker walked on a day, cleaned, with its gaps. Each file is written to the audit trail."""

    authz = {"GET": allow("track", "export", Role.COMMUNITY, Role.STREET)}

    @extend_schema(parameters=[WalkedIn], responses=_FILE)
    def get(self, request: Request) -> HttpResponse:
        said, actor, now = query_of(request, WalkedIn), actor_of(request), timezone.now()
        worker = areas.worker_in_reach(actor, said["worker"], at=now)
        sessions = take_walked(actor=actor, worker_id=worker.pk, day=said["date"], now=now)
        return walked_file(
            sessions, worker=worker, day=said["date"], file_format=said["file_format"], now=now
        ).response()
