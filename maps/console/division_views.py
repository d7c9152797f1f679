"""Divisions: drafts, their edits, check and repairs, impact, publishing and undoing."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.roles import Role
from backend.areas import checking, drafts, edits
from backend.areas import queries as areas
from backend.inspections import dividing, impact
from maps.console import division_facts
from maps.console.division_shapes import (
    DivisionDetail,
    DivisionIn,
    DivisionList,
    DivisionListIn,
    EditIn,
    ImpactOut,
    PublishIn,
    RepairsIn,
    VersionIn,
    edit_of,
)
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of

DIVIDERS = (Role.STREET, Role.DISTRICT, Role.CITY)


def _detail(request: Request, division_id: UUID, *, status: int = 200) -> Response:
    drawn = areas.division_drawn(actor_of(request), division_id, now=timezone.now())
    return answer(DivisionDetail, division_facts.detail_facts(drawn), status=status)


class DivisionListView(ApiView):
    """Divisions of one's areas, the newest first; POST begins a draft."""

    authz = {"GET": allow("division", "read", *READERS), "POST": allow("division", "create", *DIVIDERS)}

    @extend_schema(parameters=[DivisionListIn], responses=DivisionList)
    def get(self, request: Request) -> Response:
        said = query_of(request, DivisionListIn)
        lines = areas.division_lines(
            actor_of(request), parent_code=said["parent"], state=said["state"] or "", now=timezone.now()
        )
        return answer(DivisionList, {"items": [division_facts.row_facts(line) for line in lines]})

    @extend_schema(request=DivisionIn, responses={201: DivisionDetail})
    def post(self, request: Request) -> Response:
        said = body_of(request, DivisionIn)
        division = drafts.create_draft(
            actor=actor_of(request),
            parent_code=said["parent"],
            level=said["level"],
            name=said["name"],
            source=said["source"],
            drawn=None if said["source"] == "in_force" else [],
            now=timezone.now(),
        )
        return _detail(request, division.pk, status=201)


class DivisionView(ApiView):
    """One division with outlines, ground and check; DELETE throws a draft away."""

    authz = {"GET": allow("division", "read", *READERS), "DELETE": allow("division", "delete", *DIVIDERS)}

    @extend_schema(responses=DivisionDetail)
    def get(self, request: Request, division_id: UUID) -> Response:
        return _detail(request, division_id)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, division_id: UUID) -> Response:
        drafts.discard_draft(actor=actor_of(request), division_id=division_id)
        return Response(status=204)


class DivisionEditView(ApiView):
    """One edit of a draft: a new version."""

    authz = {"POST": allow("division", "update", *DIVIDERS)}

    @extend_schema(request=EditIn, responses=DivisionDetail)
    def post(self, request: Request, division_id: UUID) -> Response:
        said = body_of(request, EditIn)
        edits.edit_draft(
            actor=actor_of(request),
            division_id=division_id,
            version=said["version"],
            edit=edit_of(said),
            now=timezone.now(),
        )
        return _detail(request, division_id)


class DivisionCheckView(ApiView):
    """Looks for every fault of this version and keeps the report."""

    authz = {"POST": allow("division", "update", *DIVIDERS)}

    @extend_schema(request=VersionIn, responses=DivisionDetail)
    def post(self, request: Request, division_id: UUID) -> Response:
        said = body_of(request, VersionIn)
        dividing.check_draft(
            actor=actor_of(request), division_id=division_id, version=said["version"], now=timezone.now()
        )
        return _detail(request, division_id)


class DivisionRepairsView(ApiView):
    """Accepts proposed repairs, one by one or all at once, and checks what came of it."""

    authz = {"POST": allow("division", "update", *DIVIDERS)}

    @extend_schema(request=RepairsIn, responses=DivisionDetail)
    def post(self, request: Request, division_id: UUID) -> Response:
        said = body_of(request, RepairsIn)
        actor, now = actor_of(request), timezone.now()
        division = checking.accept_repairs(
            actor=actor, division_id=division_id, version=said["version"], fault_ids=said["faults"], now=now
        )
        dividing.check_draft(actor=actor, division_id=division_id, version=division.version, now=now)
        return _detail(request, division_id)


class DivisionImpactView(ApiView):
    """Open work, places, households and workers by old and new grid, before anything is published."""

    authz = {"GET": allow("division", "read", *READERS)}

    @extend_schema(responses=ImpactOut)
    def get(self, request: Request, division_id: UUID) -> Response:
        now = timezone.now()
        found = impact.impact_of(actor=actor_of(request), division_id=division_id, now=now)
        return answer(ImpactOut, division_facts.impact_facts(found, version=found.version))


class DivisionPublishView(ApiView):
    """Publishes a checked draft for a moment; now without one."""

    authz = {"POST": allow("division", "publish", *DIVIDERS)}

    @extend_schema(request=PublishIn, responses=DivisionDetail)
    def post(self, request: Request, division_id: UUID) -> Response:
        said = body_of(request, PublishIn)
        dividing.publish_division(
            actor=actor_of(request),
            division_id=division_id,
            version=said["version"],
            effective_at=said["effective_at"],
            now=timezone.now(),
        )
        return _detail(request, division_id)


class DivisionUndoView(ApiView):
    """Takes a published division back while nothing has happened under it."""

    authz = {"POST": allow("division", "publish", *DIVIDERS)}

    @extend_schema(request=None, responses=DivisionDetail)
    def post(self, request: Request, division_id: UUID) -> Response:
        dividing.undo_division(actor=actor_of(request), division_id=division_id, now=timezone.now())
        return _detail(request, division_id)
