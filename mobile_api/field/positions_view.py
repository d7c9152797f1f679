"""Positions of a patrol: by far the most frequent call, so a batch with nothing wrong in it goes the short way.

The short way asks the same questions of the same rows (token, role, own session, consent, each point) in few steps.
What it does not take at once, for whatever reason, goes the long way, which refuses by name.
"""

from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.access import bearer_of
from backend.inspections import services
from backend.inspections.services import Recorded
from mobile_api.common.authentication import ROLE_HEADER
from mobile_api.common.parsers import GzipJSONParser, inflate
from mobile_api.common.permissions import FIELD, actor_of, allow
from mobile_api.common.throttles import PositionBatches
from mobile_api.common.views import ApiView, answer, body_of
from mobile_api.field.position_shapes import PositionsDescribed, PositionsIn, PositionsOut

_PLAIN_ACCEPT = ("", "*/*", "application/json", "application/json, text/plain, */*")


class PositionsView(ApiView):
    """Takes up to 1000 positions of a patrol, in any order, repeats harmless; stops that were reached are named."""

    authz = {"POST": allow("own_track", "create", *FIELD)}
    parser_classes = (GzipJSONParser,)
    throttle_classes = (PositionBatches,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.short_way(request, kwargs["session_id"]) or super().dispatch(request, *args, **kwargs)

    def short_way(self, request: HttpRequest, session_id: UUID) -> HttpResponse | None:
        """The answer to a batch that is plainly right; None, with nothing done, for anything else."""
        body, token = _body_of(request), _token_of(request)
        if body is None or not token:
            return None
        now = timezone.now()
        bearer = bearer_of(token, now=now)
        if bearer is None or bearer.role not in self.authz["POST"].roles:
            return None
        if not PositionBatches.allows(bearer.user_id):
            return None
        request.batch_is_counted = True  # type: ignore[attr-defined]
        recorded = services.record_plain(user_id=bearer.user_id, session_id=session_id, body=body, now=now)
        if recorded is None:
            return None
        return HttpResponse(
            msgspec.json.encode(_facts(recorded)),
            content_type="application/json",
            headers={"Cache-Control": "private, no-store", "Vary": "Accept"},
        )

    @extend_schema(request=PositionsDescribed, responses=PositionsOut)
    def post(self, request: Request, session_id: UUID) -> Response:
        points = body_of(request, PositionsIn)["points"]
        recorded = services.record_positions(
            actor=actor_of(request), session_id=session_id, points=points, now=timezone.now()
        )
        return answer(PositionsOut, _facts(recorded))


def _facts(recorded: Recorded) -> dict[str, Any]:
    taken = recorded.taken
    return {
        "accepted": taken.accepted,
        "duplicates": taken.duplicates,
        "rejected": taken.rejected,
        "visited": recorded.visited,
    }


def _token_of(request: HttpRequest) -> str:
    """The bearer token of a request that names no other role; empty otherwise."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return "" if scheme.lower() != "bearer" or ROLE_HEADER in request.META else token.strip()


def _body_of(request: HttpRequest) -> bytes | None:
    """The unpacked body of a plain POST of JSON; None when anything about the request is less than plain."""
    about = request.META
    length = about.get("CONTENT_LENGTH", "")
    is_plain = (
        request.method == "POST"
        and request.content_type == "application/json"
        and about.get("HTTP_ACCEPT", "") in _PLAIN_ACCEPT
        and not about.get("QUERY_STRING")
        and length.isdecimal()
        and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    )
    packing = about.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if not is_plain or packing not in ("", "identity", "gzip"):
        return None
    if packing != "gzip":
        return request.body
    try:
        return inflate(request.body, most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except APIException:
        return None
