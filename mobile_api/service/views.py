"""Health, readiness, the OpenAPI document and its page."""

from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mobile_api.common.permissions import allow_everybody
from mobile_api.common.views import ApiView, answer
from mobile_api.service import health


class Alive(serializers.Serializer):
    alive = serializers.BooleanField()


class Ready(serializers.Serializer):
    """Each part with `ok`, or the kind of trouble it has."""

    ready = serializers.BooleanField()
    parts = serializers.DictField(child=serializers.CharField())


class AliveView(ApiView):
    """The process answers. Asks nothing else, so that a broken database never kills healthy processes."""

    authz = {"GET": allow_everybody("service", "read")}
    authentication_classes = ()

    @extend_schema(responses=Alive)
    def get(self, request: Request) -> Response:
        return answer(Alive, {"alive": True})


class ReadyView(ApiView):
    """The process has all it needs: database with PostGIS, applied migrations, Redis, writable storage."""

    authz = {"GET": allow_everybody("service", "read")}
    authentication_classes = ()

    @extend_schema(responses={200: Ready, 503: Ready})
    def get(self, request: Request) -> Response:
        parts = health.parts()
        ready = all(state == "ok" for state in parts.values())
        return answer(Ready, {"ready": ready, "parts": parts}, status=200 if ready else 503)


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    """The description, made once a process: it takes seconds and changes with a release only."""
    generator: Any = SchemaGenerator  # untyped
    return dict(generator().get_schema(request=None, public=True))


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(_document(), headers={"Content-Disposition": 'inline; filename="gridward.yaml"'})


class DocsView(SpectacularSwaggerSplitView):
    """The document as a page. Its script comes from its own address, so no inline script is needed."""

    url_name = "schema"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = (
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
            "base-uri 'self'; frame-ancestors 'self'"
        )
        return response
