"""Hands out a picture to the person that its address was made for."""

import logging
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from backend.cases import photos
from backend.core.errors import NotFound
from mobile_api.common.permissions import actor_of, allow_everybody
from mobile_api.common.views import ApiView

if TYPE_CHECKING:
    from backend.cases.models import Photo

log = logging.getLogger(__name__)


class _Jpeg(JSONRenderer):
    """Lets browsers ask for `image/*`; problems stay JSON."""

    media_type = "image/jpeg"
    format = "jpeg"


def _opened(photo: "Photo") -> IO[bytes]:
    try:
        return photos.file_path(photo).open("rb")
    except FileNotFoundError:
        log.error("the file of photo %s is missing", photo.pk)  # noqa: TRY400 - the row says all there is
        raise NotFound("this picture is lost") from None


class PhotoView(ApiView):
    """A picture by its signed address, for five minutes. Somebody else who is signed in gets 404."""

    authz = {"GET": allow_everybody("photo", "read")}
    renderer_classes = (JSONRenderer, _Jpeg)

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, token: str) -> HttpResponseBase:
        photo = photos.open_signed(token, viewer=actor_of(request).user_id)
        response: HttpResponseBase
        if settings.PHOTO_SENDFILE_PREFIX:
            response = HttpResponse(content_type="image/jpeg")
            response["X-Accel-Redirect"] = f"{settings.PHOTO_SENDFILE_PREFIX.rstrip('/')}/photos/{photo.file_key}"
        else:
            response = FileResponse(_opened(photo), content_type="image/jpeg")
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = f"private, max-age={settings.PHOTO_URL_SECONDS}"
        response["Content-Disposition"] = f'inline; filename="{photo.pk}.jpg"'
        return response
