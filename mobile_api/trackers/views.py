"""Doors for stock tracker apps: OwnTracks, Overland, Traccar Client. Foreign conventions, kept to the letter.

A token opens them (`backend.patrols.trackers`); it lets positions in and nothing out. What was recorded outside the
worker's patrols is dropped with a good answer, since these apps would send it again for ever.
"""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from backend.inspections import services
from backend.patrols.errors import TrackerUnknown
from backend.patrols.trackers import tracker_of
from mobile_api.common.throttles import PositionBatches
from mobile_api.trackers.readings import (
    Point,
    overland_points,
    owntracks_points,
    traccar_form_points,
    traccar_json_points,
)

_FORM = "application/x-www-form-urlencoded"


def _take(token: str, read: Callable[[], list[Point]], *, unknown: HttpResponse) -> HttpResponse | None:
    """Stores what `read` gives for the tracker with this token; an answer only when that is refused."""
    now = timezone.now()
    try:
        tracker = tracker_of(token, now=now)
    except TrackerUnknown:
        return unknown
    if not PositionBatches.allows(tracker.worker_id):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    try:
        points = read()
    except ValueError:
        return HttpResponse("not what this address takes", status=400, content_type="text/plain")
    services.record_tracker_fixes(tracker=tracker, fixes=points, now=now)
    return None


def _refused(scheme: str) -> HttpResponse:
    return HttpResponse(status=401, headers={"WWW-Authenticate": f'{scheme} realm="gridward"'})


@csrf_exempt
@require_http_methods(["POST"])
def owntracks(request: HttpRequest) -> HttpResponse:
    """OwnTracks in HTTP mode: the token is the password, whatever the name. Always answers `[]`."""
    refusal = _take(_basic_password(request), lambda: owntracks_points(_json(request)), unknown=_refused("Basic"))
    return refusal or JsonResponse([], safe=False)


@csrf_exempt
@require_http_methods(["POST"])
def overland(request: HttpRequest) -> HttpResponse:
    """Overland: a bearer token. Answers exactly `{"result":"ok"}`, or the app sends again."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    refusal = _take(token, lambda: overland_points(_json(request)), unknown=_refused("Bearer"))
    return refusal or HttpResponse(b'{"result":"ok"}', content_type="application/json")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def traccar(request: HttpRequest) -> HttpResponse:
    """Traccar Client: the token is the device identifier, in query, form or JSON. Answers 200 without a body."""
    if request.content_type == "application/json":
        try:
            message = _json(request)
        except ValueError:
            return HttpResponse(status=400)
        said = message if isinstance(message, dict) else {}
        token, unknown = str(said.get("device_id", "")), HttpResponse(status=404)
        return _take(token, lambda: traccar_json_points(said), unknown=unknown) or HttpResponse()
    said = request.GET.dict()
    if request.method == "POST":
        # Traccar names the type of its form only sometimes.
        said |= QueryDict(request.body, encoding="utf-8").dict()
    token = str(said.get("id") or said.get("deviceid") or "")
    return _take(token, lambda: traccar_form_points(said), unknown=HttpResponse(status=400)) or HttpResponse()


def _json(request: HttpRequest) -> Any:
    """The body, None when empty. Raises ValueError."""
    try:
        return json.loads(request.body) if request.body else None
    except RecursionError:
        raise ValueError("nested too deep") from None


def _basic_password(request: HttpRequest) -> str:
    scheme, _, packed = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(packed, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
