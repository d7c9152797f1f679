"""The notices of whoever is signed in: what happened to their reports, cases and rounds."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.notify import queries
from backend.notify.models import Notification
from backend.notify.texts import notice_text
from mobile_api.common.localised import Localised, localised
from mobile_api.common.permissions import SIGNED_IN, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of


class NoticeOut(serializers.Serializer):
    """One notice, in words; `case_id` when it is about a case."""

    id = serializers.UUIDField()
    topic = serializers.CharField()
    text = Localised()
    case_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class NoticeList(serializers.Serializer):
    items = NoticeOut(many=True)


class NoticesReadIn(serializers.Serializer):
    ids = serializers.ListField(child=serializers.UUIDField(), max_length=200)


class NoticesRead(serializers.Serializer):
    read = serializers.IntegerField(help_text="how many were unread and the person's own")


class NoticesView(ApiView):
    """The newest hundred notices."""

    authz = {"GET": allow("notice", "read", *SIGNED_IN)}

    @extend_schema(responses=NoticeList)
    def get(self, request: Request) -> Response:
        return answer(NoticeList, {"items": [_facts(one) for one in queries.notices_of(actor_of(request))]})


class NoticesReadView(ApiView):
    """Marks own notices as read; ids of others do nothing."""

    authz = {"POST": allow("notice", "update", *SIGNED_IN)}

    @extend_schema(request=NoticesReadIn, responses=NoticesRead)
    def post(self, request: Request) -> Response:
        ids = body_of(request, NoticesReadIn)["ids"]
        return answer(NoticesRead, {"read": queries.mark_read(actor_of(request), ids, now=timezone.now())})


def _facts(notice: Notification) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "topic": notice.topic,
        "text": localised(*notice_text(notice.topic, notice.facts)),
        "case_id": notice.case_id,
        "created_at": notice.created_at,
        "read_at": notice.read_at,
    }
