"""Which rules fit a point, a matter and a moment: one indexed statement for one question or for a whole year."""

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from backend.areas.models import Area
from backend.core.clock import LOCAL
from backend.core.rows import array
from backend.dispatch.models import Rule
from backend.matters.models import Matter

# The box of the index is wider than the reach: the sides of its shapes are geodesics, those of an area are straight in
# degrees, and 100 m lie between the two for a side of about 95 km.
BOX_MARGIN_M: Final = 100

# A night from 22:00 to 06:00 belongs to the weekday, and to the season, of the day that it began on. Days of the year
# are compared as month × 100 + day: in a year without 29 February a season that begins on it begins on 1 March, one
# that ends on it ends on 28 February.
# A rule that names a closed area is read with its heir from the moment on (`dispatch.succession`).
_FITTING_SQL: Final = f"""
SELECT asked.n, rule.id, version.id, there.to_area_id
FROM unnest(%(n)s::int[], %(lon)s::float8[], %(lat)s::float8[], %(matter)s::uuid[], %(category)s::text[],
            %(path)s::text[], %(at)s::timestamptz[]) AS asked(n, lon, lat, matter_id, category, path, at)
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(asked.lon, asked.lat), 4326) AS point,
                           asked.at AT TIME ZONE %(zone)s AS local) AS spot
JOIN dispatch_rule AS rule ON rule.enabled AND rule.valid @> asked.at
    AND (rule.matter_id IS NULL OR rule.matter_id = asked.matter_id)
    AND starts_with(asked.category, rule.category_prefix)
    AND (rule.shape IS NULL OR (
        _ST_Expand(rule.shape::geography, rule.reach_m + {BOX_MARGIN_M}) && spot.point::geography
        AND CASE WHEN rule.reach_m > 0 THEN ST_DWithin(rule.shape::geography, spot.point::geography, rule.reach_m)
                 ELSE ST_Covers(rule.shape, spot.point) END))
    AND (rule.hours_from IS NULL
        OR (rule.hours_from < rule.hours_until AND spot.local::time >= rule.hours_from
            AND spot.local::time < rule.hours_until)
        OR (rule.hours_from > rule.hours_until
            AND (spot.local::time >= rule.hours_from OR spot.local::time < rule.hours_until)))
CROSS JOIN LATERAL (
    SELECT extract(isodow FROM began)::int AS weekday,
           extract(month FROM began)::int * 100 + extract(day FROM began)::int AS of_year
    FROM (SELECT spot.local - CASE
              WHEN rule.hours_from > rule.hours_until AND spot.local::time < rule.hours_until THEN interval '1 day'
              ELSE interval '0' END AS began) AS night) AS day
LEFT JOIN dispatch_rulehandover AS here ON here.rule_id = rule.id AND here.field = 'area'
    AND here.from_area_id = rule.area_id AND here.at <= asked.at
LEFT JOIN dispatch_rulehandover AS there ON there.rule_id = rule.id AND there.field = 'target_area'
    AND there.from_area_id = rule.target_area_id AND there.at <= asked.at
JOIN areas_area AS area ON area.id = coalesce(here.to_area_id, rule.area_id) AND starts_with(asked.path, area.path)
LEFT JOIN dispatch_ruleversion AS version ON version.rule_id = rule.id AND version.n = rule.version
WHERE (rule.weekdays = '{{}}' OR day.weekday = ANY(rule.weekdays))
    AND (rule.season_from IS NULL
        OR (rule.season_from <= rule.season_until AND day.of_year BETWEEN rule.season_from AND rule.season_until)
        OR (rule.season_from > rule.season_until
            AND (day.of_year >= rule.season_from OR day.of_year <= rule.season_until)))
ORDER BY asked.n, rule.priority DESC, length(area.path) DESC, rule.id
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What rules are matched against: WGS84 degrees, the matter, the path of the area located in, the moment."""

    lon: float
    lat: float
    matter: Matter
    path: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fitting:
    """A rule that fits; `version_id` is its stored version, None while a change is only tried out."""

    rule: Rule
    version_id: UUID | None


def fitting_rules(questions: Sequence[Question]) -> list[list[Fitting]]:
    """For each question the rules that fit, the one that applies first. Two queries, however many are asked."""
    if not questions:
        return []
    found: dict[int, list[tuple[UUID, UUID | None, UUID | None]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _FITTING_SQL,
            {
                "n": array(range(len(questions))),
                "lon": array(one.lon for one in questions),
                "lat": array(one.lat for one in questions),
                "matter": array(one.matter.pk for one in questions),
                "category": array(one.matter.category_code for one in questions),
                "path": array(one.path for one in questions),
                "at": array(one.at for one in questions),
                "zone": str(LOCAL),
            },
        )
        for n, rule_id, version_id, heir_id in cursor.fetchall():
            found[n].append((rule_id, version_id, heir_id))
    fitting = _read({one for several in found.values() for one in several})
    return [[fitting[one] for one in found.get(n, ())] for n in range(len(questions))]


def _read(
    keys: set[tuple[UUID, UUID | None, UUID | None]],
) -> dict[tuple[UUID, UUID | None, UUID | None], Fitting]:
    """By rule, version, and the heir of the named area where the rule is read with one."""
    if not keys:
        return {}
    rules = Rule.objects.select_related("department", "target_area__parent__parent").in_bulk({key[0] for key in keys})
    heir_ids = {heir_id for _, _, heir_id in keys if heir_id is not None}
    heirs = Area.objects.select_related("parent__parent").in_bulk(heir_ids) if heir_ids else {}
    fitting = {}
    for key in keys:
        rule_id, version_id, heir_id = key
        rule = rules[rule_id]
        if heir_id is not None:
            rule = copy.copy(rule)
            rule.target_area = heirs[heir_id]
        fitting[key] = Fitting(rule, version_id)
    return fitting
