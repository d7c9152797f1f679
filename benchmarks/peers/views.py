"""The views that the product is compared with."""

import json
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers.models import Position, Report

# As long as the product's answer to a report, about 1,100 bytes.
ANSWER: dict[str, Any] = {f"field_{number:02d}": "value of a field, 26 chars" for number in range(26)}


def bare(request: HttpRequest) -> HttpResponse:
    """Django without anything: reads JSON, answers JSON."""
    body = json.loads(request.body) if request.body else {}
    return JsonResponse({"id": body.get("id"), **ANSWER}, status=201 if body else 200)


def _said(request: Request) -> dict[str, Any]:
    said = request.data
    if not isinstance(said, dict):
        raise serializers.ValidationError("a JSON object is expected")
    return said


class BareView(APIView):
    """The framework without anything: reads JSON, answers JSON."""

    def post(self, request: Request) -> Response:
        return Response({"id": _said(request)["id"], **ANSWER}, status=201)


class LocationIn(serializers.Serializer[Any]):
    lon = serializers.FloatField(min_value=-180, max_value=180)
    lat = serializers.FloatField(min_value=-90, max_value=90)
    crs = serializers.CharField(max_length=10)
    accuracy_m = serializers.FloatField(allow_null=True)


class ReportIn(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    matter = serializers.UUIDField()
    description = serializers.CharField(max_length=2000)
    location = LocationIn()
    address = serializers.CharField(max_length=200)


class ReportsView(APIView):
    """The first version that anybody writes: a serializer, one row, no decision."""

    def post(self, request: Request) -> Response:
        body = ReportIn(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        at = said.pop("location")
        report = Report.objects.create(**said, location=Point(at["lon"], at["lat"], srid=4326))
        return Response({"id": report.pk, **ANSWER}, status=201)


class PositionList(serializers.ListSerializer[Any]):
    def create(self, validated_data: list[dict[str, Any]]) -> list[Position]:
        rows = []
        for said in validated_data:
            lon, lat = said.pop("lon"), said.pop("lat")
            rows.append(Position(session=self.context["session"], location=Point(lon, lat, srid=4326), **said))
        stored: list[Position] = Position.objects.bulk_create(rows)
        return stored


class PositionIn(serializers.Serializer[Any]):
    seq = serializers.IntegerField(min_value=0)
    at = serializers.DateTimeField()
    lon = serializers.FloatField(min_value=-180, max_value=180)
    lat = serializers.FloatField(min_value=-90, max_value=90)
    accuracy_m = serializers.FloatField(min_value=0, allow_null=True)
    speed_mps = serializers.FloatField(min_value=0, allow_null=True)
    bearing_deg = serializers.FloatField(min_value=0, max_value=360, allow_null=True)
    battery = serializers.FloatField(min_value=0, max_value=1, allow_null=True)

    class Meta:
        list_serializer_class = PositionList


class PositionsView(APIView):
    """A list serializer with bulk_create: no sign-in, no session, a repeat is an error."""

    def post(self, request: Request, session_id: UUID) -> Response:
        body = PositionIn(data=_said(request)["points"], many=True, context={"session": session_id})
        body.is_valid(raise_exception=True)
        return Response({"accepted": len(body.save())})
