"""The rule table: who may change it, what is checked before it is kept, and the history of every change."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Final, cast
from uuid import UUID

from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException, GEOSGeometry
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.models import Department
from backend.areas.models import Area
from backend.areas.publishing import hold_off_publishing
from backend.core import audit
from backend.core.clock import LOCAL
from backend.core.errors import IdReused, StaleVersion
from backend.core.ids import uuid7
from backend.dispatch import seasons
from backend.dispatch.errors import BadRule, RuleEnded, RuleNotFound, RuleOfOthers
from backend.dispatch.models import Rule, RuleVersion
from backend.matters.models import Matter

AREAS: Final = ("Polygon", "MultiPolygon")
REACHED: Final = ("Point", "LineString", "MultiLineString")
MOST_REACH_M: Final = 500
MOST_CORNERS: Final = 5_000
HIGHEST_PRIORITY: Final = 1_000
# What versions written before there were seasons leave out.
_YEAR_ROUND: Final = {"season_from": None, "season_until": None}
_CHINA: Final = (73.0, 3.0, 136.0, 54.0)


@dataclass(frozen=True, slots=True)
class RuleWish:
    """A rule as somebody wants it: codes and ids as the client knows them, the shape as GeoJSON in WGS84.

    `season_from` and `season_until` are days of every year as "06-01", both included; empty: the whole year.
    """

    name_zh: str
    area_code: str
    target: str
    valid_from: datetime
    name_en: str = ""
    ground: str = ""
    shape: Mapping[str, Any] | None = None
    reach_m: float = 0.0
    asset_code: str = ""
    matter_id: UUID | None = None
    category_prefix: str = ""
    weekdays: Sequence[int] = ()
    hours_from: time | None = None
    hours_until: time | None = None
    season_from: str = ""
    season_until: str = ""
    department_id: UUID | None = None
    target_code: str = ""
    priority: int = 100
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change of the table. `version` is the one that was seen; a new rule has none, its id is the client's."""

    action: RuleVersion.Action
    rule_id: UUID
    version: int | None = None
    wish: RuleWish | None = None


def get_rule(actor: Actor, rule_id: UUID, *, lock: bool = False) -> Rule:
    """A rule that holds in the actor's areas. Raises RuleNotFound, also for one of others."""
    found = Rule.objects.visible_to(actor) if actor != SYSTEM else Rule.objects.all()
    if lock:
        found = found.select_for_update(of=("self",))
    rule = found.select_related("area", "matter", "department", "target_area").filter(pk=rule_id).first()
    if rule is None:
        raise RuleNotFound("no such rule in your areas")
    return rule


def rules_of(actor: Actor) -> list[Rule]:
    """The rules that hold in the actor's areas, in the order in which they apply."""
    found = Rule.objects.visible_to(actor).select_related("area", "matter", "department", "target_area", "changed_by")
    return sorted(found, key=lambda rule: (-rule.priority, -len(rule.area.path), rule.pk))


def may_change(actor: Actor, rule: Rule) -> bool:
    """Whether the rule is one of the actor's own areas, not of an area above."""
    return actor == SYSTEM or actor.covers(rule.area.path)


def history_of(rule: Rule) -> list[RuleVersion]:
    """Every version of a rule, the newest first."""
    return list(rule.versions.select_related("actor").order_by("-n"))


@transaction.atomic
def write(*, actor: Actor, change: RuleChange, now: datetime) -> RuleVersion:
    """Makes one change of the table: row, line of the history, audit. A repeat of a creation answers with the first.

    Raises BadRule, RuleNotFound, RuleOfOthers, RuleEnded, StaleVersion, IdReused.
    """
    hold_off_publishing()
    rule, is_new = put(actor=actor, change=change, now=now)
    if not is_new:
        return rule.versions.get(n=1)
    version = RuleVersion.objects.create(
        id=uuid7(),
        rule=rule,
        n=rule.version,
        at=now,
        actor_id=actor.user_id,
        actor_role=actor.role.value,
        action=change.action,
        content=content_of(rule),
    )
    audit.record(
        f"rule_{change.action}",
        actor_id=actor.user_id,
        role=actor.role.value,
        subject_kind="rule",
        subject_id=rule.pk,
        now=now,
        version=rule.version,
    )
    return version


def put(*, actor: Actor, change: RuleChange, now: datetime) -> tuple[Rule, bool]:
    """The row alone, as `write` would leave it; False: a creation that had been made. Trials write it and roll back."""
    if change.action is RuleVersion.Action.CREATED:
        return _create(actor, change, now)
    rule = get_rule(actor, change.rule_id, lock=True)
    if not may_change(actor, rule):
        raise RuleOfOthers("this rule is changed by the area that made it", area=rule.area.code)
    if change.version != rule.version:
        raise StaleVersion("somebody was faster; look at the rule again", version=rule.version)
    if rule.valid.upper is not None and rule.valid.upper <= now:
        raise RuleEnded("this rule has ended; make a new one")
    if change.action is RuleVersion.Action.CHANGED:
        _fill(rule, actor, _wished(change))
    elif change.action is RuleVersion.Action.ENDED:
        _end(rule, now)
    else:
        rule.enabled = change.action is RuleVersion.Action.SWITCHED_ON
        if rule.enabled:
            _refuse_closed(rule)
    rule.version += 1
    rule.changed_at, rule.changed_by_id = now, actor.user_id
    rule.save(update_fields=_COLUMNS)
    return rule, True


