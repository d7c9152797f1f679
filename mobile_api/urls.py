"""Phone API routes."""

from django.urls import path

from mobile_api.auth import views as auth
from mobile_api.service import views as service

urlpatterns = [
    path("healthz", service.AliveView.as_view()),
    path("readyz", service.ReadyView.as_view()),
    path("api/schema/", service.SchemaView.as_view(), name="schema"),
    path("api/docs/", service.DocsView.as_view()),
    path("api/v1/auth/token", auth.TokenView.as_view()),
    path("api/v1/auth/token/refresh", auth.TokenRefreshView.as_view()),
    path("api/v1/auth/token/revoke", auth.TokenRevokeView.as_view()),
    path("api/v1/auth/codes", auth.CodeView.as_view()),
    path("api/v1/auth/codes/verify", auth.CodeVerifyView.as_view()),
    path("api/v1/auth/session", auth.SessionView.as_view()),
    path("api/v1/me", auth.MeView.as_view()),
]
