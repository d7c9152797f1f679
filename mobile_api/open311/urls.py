"""Open311 GeoReport v2 at `/open311/v2/`; the ending of an address chooses XML or JSON."""

from django.urls import re_path

from mobile_api.open311 import request_views, service_views, update_views

_FORM = r"\.(?P<form>\w+)$"

urlpatterns = [
    re_path(rf"^open311/discovery{_FORM}", service_views.DiscoveryView.as_view()),
    re_path(rf"^open311/v2/services{_FORM}", service_views.ServicesView.as_view()),
    re_path(rf"^open311/v2/services/(?P<service>[^/]+){_FORM}", service_views.DefinitionView.as_view()),
    re_path(rf"^open311/v2/requests{_FORM}", request_views.RequestsView.as_view()),
    re_path(rf"^open311/v2/requests/(?P<number>[^/]+){_FORM}", request_views.RequestView.as_view()),
    re_path(rf"^open311/v2/tokens/(?P<token>[^/]+){_FORM}", request_views.TokenView.as_view()),
    re_path(rf"^open311/v2/servicerequestupdates{_FORM}", update_views.UpdatesView.as_view()),
]
