"""The ticket that opens the live stream."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from maps.tickets import LASTS_S, issue_ticket
from mobile_api.common.permissions import CONSOLE, actor_of, allow
from mobile_api.common.views import ApiView, answer


class TicketOut(serializers.Serializer):
    ticket = serializers.CharField()
    url = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds; the stream says `renew` and ends about then")
    now = serializers.DateTimeField()


class TicketView(ApiView):
    """A ticket for the live stream of one's areas."""

    authz = {"POST": allow("live_stream", "create", *CONSOLE)}

    @extend_schema(request=None, responses=TicketOut)
    def post(self, request: Request) -> Response:
        content = {
            "ticket": issue_ticket(actor_of(request)),
            "url": "/live/stream",
            "expires_in": LASTS_S,
            "now": timezone.now(),
        }
        return answer(TicketOut, content)
