"""The update feed of FixMyStreet, in both directions: what happened here, and what was said there."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from backend.accounts.roles import Role
from backend.cases import partners
from backend.cases.models import CaseEvent
from backend.cases.partners import Update
from backend.cases.workflow import OPEN_STATES
from mobile_api.common.permissions import actor_of, allow, allow_everybody
from mobile_api.open311.base import Open311View, Refused, key_holder, parameter
from mobile_api.open311.facts import line_text
from mobile_api.open311.moments import moment_in, span_in, written
from mobile_api.open311.spark import Tree

MOST_ROWS = 1000
MOST_WORDS = 2000
# States that FixMyStreet sends with an update of a reporter; only these two ask for work on a closed case.
_REOPENS = {"open", "reopen"}
_OPEN = {state.value for state in OPEN_STATES}


class UpdatesView(Open311View):
    """`GET`: lines of a period (two hours up to now where none is named). `POST`: an update on one's own report."""

    authz = {"GET": allow_everybody("open311", "read"), "POST": allow("open311", "create", Role.INTEGRATION)}

    def get(self, request: Request, form: str) -> HttpResponse:
        if parameter(request, "start_date") or parameter(request, "end_date"):
            start, end = span_in(request)
        else:
            end = timezone.now()
            start = end - timedelta(hours=2)
        viewer = actor_of(request).user_id
        found = partners.events_between(start, end, most=MOST_ROWS)
        content = [_facts(event, is_own=viewer is not None and event.case.reporter_id == viewer) for event in found]
        return self.answer(Tree("service_requests_updates", "request_update", content))

    def post(self, request: Request, form: str) -> HttpResponse:
        actor, now = key_holder(request), timezone.now()
        said = {name: _needed(request, name) for name in ("update_id", "service_request_id", "status")}
        at = moment_in(request, "updated_datetime") or now
        update = Update(
            update_id=said["update_id"],
            number=said["service_request_id"],
            words=_words(request, said["status"]),
            reopens=said["status"].lower() in _REOPENS,
            at=min(at, now),
        )
        event = partners.take_update(actor=actor, update=update, now=now)
        told = {"update_id": str(event.pk)}
        return self.answer(Tree("service_request_updates", "request_update", [told]))


def _needed(request: Request, name: str) -> str:
    text = parameter(request, name)
    if not text or len(text) > 100:
        raise Refused("is needed, up to 100 characters", field=name)
    return text


def _words(request: Request, status: str) -> str:
    """What was said, with the state there and the picture's address."""
    said, link = parameter(request, "description"), parameter(request, "media_url")
    parts = [said, f"[{status}]", link]
    words = " ".join(part for part in parts if part)
    if len(words) > MOST_WORDS:
        raise Refused(f"at most {MOST_WORDS - 600} characters", field="description")
    return words


def _facts(event: CaseEvent, *, is_own: bool) -> dict[str, Any]:
    return {
        "update_id": str(event.pk),
        "service_request_id": event.case.number,
        "status": "open" if event.to_state in _OPEN else "closed",
        "updated_datetime": written(event.at),
        "description": line_text(event, is_own=is_own),
        "media_url": "",
    }
