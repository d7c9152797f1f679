"""Where the outside reaches us. Views live in `mobile_api` and `maps`; this file only names them."""

from django.urls import include, path

urlpatterns = [
    path("", include("mobile_api.urls")),
    path("", include("maps.urls")),
]
