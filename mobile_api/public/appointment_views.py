"""Home visits that residents book: free windows, booking, moving, giving back."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.roles import Role
from backend.cases import access
from backend.inspections import booking
from backend.inspections.booking import NewBooking
from mobile_api.common.case_facts import appointment_shown, public_case_facts, report_facts
from mobile_api.common.permissions import actor_of, allow, allow_everybody
from mobile_api.common.views import ApiView, answer, body_of, query_of
from mobile_api.public.serializers import (
    AppointmentIn,
    BookedOut,
    CancelIn,
    MoveIn,
    PublicCase,
    SlotQuery,
    Slots,
    case_point,
)


class SlotsView(ApiView):
    """Windows of the next two weeks with what is left of the responsible team's real capacity; full ones have 0."""

    authz = {"GET": allow_everybody("slot", "read")}

    @extend_schema(parameters=[SlotQuery], responses=Slots)
    def get(self, request: Request) -> Response:
        wanted = query_of(request, SlotQuery)
        actor = actor_of(request)
        offer = booking.offer_slots(
            matter_id=wanted["matter"],
            point=case_point(wanted),
            public_only=actor.role is Role.RESIDENT,
            now=timezone.now(),
        )
        return answer(Slots, {"grid": offer.grid, "items": offer.slots})


class AppointmentsView(ApiView):
    """Books a home visit: opens its case and takes the window, both or neither. A repeat gives the same answer."""

    authz = {"POST": allow("appointment", "create", Role.RESIDENT)}

    @extend_schema(request=AppointmentIn, responses={200: BookedOut, 201: BookedOut})
    def post(self, request: Request) -> Response:
        now = timezone.now()
        body = body_of(request, AppointmentIn)
        booked = booking.book(actor=actor_of(request), booking=_wanted(body), now=now)
        facts = {
            **report_facts(booked.case, now=now),
            "tracking_code": booked.tracking_code,
            "appointment": appointment_shown(booked.appointment, now=now),
        }
        return answer(BookedOut, facts, status=201 if booked.is_new else 200)


def _wanted(body: dict[str, Any]) -> NewBooking:
    return NewBooking(
        id=body["id"],
        matter_id=body["matter"],
        point=case_point(body["location"]),
        start=body["slot"]["start"],
        end=body["slot"]["end"],
        address_text=body["address"],
        contact_name=body["contact"]["name"],
        contact_phone=body["contact"]["phone"],
        note=body["note"],
        answers=body["answers"],
    )


class AppointmentCancelView(ApiView):
    """Gives the window back, before it begins; the case is cancelled with it."""

    authz = {"POST": allow("appointment", "update", Role.RESIDENT)}

    @extend_schema(request=CancelIn, responses=PublicCase)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        now, actor = timezone.now(), actor_of(request)
        reason = body_of(request, CancelIn)["reason"] or "预约人取消"
        found = booking.cancel_appointment(actor=actor, appointment_id=appointment_id, reason=reason, now=now)
        case = access.get_case(actor, found.case_id)
        return answer(PublicCase, public_case_facts(case, viewer=actor.user_id, now=now))


class AppointmentSlotsView(ApiView):
    """Windows that a booked visit could be moved to; its own place counts as free."""

    authz = {"GET": allow("appointment", "read", Role.RESIDENT)}

    @extend_schema(responses=Slots)
    def get(self, request: Request, appointment_id: UUID) -> Response:
        offer = booking.slots_instead(actor=actor_of(request), appointment_id=appointment_id, now=timezone.now())
        return answer(Slots, {"grid": offer.grid, "items": offer.slots})


class AppointmentMoveView(ApiView):
    """Takes another free window and gives the old one back, both or neither. The same again changes nothing."""

    authz = {"POST": allow("appointment", "update", Role.RESIDENT)}

    @extend_schema(request=MoveIn, responses=PublicCase)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        now, actor = timezone.now(), actor_of(request)
        slot = body_of(request, MoveIn)["slot"]
        moved = booking.move_appointment(
            actor=actor, appointment_id=appointment_id, start=slot["start"], end=slot["end"], now=now
        )
        case = access.get_case(actor, moved.case_id)
        return answer(PublicCase, public_case_facts(case, viewer=actor.user_id, now=now))
