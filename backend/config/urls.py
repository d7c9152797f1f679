"""Where the outside reaches us. Views live in `mobile_api` and `maps`; this file only names them."""

from django.urls import include, path

urlpatterns = [
    path("", include("mobile_api.urls")),
    path("", include("maps.urls")),
]

handler400 = "mobile_api.common.problem.bad_request"
handler403 = "mobile_api.common.problem.forbidden"
handler404 = "mobile_api.common.problem.not_found"
handler500 = "mobile_api.common.problem.server_error"
