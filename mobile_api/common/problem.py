"""Errors as RFC 9457 problems: stable codes, text in the asked language, every refused field by its place."""

import math
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from redis.exceptions import RedisError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from backend.core import errors
from backend.core.middleware import request_id
from mobile_api.common.localised import asked_language
from mobile_api.common.texts import text_of

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

STATUS: dict[type[errors.DomainError], int] = {
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
# Errors of the tools below that are no bug: gone addresses, a database or Redis that is away just now.
FOREIGN: dict[type[Exception], tuple[int, str]] = {
    Http404: (404, "not_found"),
    PermissionDenied: (403, "not_allowed"),
    RequestDataTooBig: (413, "body_too_large"),
    OperationalError: (503, "unavailable"),
    RedisError: (503, "unavailable"),
}
# Codes of the framework's own refusals: those that say only that something is off are renamed, the others stand.
FRAMEWORK_CODES = {
    "parse_error": "not_json",
    "authentication_failed": "not_authenticated",
    "permission_denied": "not_allowed",
    "throttled": "too_many",
    "error": "invalid",
}
# fmt: off
_PLAIN_FIELD_CODES = frozenset({
    "invalid", "required", "null", "blank", "empty", "not_a_list", "invalid_choice", "max_length", "min_length",
    "max_value", "min_value", "max_string_length", "date", "datetime",
})
# fmt: on


def to_problem(error: Exception, context: dict[str, object]) -> Response | None:
    """The answer to an exception of a view; None for a bug, which becomes a 500 with a request id."""
    if isinstance(error, errors.DomainError):
        return _domain_problem(error)
    if isinstance(error, drf.ValidationError):
        return _validation_problem(error)
    if isinstance(error, drf.APIException):
        return _framework_problem(error)
    for kind, (status, code) in FOREIGN.items():
        if isinstance(error, kind):
            headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
            return _answer(status, code, headers=headers)
    return None


def _domain_problem(error: errors.DomainError) -> Response:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    facts = dict(error.facts)
    headers = {}
    wait_s = facts.get("retry_after_s")
    if status == 429 and wait_s:
        headers["Retry-After"] = str(math.ceil(wait_s))
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="gridward"'
    parts = _parts_of(facts, error.code, error.detail)
    return _answer(status, error.code, said=error.detail, facts=facts, parts=parts, headers=headers)


def _parts_of(facts: dict[str, Any], code: str, said: str) -> list[dict[str, str]]:
    """The refused parts of a body; they and the named field are taken out of the facts."""
    field, parts = facts.pop("field", None), list(facts.pop("errors", []))
    if field:
        detail = text_of(code, asked_language(), said=said)[1]
        parts.append({"pointer": pointer_to(str(field)), "code": str(facts.get("reason", code)), "detail": detail})
    return parts


def _validation_problem(error: drf.ValidationError) -> Response:
    parts = list(field_problems(error.detail))
    named = {part["code"] for part in parts} - _PLAIN_FIELD_CODES
    only = parts[0]["code"] if len(parts) == 1 and named else "invalid"
    return _answer(422, only, said=parts[0]["detail"] if only != "invalid" else "", parts=parts)


def field_problems(detail: Any, pointer: str = "#") -> Iterator[dict[str, str]]:
    """Every refused part of a body: JSON pointer, code and text."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            whole = key == "non_field_errors"
            yield from field_problems(inner, pointer if whole else f"{pointer}/{_escaped(str(key))}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            yield from field_problems(inner, pointer if isinstance(inner, drf.ErrorDetail) else f"{pointer}/{index}")
    else:
        yield {"pointer": pointer, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}


def pointer_to(field: str) -> str:
    """JSON pointer of a dotted field name: `location.lon` → `#/location/lon`."""
    return "#/" + "/".join(_escaped(part) for part in field.split("."))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _framework_problem(error: drf.APIException) -> Response:
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    headers = {}
    wait_s = getattr(error, "wait", None)
    if wait_s is not None:
        headers["Retry-After"] = str(math.ceil(wait_s))
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    return _answer(error.status_code, FRAMEWORK_CODES.get(code, code), said=str(error.detail), headers=headers)


def problem_body(
    status: int,
    code: str,
    *,
    said: str = "",
    facts: dict[str, Any] | None = None,
    parts: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """One problem document. `said` is the refusing code's own English sentence; facts become members of their own."""
    title, detail = text_of(code, asked_language(), said=said, status=status)
    body = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id.get(),
    }
    if parts:
        body["errors"] = parts
    return {**(facts or {}), **body}


def _answer(
    status: int,
    code: str,
    *,
    said: str = "",
    facts: dict[str, Any] | None = None,
    parts: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = problem_body(status, code, said=said, facts=facts, parts=parts)
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def refused_before(problem: dict[str, Any]) -> Response:
    """The answer to a repeat of an operation that was refused: the stored problem, with the status of its code."""
    facts = dict(problem)
    code, said = str(facts.pop("code", "invalid")), str(facts.pop("detail", ""))
    parts = _parts_of(facts, code, said)
    return _answer(_status_of(code), code, said=said, facts=facts, parts=parts)


def _status_of(code: str) -> int:
    waiting: list[type[errors.DomainError]] = list(STATUS)
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return next(status for base, status in STATUS.items() if issubclass(kind, base))
        waiting += kind.__subclasses__()
    return 422


def _plain(status: int, code: str) -> JsonResponse:
    return JsonResponse(problem_body(status, code), status=status, content_type=MEDIA_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """handler400: a request that Django itself refuses."""
    too_big = isinstance(exception, RequestDataTooBig)
    suspicious = isinstance(exception, SuspiciousOperation)
    return _plain(413 if too_big else 400, "body_too_large" if too_big else "bad_request" if suspicious else "invalid")


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    """handler403."""
    return _plain(403, "not_allowed")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """handler404: no such address."""
    return _plain(404, "not_found")


def server_error(request: HttpRequest) -> JsonResponse:
    """handler500: a bug. The request id finds it in the log."""
    return _plain(500, "server_error")


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """A browser's write without the token that `GET /api/v1/auth/session` gives."""
    return _plain(403, "csrf_failed")
