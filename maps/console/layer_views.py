"""Layer files on the console: looked at, made a draft, and written from drafts and boundaries of any moment."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backend.areas import queries as areas
from backend.areas.layers.drafting import Ground, draft_of, ground_for
from backend.areas.layers.exporting import boundaries_at, division_outlines, layer_file
from backend.areas.layers.uploads import MOST_BYTES, Upload, read_upload
from gis.layers import Feature, Wish
from maps.console import division_facts
from maps.console.division_shapes import DivisionDetail
from maps.console.division_views import DIVIDERS
from maps.console.layer_facts import preview_facts
from maps.console.layer_shapes import BoundariesOut, LayerDraftIn, LayerIn, LayerOut, LayerPreview
from mobile_api.common.parsers import BodyTooLarge
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of

_FORM_OVERHEAD_BYTES: Final = 20_000
_BINARY: Final = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class _LayerView(ApiView):
    """Takes one layer file of bounded size."""

    parser_classes = (MultiPartParser,)

    def read(self, request: Request, shape: type[LayerIn]) -> tuple[dict[str, Any], Ground, Upload]:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES + _FORM_OVERHEAD_BYTES:
            raise BodyTooLarge
        said = body_of(request, shape)
        ground = ground_for(actor_of(request), parent_code=said["parent"], level=said["level"])
        wish = Wish(layer=said["layer"], crs=said["crs"], encoding=said["encoding"], near=ground.bounds)
        upload = read_upload(
            said["file"].read(), name=said["file"].name, wish=wish, fields=said["fields"], ground=ground
        )
        return said, ground, upload


class LayerPreviewView(_LayerView):
    """What a file holds and what is wrong with it; nothing is kept."""

    authz = {"POST": allow("division", "create", *DIVIDERS)}

    @extend_schema(request={"multipart/form-data": LayerIn}, responses=LayerPreview)
    def post(self, request: Request) -> Response:
        _, ground, upload = self.read(request, LayerIn)
        return answer(LayerPreview, preview_facts(upload, ground))


class LayerDraftView(_LayerView):
    """A draft of a file without faults: all of it or nothing."""

    authz = {"POST": allow("division", "create", *DIVIDERS)}

    @extend_schema(request={"multipart/form-data": LayerDraftIn}, responses={201: DivisionDetail})
    def post(self, request: Request) -> Response:
        said, ground, upload = self.read(request, LayerDraftIn)
        actor, now = actor_of(request), timezone.now()
        division = draft_of(
            actor=actor, found=upload.found, ground=ground, name=said["name"], source=said["file"].name, now=now
        )
        drawn = areas.division_drawn(actor, division.pk, now=now)
        return answer(DivisionDetail, division_facts.detail_facts(drawn), status=201)


class DivisionLayerView(ApiView):
    """The outlines of a draft, or of what was published, as a layer file."""

    authz = {"GET": allow("division", "read", *READERS)}

    @extend_schema(parameters=[LayerOut], responses=_BINARY)
    def get(self, request: Request, division_id: UUID) -> HttpResponse:
        said = query_of(request, LayerOut)
        code, features = division_outlines(actor_of(request), division_id)
        return _file(features, f"division-{code}", said)


class BoundaryLayerView(ApiView):
    """Boundaries of one level at any moment as a layer file."""

    authz = {"GET": allow("division", "read", *READERS)}

    @extend_schema(parameters=[BoundariesOut], responses=_BINARY)
    def get(self, request: Request) -> HttpResponse:
        said = query_of(request, BoundariesOut)
        at = said["at"] or timezone.now()
        features = boundaries_at(actor_of(request), at=at, level=said["level"], within=said["within"])
        return _file(features, f"{said['level']}-{said['within'] or 'all'}", said)


def _file(features: list[Feature], name: str, said: dict[str, Any]) -> HttpResponse:
    written = layer_file(features, name=name, file_format=said["file_format"], crs=said["crs"] or "wgs84")
    return HttpResponse(
        written.content,
        content_type=written.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}{written.ending}"'},
    )
