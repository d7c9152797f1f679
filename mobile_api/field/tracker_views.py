"""A worker's own tracker apps: let one send, see which may, end one."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.patrols import trackers
from mobile_api.common.permissions import FIELD, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of


class TrackerIn(serializers.Serializer):
    name = serializers.CharField(max_length=60)


class TrackerOut(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class Trackers(serializers.Serializer):
    items = TrackerOut(many=True)


class TrackerIssued(TrackerOut):
    """The token is told this once. `urls` are what each app asks for as its server."""

    token = serializers.CharField()
    owntracks_url = serializers.CharField()
    overland_url = serializers.CharField()
    overland_setup = serializers.CharField(help_text="opens Overland and sets it up")
    traccar_url = serializers.CharField()


class OwnTrackersView(ApiView):
    """Tracker apps that may send positions of the worker's own patrols."""

    authz = {"GET": allow("own_tracker", "read", *FIELD), "POST": allow("own_tracker", "create", *FIELD)}

    @extend_schema(responses=Trackers)
    def get(self, request: Request) -> Response:
        return answer(Trackers, {"items": trackers.trackers_of(actor_of(request))})

    @extend_schema(request=TrackerIn, responses={201: TrackerIssued})
    def post(self, request: Request) -> Response:
        issued = trackers.issue_tracker(
            actor=actor_of(request), name=body_of(request, TrackerIn)["name"], now=timezone.now()
        )
        return answer(TrackerIssued, _issued_facts(issued), status=201)


class OwnTrackerRevokeView(ApiView):
    """Ends a tracker at once; a repeat changes nothing."""

    authz = {"POST": allow("own_tracker", "update", *FIELD)}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, tracker_id: UUID) -> Response:
        trackers.revoke_tracker(actor=actor_of(request), tracker_id=tracker_id, now=timezone.now())
        return Response(status=204)


def _issued_facts(issued: trackers.Issued) -> dict[str, Any]:
    tracker, token = issued.tracker, issued.token
    base = settings.PUBLIC_URL.rstrip("/")
    overland = f"{base}/trackers/overland"
    return {
        "id": tracker.pk,
        "name": tracker.name,
        "created_at": tracker.created_at,
        "last_used_at": tracker.last_used_at,
        "token": token,
        "owntracks_url": f"{base}/trackers/owntracks",
        "overland_url": overland,
        "overland_setup": f"overland://setup?url={overland}&token={token}&device_id={tracker.pk}",
        "traccar_url": f"{base}/trackers/traccar",
    }
