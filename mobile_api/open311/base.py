"""What every Open311 address shares: the format of its name, the key, errors in the standard's own shape."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts import api_keys
from backend.accounts.actor import Actor
from backend.accounts.errors import ApiKeyNotValid
from backend.areas.actors import actor_for
from backend.core import errors
from mobile_api.common.localised import asked_language
from mobile_api.common.problem import to_problem
from mobile_api.common.texts import text_of
from mobile_api.common.throttles import HourlyLimit
from mobile_api.common.views import ApiView
from mobile_api.open311.spark import Tree, to_json, to_xml

MEDIA_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}


class Refused(errors.Invalid):
    """A parameter that can't be used."""

    code = "invalid"


class Unknown(errors.NotFound):
    """No such service, request, token or jurisdiction."""

    code = "not_found"


class ApiKeyAuthentication(BaseAuthentication):
    """`api_key` in the form or in the query string: the system acts as its own user."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        text = parameter(request, "api_key")
        if not text:
            return None
        user = api_keys.user_of_key(text)
        request._request.actor = actor_for(user, role=None, now=timezone.now())  # type: ignore[attr-defined]
        return user, None


class Open311Reads(HourlyLimit):
    """Reading by nobody in particular."""

    scope = "open311"
    counts_reads = True


class Open311View(ApiView):
    """One address of GeoReport v2; `form` is xml or json. The standard describes it, our schema does not."""

    schema = None

    authentication_classes = (ApiKeyAuthentication,)
    parser_classes = (FormParser, MultiPartParser)
    throttle_classes = (Open311Reads,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if kwargs["form"] not in MEDIA_TYPES:
            raise Unknown("use .xml or .json")
        jurisdiction = parameter(request, "jurisdiction_id")
        if jurisdiction and settings.OPEN311_JURISDICTION and jurisdiction != settings.OPEN311_JURISDICTION:
            raise Unknown(f"jurisdiction_id {jurisdiction[:60]} was not found; this is {settings.OPEN311_JURISDICTION}")

    def handle_exception(self, exc: Exception) -> Response:
        """The standard's array of errors, with the status of the refusal; a key that does not hold is 403."""
        if isinstance(exc, errors.NotAuthenticated):
            exc = ApiKeyNotValid("api_key is needed", field="api_key")
        problem = to_problem(exc, {})
        if problem is None:
            raise exc
        status = {401: 403, 422: 400, 405: 400, 415: 400}.get(problem.status_code, problem.status_code)
        error = {"code": status, "description": _said(exc, problem.data)}
        answer = self.answer(Tree("errors", "error", [error]), status=status)
        for name, value in problem.headers.items():
            if name.lower() == "retry-after":
                answer.headers[name] = value
        return answer  # type: ignore[return-value]

    def answer(self, tree: Tree, *, status: int = 200) -> HttpResponse:
        form = self.kwargs.get("form")
        written = to_json(tree) if form == "json" else to_xml(tree)
        return HttpResponse(written, status=status, content_type=MEDIA_TYPES["json" if form == "json" else "xml"])

    def finalize_response(self, request: Request | HttpRequest, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["Vary"] = "Accept-Language"
        return answer


def _said(exc: Exception, problem: Any) -> str:
    if not isinstance(exc, errors.DomainError):
        return str(problem.get("detail") or problem.get("title"))
    title, advice = text_of(exc.code, asked_language(), said=exc.detail)
    said = advice or title
    field = exc.facts.get("field")
    return f"{field}: {said}" if field else said


def parameter(request: Request, name: str) -> str:
    """From the form, else from the query string; an empty one is as if it were not there."""
    return str(form_of(request).get(name) or request.query_params.get(name) or "").strip()


def form_of(request: Request) -> QueryDict:
    """The fields of a POST; none in a GET. A name may come several times."""
    sent = request.data if request.method == "POST" else None
    return sent if isinstance(sent, QueryDict) else QueryDict()


def key_holder(request: Request) -> Actor:
    """The system that calls. Raises ApiKeyNotValid where no key came."""
    actor: Actor | None = getattr(request._request, "actor", None)
    if actor is None:
        raise ApiKeyNotValid("api_key is needed", field="api_key")
    return actor
