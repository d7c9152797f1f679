"""What every request gets: an id that logs and problems carry, and a content security policy."""

import contextvars
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from backend.core.ids import uuid7

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

Handler = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'; form-action 'self'"
)


class RequestIdMiddleware:
    """Takes a well-formed `X-Request-Id` from the proxy, or makes one; echoes it in the answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        current = offered if _WELL_FORMED.fullmatch(offered) else str(uuid7())
        token = request_id.set(current)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-Id"] = current
        return response


class ContentSecurityPolicyMiddleware:
    """Only our own scripts run; a view that needs more (stand-alone map products) sets its own header."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
