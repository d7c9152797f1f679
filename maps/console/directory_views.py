"""The departments' duty directory: entries, changes with preview; and what is settled about duty."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.roles import Role
from backend.areas.duty import policy
from backend.cases import directory_effects, queries
from backend.dispatch import department_duty
from backend.dispatch.directory import Step
from maps.console import directory_facts
from maps.console.case_facts import department_ref
from maps.console.directory_shapes import (
    DirectoryChangeIn,
    DirectoryEffectOut,
    DirectoryOut,
    DirectoryPreviewIn,
    DutyPolicies,
    DutyPolicyIn,
    DutyPolicyOut,
    NewEntryIn,
    change_of,
)
from mobile_api.common.permissions import CONSOLE, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of

SETTLERS = (Role.STREET, Role.DISTRICT, Role.CITY)


class DirectoryView(ApiView):
    """Who of which department answers, now and later; POST adds an entry. A repeat answers 200."""

    authz = {"GET": allow("directory", "read", *CONSOLE), "POST": allow("directory", "update", *CONSOLE)}

    @extend_schema(responses=DirectoryOut)
    def get(self, request: Request) -> Response:
        actor, now = actor_of(request), timezone.now()
        content = {
            "items": [directory_facts.entry_facts(one, actor) for one in department_duty.listed(actor, at=now)],
            "departments": [department_ref(department) for department in queries.departments()],
        }
        return answer(DirectoryOut, content)

    @extend_schema(request=NewEntryIn, responses={201: DirectoryEffectOut})
    def post(self, request: Request) -> Response:
        said, actor = body_of(request, NewEntryIn), actor_of(request)
        change = change_of({**said, "step": Step.ADDED, "version": None}, said["id"])
        effect = directory_effects.apply(actor=actor, change=change, stamp=said["stamp"], now=timezone.now())
        status = 201 if effect.entered.is_new else 200
        return answer(DirectoryEffectOut, directory_facts.effect_facts(effect, actor), status=status)


class DirectoryPreviewView(ApiView):
    """What a change of the directory would do, with the stamp that carrying it out asks for. Nothing is kept."""

    authz = {"POST": allow("directory", "update", *CONSOLE)}

    @extend_schema(request=DirectoryPreviewIn, responses=DirectoryEffectOut)
    def post(self, request: Request) -> Response:
        said, actor = body_of(request, DirectoryPreviewIn), actor_of(request)
        effect = directory_effects.preview(actor=actor, change=change_of(said, said["id"]), now=timezone.now())
        return answer(DirectoryEffectOut, directory_facts.effect_facts(effect, actor))


class DirectoryChangesView(ApiView):
    """Changes or ends an entry: 409 with the present entry when somebody was faster, or when the work has changed."""

    authz = {"POST": allow("directory", "update", *CONSOLE)}

    @extend_schema(request=DirectoryChangeIn, responses=DirectoryEffectOut)
    def post(self, request: Request, entry_id: UUID) -> Response:
        said, actor = body_of(request, DirectoryChangeIn), actor_of(request)
        effect = directory_effects.apply(
            actor=actor, change=change_of(said, entry_id), stamp=said["stamp"], now=timezone.now()
        )
        return answer(DirectoryEffectOut, directory_facts.effect_facts(effect, actor))


class DutyPolicyView(ApiView):
    """Whether unstarted work goes back when an absence ends, area by area; POST settles it for one of one's areas."""

    authz = {"GET": allow("duty_policy", "read", *CONSOLE), "POST": allow("duty_policy", "update", *SETTLERS)}

    @extend_schema(responses=DutyPolicies)
    def get(self, request: Request) -> Response:
        items = [directory_facts.policy_facts(one) for one in policy.policies(actor_of(request))]
        return answer(DutyPolicies, {"items": items})

    @extend_schema(request=DutyPolicyIn, responses=DutyPolicyOut)
    def post(self, request: Request) -> Response:
        said = body_of(request, DutyPolicyIn)
        settled = policy.settle(
            actor=actor_of(request), area_code=said["area_code"], returns=said["returns_work"], seen=said["seen"],
            now=timezone.now(),
        )  # fmt: skip
        return answer(DutyPolicyOut, directory_facts.policy_facts(settled))
