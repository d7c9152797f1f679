"""Tiles and their TileJSON over HTTP."""

import hashlib
import logging
from abc import abstractmethod
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.actor import Actor
from backend.cases.queries import CaseFilter
from backend.places import ground
from maps.tiles import layers
from maps.tiles.layers import LAYERS, Layer, TileAsked
from mobile_api.common.moments import MomentField
from mobile_api.common.permissions import READERS, actor_of, allow, allow_everybody
from mobile_api.common.views import ApiView, answer, query_of

log = logging.getLogger(__name__)

MVT = "application/vnd.mapbox-vector-tile"
_KEPT_S = 24 * 3600


class VectorLayerOut(serializers.Serializer):
    id = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]
    minzoom = serializers.IntegerField()
    maxzoom = serializers.IntegerField()


class TileJsonOut(serializers.Serializer):
    """TileJSON 3.0.0."""

    tilejson = serializers.CharField()
    name = serializers.CharField()
    tiles = serializers.ListField(child=serializers.CharField())
    vector_layers = VectorLayerOut(many=True)
    minzoom = serializers.IntegerField()
    maxzoom = serializers.IntegerField()
    bounds = serializers.ListField(child=serializers.FloatField(), required=False)
    center = serializers.ListField(child=serializers.FloatField(), required=False)
    attribution = serializers.CharField(allow_blank=True)


def _tile_json(layer: Layer) -> dict[str, object]:
    said: dict[str, object] = {
        "tilejson": "3.0.0",
        "name": layer.name,
        "tiles": [f"{settings.PUBLIC_URL}/tiles/{layer.name}/{{z}}/{{x}}/{{y}}.mvt"],
        "vector_layers": [
            {"id": name, "fields": fields, "minzoom": layer.zoom_min, "maxzoom": layer.zoom_max}
            for name, fields in layer.fields.items()
        ],
        "minzoom": layer.zoom_min,
        "maxzoom": layer.zoom_max,
        "attribution": layer.attribution,
    }
    extent = ground.extent()
    if extent is not None:
        west, south, east, north = extent
        said["bounds"] = list(extent)
        said["center"] = [(west + east) / 2, (south + north) / 2, 13]
    return said


class _TileJsonView(ApiView):
    layer: Layer

    @extend_schema(responses=TileJsonOut)
    def get(self, request: Request) -> Response:
        return answer(TileJsonOut, _tile_json(self.layer))


class BaseTileJsonView(_TileJsonView):
    """Where the base map's tiles are."""

    authz = {"GET": allow_everybody("tiles", "read")}
    layer = LAYERS["base"]


class GridTileJsonView(_TileJsonView):
    """Where the grid outlines' tiles are."""

    authz = {"GET": allow_everybody("tiles", "read")}
    layer = LAYERS["grids"]


class CaseTileJsonView(_TileJsonView):
    """Where the case tiles are."""

    authz = {"GET": allow("case_tiles", "read", *READERS)}
    layer = LAYERS["cases"]


class _TileView(ApiView):
    """One tile; 204 where nothing is, 304 for an unchanged ETag."""

    layer: Layer

    @extend_schema(responses={(200, MVT): OpenApiTypes.BINARY, 204: None, 304: None})
    def get(self, request: Request, z: int, x: int, y: int) -> HttpResponse:
        tile = TileAsked(z, x, y)
        now = self._moment(request)
        stamp = self.layer.stamp(now) if self.layer.stamp else ""
        etag = f'"{hashlib.sha256(f"{self.layer.name}/{stamp}/{z}/{x}/{y}".encode()).hexdigest()[:24]}"'
        if stamp and request.headers.get("If-None-Match") == etag:
            return HttpResponse(status=304, headers={"ETag": etag})
        content = self._content(tile, actor_of(request), stamp, now)
        headers = {"Cache-Control": "public, max-age=60" if stamp else "private, no-store"}
        if stamp:
            headers["ETag"] = etag
        return HttpResponse(content or b"", status=200 if content else 204, content_type=MVT, headers=headers)

    def _moment(self, request: Request) -> datetime:
        """The moment that the tile shows."""
        return timezone.now()

    def _content(self, tile: TileAsked, actor: Actor, stamp: str, now: datetime) -> bytes:
        if not stamp:
            return self._make(tile, actor, now)
        key = f"tile:{self.layer.name}:{stamp}:{tile.z}/{tile.x}/{tile.y}".replace(" ", "_")
        try:
            kept: bytes | None = cache.get(key)
        except (RedisError, OSError):
            kept = None
        if kept is not None:
            return kept
        content = self._make(tile, actor, now)
        try:
            cache.set(key, content, _KEPT_S)
        except (RedisError, OSError):
            log.warning("tile not kept: no Redis")
        return content

    @abstractmethod
    def _make(self, tile: TileAsked, actor: Actor, now: datetime) -> bytes:
        """The bytes of the tile; empty where nothing is."""


class BaseTileView(_TileView):
    """The base map: water, land use, roads, buildings, names."""

    authz = {"GET": allow_everybody("tiles", "read")}
    layer = LAYERS["base"]

    def _make(self, tile: TileAsked, actor: Actor, now: datetime) -> bytes:
        return layers.base_tile(tile)


class MomentIn(serializers.Serializer):
    at = MomentField(required=False, allow_null=True, default=None, help_text="now without")


class GridTileView(_TileView):
    """Outlines of grids and communities in force now, or at the moment `at`."""

    authz = {"GET": allow_everybody("tiles", "read")}
    layer = LAYERS["grids"]

    @extend_schema(parameters=[MomentIn], responses={(200, MVT): OpenApiTypes.BINARY, 204: None, 304: None})
    def get(self, request: Request, z: int, x: int, y: int) -> HttpResponse:
        return super().get(request, z, x, y)

    def _moment(self, request: Request) -> datetime:
        at: datetime | None = query_of(request, MomentIn)["at"]
        return at or timezone.now()

    def _make(self, tile: TileAsked, actor: Actor, now: datetime) -> bytes:
        return layers.grids_tile(tile, now=now)


class CaseTileView(_TileView):
    """Open cases of one's areas."""

    authz = {"GET": allow("case_tiles", "read", *READERS)}
    layer = LAYERS["cases"]

    def _make(self, tile: TileAsked, actor: Actor, now: datetime) -> bytes:
        return layers.cases_tile(tile, actor=actor, wanted=CaseFilter(open_only=True), now=now)
