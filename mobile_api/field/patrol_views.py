"""Consent to be recorded, and patrol sessions; their positions come in by `positions_view`."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts import queries as accounts
from backend.accounts.services import set_consent
from backend.inspections import queries as inspections
from backend.patrols import services as patrols
from backend.patrols import suspicions
from mobile_api.common.permissions import FIELD, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of
from mobile_api.field.day_presenter import multi_line, session_facts
from mobile_api.field.patrol_shapes import (
    ConsentIn,
    ConsentOut,
    Consents,
    FlaggedTracks,
    PatrolEndIn,
    PatrolIn,
    PatrolOut,
    PatrolSummary,
)

PURPOSES = (patrols.CONSENT_PURPOSE,)


class ConsentsView(ApiView):
    """The worker's word on the recording of patrols. The newest counts; withdrawing stops the taking of positions."""

    authz = {"GET": allow("own_consent", "read", *FIELD), "POST": allow("own_consent", "create", *FIELD)}

    @extend_schema(responses=Consents)
    def get(self, request: Request) -> Response:
        user_id = actor_of(request).user_id
        words = [accounts.consent_in_force(user_id, purpose) for purpose in PURPOSES] if user_id else []
        return answer(Consents, {"items": [word for word in words if word is not None]})

    @extend_schema(request=ConsentIn, responses={201: ConsentOut})
    def post(self, request: Request) -> Response:
        consent = set_consent(actor=actor_of(request), **body_of(request, ConsentIn), now=timezone.now())
        return answer(ConsentOut, consent, status=201)


class SessionsView(ApiView):
    """A patrol begins: on duty, with consent, one at a time. The same id again gives the same session."""

    authz = {"POST": allow("own_track", "create", *FIELD)}

    @extend_schema(request=PatrolIn, responses={201: PatrolOut})
    def post(self, request: Request) -> Response:
        body = body_of(request, PatrolIn)
        session = patrols.start_session(
            actor=actor_of(request),
            session_id=body["id"],
            started_at=body["started_at"],
            purpose=body["purpose"],
            now=timezone.now(),
        )
        return answer(PatrolOut, session_facts(session), status=201)


class SessionView(ApiView):
    """What a patrol came to: distance, time, the cleaned way with its gaps, stops reached."""

    authz = {"GET": allow("own_track", "read", *FIELD)}

    @extend_schema(responses=PatrolSummary)
    def get(self, request: Request, session_id: UUID) -> Response:
        found = inspections.session_summary(actor_of(request), session_id, now=timezone.now())
        walk, session = found.summary.walk, found.summary.session
        lines = [line.coords for line in walk.lines.geoms]
        facts = {
            **session_facts(session),
            "distance_m": walk.kept_m,
            "duration_s": walk.duration_s,
            "points": walk.points,
            "visited": found.reached,
            "track": multi_line(lines) if lines else None,
        }
        return answer(PatrolSummary, facts)


class SessionEndView(ApiView):
    """Ends the worker's own patrol; a repeat gives the first end."""

    authz = {"POST": allow("own_track", "update", *FIELD)}

    @extend_schema(request=PatrolEndIn, responses=PatrolOut)
    def post(self, request: Request, session_id: UUID) -> Response:
        session = patrols.end_session(
            actor=actor_of(request), session_id=session_id, **body_of(request, PatrolEndIn), now=timezone.now()
        )
        return answer(PatrolOut, session_facts(session))


class FlaggedTracksView(ApiView):
    """Which of the worker's own days look odd and why, and what somebody said who looked at them."""

    authz = {"GET": allow("own_track", "read", *FIELD)}

    @extend_schema(responses=FlaggedTracks)
    def get(self, request: Request) -> Response:
        days = suspicions.own_flagged_days(actor_of(request), now=timezone.now())
        return answer(FlaggedTracks, {"items": [_flagged_facts(day) for day in days]})


def _flagged_facts(found: suspicions.FlaggedDay) -> dict[str, Any]:
    look = found.look
    told = (
        {"verdict": look.verdict, "note": look.note, "by": str(look.looked_by.name), "at": look.looked_at}
        if look
        else None
    )
    return {"day": found.day, "hints": found.hints, "repeats": found.repeats, "look": told}
