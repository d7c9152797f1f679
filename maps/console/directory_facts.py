"""What the console is told of the departments' duty directory and of the policy of duty."""

from collections.abc import Sequence
from typing import Any

from backend.accounts.actor import Actor
from backend.areas.duty.policy import Settled
from backend.cases.directory_effects import DirectoryEffect, Told
from backend.dispatch import directory
from backend.dispatch.department_duty import OnDuty
from backend.dispatch.models import DepartmentDuty
from maps.console.case_facts import department_ref
from maps.console.duty_facts import area_ref, case_facts, department_facts


def entry_facts(entry: DepartmentDuty, actor: Actor) -> dict[str, Any]:
    """The content of `DirectoryEntry`."""
    return {
        **department_facts(entry),
        "version": entry.version,
        "can_change": directory.may_change(actor, entry),
    }


def effect_facts(effect: DirectoryEffect, actor: Actor) -> dict[str, Any]:
    """The content of `DirectoryEffectOut`; cases outside the actor's areas are counted, not shown."""
    tells, under_way = (_own(cases, actor) for cases in (effect.tells, effect.under_way))
    entry = effect.entered.entry
    return {
        "stamp": effect.stamp,
        "begins_now": effect.begins_now,
        "entry": entry_facts(entry, actor) if entry else None,
        "tells": tells,
        "under_way": under_way,
        "elsewhere": len(effect.tells) + len(effect.under_way) - len(tells) - len(under_way),
        "told": effect.told,
    }


def _own(cases: Sequence[Told], actor: Actor) -> list[dict[str, Any]]:
    return [
        {
            "case": case_facts(one.case),
            "department": department_ref(one.case.department),
            "before": _person(one.before),
            "after": _person(one.after),
        }
        for one in cases
        if actor.covers(one.case.area_path)
    ]


def _person(answering: OnDuty) -> dict[str, str] | None:
    found = answering.found
    return {"person": found.person, "phone": found.phone} if found else None


def policy_facts(settled: Settled) -> dict[str, Any]:
    """The content of `DutyPolicyOut`."""
    return {
        "area": area_ref(settled.area),
        "name_en": settled.area.name_en,
        "level": settled.area.level,
        "own": settled.own,
        "holds": settled.holds,
        "settled_by": area_ref(settled.settled_by) if settled.settled_by else None,
    }
