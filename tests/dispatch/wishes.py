"""Rules for tests, made the way the console makes them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.accounts.actor import Actor
from backend.core.ids import uuid7
from backend.dispatch import rules
from backend.dispatch.models import Rule, RuleVersion
from backend.dispatch.rules import RuleChange, RuleWish
from tests.world import SIDE, SOUTH, WEST, World

STREET = "330281002"


def river() -> dict[str, Any]:
    """A line from west to east through the grids of community 002011."""
    lat = SOUTH + SIDE / 2
    return {"type": "LineString", "coordinates": [[WEST - 0.001, lat], [WEST + 3 * SIDE, lat]]}


def wish(world: World, **more: Any) -> RuleWish:
    """Sanitation answers in street 002; `more` says under which conditions."""
    given = {
        "name_zh": "环卫代管",
        "name_en": "Sanitation takes it",
        "area_code": STREET,
        "target": "department",
        "department_id": world.departments["sanitation"].pk,
        "valid_from": world.began - timedelta(days=30),
    }
    return RuleWish(**{**given, **more})


def grid_wish(world: World, grid: str, **more: Any) -> RuleWish:
    """A named grid answers."""
    return wish(world, target="grid", department_id=None, target_code=f"330281{grid}", **more)


def creation(wished: RuleWish, rule_id: UUID | None = None) -> RuleChange:
    return RuleChange(RuleVersion.Action.CREATED, rule_id or uuid7(), wish=wished)


def made(actor: Actor, wished: RuleWish, now: datetime) -> Rule:
    """The rule, in force."""
    return rules.write(actor=actor, change=creation(wished), now=now).rule
