"""Signing in and out."""

from django.contrib.auth import login, logout
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts import services
from backend.areas.actors import actor_for
from mobile_api.auth import presenters
from mobile_api.auth.serializers import (
    ActorOut,
    CodeIn,
    CodeSent,
    CredentialsIn,
    RefreshIn,
    SessionOut,
    SignInIn,
    TokensOut,
    VerifyIn,
)
from mobile_api.common.network import address_of
from mobile_api.common.permissions import SIGNED_IN, actor_of, allow, allow_everybody
from mobile_api.common.views import ApiView, answer, body_of


class TokenView(ApiView):
    """A phone signs in with name and password. Five failures in half an hour by one name and address close the door."""

    authz = {"POST": allow_everybody("sign_in", "create")}
    authentication_classes = ()

    @extend_schema(request=SignInIn, responses=TokensOut)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        tokens = services.sign_in(**body_of(request, SignInIn), address=address_of(request._request), now=now)
        return answer(TokensOut, presenters.token_facts(tokens, now=now))


class TokenRefreshView(ApiView):
    """A new pair for a refresh token, which works once; a second use signs the device out."""

    authz = {"POST": allow_everybody("sign_in", "create")}
    authentication_classes = ()

    @extend_schema(request=RefreshIn, responses=TokensOut)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        tokens = services.refresh_tokens(**body_of(request, RefreshIn), now=now)
        return answer(TokensOut, presenters.token_facts(tokens, now=now))


class TokenRevokeView(ApiView):
    """Signs the device of this refresh token out."""

    authz = {"POST": allow_everybody("sign_in", "delete")}
    authentication_classes = ()

    @extend_schema(request=RefreshIn, responses={204: None})
    def post(self, request: Request) -> Response:
        services.revoke(**body_of(request, RefreshIn), now=timezone.now())
        return Response(status=204)


class CodeView(ApiView):
    """Sends a one-time code to a phone. The answer is the same whether or not the number is known."""

    authz = {"POST": allow_everybody("sign_in", "create")}
    authentication_classes = ()

    @extend_schema(request=CodeIn, responses={202: CodeSent})
    def post(self, request: Request) -> Response:
        expires_in = services.send_code(
            **body_of(request, CodeIn), address=address_of(request._request), now=timezone.now()
        )
        return answer(CodeSent, {"expires_in": expires_in}, status=202)


class CodeVerifyView(ApiView):
    """A resident signs in with the code; the first time makes the account."""

    authz = {"POST": allow_everybody("sign_in", "create")}
    authentication_classes = ()

    @extend_schema(request=VerifyIn, responses=TokensOut)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        tokens = services.verify_code(**body_of(request, VerifyIn), now=now)
        return answer(TokensOut, presenters.token_facts(tokens, now=now))


class SessionView(ApiView):
    """The browser session of the console. GET also sets the CSRF cookie that writes need."""

    authz = {
        "GET": allow_everybody("session", "read"),
        "POST": allow_everybody("session", "create"),
        "DELETE": allow_everybody("session", "delete"),
    }

    @extend_schema(responses=SessionOut)
    def get(self, request: Request) -> Response:
        get_token(request._request)
        actor = actor_of(request)
        facts = presenters.actor_facts(actor, now=timezone.now()) if actor.user_id else None
        return answer(SessionOut, {"actor": facts})

    @extend_schema(request=CredentialsIn, responses=SessionOut)
    @method_decorator(csrf_protect)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        user = services.open_console_session(
            **body_of(request, CredentialsIn), address=address_of(request._request), now=now
        )
        actor = actor_for(user, role=None, now=now)
        login(request._request, user, backend="django.contrib.auth.backends.ModelBackend")
        get_token(request._request)
        return answer(SessionOut, {"actor": presenters.actor_facts(actor, now=now)})

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        logout(request._request)
        return Response(status=204)


class MeView(ApiView):
    """Who am I, in which role, over which areas."""

    authz = {"GET": allow("own_account", "read", *SIGNED_IN)}

    @extend_schema(responses=ActorOut)
    def get(self, request: Request) -> Response:
        return answer(ActorOut, presenters.actor_facts(actor_of(request), now=timezone.now()))
