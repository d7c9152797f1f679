"""The rule table: list, history, changes with preview, trials on the past."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.roles import Role
from backend.cases import queries, rule_effects, trials
from backend.cases.rule_tables import RulesOf
from backend.dispatch import rules
from backend.dispatch.models import RuleVersion
from maps.console import rule_facts
from maps.console.case_facts import department_ref
from maps.console.rule_shapes import (
    NewRuleIn,
    RuleChangeIn,
    RuleDetail,
    RuleEffectOut,
    RuleList,
    RulePreviewIn,
    RuleTrialIn,
    RuleTrialOut,
    change_of,
)
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of

RULERS = (Role.STREET, Role.DISTRICT, Role.CITY)


class RuleListView(ApiView):
    """Rules that hold in one's areas, in the order in which they apply; POST makes one. A repeat answers 200."""

    authz = {"GET": allow("rule", "read", *READERS), "POST": allow("rule", "create", *RULERS)}

    @extend_schema(responses=RuleList)
    def get(self, request: Request) -> Response:
        actor, now = actor_of(request), timezone.now()
        content = {
            "items": [rule_facts.rule_facts(rule, actor=actor, now=now) for rule in rules.rules_of(actor)],
            "categories": rule_facts.category_facts(),
            "departments": [department_ref(department) for department in queries.departments()],
        }
        return answer(RuleList, content)

    @extend_schema(request=NewRuleIn, responses={201: RuleEffectOut})
    def post(self, request: Request) -> Response:
        said, actor, now = body_of(request, NewRuleIn), actor_of(request), timezone.now()
        change = change_of({**said, "action": RuleVersion.Action.CREATED, "version": None}, said["id"])
        effect = rule_effects.apply(
            actor=actor, change=change, now=now, move_open=said["move_open"], stamp=said["stamp"]
        )
        facts = rule_facts.effect_facts(effect, actor=actor, now=now)
        return answer(RuleEffectOut, facts, status=201 if effect.is_new else 200)


class RuleView(ApiView):
    """One rule with every version of it, the newest first."""

    authz = {"GET": allow("rule", "read", *READERS)}

    @extend_schema(responses=RuleDetail)
    def get(self, request: Request, rule_id: UUID) -> Response:
        actor = actor_of(request)
        rule = rules.get_rule(actor, rule_id)
        content = {
            "rule": rule_facts.rule_facts(rule, actor=actor, now=timezone.now()),
            "history": [rule_facts.version_facts(version) for version in rules.history_of(rule)],
        }
        return answer(RuleDetail, content)


class RuleChangesView(ApiView):
    """Changes a rule, switches it on or off, or ends it: 409 when somebody was faster or the open work has changed."""

    authz = {"POST": allow("rule", "update", *RULERS)}

    @extend_schema(request=RuleChangeIn, responses=RuleEffectOut)
    def post(self, request: Request, rule_id: UUID) -> Response:
        said, actor, now = body_of(request, RuleChangeIn), actor_of(request), timezone.now()
        effect = rule_effects.apply(
            actor=actor, change=change_of(said, rule_id), now=now, move_open=said["move_open"], stamp=said["stamp"]
        )
        return answer(RuleEffectOut, rule_facts.effect_facts(effect, actor=actor, now=now))


class RulePreviewView(ApiView):
    """What a change would do to open work, with the stamp that carrying it out asks for. Nothing is kept."""

    authz = {"POST": allow("rule", "update", *RULERS)}

    @extend_schema(request=RulePreviewIn, responses=RuleEffectOut)
    def post(self, request: Request) -> Response:
        said, actor, now = body_of(request, RulePreviewIn), actor_of(request), timezone.now()
        effect = rule_effects.preview(actor=actor, change=change_of(said, said["id"]), now=now)
        return answer(RuleEffectOut, rule_facts.effect_facts(effect, actor=actor, now=now))


class RuleTrialView(ApiView):
    """What a change would have done to the cases of a past period. Nothing is kept."""

    authz = {"POST": allow("rule", "update", *RULERS)}

    @extend_schema(request=RuleTrialIn, responses=RuleTrialOut)
    def post(self, request: Request) -> Response:
        said, actor = body_of(request, RuleTrialIn), actor_of(request)
        trial = trials.try_out(
            actor=actor,
            change=change_of(said, said["id"]),
            start=said["start"],
            end=said["end"],
            now=timezone.now(),
            rules_of=RulesOf(said["rules"]),
        )
        return answer(RuleTrialOut, rule_facts.trial_facts(trial, offset=said["offset"], limit=said["limit"]))
