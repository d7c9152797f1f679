"""Duty: the calendar of a community, what asks for a hand, changes with preview."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backend.areas.duty import calendar, gaps
from backend.cases import handover
from backend.core.clock import LOCAL
from backend.core.workbooks import MEDIA_TYPE, MOST_BYTES
from backend.dispatch import department_duty
from backend.inspections import staff_sheets, staffing
from maps.console import duty_facts
from maps.console.duty_shapes import (
    CalendarIn,
    DutyCalendar,
    DutyEffect,
    DutySheetIn,
    DutySheetOut,
    DutySheetQuery,
    DutyState,
    DutyWishIn,
    wish_of,
)
from mobile_api.common.parsers import BodyTooLarge
from mobile_api.common.permissions import CONSOLE, PLANNERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of

_FORM_OVERHEAD_BYTES = 20_000


class DutyCalendarView(ApiView):
    """A community's grids by day: who answers, who is away, where nobody is; its desk and its people."""

    authz = {"GET": allow("duty", "read", *CONSOLE)}

    @extend_schema(parameters=[CalendarIn], responses=DutyCalendar)
    def get(self, request: Request) -> Response:
        said, now = query_of(request, CalendarIn), timezone.now()
        found = calendar.calendar_of(
            actor_of(request),
            community_code=said["community"],
            start=said["start"] or now.astimezone(LOCAL).date(),
            days=said["days"],
            now=now,
        )
        return answer(DutyCalendar, duty_facts.calendar_facts(found, days=said["days"], now=now))


class DutyStateView(ApiView):
    """Grids without anybody on duty, now or in the coming week, cases that wait for a person's decision, and the duty
    directory of the departments.
    """

    authz = {"GET": allow("duty", "read", *CONSOLE)}

    @extend_schema(responses=DutyState)
    def get(self, request: Request) -> Response:
        actor, now = actor_of(request), timezone.now()
        content = {
            "alarms": [duty_facts.alarm_facts(alarm) for alarm in gaps.standing_alarms(actor)],
            "to_decide": [duty_facts.case_facts(case) for case in handover.awaiting_decision(actor, at=now)],
            "departments": [duty_facts.department_facts(one) for one in department_duty.listed(actor, at=now)],
        }
        return answer(DutyState, content)


class DutyPreviewView(ApiView):
    """What a change of duty would do, with the version that applying it asks for. Nothing is kept."""

    authz = {"POST": allow("duty", "update", *PLANNERS)}

    @extend_schema(request=DutyWishIn, responses=DutyEffect)
    def post(self, request: Request) -> Response:
        actor, said = actor_of(request), body_of(request, DutyWishIn)
        effect = staffing.preview(actor=actor, change_id=said["id"], wish=wish_of(said), now=timezone.now())
        return answer(DutyEffect, duty_facts.effect_facts(effect, actor))


class DutyChangesView(ApiView):
    """Makes a change of duty as it was previewed: 409 when the work has changed since."""

    authz = {"POST": allow("duty", "update", *PLANNERS)}

    @extend_schema(request=DutyWishIn, responses={201: DutyEffect})
    def post(self, request: Request) -> Response:
        actor, said = actor_of(request), body_of(request, DutyWishIn)
        effect = staffing.apply(
            actor=actor, change_id=said["id"], wish=wish_of(said), version=said["version"], now=timezone.now()
        )
        return answer(DutyEffect, duty_facts.effect_facts(effect, actor), status=201 if effect.is_new else 200)


class DutySheetView(ApiView):
    """The workbook of an office. GET writes it; POST checks one, or brings it into force."""

    authz = {"GET": allow("duty", "read", *CONSOLE), "POST": allow("duty", "update", *PLANNERS)}
    parser_classes = (MultiPartParser,)

    @extend_schema(parameters=[DutySheetQuery], responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY})
    def get(self, request: Request) -> HttpResponse:
        actor, now = actor_of(request), timezone.now()
        community = calendar.community_of(actor, query_of(request, DutySheetQuery)["community"])
        name = f"duty-{community.code}-{now.astimezone(LOCAL):%Y%m%d}.xlsx"
        return HttpResponse(
            staff_sheets.export_sheets(actor=actor, now=now, community=community),
            content_type=MEDIA_TYPE,
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
        )

    @extend_schema(request={"multipart/form-data": DutySheetIn}, responses=DutySheetOut)
    def post(self, request: Request) -> Response:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES + _FORM_OVERHEAD_BYTES:
            raise BodyTooLarge
        said, actor = body_of(request, DutySheetIn), actor_of(request)
        effect = staff_sheets.import_sheets(
            actor=actor, content=said["file"].read(), version=said["version"] or None, now=timezone.now()
        )
        return answer(DutySheetOut, duty_facts.sheet_facts(effect, actor))
