"""Map products over HTTP."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from backend.inspections import overview
from maps.reports.page import POLICY
from maps.reports.round_sheet import round_sheet
from mobile_api.common.localised import asked_language
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView


class RoundSheetView(ApiView):
    """One grid's week as a stand-alone HTML page that opens without internet; in the asked language."""

    authz = {"GET": allow("plan", "read", *READERS)}

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    def get(self, request: Request, plan_id: UUID) -> HttpResponse:
        detail = overview.plan_detail(actor_of(request), plan_id)
        text = round_sheet(detail, language=asked_language())
        name = f"round-{detail.plan.grid.code}-{detail.plan.week_start:%Y%m%d}.html"
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'inline; filename="{name}"',
        }
        return HttpResponse(text, content_type="text/html; charset=utf-8", headers=headers)
