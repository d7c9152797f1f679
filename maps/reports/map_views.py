"""Maps of an area over HTTP."""

from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.areas import queries as areas
from backend.core.clock import LOCAL
from backend.stats import coverage_maps
from backend.stats.hotspots import hotspots
from maps.reports.map_files import coverage_file, hotspot_file
from maps.reports.map_shapes import CoverageMapIn, CoverageMapOut, HotspotIn, MapFileIn
from mobile_api.common.localised import asked_language
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of

_FILE: Final = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class HotspotView(ApiView):
    """Where more cases of a period are reported than chance puts there, as a file; small cells are kept back."""

    authz = {"GET": allow("map_product", "read", *READERS)}

    @extend_schema(parameters=[HotspotIn], responses=_FILE)
    def get(self, request: Request) -> HttpResponse:
        said, actor, now = query_of(request, HotspotIn), actor_of(request), timezone.now()
        found = hotspots(
            actor,
            since=datetime.combine(said["since"], time(), LOCAL),
            until=datetime.combine(said["until"] + timedelta(days=1), time(), LOCAL),
            area=areas.area_below(actor, said["area"]),
            matter_code=said["matter"],
            channel=said["channel"],
            cell_m=said["cell_m"],
            now=now,
        )
        language = said["language"] or asked_language()
        return hotspot_file(found, file_format=said["file_format"], language=language, now=now).response()


class CoverageMapsView(ApiView):
    """Asks for a coverage map; a worker computes it."""

    authz = {"POST": allow("map_product", "create", *READERS)}

    @extend_schema(request=CoverageMapIn, responses={202: CoverageMapOut})
    def post(self, request: Request) -> Response:
        said = body_of(request, CoverageMapIn)
        made = coverage_maps.ask(
            actor=actor_of(request),
            area_code=said["area"],
            week_start=said["week_start"],
            weeks=said["weeks"],
            unseen_days=said["unseen_days"],
            now=timezone.now(),
        )
        return answer(CoverageMapOut, _coverage_facts(made), status=202)


class CoverageMapView(ApiView):
    """How far a coverage map of one's own has come."""

    authz = {"GET": allow("map_product", "read", *READERS)}

    @extend_schema(responses=CoverageMapOut)
    def get(self, request: Request, map_id: UUID) -> Response:
        return answer(CoverageMapOut, _coverage_facts(coverage_maps.coverage_map(actor_of(request), map_id)))


class CoverageMapFileView(ApiView):
    """A finished coverage map as a file: streets walked and not, shares by grid, places that wait. Nobody is named."""

    authz = {"GET": allow("map_product", "read", *READERS)}

    @extend_schema(parameters=[MapFileIn], responses=_FILE)
    def get(self, request: Request, map_id: UUID) -> HttpResponse:
        said = query_of(request, MapFileIn)
        facts = coverage_maps.facts_of(actor_of(request), map_id)
        language = said["language"] or asked_language()
        return coverage_file(facts, file_format=said["file_format"], language=language).response()


def _coverage_facts(found: Any) -> dict[str, Any]:
    names = ("week_start", "weeks", "unseen_days", "state", "patrols", "patrols_done")
    return {
        "id": found.pk,
        "area": found.area.code,
        **{name: getattr(found, name) for name in names},
        "problem": found.problem.get("code", ""),
        "kept_until": found.ended_at + coverage_maps.KEPT_FOR if found.ended_at else None,
    }
