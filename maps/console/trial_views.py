"""A draft of a division tried on the past."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.division_trials import try_division
from backend.cases.rule_tables import RulesOf
from backend.core.clock import LOCAL
from maps.console.trial_facts import trial_facts
from maps.console.trial_shapes import DivisionTrialIn, DivisionTrialOut
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, query_of


class DivisionTryView(ApiView):
    """What a draft would have done to the cases of a past period, as if it had been in force. Nothing is kept."""

    authz = {"GET": allow("division", "read", *READERS)}

    @extend_schema(parameters=[DivisionTrialIn], responses=DivisionTrialOut)
    def get(self, request: Request, division_id: UUID) -> Response:
        said = query_of(request, DivisionTrialIn)
        start, end = moments_of(said["since"], said["until"])
        trial = try_division(
            actor=actor_of(request), division_id=division_id, start=start, end=end, now=timezone.now(),
            rules_of=RulesOf(said["rules"]),
        )  # fmt: skip
        facts = trial_facts(trial, show=said["show"], offset=said["offset"], limit=said["limit"])
        return answer(DivisionTrialOut, facts)


def moments_of(since: date, until: date) -> tuple[datetime, datetime]:
    """From the first moment of the first local day up to the end of the last."""
    return datetime.combine(since, time(), LOCAL), datetime.combine(until + timedelta(days=1), time(), LOCAL)