def claim(rule_id: UUID) -> None:
    """Of two requests for one new id the second waits here for the first; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [str(rule_id)])


def _create(actor: Actor, change: RuleChange, now: datetime) -> tuple[Rule, bool]:
    wish = _wished(change)
    claim(change.rule_id)
    rule = Rule(id=change.rule_id, version=1, enabled=True, changed_at=now, changed_by_id=actor.user_id)
    _fill(rule, actor, wish)
    known = Rule.objects.filter(pk=change.rule_id).first()
    if known is None:
        rule.save(force_insert=True)
        return rule, True
    first = known.versions.get(n=1)
    if {**_YEAR_ROUND, **first.content} != json.loads(json.dumps(content_of(rule))) or first.actor_id != actor.user_id:
        raise IdReused("this id names another rule; take a new id", field="id")
    return known, False


def _wished(change: RuleChange) -> RuleWish:
    if change.wish is None:
        raise BadRule("say what the rule is to be", field="rule", problems=[])
    return change.wish


def _refuse_closed(rule: Rule) -> None:
    """A rule is not switched on for an area that is closed, or is to be without an heir. Raises BadRule."""
    handed = set(rule.handovers.values_list("from_area_id", flat=True))
    faults = _Faults()
    for named, area in (("area_code", rule.area), ("target_code", rule.target_area)):
        if area is not None and area.closed_at is not None and area.pk not in handed:
            faults.add(named, "closed", f"{area.code} is closed; name another area")
    faults.refuse()


def _end(rule: Rule, now: datetime) -> None:
    """From now on it holds no more; one that had not begun is switched off and keeps its period."""
    if rule.valid.lower is not None and rule.valid.lower >= now:
        rule.enabled = False
    else:
        rule.valid = DateTimeTZRange(rule.valid.lower, now)


@dataclass
class _Faults:
    """What is wrong with a wish, field by field."""

    found: list[dict[str, str]] = field(default_factory=list)

    def add(self, name: str, reason: str, detail: str) -> None:
        self.found.append({"field": name, "reason": reason, "detail": detail})

    def refuse(self) -> None:
        if self.found:
            raise BadRule(self.found[0]["detail"], field=self.found[0]["field"], problems=self.found)


def _fill(rule: Rule, actor: Actor, wish: RuleWish) -> None:
    """Puts the wish into the row. Raises BadRule with every fault named."""
    faults = _Faults()
    area = _area(actor, wish.area_code, "area_code", faults)
    shape = _shape(wish, faults)
    _check_plain(wish, faults)
    matter = Matter.objects.filter(pk=wish.matter_id).first() if wish.matter_id else None
    if wish.matter_id and matter is None:
        faults.add("matter_id", "unknown", "there is no such matter")
    prefix = wish.category_prefix.strip()
    if prefix and not Matter.objects.filter(category_code__startswith=prefix).exists():
        faults.add("category_prefix", "unknown", "no category of matters begins like this")
    season_from, season_until = seasons.read(wish.season_from, wish.season_until, faults.add)
    department, target_area = _target(actor, wish, faults)
    faults.refuse()
    rule.name_zh, rule.name_en, rule.ground = wish.name_zh.strip(), wish.name_en.strip(), wish.ground.strip()
    rule.area, rule.shape = cast(Area, area), shape
    rule.reach_m, rule.asset_code = float(wish.reach_m), wish.asset_code.strip()
    rule.matter, rule.category_prefix = matter, prefix
    rule.weekdays, rule.hours_from, rule.hours_until = sorted(set(wish.weekdays)), wish.hours_from, wish.hours_until
    rule.season_from, rule.season_until = season_from, season_until
    rule.target, rule.department, rule.target_area = wish.target, department, target_area
    rule.priority, rule.valid = wish.priority, DateTimeTZRange(wish.valid_from, wish.valid_until)


def _check_plain(wish: RuleWish, faults: _Faults) -> None:
    if not wish.name_zh.strip():
        faults.add("name_zh", "required", "give the rule a name")
    if any(day not in range(1, 8) for day in wish.weekdays):
        faults.add("weekdays", "out_of_range", "weekdays are 1 (Monday) to 7 (Sunday)")
    if (wish.hours_from is None) != (wish.hours_until is None):
        missing = "hours_until" if wish.hours_until is None else "hours_from"
        faults.add(missing, "required", "hours need a begin and an end")
    elif wish.hours_from is not None and wish.hours_from == wish.hours_until:
        faults.add("hours_until", "same", "begin and end are the same; leave both out for the whole day")
    if not 0 <= wish.priority <= HIGHEST_PRIORITY:
        faults.add("priority", "out_of_range", f"the priority is 0 to {HIGHEST_PRIORITY}")
    if wish.valid_until is not None and wish.valid_until <= wish.valid_from:
        faults.add("valid_until", "not_after", "the end lies not after the begin")


def _area(actor: Actor, code: str, named: str, faults: _Faults, levels: Sequence[str] = ()) -> Area | None:
    found = Area.objects.filter(code=code).first()
    if found is None or not (actor == SYSTEM or actor.covers(found.path)):
        faults.add(named, "unknown", "no such area in your areas")
        return None
    if found.closed_at is not None:
        faults.add(named, "closed", f"{code} is closed from {found.closed_at.astimezone(LOCAL):%Y-%m-%d %H:%M} on")
        return None
    if levels and found.level not in levels:
        faults.add(named, "wrong_level", f"choose one of these: {', '.join(levels)}")
    return found


def _shape(wish: RuleWish, faults: _Faults) -> GEOSGeometry | None:
    if wish.shape is None:
        if wish.reach_m != 0:
            faults.add("reach_m", "without_shape", "without a shape there is no reach")
        return None
    try:
        shape = GEOSGeometry(json.dumps(wish.shape), srid=4326)
    except (ValueError, GEOSException, GDALException):
        faults.add("shape", "unreadable", "this is no GeoJSON geometry")
        return None
    if shape.geom_type not in (*AREAS, *REACHED):
        faults.add("shape", "wrong_type", f"draw one of these: {', '.join((*AREAS, *REACHED))}")
    elif shape.empty or not shape.valid or shape.hasz:
        faults.add("shape", "invalid", f"the shape is not sound: {shape.valid_reason}")
    elif shape.num_coords > MOST_CORNERS:
        faults.add("shape", "too_large", f"at most {MOST_CORNERS} points")
    elif not _lies_in_china(shape):
        faults.add("shape", "elsewhere", "the shape lies outside the country; are longitude and latitude exchanged?")
    elif shape.geom_type in AREAS and wish.reach_m != 0:
        faults.add("reach_m", "of_an_area", "an area has no reach; draw it as large as it is meant")
    elif shape.geom_type in REACHED and not 1 <= wish.reach_m <= MOST_REACH_M:
        faults.add("reach_m", "out_of_range", f"a line or point reaches 1 to {MOST_REACH_M} m")
    return shape


def _lies_in_china(shape: GEOSGeometry) -> bool:
    west, south, east, north = shape.extent
    return _CHINA[0] <= west <= east <= _CHINA[2] and _CHINA[1] <= south <= north <= _CHINA[3]


def _target(actor: Actor, wish: RuleWish, faults: _Faults) -> tuple[Department | None, Area | None]:
    if wish.target == Rule.Target.DEPARTMENT:
        if wish.target_code:
            faults.add("target_code", "not_with_department", "name a department or an area, not both")
        active = Department.objects.filter(is_active=True)
        department = active.filter(pk=wish.department_id).first() if wish.department_id else None
        if department is None:
            faults.add("department_id", "unknown", "name a department that is active")
        return department, None
    if wish.department_id is not None:
        faults.add("department_id", "not_with_area", "name a department or an area, not both")
    if wish.target == Rule.Target.GRID:
        return None, _area(actor, wish.target_code, "target_code", faults, [Area.Level.GRID.value])
    if wish.target == Rule.Target.DESK:
        levels = [Area.Level.COMMUNITY.value, Area.Level.STREET.value]
        return None, _area(actor, wish.target_code, "target_code", faults, levels)
    faults.add("target", "unknown", "the target is a department, a grid or a desk")
    return None, None


_COLUMNS: Final = (
    "version", "name_zh", "name_en", "ground", "area", "shape", "reach_m", "asset_code", "matter", "category_prefix",
    "weekdays", "hours_from", "hours_until", "season_from", "season_until", "target", "department", "target_area",
    "priority", "valid", "enabled", "changed_at", "changed_by",
)  # fmt: skip


def content_of(rule: Rule) -> dict[str, Any]:
    """What the history keeps of a rule: every column that says something, people left out."""
    return {
        "name_zh": rule.name_zh,
        "name_en": rule.name_en,
        "ground": rule.ground,
        "area_code": rule.area.code,
        "shape": json.loads(rule.shape.geojson) if rule.shape else None,
        "reach_m": rule.reach_m,
        "asset_code": rule.asset_code,
        "matter": str(rule.matter) if rule.matter else None,
        "category_prefix": rule.category_prefix,
        "weekdays": list(rule.weekdays),
        "hours_from": _clock(rule.hours_from),
        "hours_until": _clock(rule.hours_until),
        "season_from": seasons.written(rule.season_from),
        "season_until": seasons.written(rule.season_until),
        "target": rule.target,
        "department": rule.department.name_zh if rule.department else None,
        "target_code": rule.target_area.code if rule.target_area else None,
        "priority": rule.priority,
        "valid_from": rule.valid.lower.isoformat() if rule.valid.lower else None,
        "valid_until": rule.valid.upper.isoformat() if rule.valid.upper else None,
        "enabled": rule.enabled,
    }


def _clock(value: time | None) -> str | None:
    return value.strftime("%H:%M") if value else None
