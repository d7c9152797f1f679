"""The base of every view: declared rights, typed bodies, typed answers, nothing cached by strangers."""

from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from mobile_api.common.permissions import Allowed


class ApiView(APIView):
    """One address. `authz` declares for each method the resource, the verb and who may call it."""

    authz: ClassVar[dict[str, Allowed]] = {}
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def finalize_response(self, request: Request | HttpRequest, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


def body_of(request: Request, shape: type[Serializer]) -> dict[str, Any]:
    """The checked body. Raises a ValidationError that names every wrong field."""
    return _checked(shape(data=request.data, context={"request": request}))


def query_of(request: Request, shape: type[Serializer]) -> dict[str, Any]:
    """The checked query string."""
    return _checked(shape(data=request.query_params.dict(), context={"request": request}))


def _checked(serializer: Serializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def answer(
    shape: type[BaseSerializer], content: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """The content in its declared shape: what the shape does not name can't leak."""
    return Response(shape(content).data, status=status, headers=headers)
