"""Addresses of the peers."""

from django.urls import path

from benchmarks.peers import views

urlpatterns = [
    path("bare", views.bare),
    path("drf", views.BareView.as_view()),
    path("drf/reports", views.ReportsView.as_view()),
    path("drf/sessions/<uuid:session_id>/positions", views.PositionsView.as_view()),
]
