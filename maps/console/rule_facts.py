"""What the console is told of the rule table."""

import json
from datetime import datetime
from typing import Any

from backend.accounts.actor import Actor
from backend.cases import trials
from backend.cases.rule_effects import CaseMove, RuleEffect
from backend.cases.trials import Load, Trial
from backend.dispatch import rules, seasons
from backend.dispatch.models import Rule, RuleVersion
from backend.dispatch.services import Verdict
from backend.matters import queries as matters
from maps.console.case_facts import department_ref, grid_ref, person_ref
from maps.console.rule_shapes import MOST_LISTED
from mobile_api.common.localised import localised


def rule_facts(rule: Rule, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """The content of `RuleRow`."""
    matter = rule.matter
    return {
        "id": rule.pk,
        "version": rule.version,
        "name": localised(rule.name_zh, rule.name_en),
        "ground": rule.ground,
        "area": grid_ref(rule.area),
        "shape": json.loads(rule.shape.geojson) if rule.shape else None,
        "reach_m": rule.reach_m,
        "asset_code": rule.asset_code,
        "matter": {"id": matter.pk, "name": localised(matter.name_zh, matter.name_en)} if matter else None,
        "category_prefix": rule.category_prefix,
        "weekdays": rule.weekdays,
        "hours_from": rule.hours_from,
        "hours_until": rule.hours_until,
        "season_from": seasons.written(rule.season_from),
        "season_until": seasons.written(rule.season_until),
        "target": rule.target,
        "department": department_ref(rule.department),
        "target_area": grid_ref(rule.target_area),
        "priority": rule.priority,
        "valid_from": rule.valid.lower,
        "valid_until": rule.valid.upper,
        "state": _state(rule, now),
        "can_change": rules.may_change(actor, rule),
        "changed_at": rule.changed_at,
        "changed_by": person_ref(rule.changed_by),
    }


def _state(rule: Rule, now: datetime) -> str:
    if rule.valid.upper is not None and rule.valid.upper <= now:
        return "ended"
    if not rule.enabled:
        return "off"
    return "to_come" if rule.valid.lower is not None and rule.valid.lower > now else "in_force"


def category_facts() -> list[dict[str, Any]]:
    """The categories of matters, in the order of their codes."""
    known = {
        one.category_code: localised(one.category_zh, one.category_en)
        for one in matters.admitted_matters(public_only=False)
    }
    return [{"code": code, "name": name} for code, name in sorted(known.items())]


def version_facts(version: RuleVersion) -> dict[str, Any]:
    return {
        "n": version.n,
        "at": version.at,
        "action": version.action,
        "role": version.actor_role,
        "actor_name": str(version.actor.name) if version.actor else "",
        "content": version.content,
    }


def effect_facts(effect: RuleEffect, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """The content of `RuleEffectOut`; long lists are cut, their counts are not."""
    return {
        "stamp": effect.stamp,
        "moves": [_move_facts(move) for move in effect.moves[:MOST_LISTED]],
        "move_count": len(effect.moves),
        "to_decide": [_move_facts(move) for move in effect.to_decide[:MOST_LISTED]],
        "to_decide_count": len(effect.to_decide),
        "moved": effect.moved,
        "rule": rule_facts(effect.version.rule, actor=actor, now=now) if effect.version else None,
    }


def trial_facts(trial: Trial, *, offset: int, limit: int) -> dict[str, Any]:
    """The content of `RuleTrialOut`."""
    return {
        "rules": trial.rules_of,
        "cases": trial.cases,
        "elsewhere": len(trial.elsewhere),
        "offset": offset,
        "moved": [_move_facts(move) for move in trial.elsewhere[offset : offset + limit]],
        "loads": [load_facts(load) for load in trial.loads],
    }


def load_facts(load: Load) -> dict[str, Any]:
    who = {"kind": load.kind, "code": load.code, "name": localised(load.name_zh, load.name_en)}
    return {"who": who, "before": load.before, "after": load.after}


def _move_facts(move: CaseMove) -> dict[str, Any]:
    case = move.case
    return {
        "id": case.pk,
        "number": case.number,
        "matter": localised(case.matter.name_zh, case.matter.name_en),
        "state": case.state,
        "reported_at": case.reported_at,
        "before": answering_facts(move.before),
        "after": answering_facts(move.after),
        "why": localised(move.after.text_zh, move.after.text_en),
    }


def answering_facts(verdict: Verdict) -> dict[str, Any]:
    kind, code, name_zh, name_en = trials.answering(verdict)
    return {"kind": kind, "code": code, "name": localised(name_zh, name_en)}
