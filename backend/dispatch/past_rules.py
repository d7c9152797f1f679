"""The rule table as it stood at a past moment. Only inside a transaction that is rolled back."""

import json
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import GEOSGeometry
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.models import Department
from backend.areas.models import Area
from backend.dispatch import seasons
from backend.dispatch.models import Rule, RuleVersion
from backend.matters.models import Matter

_PLAIN = ("name_zh", "name_en", "ground", "reach_m", "asset_code", "category_prefix", "weekdays", "target", "priority")


def changes_between(start: datetime, end: datetime, *, but: UUID | None = None) -> list[datetime]:
    """When other rules than `but` changed after `start` and before `end`, in order."""
    found = RuleVersion.objects.filter(at__gt=start, at__lt=end).exclude(rule=but)
    return sorted(set(found.values_list("at", flat=True)))


def has_changed_since(at: datetime, *, but: UUID | None = None) -> bool:
    """Whether another rule than `but` was changed after `at`."""
    return RuleVersion.objects.filter(at__gt=at).exclude(rule=but).exists()


def put_back(at: datetime, *, keep: UUID | None = None) -> None:
    """Writes every rule as its history says for `at`; rules that came later are switched off. `keep` is left alone."""
    then: dict[UUID, RuleVersion] = {}
    for version in RuleVersion.objects.filter(at__lte=at).exclude(rule=keep).order_by("rule_id", "n"):
        then[version.rule_id] = version
    left_alone = [*then, *([keep] if keep else [])]
    Rule.objects.exclude(pk__in=left_alone).filter(enabled=True).update(enabled=False)
    matters = {str(matter): matter for matter in Matter.objects.all()}
    for rule in Rule.objects.filter(pk__in=then).select_related("area", "department", "target_area").order_by("pk"):
        version = then[rule.pk]
        if version.n != rule.version:
            _fill(rule, version.content, matters)
            rule.version = version.n
            rule.save()


def _fill(rule: Rule, content: dict[str, Any], matters: dict[str, Matter]) -> None:
    for name in _PLAIN:
        setattr(rule, name, content[name])
    rule.area = Area.objects.get(code=content["area_code"])
    rule.shape = _shape(content["shape"])
    rule.matter = matters[content["matter"]] if content["matter"] else None
    rule.hours_from, rule.hours_until = _clock(content["hours_from"]), _clock(content["hours_until"])
    # Versions of before there were seasons know none.
    rule.season_from = seasons.of_row(content.get("season_from"))
    rule.season_until = seasons.of_row(content.get("season_until"))
    rule.department = _department(rule.department, content["department"])
    rule.target_area = Area.objects.get(code=content["target_code"]) if content["target_code"] else None
    rule.valid = DateTimeTZRange(_moment(content["valid_from"]), _moment(content["valid_until"]))
    rule.enabled = content["enabled"]


def _shape(stored: dict[str, Any] | None) -> GEOSGeometry | None:
    return GEOSGeometry(json.dumps(stored), srid=4326) if stored else None


def _department(today: Department | None, name: str | None) -> Department | None:
    """By the name that the history keeps; the one of today where several are called so."""
    if name is None or (today is not None and today.name_zh == name):
        return today if name else None
    return Department.objects.filter(name_zh=name).order_by("code").first()


def _clock(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
